#ifndef GF_OTLP_SINK_KAFKA_ADMIN_H_
#define GF_OTLP_SINK_KAFKA_ADMIN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gf_otlp/status.h"
#include "sink/kafka_properties.h"

namespace gf_otlp {

struct KafkaTopic {
  std::string name;
  bool create = true;
  int partitions = 1;
  int replication_factor = 1;
  KafkaProperties config;  // the topic's configuration when it is created, e.g. retention.ms
};

/// What a topic is like once it is there.
struct KafkaTopicState {
  bool created = false;  // by this run
  int partitions = 0;
  /// The largest batch that the topic takes, bytes; nothing when the broker does not tell us.
  std::optional<std::uint64_t> max_message_bytes;
};

/// Connects to the cluster and looks up the topics; creates those that are missing and may be created. Existing ones
/// are left alone. The states are in the order of `topics`; of those that name the same topic the first one counts. kIo
/// when no broker answers within `timeout` or refuses us (with its words, and what to do about those that are known to
/// mislead), when a topic cannot be created or may not be used; kUsage for a property that librdkafka does not take;
/// kClosed soon after `stopped`, which is asked all the while, says true.
Result<std::vector<KafkaTopicState>> EnsureKafkaTopics(
    const KafkaSettings& settings, const std::vector<KafkaTopic>& topics, std::chrono::milliseconds timeout,
    const std::function<bool()>& stopped = [] { return false; });

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_ADMIN_H_
