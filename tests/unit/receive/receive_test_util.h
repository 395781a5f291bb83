#ifndef GF_OTLP_TESTS_UNIT_RECEIVE_RECEIVE_TEST_UTIL_H_
#define GF_OTLP_TESTS_UNIT_RECEIVE_RECEIVE_TEST_UTIL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "receive/http_server.h"
#include "receive/intake.h"
#include "unit/input/input_test_util.h"
#include "unit/receive/capture_test_util.h"

namespace gf_otlp::test {

/// OTLP-JSON of so many spans, each with so many bytes of text.
std::string TracesJson(int spans, std::size_t text = 10);
/// The same as protobuf.
std::string WireOf(std::string_view json);

/// A receiver that writes into a folder of its own.
class Receiver {
 public:
  explicit Receiver(receive::IntakeOptions options = {}, const std::string& auth_file = {});

  receive::Intake& intake() { return *intake_; }
  const TempDir& dir() const { return dir_; }
  TestWriter& writer() { return *writer_; }

  /// Also starts a server. Its port is free before that.
  void Serve(const receive::HttpServerOptions& options = {});
  receive::HttpServer& server() { return *server_; }
  std::uint16_t port() const { return server_->port(); }

  /// Takes a request and waits: what is answered.
  receive::Answer Take(receive::Intake::Request request);
  /// Stops and closes; the requests of otlp.proto or otlp.json, without their framing.
  std::vector<std::string> Stored();

 private:
  TempDir dir_;
  receive::FileFormat format_;
  std::optional<receive::Authenticator> authenticator_;
  std::unique_ptr<TestWriter> writer_;
  std::unique_ptr<receive::Intake> intake_;
  std::unique_ptr<receive::HttpServer> server_;
};

struct Reply {
  int status = 0;                                            // 0: the connection ended before there was one
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  std::string_view Header(std::string_view name) const;
};

/// A client that sends what it is told, byte for byte.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
  RawClient(const RawClient&) = delete;
  ~RawClient();

  int fd() const { return fd_; }
  /// False if the server does not take it any more.
  bool Send(std::string_view bytes);
  /// The next answer; `head`: it has no body.
  Reply Receive(bool head = false);
  /// Whether the server has ended the connection, after whatever else came: an orderly end, or a reset.
  enum class End : std::uint8_t { kOpen, kClosed, kReset };
  End WaitForEnd(std::chrono::milliseconds time = std::chrono::seconds(10));

  Reply Ask(std::string_view bytes) {
    Send(bytes);
    return Receive();
  }

 private:
  /// At least one byte more, false at the end.
  bool ReadMore();

  int fd_ = -1;
  std::string received_;
};

/// "POST /v1/traces HTTP/1.1", the headers given (each with its line's end), Content-Length, and the body.
std::string Post(std::string_view body, std::string_view headers = "Content-Type: application/x-protobuf\r\n",
                 std::string_view path = "/v1/traces");

/// The head of such a request, whose client waits to be told that its body is wanted: then the request is in flight.
std::string WaitingHead(std::size_t body_size);

}  // namespace gf_otlp::test

#endif  // GF_OTLP_TESTS_UNIT_RECEIVE_RECEIVE_TEST_UTIL_H_
