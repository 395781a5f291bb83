#include "base/http_client.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace gf_otlp {
namespace {

constexpr std::size_t kLimit = std::size_t{1} << 20;

/// Answers every request on 127.0.0.1 with the next of some texts, the last one again and again; an empty one closes
/// the connection. The requests can be looked at once it is stopped.
class Server {
 public:
  explicit Server(std::vector<std::string> answers) : answers_(std::move(answers)) {
    // The client is not to look for these servers behind a proxy.
    ::setenv("no_proxy", "127.0.0.1", 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(listener_, any, size) == 0);
    REQUIRE(::listen(listener_, 8) == 0);
    REQUIRE(::getsockname(listener_, any, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() {
    Stop();
    ::close(listener_);
  }

  std::string url(std::string_view path = "/") const { return fmt::format("http://127.0.0.1:{}{}", port_, path); }
  /// REQUIRES: the client has closed its connections, or the last answer is sent
  void Stop() {
    stop_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    if (connection_ >= 0) ::shutdown(connection_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
  }

  std::vector<std::string> requests;  // with their bodies
  int connections = 0;

 private:
  void Serve() {
    while (!stop_) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections;
      connection_ = fd;
      while (Answer(fd)) {
      }
      connection_ = -1;
      ::close(fd);
    }
  }

  bool Answer(int fd) {
    std::string request;
    std::size_t whole = std::string::npos;
    while (request.size() < whole) {
      char buffer[4096];
      const ssize_t n = ::read(fd, buffer, sizeof buffer);
      if (n <= 0) return false;
      request.append(buffer, static_cast<std::size_t>(n));
      const std::size_t end = request.find("\r\n\r\n");
      if (end == request.npos) continue;
      constexpr std::string_view kLength = "Content-Length: ";
      const std::size_t length = request.find(kLength);
      whole = end + 4;
      if (length < end) whole += std::strtoul(request.c_str() + length + kLength.size(), nullptr, 10);
    }
    const std::string& answer = answers_[std::min(requests.size(), answers_.size() - 1)];
    requests.push_back(std::move(request));
    return !answer.empty() && ::write(fd, answer.data(), answer.size()) == static_cast<ssize_t>(answer.size());
  }

  std::vector<std::string> answers_;
  int listener_ = -1, port_ = 0;
  std::atomic<int> connection_ = -1;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

std::string Answer(std::string_view status, std::string_view body, std::string_view headers = "") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body);
}

HttpClient Client(const HttpOptions& options = {}) {
  Result<HttpClient> client = HttpClient::Make(options);
  REQUIRE(client);
  return std::move(*client);
}

TEST_CASE("a request goes out, and its answer comes back") {
  Server server({Answer("200 OK", "Ok.\n", "X-ClickHouse-Server-Display-Name:  ch \r\n")});
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
  Server server({Answer("200 OK", "1"), Answer("404 Not Found", "no"), Answer("200 OK", "3")});
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

TEST_CASE("user and password are sent, and never shown") {
  Server server({Answer("200 OK", ""), ""});
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
  Server server({Answer("302 Found", "", "Location: http://127.0.0.1:1/\r\n")});
  HttpClient client = Client({.user = "bob", .password = "s3cret"});
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, kLimit);
  REQUIRE(response);
  CHECK(response->status == 302);
}

TEST_CASE("an answer may be as large as the limit, and no larger") {
  Server server({Answer("200 OK", std::string(1000, 'x'))});
  HttpClient client = Client();
  CHECK(client.Send({.url = server.url(), .body = {}}, 1000)->body.size() == 1000);
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, 999);
  REQUIRE_FALSE(response);
  CHECK(response.error().code() == Code::kIo);
  CHECK(response.error().message().contains("more than 999 bytes"));
}

TEST_CASE("a torn answer is an error") {
  Server server({"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc"});
  HttpClient client = Client({.timeout_ms = 300});
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, kLimit);
  REQUIRE_FALSE(response);
  CHECK(response.error().code() == Code::kIo);
  CHECK(response.error().message().contains("timed out"));
}

TEST_CASE("headers before the answer are no headers of it") {
  Server server({"HTTP/1.1 100 Continue\r\nX-Early: 1\r\n\r\n" + Answer("200 OK", "a", "X-Late: 2\r\n")});
  HttpClient client = Client();
  const Result<HttpResponse> response = client.Send({.url = server.url(), .body = {}}, kLimit);
  REQUIRE(response);
  CHECK(response->Header("x-early").empty());
  CHECK(response->Header("x-late") == "2");
}

TEST_CASE("where no server is, there is no answer") {
  std::string url;
  {
    const Server server({""});
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
