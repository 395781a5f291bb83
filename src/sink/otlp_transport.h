#ifndef GF_OTLP_SINK_OTLP_TRANSPORT_H_
#define GF_OTLP_SINK_OTLP_TRANSPORT_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"
#include "otlp/rpc_status.h"

namespace gf_otlp {

enum class OtlpProtocol : std::uint8_t { kHttpProtobuf, kHttpJson, kGrpc };

/// Where requests go and how.
struct OtlpEndpoint {
  OtlpProtocol protocol = OtlpProtocol::kHttpProtobuf;
  /// http(s)://host:port of HTTP, host:port of gRPC.
  std::string server;
  bool tls = false;  // of gRPC; HTTP has it in `server`
  /// Of each signal (index: Signal): path of HTTP ("/v1/traces"); headers, of gRPC metadata (lower case), which stand
  /// instead of those that are sent without being asked for.
  struct Route {
    std::string path;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  std::array<Route, kSignalCount> routes;
  bool gzip = false;
  std::string ca_file, cert_file, key_file;  // PEM; empty: the system's, none, none
  std::chrono::milliseconds connect_timeout{10'000}, timeout{30'000};
  /// gRPC's ResourceExhausted without RetryInfo asks to come again (GlassFlow sends none).
  bool retry_resource_exhausted = true;
};

/// What came of one request.
struct OtlpAnswer {
  enum class Kind : std::uint8_t {
    kTaken,    // perhaps but for `partial`; with a reason: why the answer is none that a receiver of OTLP gives
    kRetry,    // not now: throttled, unavailable, no answer
    kRefused,  // never: sending it again would not help
    kFailed,   // nor any other request: there is no connecting to a server of that kind
  };
  Kind kind = Kind::kTaken;
  PartialSuccess partial;
  /// Of kRefused: kBadData if the request is at fault (HTTP 400, 413, 415, 422; gRPC InvalidArgument,
  /// FailedPrecondition, larger than the server takes), kIo for the rest (authorisation, address, server). Of kFailed.
  Code code = Code::kIo;
  /// Of all but kTaken: what the server said, e.g. "HTTP 400: missing x-glassflow-pipeline-id header", or why
  /// there was no answer. One line, safe to show.
  std::string reason;
  unsigned resent = 0;  // how often it was sent again at once, as the connection had died before there was an answer
  /// Of kRetry: when the server asked to be asked again.
  std::optional<std::chrono::nanoseconds> retry_after;
};

/// One connection's worth of sending: one request at a time. One per thread; Cancel() from any thread.
class OtlpTransport {
 public:
  virtual ~OtlpTransport() = default;
  /// Sends `body` (an export request, uncompressed, in the endpoint's encoding) and waits for the answer.
  virtual OtlpAnswer Send(Signal signal, std::string_view body) = 0;
  /// Makes a Send() under way, and all further ones, end soon with kRetry.
  virtual void Cancel() = 0;
};

/// kUsage for an endpoint that makes no sense or files that cannot be read. Connects with the first Send().
Result<std::unique_ptr<OtlpTransport>> MakeOtlpTransport(const OtlpEndpoint& endpoint);
/// Of MakeOtlpTransport: by libcurl (base/http_client) and by gRPC.
Result<std::unique_ptr<OtlpTransport>> MakeOtlpHttpTransport(const OtlpEndpoint& endpoint);
Result<std::unique_ptr<OtlpTransport>> MakeOtlpGrpcTransport(const OtlpEndpoint& endpoint);

/// How requests say who sends them: "gf-otlp/0.1.0".
std::string OtlpUserAgent();

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_OTLP_TRANSPORT_H_
