#ifndef GF_OTLP_SINK_KAFKA_PROPERTIES_H_
#define GF_OTLP_SINK_KAFKA_PROPERTIES_H_

#include <string>
#include <utility>
#include <vector>

namespace gf_otlp {

/// librdkafka's configuration properties, name and value; later ones win.
using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_PROPERTIES_H_
