#include "cli/replay_endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/ascii.h"
#include "base/auth_file.h"
#include "base/http_client.h"
#include "base/shown_text.h"
#include "base/time_text.h"
#include "sink/otlp_tls.h"

namespace gf_otlp::cli {
namespace {

constexpr std::string_view kPipelineHeader = "x-glassflow-pipeline-id";
constexpr std::string_view kForms = "write http://HOST:PORT, https://HOST:PORT, grpc://HOST:PORT or grpcs://HOST:PORT";
constexpr std::chrono::milliseconds kMaxTimeout = std::chrono::hours(24);

constexpr Signal kSignals[] = {Signal::kTraces, Signal::kLogs, Signal::kMetrics};

using Header = std::pair<std::string, std::string>;

/// What stands in front of '=' and behind it, if a signal's name stands in front.
struct OfSignal {
  std::optional<Signal> signal;  // nothing: the text is for all
  std::string text;
};

OfSignal SplitBySignal(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos) {
    for (const Signal signal : kSignals) {
      if (text.substr(0, equals) == SignalName(signal)) return {signal, text.substr(equals + 1)};
    }
  }
  return {std::nullopt, text};
}

/// SIGNAL=... of a flag that is for one signal. Messages hold no more of the text than what stands before '='.
Result<std::pair<Signal, std::string>> SplitOneSignal(std::string_view flag, std::string_view what,
                                                      const std::string& text) {
  OfSignal split = SplitBySignal(text);
  if (split.signal && !split.text.empty()) return std::pair(*split.signal, std::move(split.text));
  return std::unexpected(UsageError(fmt::format("{} {}: write SIGNAL={}, where SIGNAL is traces, logs or metrics", flag,
                                                ShownText(text.substr(0, text.find('='))), what)));
}

bool HasControls(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; });
}

/// NAME: VALUE. Values may be secrets: messages do not hold them.
Result<Header> ReadHeader(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || !IsToken(text.substr(0, colon))) {
    return std::unexpected(UsageError("--header: write 'NAME: VALUE', or 'traces=NAME: VALUE' for one signal"));
  }
  std::string name = InLowerCase(text.substr(0, colon));
  constexpr std::string_view kOurs[] = {
      "content-type", "content-encoding", "content-length", "transfer-encoding", "host", "connection", "te"};
  if (std::ranges::find(kOurs, name) != std::end(kOurs)) {
    return std::unexpected(UsageError(fmt::format("--header {}: it follows from what is sent", name)));
  }
  if (name == "authorization" || name == "proxy-authorization") {
    return std::unexpected(
        UsageError(fmt::format("--header {}: others can read a command line: use --auth-file", name)));
  }
  const std::string_view value = Trimmed(text.substr(colon + 1));
  if (HasControls(value)) return std::unexpected(UsageError(fmt::format("--header {}: a value is one line", name)));
  return Header(std::move(name), value);
}

bool HasHeader(const OtlpEndpoint::Route& route, std::string_view name) {
  return std::ranges::find(route.headers, name, &Header::first) != route.headers.end();
}

/// Percent-encodes what a path cannot hold as it is.
std::string EncodedPath(std::string_view path) {
  std::string encoded;
  for (const char c : path) encoded += c == '/' ? "/" : UrlEncoded({&c, 1});
  return encoded;
}

/// Whether a port stands in "http://host:port", where host may be "[::1]".
bool HasPort(std::string_view server) {
  const std::string_view host = server.substr(server.find("//") + 2);
  const std::size_t bracket = host.rfind(']'), colon = host.rfind(':');
  return colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
}

/// Whether `scheme` stands in front, which is taken off then.
bool TakeScheme(std::string_view scheme, std::string& url) {
  if (!url.starts_with(scheme)) return false;
  url.erase(0, scheme.size());
  return true;
}

class EndpointReader {
 public:
  explicit EndpointReader(const ReplayFlags& flags) : flags_(flags) {}

