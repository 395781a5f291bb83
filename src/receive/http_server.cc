#include "receive/http_server.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <exception>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "receive/http_session.h"

namespace gf_otlp::receive {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// After an error of accept(), which is often that there are no file descriptors left.
constexpr std::chrono::milliseconds kAcceptPause{100};
/// What is left of sessions after Close() of all.
constexpr std::chrono::milliseconds kCloseTime{1'000};

/// Every connection is a file descriptor.
void RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Status SetUpTls(const ServerTls& files, asio::ssl::context& context) {
  const auto failed = [](const std::string& file, const error_code& error) {
    return UsageError(fmt::format("{}: {}", file, error.message()));
  };
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  // Connections that wait hold no buffers.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  constexpr unsigned char kSessionContext[] = "gf-otlp";
  SSL_CTX_set_session_id_context(native, kSessionContext, sizeof kSessionContext - 1);
  error_code error;
  // A key with a password is refused instead of asking for it on the terminal.
  context.set_password_callback([](std::size_t, auto) { return std::string(); }, error);
  if (context.use_certificate_chain_file(files.cert_file, error); error) return failed(files.cert_file, error);
  if (context.use_private_key_file(files.key_file, asio::ssl::context::pem, error); error) {
    return failed(files.key_file, error);
  }
  if (files.client_ca_file.empty()) return {};
  if (context.load_verify_file(files.client_ca_file, error); error) return failed(files.client_ca_file, error);
  SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(files.client_ca_file.c_str()));
  context.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, error);
  return {};
}

/// The host's address; of several the first of IPv4, as others do for "localhost".
Result<tcp::endpoint> Resolve(asio::io_context& io, const std::string& host, std::uint16_t port) {
  tcp::resolver resolver(io);
  error_code error;
  const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
  if (error || found.empty()) return std::unexpected(UsageError(fmt::format("{}: {}", host, error.message())));
  const auto v4 = std::ranges::find_if(found, [](const auto& entry) { return entry.endpoint().address().is_v4(); });
  return (v4 == found.end() ? found.begin() : v4)->endpoint();
}

}  // namespace

class HttpServer::Impl {
 public:
  Impl(const HttpServerOptions& options, Intake& intake)
      : options_(options),
        sessions_(options_.times, intake),
        acceptor_(asio::any_io_executor(asio::make_strand(io_))),
        pause_(acceptor_.get_executor()) {}
  ~Impl() { Stop(); }

  Status Listen();
  void Run();
  void Stop();
  std::uint16_t port() const { return port_; }

 private:
  void Accept();
  void OnAccept(const error_code& error, tcp::socket socket);
  void RunThread();

  const HttpServerOptions options_;
  // What a session may still need while the last of them goes away with the queue of `io_`.
  HttpSessions sessions_;
  std::optional<asio::ssl::context> tls_;
  asio::io_context io_;
  tcp::acceptor acceptor_;  // it and `pause_` have a strand too
  asio::steady_timer pause_;
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
};

Status HttpServer::Impl::Listen() {
  if (options_.tls.enabled()) {
    error_code error;
    tls_.emplace(asio::ssl::context::tls_server);
    GF_RETURN_IF_ERROR(SetUpTls(options_.tls, *tls_));
  }
  Result<tcp::endpoint> endpoint = Resolve(io_, options_.host, options_.port);
  if (!endpoint) return std::move(endpoint.error());
  error_code error;
  acceptor_.open(endpoint->protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(*endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  if (error) return IoError(fmt::format("{} port {}: {}", options_.host, options_.port, error.message()));
  return {};
}

void HttpServer::Impl::Run() {
  RaiseFileLimit();
  Accept();
  const unsigned count = std::max(2u, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { RunThread(); });
}

void HttpServer::Impl::RunThread() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception&) {
      // Of one handler, whose connection went away with it.
    }
  }
}

void HttpServer::Impl::Accept() {
  // Each connection has a strand, so its handlers need no locks.
  acceptor_.async_accept(asio::any_io_executor(asio::make_strand(io_)),
                         [this](const error_code& error, tcp::socket socket) { OnAccept(error, std::move(socket)); });
}

void HttpServer::Impl::OnAccept(const error_code& error, tcp::socket socket) {
  if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
  if (error) {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const error_code& cancelled) {
      if (!cancelled && acceptor_.is_open()) Accept();
    });
    return;
  }
  try {
    const std::shared_ptr<HttpSession> session = MakeHttpSession(std::move(socket), tls_ ? &*tls_ : nullptr, sessions_);
    sessions_.Add(session);
    session->Start();
  } catch (const std::exception&) {
    // No memory for this one: it is closed.
  }
  Accept();
}

void HttpServer::Impl::Stop() {
  if (threads_.empty()) return;
  asio::post(acceptor_.get_executor(), [this] {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel(ignored);
  });
  if (!sessions_.End(&HttpSession::Finish, options_.times.stop)) sessions_.End(&HttpSession::Close, kCloseTime);
  io_.stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const HttpServerOptions& options, Intake& intake) {
  auto impl = std::make_unique<Impl>(options, intake);
  GF_UNEXPECTED_IF_ERROR(impl->Listen());
  impl->Run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

std::uint16_t HttpServer::port() const { return impl_->port(); }

void HttpServer::Stop() { impl_->Stop(); }

}  // namespace gf_otlp::receive
