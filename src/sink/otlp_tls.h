#ifndef GF_OTLP_SINK_OTLP_TLS_H_
#define GF_OTLP_SINK_OTLP_TLS_H_

#include "gf_otlp/status.h"
#include "sink/otlp_transport.h"

namespace gf_otlp {

/// kUsage, with the flag's name, for PEM files of the endpoint that cannot be read or hold something else, and for a
/// key that is another certificate's: what libcurl and gRPC would only say, each in its way, of a connection.
Status CheckTlsFiles(const OtlpEndpoint& endpoint);

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_OTLP_TLS_H_
