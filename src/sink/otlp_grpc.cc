#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include "base/ascii.h"
#include "base/file.h"
#include "base/shown_text.h"
#include "otlp/service.h"
#include "sink/otlp_answer.h"
#include "sink/otlp_transport.h"

namespace gf_otlp {
namespace {

using std::chrono::milliseconds;
using Headers = std::vector<std::pair<std::string, std::string>>;

/// gRPC logs to standard error what its calls fail with, too: only for those who ask for it in its own way.
void QuietGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

/// Metadata that gRPC would end the program for. Values of names that end in -bin may be any bytes.
Status CheckMetadata(const Headers& headers) {
  constexpr auto kInName = [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_' || c == '.';
  };
  constexpr auto kInValue = [](char c) { return c >= 0x20 && c <= 0x7e; };
  for (const auto& [name, value] : headers) {
    if (name.empty() || !std::ranges::all_of(name, kInName) || name.starts_with("grpc-")) {
      return UsageError(
          fmt::format("header {}: gRPC takes names of a-z 0-9 - _ . that do not begin with grpc-", ShownText(name)));
    }
    if (!name.ends_with("-bin") && !std::ranges::all_of(value, kInValue)) {
      return UsageError(fmt::format("header {}: gRPC takes values of printable ASCII characters", name));
    }
  }
  return {};
}

/// What a PEM file holds; empty without one.
Result<std::string> ReadPem(const std::string& path) {
  constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  if (path.empty()) return std::string();
  Result<std::string> text = ReadFile(path, kMostBytes);
  if (!text) return std::unexpected(UsageError(text.error().message()));
  if (!text->contains("-----BEGIN ")) return std::unexpected(UsageError(fmt::format("{}: that is no PEM file", path)));
  return text;
}

Result<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const OtlpEndpoint& endpoint) {
  if (!endpoint.tls) return grpc::InsecureChannelCredentials();
  if (endpoint.cert_file.empty() != endpoint.key_file.empty()) {
    return std::unexpected(UsageError("a certificate of the client goes with its key"));
  }
  grpc::SslCredentialsOptions options;
  for (const auto& [to, path] :
       {std::pair(&options.pem_root_certs, endpoint.ca_file), std::pair(&options.pem_cert_chain, endpoint.cert_file),
        std::pair(&options.pem_private_key, endpoint.key_file)}) {
    Result<std::string> pem = ReadPem(path);
    if (!pem) return std::unexpected(std::move(pem.error()));
    *to = std::move(*pem);
  }
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> MakeChannel(const OtlpEndpoint& endpoint,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetUserAgentPrefix(OtlpUserAgent());
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  // When to try again is for whoever sends to say: gRPC is to connect again by then.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(endpoint.connect_timeout.count()));
  // Else a host called "unix" or "dns" would be taken for a scheme.
  return grpc::CreateCustomChannel("dns:///" + endpoint.server, credentials, arguments);
}

class OtlpGrpcTransport final : public OtlpTransport {
 public:
  OtlpGrpcTransport(const OtlpEndpoint& endpoint, std::shared_ptr<grpc::Channel> channel)
      : timeout_(endpoint.timeout),
        gzip_(endpoint.gzip),
        retry_exhausted_(endpoint.retry_resource_exhausted),
        stub_(std::move(channel)) {
    for (int signal = 0; signal < kSignalCount; ++signal) metadata_[signal] = endpoint.routes[signal].headers;
  }
  OtlpGrpcTransport(const OtlpGrpcTransport&) = delete;
  OtlpGrpcTransport& operator=(const OtlpGrpcTransport&) = delete;
  ~OtlpGrpcTransport() override { done_.Shutdown(); }

  OtlpAnswer Send(Signal signal, std::string_view body) override {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + timeout_);
    if (gzip_) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
    for (const auto& [name, value] : metadata_[static_cast<int>(signal)]) context.AddMetadata(name, value);
    // Copied: behind a call that failed gRPC may still be writing, and says nothing of when it is done.
    const grpc::Slice slice(body.data(), body.size());
    const grpc::ByteBuffer request(&slice, 1);
    if (!Begin(&context)) return {.kind = OtlpAnswer::Kind::kRetry, .reason = "cancelled"};
    const auto call = stub_.PrepareUnaryCall(&context, std::string(ExportMethod(signal)), request, &done_);
    call->StartCall();
    grpc::ByteBuffer response;
    grpc::Status status;
    call->Finish(&response, &status, nullptr);
    void* tag = nullptr;
    bool ok = false;
    done_.Next(&tag, &ok);
    Begin(nullptr);
    return AnswerOf(status, response);
  }

  void Cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (under_way_ != nullptr) under_way_->TryCancel();
  }

 private:
  /// The call that Cancel() is to end, null: none. False if there is to be no further one.
  bool Begin(grpc::ClientContext* context) {
    const std::lock_guard lock(mutex_);
    under_way_ = context;
    return !cancelled_;
  }

  OtlpAnswer AnswerOf(const grpc::Status& status, const grpc::ByteBuffer& response) const {
    grpc::Slice body;
    if (status.ok() && !response.DumpToSingleSlice(&body).ok()) body = grpc::Slice();
    const std::string message = status.error_message(), details = status.error_details();
    return gf_otlp::AnswerOf(OtlpGrpcAnswer{.code = static_cast<RpcCode>(status.error_code()),
                                            .message = message,
                                            .details = details,
                                            .body = {reinterpret_cast<const char*>(body.begin()), body.size()}},
                             retry_exhausted_);
  }

  const milliseconds timeout_;
  const bool gzip_, retry_exhausted_;
  std::array<Headers, kSignalCount> metadata_;
  grpc::GenericStub stub_;
  grpc::CompletionQueue done_;

  std::mutex mutex_;
  grpc::ClientContext* under_way_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace

Result<std::unique_ptr<OtlpTransport>> MakeOtlpGrpcTransport(const OtlpEndpoint& endpoint) {
  for (const OtlpEndpoint::Route& route : endpoint.routes) GF_UNEXPECTED_IF_ERROR(CheckMetadata(route.headers));
  const Result<std::shared_ptr<grpc::ChannelCredentials>> credentials = Credentials(endpoint);
  if (!credentials) return std::unexpected(credentials.error());
  QuietGrpc();
  return std::make_unique<OtlpGrpcTransport>(endpoint, MakeChannel(endpoint, *credentials));
}

}  // namespace gf_otlp
