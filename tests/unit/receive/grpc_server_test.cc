#include "receive/grpc_server.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <stdlib.h>
#include <zlib.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "input/signal_detect.h"
#include "otlp/rpc_status.h"

namespace gf_otlp::receive {
namespace {

constexpr const char* kExportTraces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
constexpr const char* kExportLogs = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
constexpr const char* kExportMetrics = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
constexpr const char* kHealthCheck = "/grpc.health.v1.Health/Check";

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "grpc_server_test.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

std::string ReadAll(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A field of bytes of less than 128, or of as many as two bytes of varint hold.
std::string Field(int number, const std::string& bytes) {
  std::string out(1, static_cast<char>(number << 3 | 2));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  return out + static_cast<char>(size) + bytes;
}

/// A request of one resource, scope and span (or log record) of that name (or body), with the mark that it would get:
/// it is stored as it is.
std::string SpanRequest(const std::string& name) {
  std::string request = Field(1, Field(2, Field(2, Field(5, name))));
  AppendSignalMark(Signal::kTraces, request);
  return request;
}
std::string LogRequest(const std::string& body) {
  std::string request = Field(1, Field(2, Field(2, Field(5, Field(1, body)))));
  AppendSignalMark(Signal::kLogs, request);
  return request;
}
std::string GaugeRequest(const std::string& name) {
  const std::string point = std::string("\x19\0\0\0\0\0\0\0\0", 9);  // time_unix_nano is field 3: fixed64
  return Field(1, Field(2, Field(2, Field(1, name) + Field(5, Field(1, point)))));
}

/// As in a capture file: 4 bytes of length, big-endian, before a request.
std::string Framed(const std::string& request) {
  const std::size_t size = request.size();
  std::string out;
  for (const int shift : {24, 16, 8, 0}) out += static_cast<char>(size >> shift);
  return out + request;
}

struct Options {
  IntakeOptions intake;
  ServerTls tls;
  std::string auth_file;
};

/// A server with what is behind it, in a folder.
class Receiver {
 public:
  Receiver(const Folder& folder, const Options& options) : file_(folder / "captures/otlp.proto") {
    CaptureWriterOptions writer_options;
    writer_options.dir = folder / "captures";
    auto writer = CaptureWriter::Open(writer_options, [](std::string_view) {});
    REQUIRE(writer);
    writer_ = std::move(*writer);
    if (!options.auth_file.empty()) {
      auto authenticator = Authenticator::Read(options.auth_file);
      REQUIRE(authenticator);
      authenticator_ = std::move(*authenticator);
    }
    intake_.emplace(options.intake, authenticator_ ? &*authenticator_ : nullptr, *writer_);
    GrpcServerOptions server_options;
    server_options.tls = options.tls;
    auto server = GrpcServer::Start(server_options, *intake_);
    REQUIRE_MESSAGE(server, server.error().message());
    server_ = std::move(*server);
  }

  Intake& intake() { return *intake_; }
  GrpcServer& server() { return *server_; }
  std::string address() const { return fmt::format("127.0.0.1:{}", server_->port()); }
  /// Ends the server; gives what is in the file.
  std::string Stored() {
    server_->Stop();
    CHECK(writer_->Close().ok());
    return ReadAll(file_);
  }

 private:
  std::string file_;
  std::unique_ptr<CaptureWriter> writer_;
  std::optional<Authenticator> authenticator_;
  std::optional<Intake> intake_;
  std::unique_ptr<GrpcServer> server_;
};

struct Reply {
  grpc::Status status;
  std::string bytes;

  std::optional<std::chrono::nanoseconds> retry_delay() const {
    const auto details = ReadRpcStatusProto(status.error_details());
    REQUIRE(details);
    CHECK(static_cast<int>(details->code) == static_cast<int>(status.error_code()));
    CHECK(details->message == status.error_message());
    return details->retry_delay;
  }
};

class Client {
 public:
  explicit Client(const std::string& address,
                  const std::shared_ptr<grpc::ChannelCredentials>& credentials = grpc::InsecureChannelCredentials())
      : stub_(grpc::CreateChannel(address, credentials)) {}

  Reply Call(const std::string& method, const std::string& bytes,
             const std::multimap<std::string, std::string>& metadata = {},
             grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    context.set_compression_algorithm(compression);
    for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
    const grpc::Slice slice(bytes);
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer response;
    std::promise<grpc::Status> done;
    stub_.UnaryCall(&context, method, {}, &request, &response, [&](grpc::Status s) { done.set_value(std::move(s)); });
    Reply reply{done.get_future().get(), {}};
    std::vector<grpc::Slice> slices;
    if (reply.status.ok() && response.Dump(&slices).ok()) {
      for (const grpc::Slice& s : slices) reply.bytes.append(reinterpret_cast<const char*>(s.begin()), s.size());
    }
    return reply;
  }

 private:
  grpc::GenericStub stub_;
};

/// Of grpc.health.v1: 1 SERVING, 2 NOT_SERVING.
int Health(Client& client, const std::string& service) {
  const Reply reply = client.Call(kHealthCheck, Field(1, service));
  REQUIRE_MESSAGE(reply.status.ok(), reply.status.error_message());
  REQUIRE(reply.bytes.size() == 2);
  CHECK(reply.bytes[0] == 0x08);
  return reply.bytes[1];
}

}  // namespace

TEST_CASE("gRPC: requests of the three services are stored, and acknowledged with an empty response") {
  const Folder folder;
  Receiver receiver(folder, {});
  Client client(receiver.address());
  const std::string span = SpanRequest("GET /"), log = LogRequest("it broke"), gauge = GaugeRequest("load");
  for (const auto& [method, bytes] :
       {std::pair{kExportTraces, span}, std::pair{kExportLogs, log}, std::pair{kExportMetrics, gauge}}) {
    const Reply reply = client.Call(method, bytes);
    CHECK_MESSAGE(reply.status.ok(), reply.status.error_message());
    CHECK(reply.bytes.empty());
  }
  CHECK(client.Call(kExportTraces, "").status.ok());  // a request of nothing
  const Intake::Totals totals = receiver.intake().totals();
  CHECK(totals.requests == std::array<std::uint64_t, 3>{2, 1, 1});
  CHECK(receiver.Stored() == Framed(span) + Framed(log) + Framed(gauge));
}

TEST_CASE("gRPC: what is no OTLP is an invalid argument, an unknown method is not implemented") {
  const Folder folder;
  Receiver receiver(folder, {});
  Client client(receiver.address());
  const Reply garbage = client.Call(kExportTraces, "garbage");
  CHECK(garbage.status.error_code() == grpc::INVALID_ARGUMENT);
  CHECK_FALSE(garbage.retry_delay().has_value());
  for (const char* method : {"/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/a.B/C"}) {
    CHECK(client.Call(method, SpanRequest("a")).status.error_code() == grpc::UNIMPLEMENTED);
  }
  const Intake::Totals totals = receiver.intake().totals();
  CHECK(totals.refused[static_cast<int>(RpcCode::kInvalidArgument)] == 1);
  CHECK(totals.refused[static_cast<int>(RpcCode::kUnimplemented)] == 2);
  CHECK(client.Call(kExportTraces, SpanRequest("still here")).status.ok());
}

TEST_CASE("gRPC: metadata says the pipeline and who sends") {
  const Folder folder;
  Options options;
  options.intake.require_pipeline_id = true;
  options.auth_file = folder / "auth";
  std::ofstream(options.auth_file) << "bearer secret\n";
  Receiver receiver(folder, options);
  Client client(receiver.address());
  const std::string request = SpanRequest("a");
  CHECK(client.Call(kExportTraces, request).status.error_code() == grpc::UNAUTHENTICATED);
  CHECK(client.Call(kExportTraces, request, {{"authorization", "Bearer wrong"}}).status.error_code() ==
        grpc::UNAUTHENTICATED);
  const Reply nobody = client.Call(kExportTraces, request, {{"authorization", "Bearer secret"}});
  CHECK(nobody.status.error_code() == grpc::INVALID_ARGUMENT);
  CHECK(nobody.status.error_message().find("x-glassflow-pipeline-id") != std::string::npos);
  CHECK(client.Call(kExportTraces, request, {{"authorization", "Bearer secret"}, {"x-glassflow-pipeline-id", "p"}})
            .status.ok());
  CHECK(receiver.Stored() == Framed(request));
}

TEST_CASE("gRPC: too many requests in flight are told to come again") {
  const Folder folder;
  Options options;
  options.intake.max_in_flight = 1;
  Receiver receiver(folder, options);
  Client client(receiver.address());
  {
    Intake::Ticket ticket;
    REQUIRE(receiver.intake().Admit([](std::string_view) { return std::string_view(); }, ticket).code == RpcCode::kOk);
    const Reply reply = client.Call(kExportLogs, LogRequest("a"));
    CHECK(reply.status.error_code() == grpc::RESOURCE_EXHAUSTED);
    REQUIRE(reply.retry_delay().has_value());
    CHECK(reply.retry_delay()->count() > 0);
  }
  CHECK(client.Call(kExportLogs, LogRequest("a")).status.ok());
}

TEST_CASE("gRPC: a message that is too large is refused for good, and harms nothing else") {
  const Folder folder;
  Options options;
  options.intake.max_body = 1000;
  options.intake.max_decompressed = 100'000;
  Receiver receiver(folder, options);
  Client client(receiver.address());
  const std::string base = SpanRequest(std::string(500, 'x'));
  const std::size_t around = base.size() - 500;
  const std::string fits = SpanRequest(std::string(1000 - around, 'x'));
  REQUIRE(fits.size() == 1000);
  CHECK(client.Call(kExportTraces, fits).status.ok());
  const Reply refused = client.Call(kExportTraces, SpanRequest(std::string(1000 - around + 1, 'x')));
  CHECK(refused.status.error_code() == grpc::RESOURCE_EXHAUSTED);
  CHECK(receiver.intake().totals().refused[static_cast<int>(RpcCode::kCancelled)] == 1);

  // What is compressed may be larger, up to another limit.
  const std::string large = SpanRequest(std::string(90'000, 'x'));
  CHECK(client.Call(kExportTraces, large, {}, GRPC_COMPRESS_GZIP).status.ok());
  const Reply bomb = client.Call(kExportTraces, SpanRequest(std::string(110'000, 'x')), {}, GRPC_COMPRESS_GZIP);
  CHECK(bomb.status.error_code() == grpc::RESOURCE_EXHAUSTED);
  CHECK_FALSE(bomb.retry_delay().has_value());
  CHECK(receiver.Stored() == Framed(fits) + Framed(large));
}

TEST_CASE("gRPC: gzip and deflate") {
  const Folder folder;
  Receiver receiver(folder, {});
  Client client(receiver.address());
  const std::string request = LogRequest(std::string(5000, 'x'));
  CHECK(client.Call(kExportLogs, request, {}, GRPC_COMPRESS_GZIP).status.ok());
  CHECK(client.Call(kExportLogs, request, {}, GRPC_COMPRESS_DEFLATE).status.ok());
  CHECK(receiver.Stored() == Framed(request) + Framed(request));
}

TEST_CASE("gRPC: health of the server and of each service") {
  const Folder folder;
  Receiver receiver(folder, {});
  Client client(receiver.address());
  for (const char* service :
       {"", "opentelemetry.proto.collector.trace.v1.TraceService", "opentelemetry.proto.collector.logs.v1.LogsService",
        "opentelemetry.proto.collector.metrics.v1.MetricsService"}) {
    CHECK(Health(client, service) == 1);
  }
  CHECK(client.Call(kHealthCheck, Field(1, "another")).status.error_code() == grpc::NOT_FOUND);
}

TEST_CASE("gRPC: a port that is taken, an address that is not ours") {
  const Folder folder;
  Receiver receiver(folder, {});
  GrpcServerOptions options;
  options.port = receiver.server().port();
  auto second = GrpcServer::Start(options, receiver.intake());
  REQUIRE_FALSE(second);
  CHECK(second.error().code() == Code::kIo);
  CHECK(second.error().message().find(receiver.address()) != std::string::npos);
  options.host = "192.0.2.1";
  auto elsewhere = GrpcServer::Start(options, receiver.intake());
  REQUIRE_FALSE(elsewhere);
  CHECK(elsewhere.error().code() == Code::kUsage);
}

TEST_CASE("gRPC: IPv6") {
  const Folder folder;
  Receiver receiver(folder, {});
  GrpcServerOptions options;
  options.host = "::1";
  auto server = GrpcServer::Start(options, receiver.intake());
  if (!server) {
    MESSAGE("no IPv6 here: " << server.error().message());
    return;
  }
  Client client(fmt::format("[::1]:{}", (*server)->port()));
  CHECK(client.Call(kExportTraces, SpanRequest("a")).status.ok());
}

TEST_CASE("gRPC: TLS, and clients that show a certificate") {
  const Folder folder;
  // A CA, and what it signed for the server and for a client.
  const std::string script =
      "cd '" + folder / "" +
      "' && exec >openssl.log 2>&1"
      " && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem"
      " && printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' >san && for name in server client; do"
      " openssl req -newkey rsa:2048 -nodes -subj /CN=$name -keyout $name.key -out $name.csr"
      " && openssl x509 -req -days 2 -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile san -out $name.pem"
      " || exit 1; done";
  REQUIRE(std::system(script.c_str()) == 0);
  Options options;
  options.tls.cert_file = folder / "server.pem";
  options.tls.key_file = folder / "server.key";
  grpc::SslCredentialsOptions anonymous;
  anonymous.pem_root_certs = ReadAll(folder / "ca.pem");
  grpc::SslCredentialsOptions known = anonymous;
  known.pem_cert_chain = ReadAll(folder / "client.pem");
  known.pem_private_key = ReadAll(folder / "client.key");
  const std::string request = SpanRequest("a");
  const auto call = [&](const Receiver& receiver, const grpc::SslCredentialsOptions& credentials) {
    return Client(receiver.address(), grpc::SslCredentials(credentials)).Call(kExportTraces, request).status;
  };
  {
    Receiver receiver(folder, options);
    CHECK(call(receiver, anonymous).ok());
    CHECK(Client(receiver.address()).Call(kExportTraces, request).status.error_code() == grpc::UNAVAILABLE);
  }
  options.tls.client_ca_file = folder / "ca.pem";
  {
    Receiver receiver(folder, options);
    CHECK(call(receiver, known).ok());
    CHECK(call(receiver, anonymous).error_code() == grpc::UNAVAILABLE);
  }
  Receiver plain(folder, {});
  GrpcServerOptions wrong;
  wrong.tls = options.tls;
  for (const std::string& key : {folder / "client.key", folder / "ca.pem", folder / "missing"}) {
    wrong.tls.key_file = key;
    auto server = GrpcServer::Start(wrong, plain.intake());
    REQUIRE_FALSE(server);
    CHECK(server.error().code() == Code::kUsage);
    CHECK(server.error().message().find(key) != std::string::npos);
  }
}

TEST_CASE("gRPC: calls that send no message do not keep others out") {
  constexpr unsigned kSilent = 8;
  const Folder folder;
  Options options;
  options.intake.max_in_flight = kSilent;
  Receiver receiver(folder, options);
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(grpc::CreateChannel(receiver.address(), grpc::InsecureChannelCredentials()));
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::GenericClientAsyncReaderWriter>> silent;
  for (unsigned i = 0; i < kSilent; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    silent.push_back(stub.PrepareCall(contexts.back().get(), kExportLogs, &queue));
    silent.back()->StartCall(nullptr);
  }
  const auto start = std::chrono::steady_clock::now();
  Client client(receiver.address());
  for (int good = 0; good < 2;) {
    if (client.Call(kExportLogs, LogRequest("a")).status.ok()) ++good;
    // Half of the time that a call may take for its message.
    REQUIRE(std::chrono::steady_clock::now() - start < std::chrono::seconds(8));
  }
  for (const auto& context : contexts) context->TryCancel();
  queue.Shutdown();
  void* tag = nullptr;
  for (bool ok = false; queue.Next(&tag, &ok);) {
  }
}

TEST_CASE("gRPC: zstd and any zlib window are taken, snappy is told to be unknown") {
  const Folder folder;
  Receiver receiver(folder, {});
  Client client(receiver.address());
  const std::string log = LogRequest("hello");
  // A frame of one raw block, as RFC 8878 has it: no checksum, one segment, a size of one byte.
  const std::string zstd = std::string("\x28\xb5\x2f\xfd\x20", 5) + static_cast<char>(log.size()) +
                           static_cast<char>(log.size() << 3 | 1) + std::string(2, '\0') + log;
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 9, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string zlib(200, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(log.data()));
  stream.avail_in = static_cast<uInt>(log.size());
  stream.next_out = reinterpret_cast<Bytef*>(zlib.data());
  stream.avail_out = static_cast<uInt>(zlib.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  zlib.resize(stream.total_out);
  deflateEnd(&stream);
  REQUIRE(zlib[0] != '\x78');
  for (const std::string& body : {zstd, zlib}) {
    const grpc::Status status = client.Call(kExportLogs, body).status;
    CHECK_MESSAGE(status.ok(), status.error_message());
  }
  const Reply snappy = client.Call(kExportLogs, std::string("\xff\x06\0\0sNaPpY", 10) + "rest");
  CHECK(snappy.status.error_code() == grpc::UNIMPLEMENTED);
  CHECK(snappy.status.error_message().find("snappy") != std::string::npos);
  CHECK(receiver.Stored() == Framed(log) + Framed(log));
}

TEST_CASE("gRPC: a server that stops finishes what is in flight") {
  const Folder folder;
  Receiver receiver(folder, {});
  const std::string request = SpanRequest(std::string(1 << 20, 'x'));
  std::vector<std::future<Reply>> calls;
  for (int i = 0; i < 8; ++i) {
    calls.push_back(
        std::async(std::launch::async, [&] { return Client(receiver.address()).Call(kExportTraces, request); }));
  }
  // The server knows of one at least.
  while (receiver.intake().totals().requests[0] == 0) std::this_thread::yield();
  const std::string stored = receiver.Stored();
  std::size_t acknowledged = 0;
  for (std::future<Reply>& call : calls) {
    const grpc::Status status = call.get().status;
    INFO(status.error_code(), " ", status.error_message());
    // A client comes again after both of these.
    CHECK((status.ok() || status.error_code() == grpc::UNAVAILABLE || status.error_code() == grpc::CANCELLED));
    if (status.ok()) ++acknowledged;
  }
  CHECK(acknowledged >= 1);
  CHECK(stored.size() >= acknowledged * Framed(request).size());
  CHECK(stored.size() % Framed(request).size() == 0);
}

TEST_CASE("gRPC: a call that waits for memory does not keep the server from stopping") {
  const Folder folder;
  Options options;
  options.intake.max_in_flight = 2;
  Receiver receiver(folder, options);
  const HeaderLookup no_headers = [](std::string_view) { return std::string_view(); };
  Intake::Ticket all;
  REQUIRE(receiver.intake().Admit(no_headers, all).code == RpcCode::kOk);
  REQUIRE(all.Reserve(kRequestMemory));
  const auto call_once = [&] { return Client(receiver.address()).Call(kExportLogs, LogRequest("a")); };
  auto call = std::async(std::launch::async, call_once);
  for (bool waits = false; !waits;) {
    // The look at whether the call has its place may itself have kept it from it.
    if (call.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready) {
      call = std::async(std::launch::async, call_once);
    }
    Intake::Ticket other;
    waits = receiver.intake().Admit(no_headers, other).code == RpcCode::kResourceExhausted;
  }
  auto stop = std::async(std::launch::async, [&] { receiver.server().Stop(); });
  CHECK(stop.wait_for(std::chrono::seconds(15)) == std::future_status::ready);
  all = {};
  CHECK(!call.get().status.ok());
}

}  // namespace gf_otlp::receive
