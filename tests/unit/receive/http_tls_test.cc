#include <doctest/doctest.h>
#include <fmt/format.h>
#include <openssl/ssl.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

#include "receive/http_server.h"
#include "unit/receive/receive_test_util.h"

namespace gf_otlp::test {
namespace {

using namespace receive;
using End = RawClient::End;
using std::chrono::milliseconds;

/// Certificates by the openssl program: an authority, a server and a client signed by it, and a stranger.
class Certificates {
 public:
  Certificates() {
    Make("ca", "");
    Make("server", "ca");
    Make("client", "ca");
    Make("stranger", "");
  }
  std::string operator()(const std::string& file) const { return dir_.path() + "/" + file; }
  ServerTls Tls(bool mutual) const {
    return {.cert_file = (*this)("server.crt"),
            .key_file = (*this)("server.key"),
            .client_ca_file = mutual ? (*this)("ca.crt") : ""};
  }

 private:
  void Make(const std::string& name, const std::string& signer) {
    std::string command = fmt::format(
        "cd {0} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={1} "
        "-keyout {1}.key -out {1}.crt 2>/dev/null",
        dir_.path(), name);
    if (!signer.empty()) {
      command = fmt::format(
          "cd {0} && openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN={1} -keyout {1}.key "
          "-out {1}.csr 2>/dev/null && openssl x509 -req -in {1}.csr -CA {2}.crt -CAkey {2}.key -CAcreateserial -days "
          "2 "
          "-out {1}.crt 2>/dev/null",
          dir_.path(), name, signer);
    }
    REQUIRE(std::system(command.c_str()) == 0);
  }

  TempDir dir_;
};

const Certificates& Files() {
  static const Certificates certificates;
  return certificates;
}

/// A TLS connection; "client" or "stranger" shows such a certificate.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, const std::string& shows = {}, int max_version = 0)
      : raw_(port), context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
    SSL_CTX_load_verify_file(context_.get(), Files()("ca.crt").c_str());
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_max_proto_version(context_.get(), max_version);
    if (max_version != 0) SSL_CTX_set_security_level(context_.get(), 0);
    if (!shows.empty()) {
      SSL_CTX_use_certificate_file(context_.get(), Files()(shows + ".crt").c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context_.get(), Files()(shows + ".key").c_str(), SSL_FILETYPE_PEM);
    }
    ssl_ = {SSL_new(context_.get()), SSL_free};
    SSL_set_fd(ssl_.get(), raw_.fd());
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  bool connected() const { return connected_; }
  /// What is answered to it, up to its first line's end; empty if nothing.
  std::string Ask(const std::string& request) {
    for (std::size_t at = 0; at < request.size();) {
      const int sent = SSL_write(ssl_.get(), request.data() + at, static_cast<int>(request.size() - at));
      if (sent <= 0) return {};
      at += static_cast<std::size_t>(sent);
    }
    char buffer[4096];
    const int size = SSL_read(ssl_.get(), buffer, sizeof buffer);
    const std::string answer(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
    return answer.substr(0, answer.find("\r\n"));
  }

 private:
  RawClient raw_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_{nullptr, SSL_free};
  bool connected_ = false;
};

}  // namespace

TEST_CASE("requests over TLS") {
  Receiver receiver;
  receiver.Serve({.tls = Files().Tls(false)});
  const std::string wire = WireOf(TracesJson(2000, 200));
  TlsClient client(receiver.port());
  REQUIRE(client.connected());
  for (int i = 0; i < 3; ++i) CHECK(client.Ask(Post(wire)) == "HTTP/1.1 200 OK");
  CHECK(client.Ask(Post("", "", "/none")) == "HTTP/1.1 404 Not Found");
  CHECK(TlsClient(receiver.port(), "", TLS1_2_VERSION).connected());
  CHECK_FALSE(TlsClient(receiver.port(), "", TLS1_1_VERSION).connected());
  CHECK(receiver.Stored() == std::vector<std::string>(3, wire));
}

TEST_CASE("an early answer over TLS is seen by a client that is still sending") {
  Receiver receiver({.max_body = 1000});
  receiver.Serve({.tls = Files().Tls(false)});
  TlsClient client(receiver.port());
  CHECK(client.Ask(Post(std::string(std::size_t{8} << 20, 'x'))) == "HTTP/1.1 413 Content Too Large");
}

TEST_CASE("mutual TLS wants a certificate that is known") {
  Receiver receiver;
  receiver.Serve({.tls = Files().Tls(true)});
  CHECK(TlsClient(receiver.port(), "client").Ask(Post("")) == "HTTP/1.1 200 OK");
  // TLS 1.3 tells a client that it is refused only when it reads.
  CHECK(TlsClient(receiver.port()).Ask(Post("")).empty());
  CHECK(TlsClient(receiver.port(), "stranger").Ask(Post("")).empty());
  CHECK(TlsClient(receiver.port(), "client").Ask(Post("")) == "HTTP/1.1 200 OK");
  CHECK(receiver.intake().totals().requests[0] == 2);
}

TEST_CASE("what is no TLS ends its connection and nothing else") {
  Receiver receiver;
  receiver.Serve({.tls = Files().Tls(false), .times = {.handshake = milliseconds(150)}});
  TlsClient fine(receiver.port());
  RawClient plain(receiver.port()), garbage(receiver.port()), silent(receiver.port());
  CHECK(plain.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(plain.WaitForEnd() != End::kOpen);
  CHECK(garbage.Send(std::string(10'000, '\x16')));
  CHECK(garbage.WaitForEnd() != End::kOpen);
  CHECK(silent.WaitForEnd(std::chrono::seconds(5)) != End::kOpen);
  CHECK(fine.Ask(Post("")) == "HTTP/1.1 200 OK");
}

TEST_CASE("TLS files that are no good are named") {
  Receiver receiver;
  const TempDir dir;
  const std::string text = dir.Write("text", "no certificate\n");
  for (const ServerTls& tls : {ServerTls{.cert_file = text, .key_file = Files()("server.key")},
                               ServerTls{.cert_file = Files()("server.crt"), .key_file = text},
                               ServerTls{.cert_file = Files()("server.crt"), .key_file = Files()("client.key")},
                               ServerTls{.cert_file = dir.path() + "/none", .key_file = text},
                               ServerTls{Files()("server.crt"), Files()("server.key"), text}}) {
    const auto server = HttpServer::Start({.tls = tls}, receiver.intake());
    REQUIRE_FALSE(server);
    CHECK(server.error().code() == Code::kUsage);
    CHECK_MESSAGE(server.error().message().starts_with("/"), server.error().message());
  }
}

}  // namespace gf_otlp::test
