#include "base/http_client.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>

#include "unit/base/scripted_server.h"

namespace gf_otlp {
namespace {

constexpr std::size_t kLimit = std::size_t{1} << 20;

HttpClient Client(const HttpOptions& options = {}) {
  Result<HttpClient> client = HttpClient::Make(options);
  REQUIRE(client);
  return std::move(*client);
}

TEST_CASE("a request goes out, and its answer comes back") {
  ScriptedServer server({Answer("200 OK", "Ok.\n", "X-ClickHouse-Server-Display-Name:  ch \r\n")});
  HttpClient client = Client();
  const Result<HttpResponse> response = client.Send(
      {.url = server.url("/?database=otel"), .headers = {{"Content-Type", "text/plain"}}, .body = "SELECT 1"}, kLimit);
  REQUIRE(response);
  CHECK(response->status == 200);
  CHECK(response->body == "Ok.\n");
  CHECK(response->Header("x-clickhouse-server-display-name") == "ch");
  CHECK(response->Header("x-none").empty());
  server.Stop();
  REQUIRE(server.requests.size() == 1);
  const std::string& request = server.requests[0];
  CHECK(request.starts_with("POST /?database=otel HTTP/1.1\r\n"));
  CHECK(request.contains("Content-Type: text/plain\r\n"));
  CHECK(request.ends_with("\r\n\r\nSELECT 1"));
  CHECK_FALSE(request.contains("Expect"));
  CHECK_FALSE(request.contains("Authorization"));
}

TEST_CASE("a connection is used again, also after an answer that is an error") {
  ScriptedServer server({Answer("200 OK", "1"), Answer("404 Not Found", "no"), Answer("200 OK", "3")});
  HttpClient client = Client();
  for (const auto& [status, body] : {std::pair(200, "1"), std::pair(404, "no"), std::pair(200, "3")}) {
    const Result<HttpResponse> response = client.Send({.method = "GET", .url = server.url(), .body = {}}, kLimit);
    REQUIRE(response);
    CHECK(response->status == status);
    CHECK(response->body == body);
  }
  server.Stop();
  CHECK(server.connections == 1);
  CHECK(server.requests[0].starts_with("GET / "));
}

TEST_CASE("a connection that dies when it is used again is no failure, however often, and is told") {
  // Of each connection the first request is answered, the second one is not.
  std::vector<std::string> answers = {Answer("200 OK", "")};
  constexpr unsigned kRequests = 20;
  for (unsigned i = 1; i < kRequests; ++i) answers.insert(answers.end(), {"", Answer("200 OK", "")});
  ScriptedServer server(answers);
  HttpClient client = Client();
  for (unsigned i = 0; i < kRequests; ++i) {
    const Result<HttpResponse> response = client.Send({.url = server.url(), .body = "x"}, kLimit);
    CHECK(response);
    CHECK(client.resent() == (i == 0 ? 0 : 1));
  }
  server.Stop();
  CHECK(server.requests.size() == 2 * kRequests - 1);
}

TEST_CASE("user and password are sent, and never shown") {
  ScriptedServer server({Answer("200 OK", ""), ""});
  HttpClient client = Client({.user = "bob", .password = "s3cret:\xc3\xa9"});
  CHECK(client.Send({.url = server.url(), .body = {}}, kLimit));
  const Result<HttpResponse> none = client.Send({.url = server.url(), .body = {}}, kLimit);
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Code::kIo);
  CHECK(none.error().message().starts_with(server.url("") + ": "));
  CHECK_FALSE(none.error().message().contains("s3cret"));
  const Result<HttpResponse> in_url = client.Send({.url = "http://bob:s3cret@127.0.0.1:1/", .body = {}}, kLimit);
  REQUIRE_FALSE(in_url);
  CHECK(in_url.error().code() == Code::kUsage);
  CHECK_FALSE(in_url.error().message().contains("s3cret"));
  server.Stop();
  // base64 of bob:s3cret:<e with acute accent>
  CHECK(server.requests[0].contains("Authorization: Basic Ym9iOnMzY3JldDrDqQ==\r\n"));
}

TEST_CASE("redirects are answers, not followed") {
  ScriptedServer server({Answer("302 Found", "", "Location: http://127.0.0.1:1/\r\n")});
  HttpClient client = Client({.user = "bob", .password = "s3cret"});
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, kLimit);
  REQUIRE(response);
  CHECK(response->status == 302);
}

TEST_CASE("an answer may be as large as the limit, and no larger") {
  ScriptedServer server({Answer("200 OK", std::string(1000, 'x'))});
  HttpClient client = Client();
  CHECK(client.Send({.url = server.url(), .body = {}}, 1000)->body.size() == 1000);
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, 999);
  REQUIRE_FALSE(response);
  CHECK(response.error().code() == Code::kIo);
  CHECK(response.error().message().contains("more than 999 bytes"));
}

TEST_CASE("a torn answer is an error") {
  ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc"});
  HttpClient client = Client({.timeout_ms = 300});
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, kLimit);
  REQUIRE_FALSE(response);
  CHECK(response.error().code() == Code::kIo);
  CHECK(response.error().message().contains("timed out"));
}

TEST_CASE("headers before the answer are no headers of it") {
  ScriptedServer server({"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" + Answer("200 OK", "a", "X-Late: 2\r\n")});
  HttpClient client = Client();
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, kLimit);
  REQUIRE(response);
  CHECK(response->Header("x-early").empty());
  CHECK(response->Header("x-late") == "2");
}

