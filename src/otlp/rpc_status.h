#ifndef GF_OTLP_OTLP_RPC_STATUS_H_
#define GF_OTLP_OTLP_RPC_STATUS_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// google.rpc.Code, which are gRPC's status codes.
enum class RpcCode : std::uint8_t {
  kOk = 0,
  kCancelled = 1,
  kUnknown = 2,
  kInvalidArgument = 3,
  kDeadlineExceeded = 4,
  kNotFound = 5,
  kAlreadyExists = 6,
  kPermissionDenied = 7,
  kResourceExhausted = 8,
  kFailedPrecondition = 9,
  kAborted = 10,
  kOutOfRange = 11,
  kUnimplemented = 12,
  kInternal = 13,
  kUnavailable = 14,
  kDataLoss = 15,
  kUnauthenticated = 16,
};

/// "InvalidArgument"; "code 99" for what is none.
std::string RpcCodeName(RpcCode code);

/// google.rpc.Status: what an OTLP server answers to a request that it does not take (OTLP 1.x, Failures). As the body
/// of an HTTP answer, and in gRPC's grpc-status-details-bin.
struct RpcStatus {
  RpcCode code = RpcCode::kOk;
  std::string message;  // UTF-8
  /// google.rpc.RetryInfo among the details.
  std::optional<std::chrono::nanoseconds> retry_delay;
};

/// REQUIRES: the message is UTF-8, and a delay not below zero
std::string RpcStatusProto(const RpcStatus& status);
std::string RpcStatusJson(const RpcStatus& status);
/// kBadData if it is none. A code that is none of gRPC's is kept up to 255 and kUnknown beyond, a delay below zero is
/// zero. Texts are as they came: perhaps not UTF-8. Details other than RetryInfo are passed over.
Result<RpcStatus> ReadRpcStatusProto(std::string_view bytes);
Result<RpcStatus> ReadRpcStatusJson(std::string_view json);

/// ExportTracePartialSuccess and its kin: all zero and empty if everything was taken.
struct PartialSuccess {
  std::uint64_t rejected = 0;  // spans, log records or data points
  std::string message;         // may warn although nothing was rejected
};
/// Of an Export*ServiceResponse, in which all signals agree but for one JSON name. kBadData if it is none; an empty
/// body is one in which everything was taken.
Result<PartialSuccess> ReadExportResponseProto(std::string_view bytes);
Result<PartialSuccess> ReadExportResponseJson(std::string_view json);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_RPC_STATUS_H_
