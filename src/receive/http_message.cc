#include "receive/http_message.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>

#include "base/ascii.h"

namespace gf_otlp::receive {
namespace {

constexpr std::string_view kProtobufType = "application/x-protobuf", kJsonType = "application/json";

std::string_view Reason(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    default: return "Error";
  }
}

int HttpStatusOf(const Answer& answer) {
  switch (answer.code) {
    case RpcCode::kOk: return 200;
    case RpcCode::kInvalidArgument: return 400;
    case RpcCode::kUnauthenticated: return 401;
    case RpcCode::kResourceExhausted: return answer.retry_delay ? 429 : 413;
    case RpcCode::kUnavailable: return 503;
    default: return 500;
  }
}

/// Retry-After's whole seconds, at least 1.
std::int64_t WholeSeconds(std::chrono::nanoseconds delay) {
  return std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(delay).count());
}

}  // namespace

std::string_view HttpHead::Header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string HttpAnswer::Text(int version, bool keep_alive, bool head_only) const {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::string text =
      fmt::format("HTTP/1.1 {} {}\r\nDate: {:%a, %d %b %Y %H:%M:%S GMT}\r\n", status, Reason(status), fmt::gmtime(now));
  for (const auto& [name, value] : headers) text += fmt::format("{}: {}\r\n", name, value);
  if (!keep_alive) {
    text += "Connection: close\r\n";
  } else if (version == 10) {
    text += "Connection: keep-alive\r\n";
  }
  text += fmt::format("Content-Type: {}\r\nContent-Length: {}\r\n\r\n", type, body.size());
  if (!head_only) text += body;
  return text;
}

std::optional<BodyType> BodyTypeOf(std::string_view content_type) {
  const std::string_view type = Trimmed(content_type.substr(0, content_type.find(';')));
  if (EqualsIgnoringCase(type, kProtobufType)) return BodyType::kProtobuf;
  if (EqualsIgnoringCase(type, kJsonType)) return BodyType::kJson;
  return std::nullopt;
}

std::optional<BodyCoding> BodyCodingOf(std::string_view content_encoding) {
  const std::string_view coding = Trimmed(content_encoding);
  if (coding.empty() || EqualsIgnoringCase(coding, "identity")) return BodyCoding::kIdentity;
  if (EqualsIgnoringCase(coding, "gzip") || EqualsIgnoringCase(coding, "x-gzip")) return BodyCoding::kGzip;
  if (EqualsIgnoringCase(coding, "deflate")) return BodyCoding::kDeflate;
  if (EqualsIgnoringCase(coding, "zstd")) return BodyCoding::kZstd;
  return std::nullopt;
}

HttpAnswer ExportAnswer(const Answer& answer, BodyType type, std::optional<int> status) {
  const bool json = type == BodyType::kJson;
  HttpAnswer http{.status = status.value_or(HttpStatusOf(answer)),
                  .type = std::string(json ? kJsonType : kProtobufType)};
  if (answer.retry_delay) http.headers.emplace_back("Retry-After", std::to_string(WholeSeconds(*answer.retry_delay)));
  if (answer.code == RpcCode::kOk) {
    http.body = json ? "{}" : "";
  } else {
    http.body = json ? RpcStatusJson(answer) : RpcStatusProto(answer);
  }
  return http;
}

HttpAnswer ErrorAnswer(int status, RpcCode code, std::string message, const HttpHead& head) {
  const BodyType type = BodyTypeOf(head.Header("content-type")).value_or(BodyType::kJson);
  return ExportAnswer({.code = code, .message = std::move(message)}, type, status);
}

}  // namespace gf_otlp::receive