TEST_CASE("where no server is, there is no answer") {
  std::string url;
  {
    const ScriptedServer server({""});
    url = server.url();
  }
  HttpClient client = Client();
  const Result<HttpResponse> response = client.Send({.url = url, .body = {}}, kLimit);
  REQUIRE_FALSE(response);
  CHECK(response.error().code() == Code::kIo);
}

TEST_CASE("what is wrong with a call is said before anything is sent") {
  HttpClient client = Client();
  for (const char* url : {"", "ch:8123", "ftp://ch/", "http://", "http://ch:99999/", "file:///etc/passwd"}) {
    CAPTURE(url);
    const Result<HttpResponse> response = client.Send({.url = url, .body = {}}, kLimit);
    REQUIRE_FALSE(response);
    CHECK(response.error().code() == Code::kUsage);
  }
  const Result<HttpResponse> split =
      client.Send({.url = "http://127.0.0.1:1/", .headers = {{"X-A", "1\r\nX-B: 2"}}, .body = {}}, kLimit);
  REQUIRE_FALSE(split);
  CHECK(split.error().code() == Code::kUsage);
  const Result<HttpClient> no_file = HttpClient::Make({.ca_file = "/nonexistent/ca.pem"});
  REQUIRE_FALSE(no_file);
  CHECK(no_file.error().code() == Code::kUsage);
  CHECK(no_file.error().message().contains("/nonexistent/ca.pem"));
}

TEST_CASE("a request that waits can be cancelled from another thread, and those behind it") {
  ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"});
  HttpClient client = Client();
  std::thread canceller([&] {
    server.WaitForRequests(1);
    client.Cancel();
  });
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 2; ++i) {
    const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, kLimit);
    REQUIRE_FALSE(response);
    CHECK(response.error().code() == Code::kIo);
    CHECK(response.error().message() == server.url("") + ": cancelled");
    CHECK_FALSE(client.failed_for_good());
  }
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  canceller.join();
  server.Stop();
  CHECK(server.requests.size() == 1);
}

TEST_CASE("a body, a method and headers are of one request only") {
  ScriptedServer server({Answer("200 OK", "")});
  HttpClient client = Client();
  const std::string body = "x";
  const std::vector<HttpRequest> requests = {
      {.method = "PUT", .url = server.url("/1"), .headers = {{"X-A", "1"}}, .body = body},
      {.method = "GET", .url = server.url("/2"), .headers = {}, .body = body},
      {.url = server.url("/3"), .headers = {{"X-Empty", ""}}, .body = {}},
  };
  for (const HttpRequest& request : requests) CHECK(client.Send(request, kLimit));
  server.Stop();
  REQUIRE(server.requests.size() == 3);
  CHECK(server.requests[0].starts_with("PUT /1 "));
  CHECK(server.requests[0].contains("X-A: 1\r\n"));
  CHECK(server.requests[0].ends_with("\r\n\r\nx"));
  CHECK(server.requests[1].starts_with("GET /2 "));
  CHECK_FALSE(server.requests[1].contains("X-A"));
  CHECK(server.requests[1].ends_with("\r\n\r\n"));
  CHECK(server.requests[2].starts_with("POST /3 "));
  CHECK(server.requests[2].contains("X-Empty:\r\n"));
  CHECK(server.requests[2].contains("Content-Length: 0\r\n"));
}

TEST_CASE("what fails for good is told from what may pass") {
  ScriptedServer server({"\x15\x03\x03 no HTTP\r\n", Answer("200 OK", "12"), ""});
  HttpClient client = Client();
  CHECK_FALSE(client.Send({.url = server.url(), .body = {}}, kLimit));
  CHECK(client.failed_for_good());
  CHECK_FALSE(client.Send({.url = server.url(), .body = {}}, 1));  // more than that
  CHECK(client.failed_for_good());
  CHECK_FALSE(client.Send({.url = server.url(), .body = {}}, kLimit));  // closed
  CHECK_FALSE(client.failed_for_good());
}

TEST_CASE("a server that speaks no TLS, or refuses ours, does so for good") {
  const std::string alert("\x15\x03\x03\x00\x02\x02\x28", 7);  // fatal, handshake_failure
  for (const std::string& answer : {alert, Answer("400 Bad Request", "")}) {
    ScriptedServer server({answer});
    HttpClient client = Client();
    const Result<HttpResponse> response = client.Send({.url = "https" + server.url().substr(4), .body = {}}, kLimit);
    REQUIRE_FALSE(response);
    CAPTURE(response.error().message());
    CHECK(client.failed_for_good());
  }
  ScriptedServer closing({""});
  HttpClient client = Client();
  CHECK_FALSE(client.Send({.url = "https" + closing.url().substr(4), .body = {}}, kLimit));
  CHECK_FALSE(client.failed_for_good());
}

TEST_CASE("URLs have parts") {
  const Result<HttpUrl> url = ParseHttpUrl("https://b%40b:pa%3Ass@ch.example:8443/otel?a=b");
  REQUIRE(url);
  CHECK(url->server == "https://ch.example:8443");
  CHECK(url->path == "/otel");
  CHECK(url->query == "a=b");
  CHECK(url->user == "b@b");
  CHECK(url->password == "pa:ss");
  CHECK(ParseHttpUrl("http://[::1]:8123")->server == "http://[::1]:8123");
  CHECK(ParseHttpUrl("http://ch")->path == "/");
  CHECK(UrlEncoded("a b/\xc3\xa9-._~&") == "a%20b%2F%C3%A9-._~%26");
}

}  // namespace
}  // namespace gf_otlp
