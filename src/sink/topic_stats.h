#ifndef GF_OTLP_SINK_TOPIC_STATS_H_
#define GF_OTLP_SINK_TOPIC_STATS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sink/batch.h"
#include "sink/route.h"

namespace gf_otlp {

/// Counts different byte strings in 4 KiB of memory (HyperLogLog), to about 2 percent.
class DistinctCounter {
 public:
  void Add(std::string_view bytes);
  std::uint64_t Estimate() const;

 private:
  std::array<std::uint8_t, 4096> ranks_{};
};

/// What went to one topic.
struct TopicStats {
  std::string topic;
  std::uint64_t messages = 0;
  std::uint64_t records = 0;  // rows, or records in requests
  std::uint64_t bytes = 0;    // values and keys
  std::uint64_t keyless = 0;  // messages without a key
  DistinctCounter keys;
  std::vector<std::uint64_t> partitions;  // messages of each; of those whose partition is known
};

/// Counts what goes to the topics of a run's routes.
class TopicCounter {
 public:
  explicit TopicCounter(std::span<const Route> routes);

  /// `partition`: where the message went, if that is known.
  void Add(const Batch& batch, const Message& message, std::optional<int> partition);
  /// Of each topic, in the order of their first route.
  const std::vector<TopicStats>& topics() const { return topics_; }

 private:
  std::vector<TopicStats> topics_;
  std::vector<std::size_t> topic_of_route_;  // index into topics_
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_TOPIC_STATS_H_
