#include "unit/receive/receive_test_util.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <future>

#include "gf_otlp/padded_buffer.h"
#include "otlp/json_to_wire.h"

namespace gf_otlp::test {

using namespace receive;

std::string TracesJson(int spans, std::size_t text) {
  std::string json = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)";
  for (int i = 0; i < spans; ++i) {
    json += fmt::format(R"({}{{"traceId":"{:032x}","spanId":"{:016x}","kind":2,"startTimeUnixNano":"7","name":"{}"}})",
                        i == 0 ? "" : ",", i + 1, i + 1, std::string(text, 'x'));
  }
  return json + "]}]}]}";
}

std::string WireOf(std::string_view json) {
  PaddedBuffer padded;
  padded.Append(json);
  JsonToWire to_wire(false);
  std::vector<JsonToWire::Result> results;
  REQUIRE(to_wire.Transcode(padded.view(), results).ok());
  REQUIRE(results.size() == 1);
  return std::string(results[0].wire);
}

Receiver::Receiver(IntakeOptions options, const std::string& auth_file) : format_(options.format) {
  if (!auth_file.empty()) {
    Result<Authenticator> read = Authenticator::Read(dir_.Write("auth", auth_file));
    REQUIRE(read);
    authenticator_ = std::move(*read);
  }
  CaptureWriterOptions files = OptionsOf(dir_.path() + "/captures", {.format = options.format, .zstd = options.zstd});
  files.durability = Durability::kNone;
  writer_ = std::make_unique<TestWriter>(files);
  intake_ = std::make_unique<Intake>(options, authenticator_ ? &*authenticator_ : nullptr, **writer_);
}

void Receiver::Serve(const HttpServerOptions& options) {
  Result<std::unique_ptr<HttpServer>> server = HttpServer::Start(options, *intake_);
  REQUIRE_MESSAGE(server, server.error().message());
  server_ = std::move(*server);
}

Answer Receiver::Take(Intake::Request request) {
  Intake::Ticket ticket;
  Answer answer = intake_->Admit([](std::string_view) { return std::string_view(); }, ticket);
  REQUIRE(answer.code == RpcCode::kOk);
  REQUIRE(ticket.Reserve(request.body.size()));
  std::promise<Answer> promise;
  intake_->Take(std::move(ticket), std::move(request), [&](const Answer& given) { promise.set_value(given); });
  return promise.get_future().get();
}

std::vector<std::string> Receiver::Stored() {
  if (server_ != nullptr) server_->Stop();
  REQUIRE((*writer_)->Close().ok());
  const std::string content =
      Slurp(dir_.path() + (format_ == FileFormat::kProto ? "/captures/otlp.proto" : "/captures/otlp.json"));
  std::vector<std::string> requests;
  for (std::string_view rest = content; !rest.empty();) {
    std::size_t size = rest.find('\n'), skip = 0;
    if (format_ == FileFormat::kProto) {
      size = 0;
      for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(rest[i]);
      rest.remove_prefix(4);
    } else {
      skip = 1;
    }
    requests.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size + skip);
  }
  return requests;
}

std::string_view Reply::Header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const auto& header) { return header.first == name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

RawClient::RawClient(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::~RawClient() {
  if (fd_ >= 0) close(fd_);
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::ReadMore() {
  pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
  REQUIRE_MESSAGE(poll(&wait, 1, 20'000) == 1, "no answer within 20 s");
  char buffer[4096];
  const ssize_t size = recv(fd_, buffer, sizeof buffer, 0);
  if (size <= 0) return false;
  received_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

Reply RawClient::Receive(bool head) {
  Reply reply;
  std::size_t end;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return reply;
  }
  const std::string text = received_.substr(0, end + 2);
  received_.erase(0, end + 4);
  REQUIRE(text.starts_with("HTTP/1.1 "));
  for (std::size_t at = text.find("\r\n") + 2; at < text.size();) {
    const std::size_t colon = text.find(": ", at), stop = text.find("\r\n", at);
    std::string name = text.substr(at, colon - at);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    reply.headers.emplace_back(name, text.substr(colon + 2, stop - colon - 2));
    at = stop + 2;
  }
  const int status = std::atoi(text.c_str() + 9);
  const std::size_t size = head || status == 100 ? 0 : std::stoul("0" + std::string(reply.Header("content-length")));
  while (received_.size() < size) {
    if (!ReadMore()) return reply;
  }
  reply.body = received_.substr(0, size);
  received_.erase(0, size);
  reply.status = status;
  return reply;
}

RawClient::End RawClient::WaitForEnd(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, std::max(0, static_cast<int>(left.count()))) == 0) return End::kOpen;
    char buffer[4096];
    const ssize_t size = recv(fd_, buffer, sizeof buffer, 0);
    if (size == 0) return End::kClosed;
    if (size < 0) return End::kReset;
  }
}

std::string Post(std::string_view body, std::string_view headers, std::string_view path) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: here\r\n{}Content-Length: {}\r\n\r\n{}", path, headers, body.size(),
                     body);
}

std::string WaitingHead(std::size_t body_size) {
  return fmt::format(
      "POST /v1/traces HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-protobuf\r\nExpect: 100-continue\r\n"
      "Content-Length: {}\r\n\r\n",
      body_size);
}

}  // namespace gf_otlp::test