  Result<ReplayEndpoint> Read() {
    GF_UNEXPECTED_IF_ERROR(ReadUrl());
    GF_UNEXPECTED_IF_ERROR(ReadProtocol());
    GF_UNEXPECTED_IF_ERROR(ReadPaths());
    GF_UNEXPECTED_IF_ERROR(ReadHeaders());
    GF_UNEXPECTED_IF_ERROR(ReadPipelines());
    GF_UNEXPECTED_IF_ERROR(ReadAuth());
    GF_UNEXPECTED_IF_ERROR(ReadTls());
    GF_UNEXPECTED_IF_ERROR(ReadTimeout());
    GF_UNEXPECTED_IF_ERROR(ReadCompression());
    // Whatever else a transport finds wrong.
    const Result<std::unique_ptr<OtlpTransport>> transport = MakeOtlpTransport(to_);
    if (!transport) return std::unexpected(transport.error());
    return std::move(made_);
  }

 private:
  bool grpc() const { return to_.protocol == OtlpProtocol::kGrpc; }

  Status ReadUrl() {
    if (flags_.endpoint.empty()) return UsageError("no endpoint: say where to send with --endpoint URL");
    std::string rest = flags_.endpoint;
    if (TakeScheme("grpcs://", rest)) {
      to_.protocol = OtlpProtocol::kGrpc;
      tls_ = true;
    } else if (TakeScheme("grpc://", rest)) {
      to_.protocol = OtlpProtocol::kGrpc;
    } else if (TakeScheme("https://", rest)) {
      tls_ = true;
    } else if (!TakeScheme("http://", rest)) {
      return UsageError(fmt::format("--endpoint: that is no URL of an OTLP server: {}", kForms));
    }
    Result<HttpUrl> url = ParseHttpUrl((tls_ ? "https://" : "http://") + rest);
    if (!url) return UsageError(fmt::format("--endpoint: that is no URL of an OTLP server: {}", kForms));
    if (!url->user.empty() || !url->password.empty()) {
      return UsageError(fmt::format(
          "--endpoint {}: a user or a password in the URL can be seen by others: use --auth-file", url->server));
    }
    if (!url->query.empty()) {
      return UsageError(fmt::format("--endpoint {}: it has a query: say it of each signal with --path", url->server));
    }
    if (!HasPort(url->server)) url->server += grpc() ? ":4317" : ":4318";
    if (grpc() && url->path != "/") {
      return UsageError(fmt::format("--endpoint {}: there are no paths in gRPC", flags_.endpoint));
    }
    to_.tls = grpc() && tls_;
    to_.server = grpc() ? url->server.substr(url->server.find("//") + 2) : url->server;
    return SetPaths(url->path);
  }

  Status SetPaths(std::string prefix) {
    while (prefix.ends_with('/')) prefix.pop_back();
    for (const Signal signal : kSignals) {
      const std::string path = fmt::format("/v1/{}", SignalName(signal));
      if (prefix.ends_with(path)) {
        return UsageError(
            fmt::format("--endpoint: give the URL without {}: it is that of all signals (or see --path)", path));
      }
      if (!grpc()) route(signal).path = EncodedPath(prefix) + path;
    }
    return {};
  }

  Status ReadProtocol() {
    if (flags_.protocol.empty()) return {};
    std::size_t index = 0;
    GF_RETURN_IF_ERROR(ParseWordIndex("--protocol", flags_.protocol, "http/protobuf|http/json", index));
    if (grpc()) return UsageError("--protocol is of HTTP: an endpoint of grpc:// has but one");
    to_.protocol = index == 0 ? OtlpProtocol::kHttpProtobuf : OtlpProtocol::kHttpJson;
    return {};
  }

