#ifndef GF_OTLP_SINK_KAFKA_PARTITIONER_H_
#define GF_OTLP_SINK_KAFKA_PARTITIONER_H_

#include <optional>
#include <string_view>

namespace gf_otlp {

/// librdkafka's partitioners. Those on _random leave messages without a key to chance, the others send them all to one
/// partition.
inline constexpr std::string_view kKafkaPartitioners =
    "random|consistent|consistent_random|murmur2|murmur2_random|fnv1a|fnv1a_random";

/// Whether it is the name of one of these.
bool IsKafkaPartitioner(std::string_view name);

/// The partition (0 to partitions - 1) that `partitioner` chooses for a key; an empty key is none. Nothing where the
/// choice is left to chance. REQUIRES: `partitioner` is one of kKafkaPartitioners, partitions > 0
std::optional<int> KafkaPartitionOf(std::string_view partitioner, std::string_view key, int partitions);

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_PARTITIONER_H_
