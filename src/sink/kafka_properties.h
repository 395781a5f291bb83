#ifndef GF_OTLP_SINK_KAFKA_PROPERTIES_H_
#define GF_OTLP_SINK_KAFKA_PROPERTIES_H_

#include <string>
#include <utility>
#include <vector>

namespace gf_otlp {

/// librdkafka's configuration properties, name and value; later ones win.
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

/// How a cluster is reached.
struct KafkaSettings {
  KafkaProperties properties;
  /// The name that the brokers' certificates have to hold in place of the address connected to; empty: the address.
  std::string server_name;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_PROPERTIES_H_