  Status ReadPaths() {
    for (const std::string& text : flags_.paths) {
      const auto split = SplitOneSignal("--path", "PATH", text);
      if (!split) return split.error();
      const auto& [signal, path] = *split;
      if (grpc()) return UsageError("--path is of HTTP: there are no paths in gRPC");
      const bool printable = std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7F && c != '#'; });
      if (!path.starts_with('/') || !printable) {
        return UsageError(fmt::format("--path {}: a path begins with / and is written as in a URL", text));
      }
      route(signal).path = path;
    }
    return {};
  }

  Status ReadHeaders() {
    for (const std::string& text : flags_.headers) {
      const OfSignal split = SplitBySignal(text);
      const Result<Header> header = ReadHeader(split.text);
      if (!header) return header.error();
      for (const Signal signal : kSignals) {
        if (!split.signal || *split.signal == signal) route(signal).headers.push_back(*header);
      }
    }
    return {};
  }

  Status ReadPipelines() {
    for (const std::string& text : flags_.pipelines) {
      const auto split = SplitOneSignal("--pipeline", "ID", text);
      if (!split) return split.error();
      const auto& [signal, id] = *split;
      if (HasControls(id)) return UsageError("--pipeline: an id is one line, without control characters");
      OtlpEndpoint::Route& to = route(signal);
      if (HasHeader(to, kPipelineHeader)) {
        return UsageError(fmt::format("--pipeline {}: {} have a pipeline already", text, SignalName(signal)));
      }
      to.headers.emplace_back(kPipelineHeader, id);
    }
    if (flags_.pipelines.empty()) return {};
    for (int i = 0; i < kSignalCount; ++i) made_.without_pipeline[i] = !HasHeader(to_.routes[i], kPipelineHeader);
    return {};
  }

  Status ReadAuth() {
    if (flags_.auth_file.empty()) return {};
    const Result<std::vector<Credentials>> credentials = ReadAuthFile(flags_.auth_file);
    if (!credentials) return Status(credentials.error()).At("--auth-file");
    for (const Signal signal : kSignals) {
      route(signal).headers.emplace_back("authorization", credentials->front().Header());
    }
    return {};
  }

  Status ReadTls() {
    for (const auto& [flag, file, to] : {std::tuple("--ca-file", flags_.ca_file, &to_.ca_file),
                                         std::tuple("--cert-file", flags_.cert_file, &to_.cert_file),
                                         std::tuple("--key-file", flags_.key_file, &to_.key_file)}) {
      if (!file.empty() && !tls_) {
        return UsageError(fmt::format("{} is of TLS: use it with an endpoint of https:// or grpcs://", flag));
      }
      *to = file;
    }
    if (flags_.cert_file.empty() != flags_.key_file.empty())
      return UsageError("--cert-file and --key-file go together");
    return tls_ ? CheckTlsFiles(to_) : Status();
  }

  Status ReadTimeout() {
    const Result<std::uint64_t> nanos = ParseDuration(flags_.timeout);
    if (!nanos) return Status(nanos.error()).At("--timeout");
    to_.timeout = std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::nanoseconds(static_cast<std::int64_t>(std::min<std::uint64_t>(*nanos, INT64_MAX))));
    if (to_.timeout.count() == 0 || to_.timeout > kMaxTimeout) {
      return UsageError(fmt::format("--timeout {}: more than 0, and at most 24h", flags_.timeout));
    }
    to_.connect_timeout = std::min(to_.connect_timeout, to_.timeout);
    return {};
  }

  Status ReadCompression() {
    // GlassFlow takes no compressed requests.
    const bool pipeline =
        std::ranges::any_of(to_.routes, [](const auto& route) { return HasHeader(route, kPipelineHeader); });
    std::size_t index = pipeline ? 0 : 1;
    if (!flags_.compression.empty()) {
      GF_RETURN_IF_ERROR(ParseWordIndex("--request-compression", flags_.compression, "none|gzip", index));
    }
    to_.gzip = index == 1;
    if (flags_.no_retry_exhausted && !grpc()) {
      return UsageError("--no-retry-exhausted is of gRPC: over HTTP a server says 429");
    }
    to_.retry_resource_exhausted = !flags_.no_retry_exhausted;
    return {};
  }

  OtlpEndpoint::Route& route(Signal signal) { return to_.routes[static_cast<std::size_t>(signal)]; }

  const ReplayFlags& flags_;
  ReplayEndpoint made_;
  OtlpEndpoint& to_ = made_.endpoint;
  bool tls_ = false;
};

}  // namespace

Result<ReplayEndpoint> ReadEndpoint(const ReplayFlags& flags) { return EndpointReader(flags).Read(); }

}  // namespace gf_otlp::cli
