#ifndef GF_OTLP_RECEIVE_HTTP_SERVER_H_
#define GF_OTLP_RECEIVE_HTTP_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "gf_otlp/status.h"
#include "receive/intake.h"
#include "receive/server_tls.h"

namespace gf_otlp::receive {

struct HttpServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: one that is free
  ServerTls tls;
};

/// OTLP over HTTP/1.1: POST /v1/traces, /v1/logs, /v1/metrics; GET /healthz, /readyz.
class HttpServer {
 public:
  /// Listens and serves in threads of its own until Stop(). kUsage for TLS files or an address that are no good, kIo if
  /// the port is taken. The intake must outlive it.
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
