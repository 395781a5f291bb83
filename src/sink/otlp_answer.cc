#include "sink/otlp_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "base/ascii.h"
#include "base/http_client.h"
#include "base/http_date.h"
#include "base/shown_text.h"

namespace gf_otlp {
namespace {

using Kind = OtlpAnswer::Kind;
using std::chrono::seconds;

/// The first line that says something, safe to show.
std::string Words(std::string_view text) {
  constexpr std::size_t kMost = 300;
  constexpr std::string_view kSpace = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  text = text.substr(0, text.find_first_of("\r\n"));
  text = text.substr(0, text.find_last_not_of(kSpace) + 1);
  return ShownPart(text, kMost);
}

std::string WithWords(std::string name, std::string_view text) {
  const std::string words = Words(text);
  if (!words.empty()) name.append(": ").append(words);
  return name;
}

/// `type`: in lower case.
bool Is(std::string_view type, const OtlpHttpAnswer& http) {
  const std::string_view start = http.content_type.substr(0, type.size());
  return std::ranges::equal(start, type, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
}
bool IsJson(const OtlpHttpAnswer& http) { return Is("application/json", http); }
bool IsProto(const OtlpHttpAnswer& http) { return Is("application/x-protobuf", http); }

/// The google.rpc.Status that a body should be; its text as the message if it is none.
RpcStatus ErrorOf(const OtlpHttpAnswer& http) {
  if (IsJson(http)) {
    if (Result<RpcStatus> status = ReadRpcStatusJson(http.body)) return std::move(*status);
  } else if (IsProto(http)) {
    if (Result<RpcStatus> status = ReadRpcStatusProto(http.body)) return std::move(*status);
  }
  return {.message = std::string(http.body)};
}

/// Seconds or a date (RFC 9110, 10.2.3).
std::optional<std::chrono::nanoseconds> RetryAfter(std::string_view text, std::int64_t now) {
  constexpr std::int64_t kMost = 1'000'000'000;  // so that nanoseconds hold it
  std::int64_t wait = 0;
  if (!text.empty() && std::ranges::all_of(text, IsDigit)) {
    if (std::from_chars(text.data(), text.data() + text.size(), wait).ec != std::errc()) wait = kMost;
  } else if (const std::optional<std::int64_t> date = ParseHttpDate(text, now)) {
    wait = *date - now;
  } else {
    return std::nullopt;
  }
  return seconds(std::clamp<std::int64_t>(wait, 0, kMost));
}

/// Where a redirect leads, without the signal's path, as it is to be given; without what may be a secret: a user, a
/// password, a query.
std::string Destination(std::string_view location) {
  const Result<HttpUrl> url = ParseHttpUrl(std::string(location));
  if (url) {
    std::string_view path = url->path;
    for (const std::string_view of_signal : {"/v1/traces", "/v1/logs", "/v1/metrics"}) {
      if (path.ends_with(of_signal)) path.remove_suffix(of_signal.size());
    }
    return Words(url->server + std::string(path));
  }
  return location.starts_with("/") ? Words(location.substr(0, location.find_first_of("?#"))) : "another place";
}

/// Of an answer that says that the request was taken.
OtlpAnswer Taken(Result<PartialSuccess> partial) {
  OtlpAnswer answer;
  if (partial) {
    answer.partial = std::move(*partial);
    answer.partial.message = Words(answer.partial.message);
  } else {
    answer.reason = "the server answers that it took a request, but not as an OTLP receiver does";
  }
  return answer;
}

Result<PartialSuccess> PartialSuccessOf(const OtlpHttpAnswer& http) {
  if (http.body.empty()) return PartialSuccess();
  if (IsJson(http)) return ReadExportResponseJson(http.body);
  if (IsProto(http)) return ReadExportResponseProto(http.body);
  return std::unexpected(BadData("neither protobuf nor JSON"));
}

bool ContainsOneOf(std::string_view text, std::span<const std::string_view> words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); });
}

