#include <doctest/doctest.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/http_client.h"
#include "sink/otlp_tls.h"
#include "sink/otlp_transport.h"

namespace gf_otlp {
namespace {

using Kind = OtlpAnswer::Kind;
using namespace std::chrono_literals;

struct Call {
  std::string method, body, encoding;
  std::multimap<std::string, std::string> metadata;
};

/// What the server answers; it never does if `hangs`.
struct Reply {
  grpc::Status status;
  std::string body;
  bool hangs = false;
};

/// A gRPC server on 127.0.0.1 that gives every call the same answer and keeps what came.
class Server final : public grpc::CallbackGenericService {
 public:
  explicit Server(Reply reply,
                  const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials(),
                  const std::string& at = "127.0.0.1:0")
      : reply_(std::move(reply)) {
    ::setenv("no_proxy", "127.0.0.1,localhost,.invalid", 1);
    grpc::ServerBuilder builder;
    builder.AddListeningPort(at, credentials, &port_);
    builder.RegisterCallbackGenericService(this);
    server_ = builder.BuildAndStart();
    REQUIRE(server_ != nullptr);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() override { server_->Shutdown(std::chrono::system_clock::now()); }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  std::vector<Call> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  void WaitForCall() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !calls_.empty(); });
  }

 private:
  class Reactor final : public grpc::ServerGenericBidiReactor {
   public:
    Reactor(Server& server, grpc::GenericCallbackServerContext& context) : server_(server) {
      call_.method = context.method();
      for (const auto& [name, value] : context.client_metadata()) {
        call_.metadata.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
      }
      StartRead(&request_);
    }

    void OnReadDone(bool ok) override {
      if (!ok) return Finish({grpc::StatusCode::INTERNAL, "no request"});
      grpc::Slice slice;
      if (request_.DumpToSingleSlice(&slice).ok()) {
        call_.body.assign(reinterpret_cast<const char*>(slice.begin()), slice.size());
      }
      const Reply reply = server_.Take(call_);
      if (reply.hangs) return;
      const grpc::Slice body(reply.body.data(), reply.body.size());
      response_ = grpc::ByteBuffer(&body, 1);
      if (reply.status.ok()) {
        StartWriteAndFinish(&response_, grpc::WriteOptions(), reply.status);
      } else {
        Finish(reply.status);
      }
    }
    void OnCancel() override {
      if (server_.reply_.hangs) Finish(grpc::Status::CANCELLED);
    }
    void OnDone() override { delete this; }

   private:
    Server& server_;
    Call call_;
    grpc::ByteBuffer request_, response_;
  };

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    return new Reactor(*this, *context);
  }
  Reply Take(const Call& call) {
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
    changed_.notify_all();
    return reply_;
  }

  const Reply reply_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Call> calls_;
  std::unique_ptr<grpc::Server> server_;
};

OtlpEndpoint To(const std::string& address) {
  return {.protocol = OtlpProtocol::kGrpc, .server = address, .timeout = 20s};
}

std::unique_ptr<OtlpTransport> Make(const OtlpEndpoint& endpoint) {
  Result<std::unique_ptr<OtlpTransport>> transport = MakeOtlpTransport(endpoint);
  REQUIRE(transport);
  return std::move(*transport);
}

