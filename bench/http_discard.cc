// Takes every request and throws its body away, for as little processor time as can be: an HTTP/1.1 server on a port of
// 127.0.0.1 that the kernel chooses, and which is the only line on standard output. Reads bodies by their
// Content-Length and answers 200 without a body. Each connection has a thread. Runs until it is killed.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>

namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// Empty if there is no such header; `name` with its colon. `head` begins with the request line.
std::string_view Header(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n", at)) {
    at += 2;
    const std::string_view line = head.substr(at, head.find("\r\n", at) - at);
    if (line.size() < name.size() || strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    const std::size_t value = line.find_first_not_of(' ', name.size());
    return value == std::string_view::npos ? std::string_view() : line.substr(value);
  }
  return {};
}

bool SendAll(int connection, std::string_view bytes) {
  return send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

/// Requests of one connection, until it ends or what comes is no such request.
void Serve(int connection) {
  std::string block(kBlock, '\0');
  std::size_t held = 0;  // bytes in `block`
  while (true) {
    const std::size_t end = std::string_view(block).substr(0, held).find("\r\n\r\n");
    if (end == std::string_view::npos) {
      const ssize_t read = held == kBlock ? 0 : recv(connection, block.data() + held, kBlock - held, 0);
      if (read <= 0) return;
      held += static_cast<std::size_t>(read);
      continue;
    }
    const std::string_view head(block.data(), end);
    const std::string length(Header(head, "Content-Length:"));
    if (length.empty()) return;
    if (!Header(head, "Expect:").empty() && !SendAll(connection, kContinue)) return;
    const std::size_t body = std::strtoull(length.c_str(), nullptr, 10);
    const std::size_t begun = end + 4;
    const std::size_t here = std::min(held - begun, body);
    std::memmove(block.data(), block.data() + begun + here, held - begun - here);
    held -= begun + here;
    for (std::size_t left = body - here; left > 0;) {
      const ssize_t read = recv(connection, block.data(), std::min(left, kBlock), 0);
      if (read <= 0) return;
      left -= static_cast<std::size_t>(read);
    }
    if (!SendAll(connection, kAnswer)) return;
  }
}

}  // namespace

int main() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, SOMAXCONN) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    std::perror("http_discard");
    return 4;
  }
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  while (true) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) continue;
    const int on = 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::thread([connection] {
      Serve(connection);
      close(connection);
    }).detach();
  }
}
