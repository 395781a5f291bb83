#ifndef GF_OTLP_SINK_KAFKA_LIBRARY_H_
#define GF_OTLP_SINK_KAFKA_LIBRARY_H_

#include <string>

namespace gf_otlp {

/// The librdkafka that runs: 0x020002ff is 2.0.2.
int KafkaLibraryVersion();
/// "2.0.2".
std::string KafkaLibraryVersionText();

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_LIBRARY_H_
