#include "cli/version.h"

#include "sink/kafka_library.h"

namespace gf_otlp::cli {

std::string VersionText() {
  const std::string built_in = "gf-otlp " GF_OTLP_VERSION
                               "\n"
                               "opentelemetry-proto " GF_OTLP_PROTO_VERSION
                               "\n"
                               "simdjson " GF_OTLP_SIMDJSON_VERSION
                               "\n"
                               "zstd " GF_OTLP_ZSTD_VERSION
                               "\n"
                               "zlib " GF_OTLP_ZLIB_VERSION
                               "\n"
                               "fmt " GF_OTLP_FMT_VERSION
                               "\n"
                               "CLI11 " GF_OTLP_CLI11_VERSION
                               "\n"
                               "yaml-cpp " GF_OTLP_YAML_CPP_VERSION
                               "\n"
                               "libcurl " GF_OTLP_CURL_VERSION
                               "\n"
                               "Boost " GF_OTLP_BOOST_VERSION
                               "\n"
                               "gRPC " GF_OTLP_GRPC_VERSION "\n";
  return built_in + "librdkafka " + KafkaLibraryVersionText();
}

}  // namespace gf_otlp::cli
