#ifndef GF_OTLP_RECEIVE_GRPC_SERVER_H_
#define GF_OTLP_RECEIVE_GRPC_SERVER_H_

#include <cstdint>
#include <memory>
#include <string>

#include "gf_otlp/status.h"
#include "receive/intake.h"
#include "receive/server_tls.h"

namespace gf_otlp::receive {

struct GrpcServerOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: one that is free
  ServerTls tls;
};

/// OTLP over gRPC: the Export methods of the three services, and grpc.health.v1.
class GrpcServer {
 public:
  /// Listens and serves in threads of its own until Stop(). kUsage for TLS files or an address that are no good, kIo if
  /// the port is taken. The intake must outlive it.
  static Result<std::unique_ptr<GrpcServer>> Start(const GrpcServerOptions& options, Intake& intake);
  /// As Stop().
  ~GrpcServer();

  std::uint16_t port() const;
  /// Takes no further request, finishes those in flight (at most for some seconds), closes all connections.
  void Stop();

 private:
  class Impl;
  explicit GrpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_GRPC_SERVER_H_
