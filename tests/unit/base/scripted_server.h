#ifndef GF_OTLP_TESTS_UNIT_BASE_SCRIPTED_SERVER_H_
#define GF_OTLP_TESTS_UNIT_BASE_SCRIPTED_SERVER_H_

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace gf_otlp {

/// Answers every request on 127.0.0.1 with the next of some texts, the last one again and again; an empty one closes
/// the connection. The requests can be looked at once it is stopped.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    // The client is not to look for these servers, and those that are not there, behind a proxy.
    ::setenv("no_proxy", "127.0.0.1,.invalid", 1);
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
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
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

  /// Waits until so many requests were answered.
  void WaitForRequests(int count) const {
    while (count_ < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
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
      if (request.starts_with('\x16')) break;  // a TLS handshake
      const std::size_t end = request.find("\r\n\r\n");
      if (end == request.npos) continue;
      constexpr std::string_view kLength = "Content-Length: ";
      const std::size_t length = request.find(kLength);
      whole = end + 4;
      if (length < end) whole += std::strtoul(request.c_str() + length + kLength.size(), nullptr, 10);
    }
    const std::string& answer = answers_[std::min(requests.size(), answers_.size() - 1)];
    requests.push_back(std::move(request));
    const bool sent = !answer.empty() && ::write(fd, answer.data(), answer.size()) == std::ssize(answer);
    ++count_;
    return sent;
  }

  std::vector<std::string> answers_;
  int listener_ = -1, port_ = 0;
  std::atomic<int> connection_ = -1;
  std::atomic<int> count_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

inline std::string Answer(std::string_view status, std::string_view body, std::string_view headers = "") {
  return fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\n{}\r\n{}", status, body.size(), headers, body);
}

}  // namespace gf_otlp

#endif  // GF_OTLP_TESTS_UNIT_BASE_SCRIPTED_SERVER_H_
