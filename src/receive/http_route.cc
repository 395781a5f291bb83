#include "receive/http_route.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

#include "base/shown_text.h"

namespace gf_otlp::receive {
namespace {

constexpr std::string_view kAcceptedCodings = "gzip, deflate, zstd";

HttpAnswer Plain(int status, std::string text) {
  return {.status = status, .type = "text/plain; charset=utf-8", .body = std::move(text) + "\n"};
}

/// Of /healthz and /readyz, which are open to all.
std::optional<HttpAnswer> AnswerProbe(const HttpHead& head, const Intake& intake) {
  const bool ready = head.path() == "/readyz";
  if (!ready && head.path() != "/healthz") return std::nullopt;
  if (head.method != "GET" && !head.is_head()) {
    HttpAnswer answer = Plain(405, "use GET or HEAD");
    answer.headers.emplace_back("Allow", "GET, HEAD");
    return answer;
  }
  const Status health = ready ? intake.health() : Status();
  return health.ok() ? Plain(200, "ok") : Plain(503, health.message());
}

std::optional<Signal> SignalOfPath(std::string_view path) {
  constexpr std::string_view kVersion = "/v1/";
  return path.starts_with(kVersion) ? ParseSignal(path.substr(kVersion.size())) : std::nullopt;
}

HttpAnswer Refused(int status, RpcCode code, std::string message, const HttpHead& head, Intake& intake) {
  intake.CountRefused(code);
  return ErrorAnswer(status, code, std::move(message), head);
}

}  // namespace

Answer BodyTooLarge(const IntakeOptions& options) {
  return {RpcCode::kResourceExhausted, fmt::format("body of more than {} bytes", options.max_body), {}};
}

std::optional<HttpAnswer> AnswerHead(const HttpHead& head, std::optional<std::uint64_t> content_length, Intake& intake,
                                     Intake::Request& request, Intake::Ticket& ticket, std::function<void()> push_out) {
  if (std::optional<HttpAnswer> probe = AnswerProbe(head, intake)) return probe;
  const HeaderLookup header = [&head](std::string_view name) { return head.Header(name); };
  const std::optional<BodyType> type = BodyTypeOf(head.Header("content-type"));
  const auto refused_by_intake = [&](const Answer& answer) {
    HttpAnswer http = ExportAnswer(answer, type.value_or(BodyType::kJson));
    if (answer.code == RpcCode::kUnauthenticated) http.headers.emplace_back("WWW-Authenticate", intake.challenge());
    return http;
  };

  if (const Answer answer = intake.Authorize(header); answer.code != RpcCode::kOk) return refused_by_intake(answer);
  const std::optional<Signal> signal = SignalOfPath(head.path());
  if (!signal) {
    return Refused(
        404, RpcCode::kNotFound,
        fmt::format("no such path: {} (there are /v1/traces, /v1/logs, /v1/metrics)", ShownText(head.path())), head,
        intake);
  }
  if (head.method != "POST") {
    HttpAnswer answer = Refused(405, RpcCode::kUnimplemented, "use POST", head, intake);
    answer.headers.emplace_back("Allow", "POST");
    return answer;
  }
  if (!type) {
    return Refused(415, RpcCode::kInvalidArgument,
                   "the content type must be application/x-protobuf or application/json", head, intake);
  }
  const std::optional<BodyCoding> coding = BodyCodingOf(head.Header("content-encoding"));
  if (!coding) {
    HttpAnswer answer = Refused(415, RpcCode::kInvalidArgument,
                                fmt::format("the content encoding must be one of {}", kAcceptedCodings), head, intake);
    answer.headers.emplace_back("Accept-Encoding", kAcceptedCodings);
    return answer;
  }
  const Answer admitted = intake.Admit(header, ticket, std::move(push_out));
  if (admitted.code != RpcCode::kOk) return refused_by_intake(admitted);
  if (content_length.value_or(0) > intake.options().max_body) {
    ticket = {};
    const Answer answer = BodyTooLarge(intake.options());
    intake.CountRefused(answer.code);
    return refused_by_intake(answer);
  }
  request = {.signal = *signal, .type = *type, .coding = *coding};
  intake.TakeHeaders(header, request);
  return std::nullopt;
}

}  // namespace gf_otlp::receive
