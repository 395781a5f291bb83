#include <fmt/format.h>
#include <strings.h>

#include <algorithm>
#include <ctime>

#include "base/http_client.h"
#include "sink/compressor.h"
#include "sink/otlp_answer.h"
#include "sink/otlp_transport.h"

namespace gf_otlp {
namespace {

/// Of an answer. A partial success or a google.rpc.Status is far smaller.
constexpr std::size_t kMaxAnswer = std::size_t{4} << 20;

/// A request of each signal, without its body.
using Requests = std::array<HttpRequest, kSignalCount>;

Requests MakeRequests(const OtlpEndpoint& endpoint) {
  Requests requests;
  for (int signal = 0; signal < kSignalCount; ++signal) {
    const OtlpEndpoint::Route& route = endpoint.routes[signal];
    HttpRequest& request = requests[signal];
    request.url = endpoint.server + route.path;
    request.headers = route.headers;
    // What the user says of a header stands instead of what we would.
    const auto add = [&](std::string_view name, std::string_view value) {
      const bool given = std::ranges::any_of(
          route.headers, [&](const auto& header) { return ::strcasecmp(header.first.c_str(), name.data()) == 0; });
      if (!given) request.headers.emplace_back(name, value);
    };
    add("Content-Type", endpoint.protocol == OtlpProtocol::kHttpJson ? "application/json" : "application/x-protobuf");
    add("User-Agent", OtlpUserAgent());
    if (endpoint.gzip) add("Content-Encoding", "gzip");
  }
  return requests;
}

class OtlpHttpTransport final : public OtlpTransport {
 public:
  OtlpHttpTransport(HttpClient client, Requests requests, bool gzip)
      : client_(std::move(client)), requests_(std::move(requests)), gzip_(gzip) {}

  OtlpAnswer Send(Signal signal, std::string_view body) override {
    if (gzip_) {
      const Status status = Compress(body);
      if (!status.ok()) return {.kind = OtlpAnswer::Kind::kFailed, .code = status.code(), .reason = status.message()};
      body = compressed_;
    }
    HttpRequest& request = requests_[static_cast<int>(signal)];
    request.body = body;
    OtlpAnswer answer = AnswerOf(client_.Send(request, kMaxAnswer));
    answer.resent = client_.resent();
    return answer;
  }

  void Cancel() override { client_.Cancel(); }

 private:
  OtlpAnswer AnswerOf(const Result<HttpResponse>& response) const {
    if (!response) {
      const bool for_good = response.error().code() != Code::kIo || client_.failed_for_good();
      return {.kind = for_good ? OtlpAnswer::Kind::kFailed : OtlpAnswer::Kind::kRetry,
              .code = response.error().code(),
              .reason = response.error().message()};
    }
    return gf_otlp::AnswerOf(OtlpHttpAnswer{.status = response->status,
                                            .content_type = response->Header("content-type"),
                                            .retry_after = response->Header("retry-after"),
                                            .location = response->Header("location"),
                                            .body = response->body},
                             std::time(nullptr));
  }

  Status Compress(std::string_view body) {
    compressed_.clear();
    const std::unique_ptr<Compressor> compressor = CompressorFor(".gz");
    GF_RETURN_IF_ERROR(compressor->Add(body, compressed_));
    return compressor->Finish(compressed_);
  }

  HttpClient client_;
  Requests requests_;
  const bool gzip_;
  std::string compressed_;
};

}  // namespace

Result<std::unique_ptr<OtlpTransport>> MakeOtlpHttpTransport(const OtlpEndpoint& endpoint) {
  Requests requests = MakeRequests(endpoint);
  for (const HttpRequest& request : requests) GF_UNEXPECTED_IF_ERROR(HttpClient::Check(request));
  Result<HttpClient> client =
      HttpClient::Make({.ca_file = endpoint.ca_file,
                        .cert_file = endpoint.cert_file,
                        .key_file = endpoint.key_file,
                        .connect_timeout_ms = static_cast<int>(endpoint.connect_timeout.count()),
                        .timeout_ms = static_cast<int>(endpoint.timeout.count())});
  if (!client) return std::unexpected(std::move(client.error()));
  return std::make_unique<OtlpHttpTransport>(std::move(*client), std::move(requests), endpoint.gzip);
}

}  // namespace gf_otlp
