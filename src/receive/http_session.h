#ifndef GF_OTLP_RECEIVE_HTTP_SESSION_H_
#define GF_OTLP_RECEIVE_HTTP_SESSION_H_

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "receive/http_server.h"
#include "receive/intake.h"

namespace gf_otlp::receive {

/// A connection and its requests, one after the other. Keeps itself alive until it is over.
class HttpSession {
 public:
  virtual ~HttpSession() = default;
  virtual void Start() = 0;
  /// From any thread: ends it as soon as no request is in flight.
  virtual void Finish() = 0;
  /// From any thread: ends it now.
  virtual void Close() = 0;
};

/// The sessions of a server, and what they share. Thread-safe.
class HttpSessions {
 public:
  HttpSessions(const HttpTimes& times, Intake& intake) : times_(times), intake_(intake) {}

  const HttpTimes& times() const { return times_; }
  Intake& intake() const { return intake_; }

  void Add(const std::shared_ptr<HttpSession>& session);
  void Remove(const HttpSession* session);
  /// Finish() or Close() of all, also of those that come later; then whether none is left after `time` at most.
  bool End(void (HttpSession::*how)(), std::chrono::milliseconds time);

 private:
  const HttpTimes times_;
  Intake& intake_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<const HttpSession*, std::weak_ptr<HttpSession>> sessions_;
  void (HttpSession::*ending_)() = nullptr;
};

/// `tls` null: plain. The socket's executor is a strand. Both must outlive the session.
std::shared_ptr<HttpSession> MakeHttpSession(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls,
                                             HttpSessions& sessions);

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_HTTP_SESSION_H_