TEST_CASE("gRPC: requests are what a receiver of OTLP expects") {
  Server server({});
  OtlpEndpoint endpoint = To(server.address());
  endpoint.routes[1].headers = {{"x-glassflow-pipeline-id", "l1"}, {"raw-bin", std::string("\0\xff", 2)}};
  const auto transport = Make(endpoint);
  std::string body("\x0a\x00\xff", 3);
  body.append(3'000'000, 'x');
  CHECK(transport->Send(Signal::kTraces, body).kind == Kind::kTaken);
  CHECK(transport->Send(Signal::kLogs, "logs").kind == Kind::kTaken);
  CHECK(transport->Send(Signal::kMetrics, "").kind == Kind::kTaken);
  const std::vector<Call> calls = server.calls();
  REQUIRE(calls.size() == 3);
  CHECK(calls[0].method == "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
  CHECK(calls[1].method == "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
  CHECK(calls[2].method == "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export");
  CHECK(calls[0].body == body);
  CHECK(calls[1].body == "logs");
  CHECK(calls[0].metadata.count("x-glassflow-pipeline-id") == 0);
  REQUIRE(calls[1].metadata.count("x-glassflow-pipeline-id") == 1);
  CHECK(calls[1].metadata.find("x-glassflow-pipeline-id")->second == "l1");
  CHECK(calls[1].metadata.find("raw-bin")->second == std::string("\0\xff", 2));
  CHECK(calls[0].metadata.find("user-agent")->second.starts_with("gf-otlp/"));
}

TEST_CASE("gRPC: gzip makes requests that servers with a limit on compressed bytes take") {
  Server server({});
  OtlpEndpoint endpoint = To(server.address());
  endpoint.gzip = true;
  const std::string body(2'000'000, 'x');
  CHECK(Make(endpoint)->Send(Signal::kTraces, body).kind == Kind::kTaken);
  CHECK(server.calls().at(0).body == body);
}

TEST_CASE("gRPC: answers come with their details") {
  {
    Server server({.status = {}, .body = "\x0a\x06\x08\x03\x12\x02no"});
    CHECK(Make(To(server.address()))->Send(Signal::kTraces, "x").partial.rejected == 3);
  }
  {
    Server server({.status = {grpc::StatusCode::INVALID_ARGUMENT, "missing x-glassflow-pipeline-id header"}});
    const OtlpAnswer answer = Make(To(server.address()))->Send(Signal::kTraces, "x");
    CHECK(answer.kind == Kind::kRefused);
    CHECK(answer.code == Code::kBadData);
    CHECK(answer.reason == "gRPC InvalidArgument: missing x-glassflow-pipeline-id header");
  }
  {
    const std::string details = RpcStatusProto({.code = RpcCode::kResourceExhausted, .retry_delay = 1500ms});
    Server server({.status = {grpc::StatusCode::RESOURCE_EXHAUSTED, "busy", details}});
    OtlpEndpoint endpoint = To(server.address());
    endpoint.retry_resource_exhausted = false;
    const OtlpAnswer answer = Make(endpoint)->Send(Signal::kTraces, "x");
    CHECK(answer.kind == Kind::kRetry);
    CHECK(answer.retry_after == 1500ms);
  }
  {
    Server server({.status = {grpc::StatusCode::RESOURCE_EXHAUSTED, "busy"}});
    OtlpEndpoint endpoint = To(server.address());
    CHECK(Make(endpoint)->Send(Signal::kTraces, "x").kind == Kind::kRetry);
    endpoint.retry_resource_exhausted = false;
    CHECK(Make(endpoint)->Send(Signal::kTraces, "x").kind == Kind::kRefused);
  }
}

TEST_CASE("gRPC: what is larger than a server takes is the request's fault") {
  Server server({});
  const OtlpAnswer answer = Make(To(server.address()))->Send(Signal::kTraces, std::string(5'000'000, 'x'));
  CHECK(answer.kind == Kind::kRefused);
  CHECK(answer.code == Code::kBadData);
}

TEST_CASE("gRPC: a server that is not there yet is found once it is") {
  OtlpEndpoint endpoint;
  {
    Server server({});
    endpoint = To(server.address());
  }
  const auto transport = Make(endpoint);
  const OtlpAnswer answer = transport->Send(Signal::kTraces, "x");
  CHECK(answer.kind == Kind::kRetry);
  CHECK(answer.reason.starts_with("gRPC Unavailable: "));
  {
    const Server server({}, grpc::InsecureServerCredentials(), endpoint.server);
    const auto begin = std::chrono::steady_clock::now();
    while (transport->Send(Signal::kTraces, "x").kind != Kind::kTaken) {
      REQUIRE(std::chrono::steady_clock::now() - begin < 10s);
      std::this_thread::sleep_for(20ms);
    }
  }
  endpoint.server = "no-such-host.invalid:4317";
  CHECK(Make(endpoint)->Send(Signal::kTraces, "x").kind == Kind::kRetry);
}

TEST_CASE("gRPC: a call ends when its time is over, or it is cancelled") {
  Server server({.status = {}, .body = "", .hangs = true});
  OtlpEndpoint endpoint = To(server.address());
  endpoint.timeout = 100ms;
  const OtlpAnswer late = Make(endpoint)->Send(Signal::kTraces, "x");
  CHECK(late.kind == Kind::kRetry);
  CHECK(late.reason.starts_with("gRPC DeadlineExceeded"));

  Server other({.status = {}, .body = "", .hangs = true});
  endpoint = To(other.address());
  endpoint.timeout = 1h;
  const auto transport = Make(endpoint);
  std::thread canceller([&] {
    other.WaitForCall();
    transport->Cancel();
  });
  CHECK(transport->Send(Signal::kTraces, "x").kind == Kind::kRetry);
  CHECK(transport->Send(Signal::kTraces, "x").kind == Kind::kRetry);
  canceller.join();
  CHECK(other.calls().size() == 1);
}

/// A certificate for 127.0.0.1 that signed itself, and its key, as PEM and as files.
struct Certificate {
  explicit Certificate(const std::string& name) {
    EVP_PKEY* const pair = EVP_EC_gen("P-256");
    X509* const x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, pair);
    X509_NAME* const subject = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(x509, subject);
    for (const auto& [nid, value] :
         {std::pair(NID_basic_constraints, "critical,CA:TRUE"), std::pair(NID_subject_alt_name, "IP:127.0.0.1")}) {
      X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
      X509_add_ext(x509, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(x509, pair, EVP_sha256());
    certificate = Pem([&](BIO* to) { PEM_write_bio_X509(to, x509); });
    key = Pem([&](BIO* to) { PEM_write_bio_PrivateKey(to, pair, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(x509);
    EVP_PKEY_free(pair);
    const std::string stem =
        std::filesystem::temp_directory_path() / ("gf-otlp-grpc-test-" + std::to_string(::getpid()) + "-" + name);
    certificate_file = stem + ".crt";
    key_file = stem + ".key";
    std::ofstream(certificate_file) << certificate;
    std::ofstream(key_file) << key;
  }
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;
  ~Certificate() {
    std::filesystem::remove(certificate_file);
    std::filesystem::remove(key_file);
  }

  std::string certificate, key, certificate_file, key_file;

 private:
  template <class F>
  static std::string Pem(F&& write) {
    BIO* const to = BIO_new(BIO_s_mem());
    write(to);
    char* data = nullptr;
    const long size = BIO_get_mem_data(to, &data);
    std::string pem(data, static_cast<std::size_t>(size));
    BIO_free(to);
    return pem;
  }
};

TEST_CASE("gRPC: TLS and mutual TLS; what is not trusted is not tried again") {
  const Certificate mine("server"), client("client"), other("other");
  grpc::SslServerCredentialsOptions options(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  options.pem_key_cert_pairs = {{mine.key, mine.certificate}};
  Server server({}, grpc::SslServerCredentials(options));
  OtlpEndpoint endpoint = To(server.address());
  endpoint.tls = true;
  SUBCASE("trusted") {
    endpoint.ca_file = mine.certificate_file;
    CHECK(Make(endpoint)->Send(Signal::kTraces, "x").kind == Kind::kTaken);
  }
  SUBCASE("not trusted, by gRPC") {
    endpoint.ca_file = other.certificate_file;
    const OtlpAnswer answer = Make(endpoint)->Send(Signal::kTraces, "x");
    CAPTURE(answer.reason);
    CHECK(answer.kind == Kind::kFailed);
    CHECK(answer.code == Code::kIo);
  }
  SUBCASE("of another name") {
    endpoint.ca_file = mine.certificate_file;
    endpoint.server = "localhost" + server.address().substr(server.address().find(':'));
    const OtlpAnswer answer = Make(endpoint)->Send(Signal::kTraces, "x");
    CAPTURE(answer.reason);
    CHECK(answer.kind == Kind::kFailed);
  }
  SUBCASE("not trusted, by libcurl") {
    OtlpEndpoint http{.server = "https://" + server.address(), .ca_file = other.certificate_file};
    const OtlpAnswer answer = Make(http)->Send(Signal::kTraces, "x");
    CAPTURE(answer.reason);
    CHECK(answer.kind == Kind::kFailed);
    CHECK(answer.code == Code::kIo);
  }
  SUBCASE("TLS is spoken to a server without it, and the other way round") {
    Server plain({});
    endpoint.server = plain.address();
    endpoint.ca_file = mine.certificate_file;
    const OtlpAnswer answer = Make(endpoint)->Send(Signal::kTraces, "x");
    CAPTURE(answer.reason);
    CHECK(answer.kind == Kind::kFailed);
    const OtlpAnswer http = Make(OtlpEndpoint{.server = "http://" + plain.address()})->Send(Signal::kTraces, "x");
    CAPTURE(http.reason);
    CHECK(http.kind == Kind::kFailed);
    const OtlpAnswer https = Make(OtlpEndpoint{.server = "https://" + plain.address()})->Send(Signal::kTraces, "x");
    CAPTURE(https.reason);
    CHECK(https.kind == Kind::kFailed);
  }
  SUBCASE("mutual") {
    options.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
    options.pem_root_certs = client.certificate;
    Server strict({}, grpc::SslServerCredentials(options));
    endpoint.server = strict.address();
    endpoint.ca_file = mine.certificate_file;
    CHECK(Make(endpoint)->Send(Signal::kTraces, "x").kind != Kind::kTaken);
    endpoint.cert_file = client.certificate_file;
    endpoint.key_file = client.key_file;
    CHECK(Make(endpoint)->Send(Signal::kTraces, "x").kind == Kind::kTaken);
  }
}

TEST_CASE("files of TLS are looked into before they are used, and named by their flags") {
  const Certificate mine("mine"), other("other");
  OtlpEndpoint endpoint;
  CHECK(CheckTlsFiles(endpoint).ok());
  endpoint = {.ca_file = other.certificate_file, .cert_file = mine.certificate_file, .key_file = mine.key_file};
  CHECK(CheckTlsFiles(endpoint).ok());
  const std::string garbage = mine.certificate_file + ".garbage";
  std::ofstream(garbage) << "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const auto check = [&](std::string OtlpEndpoint::* file, const std::string& path, std::string_view flag) {
    CAPTURE(path);
    OtlpEndpoint changed = endpoint;
    changed.*file = path;
    const Status status = CheckTlsFiles(changed);
    CHECK(status.code() == Code::kUsage);
    CHECK(status.message().starts_with(flag));
    CHECK(status.message().contains(path));
  };
  for (const std::string& path : {garbage, std::string("/dev/null"), std::string("/nonexistent")}) {
    check(&OtlpEndpoint::ca_file, path, "--ca-file");
    check(&OtlpEndpoint::cert_file, path, "--cert-file");
    check(&OtlpEndpoint::key_file, path, "--key-file");
  }
  check(&OtlpEndpoint::key_file, other.key_file, "--key-file");
  std::filesystem::remove(garbage);
}

TEST_CASE("gRPC: what makes no sense is said when the transport is made") {
  const auto message = [](const OtlpEndpoint& endpoint) {
    const auto transport = MakeOtlpTransport(endpoint);
    REQUIRE_FALSE(transport);
    CHECK(transport.error().code() == Code::kUsage);
    return transport.error().message();
  };
  for (const auto& [name, value] : {std::pair("X-Upper", "v"),
                                    {"", "v"},
                                    {"a b", "v"},
                                    {":path", "v"},
                                    {"grpc-timeout", "v"},
                                    {"x", "\xc3\xa9"},
                                    {"x", "a\nb"}}) {
    CAPTURE(name);
    OtlpEndpoint endpoint = To("127.0.0.1:1");
    endpoint.routes[2].headers = {{name, value}};
    CHECK_FALSE(message(endpoint).contains(value));
  }
  OtlpEndpoint endpoint = To("127.0.0.1:1");
  endpoint.tls = true;
  endpoint.ca_file = "/nonexistent/ca.pem";
  CHECK(message(endpoint).contains("/nonexistent/ca.pem"));
  endpoint.ca_file = "/dev/null";
  CHECK(message(endpoint).contains("no PEM"));
  const Certificate client("client");
  endpoint.ca_file = "";
  endpoint.cert_file = client.certificate_file;
  CHECK(message(endpoint).contains("key"));
}

}  // namespace
}  // namespace gf_otlp
