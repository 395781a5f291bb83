#include "sink/otlp_transport.h"

namespace gf_otlp {

Result<std::unique_ptr<OtlpTransport>> MakeOtlpTransport(const OtlpEndpoint& endpoint) {
  return endpoint.protocol == OtlpProtocol::kGrpc ? MakeOtlpGrpcTransport(endpoint) : MakeOtlpHttpTransport(endpoint);
}

std::string OtlpUserAgent() { return "gf-otlp/" GF_OTLP_VERSION; }

}  // namespace gf_otlp
