#include <doctest/doctest.h>
#include <zlib.h>

#include <chrono>
#include <string>
#include <thread>

#include "sink/otlp_transport.h"
#include "unit/base/scripted_server.h"

namespace gf_otlp {
namespace {

using Kind = OtlpAnswer::Kind;

OtlpEndpoint To(const std::string& server) {
  OtlpEndpoint endpoint{.server = server};
  for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    endpoint.routes[static_cast<int>(signal)].path = "/v1/" + std::string(SignalName(signal));
  }
  return endpoint;
}

std::unique_ptr<OtlpTransport> Make(const OtlpEndpoint& endpoint) {
  Result<std::unique_ptr<OtlpTransport>> transport = MakeOtlpTransport(endpoint);
  REQUIRE(transport);
  return std::move(*transport);
}

/// What was compressed as one gzip member; empty if that is not what it is.
std::string Gunzip(std::string compressed) {
  constexpr int kGzipFormat = 16;
  std::string plain(std::size_t{16} << 20, '\0');
  z_stream stream{};
  inflateInit2(&stream, MAX_WBITS + kGzipFormat);
  stream.next_in = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_out = static_cast<uInt>(plain.size());
  const bool whole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0;
  plain.resize(whole ? stream.total_out : 0);
  inflateEnd(&stream);
  return plain;
}

TEST_CASE("HTTP: requests are what a receiver of OTLP expects") {
  ScriptedServer server({Answer("200 OK", "")});
  OtlpEndpoint endpoint = To(server.url(""));
  endpoint.routes[1].path = "/other/logs";
  endpoint.routes[1].headers = {{"x-glassflow-pipeline-id", "l1"}, {"user-agent", "mine"}};
  const auto transport = Make(endpoint);
  const std::string body("\x0a\x00\xff", 3);
  CHECK(transport->Send(Signal::kTraces, body).kind == Kind::kTaken);
  CHECK(transport->Send(Signal::kLogs, "logs").kind == Kind::kTaken);
  CHECK(transport->Send(Signal::kMetrics, "metrics").kind == Kind::kTaken);
  server.Stop();
  REQUIRE(server.requests.size() == 3);
  CHECK(server.connections == 1);
  const std::string& traces = server.requests[0];
  CHECK(traces.starts_with("POST /v1/traces HTTP/1.1\r\n"));
  CHECK(traces.contains("Content-Type: application/x-protobuf\r\n"));
  CHECK(traces.contains("User-Agent: gf-otlp/"));
  CHECK_FALSE(traces.contains("Content-Encoding"));
  CHECK_FALSE(traces.contains("pipeline"));
  CHECK(traces.ends_with("\r\n\r\n" + body));
  const std::string& logs = server.requests[1];
  CHECK(logs.starts_with("POST /other/logs HTTP/1.1\r\n"));
  CHECK(logs.contains("x-glassflow-pipeline-id: l1\r\n"));
  CHECK(logs.contains("user-agent: mine\r\n"));
  CHECK_FALSE(logs.contains("gf-otlp"));
  CHECK(server.requests[2].starts_with("POST /v1/metrics HTTP/1.1\r\n"));
}

TEST_CASE("HTTP: JSON and gzip are said and done") {
  ScriptedServer server({Answer("200 OK", "{}", "Content-Type: application/json\r\n")});
  OtlpEndpoint endpoint = To(server.url(""));
  endpoint.protocol = OtlpProtocol::kHttpJson;
  endpoint.gzip = true;
  const auto transport = Make(endpoint);
  const std::string body = R"({"resourceSpans":[]})" + std::string(100'000, ' ');
  for (int i = 0; i < 2; ++i) CHECK(transport->Send(Signal::kTraces, body).kind == Kind::kTaken);
  server.Stop();
  REQUIRE(server.requests.size() == 2);
  for (const std::string& request : server.requests) {
    CHECK(request.contains("Content-Type: application/json\r\n"));
    CHECK(request.contains("Content-Encoding: gzip\r\n"));
    CHECK(Gunzip(request.substr(request.find("\r\n\r\n") + 4)) == body);
  }
}

TEST_CASE("HTTP: answers come with their headers") {
  ScriptedServer server({Answer("503 Service Unavailable", "busy", "Retry-After: 3\r\n"),
                         Answer("400 Bad Request", "\x12\x02no", "Content-Type: application/x-protobuf\r\n"),
                         Answer("200 OK", "\x0a\x02\x08\x03", "Content-Type: application/x-protobuf\r\n"),
                         Answer("307 Temporary Redirect", "", "Location: https://other/v1/traces\r\n")});
  const auto transport = Make(To(server.url("")));
  const OtlpAnswer busy = transport->Send(Signal::kTraces, "x");
  CHECK(busy.kind == Kind::kRetry);
  CHECK(busy.reason == "HTTP 503: busy");
  CHECK(busy.retry_after == std::chrono::seconds(3));
  const OtlpAnswer bad = transport->Send(Signal::kTraces, "x");
  CHECK(bad.kind == Kind::kRefused);
  CHECK(bad.code == Code::kBadData);
  CHECK(bad.reason == "HTTP 400: no");
  CHECK(transport->Send(Signal::kTraces, "x").partial.rejected == 3);
  const OtlpAnswer moved = transport->Send(Signal::kTraces, "x");
  CHECK(moved.kind == Kind::kRefused);
  CHECK(moved.reason == "HTTP 307: leads on to https://other: give that URL");
}

TEST_CASE("HTTP: no connection, no answer and no name are tried again; what is no HTTP is not") {
  std::string gone;
  {
    const ScriptedServer server({""});
    gone = server.url("");
  }
  CHECK(Make(To(gone))->Send(Signal::kTraces, "x").kind == Kind::kRetry);
  CHECK(Make(To("http://no-such-host.invalid:4318"))->Send(Signal::kTraces, "x").kind == Kind::kRetry);
  ScriptedServer closing({""});
  const OtlpAnswer closed = Make(To(closing.url("")))->Send(Signal::kTraces, "x");
  CHECK(closed.kind == Kind::kRetry);
  CHECK(closed.reason.starts_with(closing.url("") + ": "));
  ScriptedServer hanging({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"});
  OtlpEndpoint endpoint = To(hanging.url(""));
  endpoint.timeout = std::chrono::milliseconds(100);
  CHECK(Make(endpoint)->Send(Signal::kTraces, "x").kind == Kind::kRetry);
  ScriptedServer other({"SSH-2.0-OpenSSH_9.2\r\n"});
  const OtlpAnswer odd = Make(To(other.url("")))->Send(Signal::kTraces, "x");
  CHECK(odd.kind == Kind::kFailed);
  CHECK(odd.code == Code::kIo);
}

TEST_CASE("HTTP: a request under way is cancelled") {
  ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"});
  const auto transport = Make(To(server.url("")));
  std::thread canceller([&] {
    server.WaitForRequests(1);
    transport->Cancel();
  });
  CHECK(transport->Send(Signal::kTraces, "x").kind == Kind::kRetry);
  CHECK(transport->Send(Signal::kTraces, "x").kind == Kind::kRetry);
  canceller.join();
}

TEST_CASE("HTTP: what makes no sense is said when the transport is made") {
  const auto code = [](const OtlpEndpoint& endpoint) { return MakeOtlpTransport(endpoint).error().code(); };
  CHECK(code(To("collector:4318")) == Code::kUsage);
  CHECK(code(To("http://bob:s3cret@collector:4318")) == Code::kUsage);
  OtlpEndpoint endpoint = To("http://collector:4318");
  endpoint.routes[2].headers = {{"x", "a\nb"}};
  CHECK(code(endpoint) == Code::kUsage);
  endpoint = To("https://collector:4318");
  endpoint.ca_file = "/nonexistent/ca.pem";
  CHECK(code(endpoint) == Code::kUsage);
}

}  // namespace
}  // namespace gf_otlp
