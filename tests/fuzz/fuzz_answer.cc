// First byte: which reader. Then the body of a server's answer, as it comes over the network.
#include <string>

#include "base/utf8.h"
#include "fuzz/fuzz.h"
#include "otlp/rpc_status.h"

namespace gf_otlp::fuzz {
namespace {

using ReadStatus = Result<RpcStatus> (*)(std::string_view);

void CheckSame(const Result<RpcStatus>& again, const RpcStatus& status) {
  Require(again.has_value(), "a status that was read and written can be read");
  Require(again->code == status.code && again->message == status.message && again->retry_delay == status.retry_delay,
          "a status is read as it was written");
}

void CheckStatus(ReadStatus read, std::string_view body) {
  const Result<RpcStatus> status = read(body);
  if (!status) {
    Require(status.error().code() == Code::kBadData, "what is no status is bad data");
    return;
  }
  Require(status->retry_delay.value_or(std::chrono::nanoseconds(0)).count() >= 0, "no delay is below zero");
  CheckSame(ReadRpcStatusProto(RpcStatusProto(*status)), *status);
  if (IsUtf8(status->message)) CheckSame(ReadRpcStatusJson(RpcStatusJson(*status)), *status);
}

void CheckResponse(const Result<PartialSuccess>& response) {
  Require(response || response.error().code() == Code::kBadData, "what is no response is bad data");
}

}  // namespace
}  // namespace gf_otlp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gf_otlp;
  fuzz::Input input(data, size);
  switch (input.Take() % 4) {
    case 0: fuzz::CheckStatus(ReadRpcStatusProto, input.rest()); break;
    case 1: fuzz::CheckStatus(ReadRpcStatusJson, input.rest()); break;
    case 2: fuzz::CheckResponse(ReadExportResponseProto(input.rest())); break;
    default: fuzz::CheckResponse(ReadExportResponseJson(input.rest()));
  }
  return 0;
}