/// Whether a message of gRPC says that a request is larger than the server takes: in the words of its C++ and Go
/// libraries, of those for Java and .NET, and of Rust's (which gives OutOfRange).
bool SaysTooLarge(std::string_view message) {
  constexpr std::string_view kWords[] = {"larger than max", "exceeds maximum size",
                                         "exceeds the maximum configured message size", "message length too large"};
  return ContainsOneOf(message, kWords);
}

/// Whether gRPC could not connect for a reason that time does not heal: a certificate that is not trusted, a server
/// that speaks no TLS, or whose TLS refuses ours (an alert). Its code is Unavailable as for all other reasons; the
/// words are BoringSSL's, OpenSSL's and its own.
bool SaysUntrusted(std::string_view message) {
  constexpr std::string_view kWords[] = {"CERTIFICATE_VERIFY_FAILED",
                                         "certificate verify failed",
                                         "WRONG_VERSION_NUMBER",
                                         "wrong version number",
                                         "Peer name",
                                         "v1 alert ",
                                         "v13 alert ",
                                         "v3 alert "};
  return ContainsOneOf(message, kWords);
}

/// The same because the server does not speak HTTP/2, mostly one of HTTP/1.
bool SaysNoHttp2(std::string_view message) {
  constexpr std::string_view kWords[] = {"Failed parsing HTTP/2", "http1.x server",
                                         "Cannot check peer: missing selected ALPN"};
  return ContainsOneOf(message, kWords);
}

}  // namespace

OtlpAnswer AnswerOf(const OtlpHttpAnswer& http, std::int64_t now) {
  if (http.status >= 200 && http.status < 300) return Taken(PartialSuccessOf(http));
  OtlpAnswer answer{.kind = Kind::kRefused};
  const std::string name = fmt::format("HTTP {}", http.status);
  if (http.status >= 300 && http.status < 400) {
    answer.reason = fmt::format("{}: leads on to {}: give that URL", name, Destination(http.location));
    return answer;
  }
  const RpcStatus error = ErrorOf(http);
  answer.reason = WithWords(name, error.message);
  switch (http.status) {
    case 429:
    case 502:
    case 503:
    case 504:
      answer.kind = Kind::kRetry;
      answer.retry_after = RetryAfter(http.retry_after, now);
      if (!answer.retry_after) answer.retry_after = error.retry_delay;
      break;
    case 400:
    case 413:
    case 415:
    case 422: answer.code = Code::kBadData; break;
    default: break;
  }
  return answer;
}

OtlpAnswer AnswerOf(const OtlpGrpcAnswer& grpc, bool retry_exhausted) {
  if (grpc.code == RpcCode::kOk) return Taken(ReadExportResponseProto(grpc.body));
  OtlpAnswer answer{.kind = Kind::kRefused};
  answer.reason = WithWords("gRPC " + RpcCodeName(grpc.code), grpc.message);
  if (!grpc.details.empty()) {
    if (const Result<RpcStatus> status = ReadRpcStatusProto(grpc.details)) answer.retry_after = status->retry_delay;
  }
  switch (grpc.code) {
    case RpcCode::kCancelled:
    case RpcCode::kDeadlineExceeded:
    case RpcCode::kAborted:
    case RpcCode::kDataLoss: answer.kind = Kind::kRetry; break;
    case RpcCode::kUnavailable:
      if (SaysNoHttp2(grpc.message)) {
        answer.kind = Kind::kFailed;
        answer.reason = "the server does not speak gRPC: is it one of HTTP (http://, https://)? " + answer.reason;
      } else {
        answer.kind = SaysUntrusted(grpc.message) ? Kind::kFailed : Kind::kRetry;
      }
      break;
    case RpcCode::kOutOfRange:
    case RpcCode::kResourceExhausted:
      if (SaysTooLarge(grpc.message)) {
        answer.code = Code::kBadData;
      } else if (grpc.code == RpcCode::kOutOfRange || answer.retry_after || retry_exhausted) {
        answer.kind = Kind::kRetry;
      }
      break;
    case RpcCode::kInvalidArgument:
    case RpcCode::kFailedPrecondition: answer.code = Code::kBadData; break;
    default: break;
  }
  return answer;
}

}  // namespace gf_otlp
