#ifndef GF_OTLP_SINK_KAFKA_LIBRARY_H_
#define GF_OTLP_SINK_KAFKA_LIBRARY_H_

#include <string>

#include "gf_otlp/status.h"
#include "sink/kafka_properties.h"

namespace gf_otlp {

/// The librdkafka that runs: 0x020002ff is 2.0.2.
int KafkaLibraryVersion();
/// "2.0.2".
std::string KafkaLibraryVersionText();

/// Whether librdkafka takes the settings, without connecting to anything: kUsage if it does not. Kerberos is not tried,
/// nor is a token fetched.
Status CheckKafkaSettings(const KafkaSettings& settings);

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_LIBRARY_H_
