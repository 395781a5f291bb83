#include "sink/kafka_partitioner.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace gf_otlp {
namespace {

/// Null for random.
decltype(&rd_kafka_msg_partitioner_murmur2) HashOf(std::string_view partitioner) {
  if (partitioner.starts_with("consistent")) return rd_kafka_msg_partitioner_consistent;
  if (partitioner.starts_with("murmur2")) return rd_kafka_msg_partitioner_murmur2;
  if (partitioner.starts_with("fnv1a")) return rd_kafka_msg_partitioner_fnv1a;
  return nullptr;
}

}  // namespace

bool IsKafkaPartitioner(std::string_view name) {
  for (std::string_view rest = kKafkaPartitioners; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find('|'));
    if (name == one) return true;
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
  }
  return false;
}

std::optional<int> KafkaPartitionOf(std::string_view partitioner, std::string_view key, int partitions) {
  const auto hash = HashOf(partitioner);
  if (hash == nullptr || (key.empty() && partitioner.ends_with("_random"))) return std::nullopt;
  // Their results follow from the key alone: no topic is needed.
  return hash(nullptr, key.empty() ? nullptr : key.data(), key.size(), partitions, nullptr, nullptr);
}

}  // namespace gf_otlp
