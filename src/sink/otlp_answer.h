#ifndef GF_OTLP_SINK_OTLP_ANSWER_H_
#define GF_OTLP_SINK_OTLP_ANSWER_H_

#include <cstdint>
#include <string_view>

#include "sink/otlp_transport.h"

/// What a sender makes of what a server answers (OTLP 1.x: Failures, Throttling, Partial Success).
namespace gf_otlp {

/// What of an HTTP answer counts.
struct OtlpHttpAnswer {
  int status = 0;
  std::string_view content_type, retry_after, location;  // headers; empty: none
  std::string_view body;
};
/// `now`: seconds since 1970, for a Retry-After that is a date.
OtlpAnswer AnswerOf(const OtlpHttpAnswer& http, std::int64_t now);

struct OtlpGrpcAnswer {
  RpcCode code = RpcCode::kOk;
  std::string_view message;
  std::string_view details;  // grpc-status-details-bin: a google.rpc.Status
  std::string_view body;     // if it is kOk
};
/// `retry_exhausted`: ResourceExhausted without RetryInfo asks to come again.
OtlpAnswer AnswerOf(const OtlpGrpcAnswer& grpc, bool retry_exhausted);

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_OTLP_ANSWER_H_
