// Takes every call and throws its message away: a gRPC server on a port of 127.0.0.1 that the kernel chooses, and which
// is the only line on standard output. Answers each with an empty message. Runs until it is killed.

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/support/byte_buffer.h>

#include <cstdio>
#include <memory>

namespace {

class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call() { StartRead(&message_); }
  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    const grpc::Slice nothing;
    message_ = grpc::ByteBuffer(&nothing, 1);
    StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  grpc::ByteBuffer message_;
};

class Discard final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext*) override { return new Call; }
};

}  // namespace

int main() {
  Discard service;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 4;
  std::printf("%d\n", port);
  std::fflush(stdout);
  server->Wait();
}
