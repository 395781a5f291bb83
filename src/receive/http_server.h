#ifndef GF_OTLP_RECEIVE_HTTP_SERVER_H_
#define GF_OTLP_RECEIVE_HTTP_SERVER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "gf_otlp/status.h"
#include "receive/intake.h"
#include "receive/server_tls.h"

namespace gf_otlp::receive {

/// How long a client may take before its connection ends.
struct HttpTimes {
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds idle{120'000};                     // between requests, and before the first
  std::chrono::milliseconds head{15'000};                      // from a head's first byte to its last
  std::chrono::milliseconds body_step{15'000}, body{120'000};  // between two pieces of a body, and all of it
  std::chrono::milliseconds answer{15'000};
  /// After an answer to a request that was not read to its end: what it goes on to send is dropped meanwhile.
  std::chrono::milliseconds linger{3'000};
  std::chrono::milliseconds stop{5'000};  // for requests in flight in Stop()
};

struct HttpServerOptions {
  std::string host = "127.0.0.1";  // a name or an address, "::1" too
  std::uint16_t port = 0;          // 0: one that is free
  ServerTls tls;
  HttpTimes times;
};

/// OTLP over HTTP/1.1: POST /v1/traces, /v1/logs, /v1/metrics; GET /healthz, /readyz.
class HttpServer {
 public:
  /// Listens and serves in threads of its own until Stop(). kUsage for TLS files or an address that are no good, kIo if
  /// the port is taken. The intake must outlive it; to be destroyed only after the intake's writer was closed, for an
  /// answer that comes later than Stop() waits for.
  static Result<std::unique_ptr<HttpServer>> Start(const HttpServerOptions& options, Intake& intake);
  /// As Stop().
  ~HttpServer();

  std::uint16_t port() const;
  /// Takes no further request, finishes those in flight (at most for some seconds), closes all connections.
  void Stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_HTTP_SERVER_H_
