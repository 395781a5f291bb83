#include "sink/kafka_library.h"

#include <librdkafka/rdkafka.h>

namespace gf_otlp {

int KafkaLibraryVersion() { return rd_kafka_version(); }
std::string KafkaLibraryVersionText() { return rd_kafka_version_str(); }

}  // namespace gf_otlp
