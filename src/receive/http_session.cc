#include "receive/http_session.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "receive/http_message.h"
#include "receive/http_parser.h"
#include "receive/http_route.h"
#include "receive/read_buffer.h"

namespace gf_otlp::receive {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;
using TlsStream = asio::ssl::stream<tcp::socket>;

/// Read at a time: of a head (most are smaller), of a body. What waits for requests holds the first only.
constexpr std::size_t kHeadPiece = std::size_t{4} << 10, kBodyPiece = std::size_t{64} << 10;
/// A body that is not wanted is read and dropped, so that the connection can go on, if it is no larger than this.
constexpr std::size_t kSmallBody = std::size_t{256} << 10;
/// Behind an answer that ends the connection so much is dropped at most.
constexpr std::size_t kMostDropped = std::size_t{64} << 20;

/// `Stream`: tcp::socket or TlsStream. All but Finish() and Close() runs on the strand of its socket.
template <class Stream>
class Session final : public HttpSession, public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... Args>
  explicit Session(HttpSessions& sessions, Args&&... args)
      : sessions_(sessions), stream_(std::forward<Args>(args)...), timer_(stream_.get_executor()) {}
  ~Session() override { sessions_.Remove(this); }

  void Start() override {
    asio::dispatch(stream_.get_executor(),
                   [self = this->shared_from_this()] { self->Guarded([&self] { self->Begin(); }); });
  }
  void Finish() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] {
      self->finishing_ = true;
      if (self->phase_ <= Phase::kHead) self->CloseNow();
    });
  }
  void Close() override {
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->CloseNow(); });
  }

 private:
  enum class Phase : std::uint8_t {
    kHandshake,
    kIdle,  // no byte of the next request is there
    kHead,
    kBody,
    kStoring,  // the intake has the request
    kAnswering,
    kLingering,
  };

  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  const HttpTimes& times() const { return sessions_.times(); }
  Intake& intake() const { return sessions_.intake(); }
  tcp::socket& socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  /// No exception of one connection goes beyond it.
  template <class F>
  void Guarded(F&& step) {
    try {
      step();
    } catch (const std::exception&) {
      CloseNow();
    }
  }
  /// A handler of an asynchronous operation that goes on with `step`, unless the connection was closed after it
  /// succeeded: a request that came with it would be stored and never answered.
  auto Then(void (Session::*step)(const error_code&, std::size_t)) {
    return [self = this->shared_from_this(), step](const error_code& error, std::size_t size = 0) {
      if (self->socket().is_open()) self->Guarded([&] { ((*self).*step)(error, size); });
    };
  }

  void Begin();
  void OnHandshake(const error_code& error, std::size_t);
  void NextRequest();
  void Read();
  void OnRead(const error_code& error, std::size_t size);
  void Parse();
  bool OnHead();
  std::size_t NextPiece();
  bool HoldsBody();
  void OnRequest();
  void Refuse(const Answer& answer, std::optional<int> status = {});
  void SendContinue();
  void OnContinueSent(const error_code& error, std::size_t);
  void Send(const HttpAnswer& answer);
  void OnSent(const error_code& error, std::size_t);
  void Linger();
  void OnDropped(const error_code& error, std::size_t size);
  void ShutDown();
  void OnShutDown(const error_code&, std::size_t) { CloseNow(); }
  void CloseNow();

  void SetPhase(Phase phase, std::chrono::milliseconds time);
  void SetDeadline(Clock::time_point deadline);
  void OnTimer(const error_code& error);
  void OnDeadline();
  void EndIfPushedOut();

  HttpSessions& sessions_;
  Stream stream_;
  asio::steady_timer timer_;
  Clock::time_point deadline_ = Clock::time_point::max(), timer_set_to_ = Clock::time_point::max(), body_end_;
  Phase phase_ = Phase::kHandshake;
  bool timed_out_ = false;    // a read was ended for it
  bool finishing_ = false;    // no further request is wanted
  bool ends_ = false;         // the connection, behind the answer
  bool body_unread_ = false;  // when it was answered
  std::size_t held_ = 0, dropped_ = 0;

  ReadBuffer buffer_;
  HttpParser parser_;
  Intake::Request request_;
  Intake::Ticket ticket_;
  std::optional<HttpAnswer> answer_;  // decided by the head, sent behind the body
  std::string text_;                  // being sent
};

template <class Stream>
void Session<Stream>::Begin() {
  error_code ignored;
  socket().set_option(tcp::no_delay(true), ignored);
  if constexpr (kTls) {
    SetPhase(Phase::kHandshake, times().handshake);
    stream_.async_handshake(asio::ssl::stream_base::server, Then(&Session::OnHandshake));
  } else {
    NextRequest();
  }
}

template <class Stream>
void Session<Stream>::OnHandshake(const error_code& error, std::size_t) {
  if (error) return CloseNow();
  NextRequest();
}

template <class Stream>
void Session<Stream>::NextRequest() {
  if (finishing_) return ShutDown();
  parser_.Reset();
  answer_.reset();
  request_ = {};
  ticket_ = {};
  held_ = 0;
  std::string().swap(text_);
  buffer_.Shrink(kHeadPiece);
  SetPhase(Phase::kIdle, times().idle);
  Parse();
}

template <class Stream>
void Session<Stream>::Read() {
  buffer_.MakeRoom(phase_ == Phase::kBody ? std::max(kHeadPiece, NextPiece()) : kHeadPiece);
  stream_.async_read_some(asio::buffer(buffer_.room(), buffer_.room_size()),
                          Then(phase_ == Phase::kLingering ? &Session::OnDropped : &Session::OnRead));
}

template <class Stream>
void Session<Stream>::OnRead(const error_code& error, std::size_t size) {
  if (timed_out_) {
    ends_ = true;
    return Refuse({RpcCode::kDeadlineExceeded, "the request took too long to arrive", {}}, 408);
  }
  if (error) return CloseNow();
  buffer_.Add(size);
  if (phase_ == Phase::kBody) {
    SetDeadline(std::min(Clock::now() + times().body_step, body_end_));
    ticket_.Progress();
  }
  Parse();
}

template <class Stream>
void Session<Stream>::Parse() {
  using Event = HttpParser::Event;
  for (;;) {
    if (phase_ == Phase::kIdle && !buffer_.empty()) SetPhase(Phase::kHead, times().head);
    std::string_view in = buffer_.view();
    const std::size_t size = in.size();
    const Event event = parser_.Parse(in);
    buffer_.Remove(size - in.size());
    switch (event) {
      case Event::kNeedMore:
        if (phase_ != Phase::kBody || HoldsBody()) Read();
        return;
      case Event::kHead:
        if (!OnHead()) return;
        break;
      case Event::kEnd:
        if (HoldsBody()) OnRequest();
        return;
      case Event::kBroken:
        ends_ = true;
        return Refuse({RpcCode::kInvalidArgument, "broken HTTP: " + std::string(parser_.error()), {}});
      case Event::kHeadTooLarge:
        ends_ = true;
        return Refuse({RpcCode::kInvalidArgument, "the headers are too large", {}}, 431);
    }
  }
}

/// False if it is not to be read on now.
template <class Stream>
bool Session<Stream>::OnHead() {
  body_end_ = Clock::now() + times().body;
  SetPhase(Phase::kBody, std::min(times().body_step, times().body));
  const std::optional<std::uint64_t> length = parser_.content_length();
  const auto push_out = [weak = this->weak_from_this(), executor = stream_.get_executor()] {
    asio::post(executor, [weak] {
      if (const auto self = weak.lock()) self->Guarded([&] { self->EndIfPushedOut(); });
    });
  };
  answer_ = AnswerHead(parser_.head(), length, intake(), request_, ticket_, push_out);
  const bool waits = parser_.has_body() && parser_.expects_continue() && buffer_.empty();
  if (answer_) {
    parser_.DropBody();
    if (!parser_.has_body() || (length.value_or(kSmallBody + 1) <= kSmallBody && !waits)) return true;
    body_unread_ = ends_ = true;
    Send(*answer_);
    return false;
  }
  if (length) parser_.body().reserve(*length + PaddedBuffer::kPadding);
  if (!waits) return true;
  SendContinue();
  return false;
}

/// How much of the body to read at a time. REQUIRES: there is a head
template <class Stream>
std::size_t Session<Stream>::NextPiece() {
  const std::optional<std::uint64_t> length = parser_.content_length();
  if (!length || *length < parser_.body().size()) return kBodyPiece;
  return std::min(kBodyPiece, static_cast<std::size_t>(*length) - parser_.body().size());
}

/// Counts the memory of the body and of its next piece; false if there is none, or it is too large: that is answered.
template <class Stream>
bool Session<Stream>::HoldsBody() {
  if (answer_) return true;
  const std::size_t size = parser_.body().size();
  if (size > intake().options().max_body) {
    Refuse(BodyTooLarge(intake().options()));
    return false;
  }
  const std::size_t wanted = size + 2 * NextPiece();  // where it is read, and where it goes
  if (wanted <= held_) return true;
  if (!ticket_.Reserve(wanted - held_)) {
    Refuse({RpcCode::kResourceExhausted, "no memory for the request now", kBusyDelay});
    return false;
  }
  held_ = wanted;
  return true;
}

template <class Stream>
void Session<Stream>::OnRequest() {
  if (answer_) return Send(*answer_);
  SetPhase(Phase::kStoring, std::chrono::milliseconds::max());
  request_.body = std::move(parser_.body());
  buffer_.Shrink(kHeadPiece);
  const BodyType type = request_.type;
  // The guard keeps the server's threads running until the writer has said what became of it.
  auto done = [self = this->shared_from_this(), type,
               guard = asio::make_work_guard(stream_.get_executor())](const Answer& answer) {
    asio::post(self->stream_.get_executor(),
               [self, http = ExportAnswer(answer, type)] { self->Guarded([&] { self->Send(http); }); });
  };
  intake().Take(std::move(ticket_), std::move(request_), std::move(done));
}

/// Answers before the request was read to its end.
template <class Stream>
void Session<Stream>::Refuse(const Answer& answer, std::optional<int> status) {
  intake().CountRefused(answer.code);
  ticket_ = {};
  parser_.DropBody();
  body_unread_ = ends_ = true;
  const BodyType type = BodyTypeOf(parser_.head().Header("content-type")).value_or(BodyType::kJson);
  Send(ExportAnswer(answer, type, status));
}

template <class Stream>
void Session<Stream>::SendContinue() {
  text_ = "HTTP/1.1 100 Continue\r\n\r\n";
  SetPhase(Phase::kAnswering, times().answer);
  asio::async_write(stream_, asio::buffer(text_), Then(&Session::OnContinueSent));
}

template <class Stream>
void Session<Stream>::OnContinueSent(const error_code& error, std::size_t) {
  if (error) return CloseNow();
  SetPhase(Phase::kBody, times().body_step);
  Parse();
  EndIfPushedOut();
}

template <class Stream>
void Session<Stream>::Send(const HttpAnswer& answer) {
  if (finishing_ || !parser_.keep_alive()) ends_ = true;
  text_ = answer.Text(parser_.head().version, !ends_, parser_.head().is_head());
  SetPhase(Phase::kAnswering, times().answer);
  asio::async_write(stream_, asio::buffer(text_), Then(&Session::OnSent));
}

template <class Stream>
void Session<Stream>::OnSent(const error_code& error, std::size_t) {
  if (error) return CloseNow();
  if (!ends_) return NextRequest();
  error_code ignored;
  const bool more = body_unread_ || !buffer_.empty() || socket().available(ignored) > 0;
  more ? Linger() : ShutDown();
}

/// Reads on for a moment: closing a connection on which something waits to be read would reset it, and the client
/// perhaps never see the answer.
template <class Stream>
void Session<Stream>::Linger() {
  if constexpr (!kTls) {
    error_code ignored;
    socket().shutdown(tcp::socket::shutdown_send, ignored);
  }
  SetPhase(Phase::kLingering, times().linger);
  buffer_.Clear();
  buffer_.Shrink(kHeadPiece);
  Read();
}

template <class Stream>
void Session<Stream>::OnDropped(const error_code& error, std::size_t size) {
  dropped_ += size;
  if (error || dropped_ > kMostDropped) return ShutDown();
  Read();
}

/// Says the end of a TLS stream, and closes.
template <class Stream>
void Session<Stream>::ShutDown() {
  if constexpr (kTls) {
    SetPhase(Phase::kLingering, times().linger);
    stream_.async_shutdown(Then(&Session::OnShutDown));
  } else {
    CloseNow();
  }
}

template <class Stream>
void Session<Stream>::CloseNow() {
  error_code ignored;
  timer_.cancel(ignored);
  deadline_ = Clock::time_point::max();
  ticket_ = {};
  socket().close(ignored);
}

template <class Stream>
void Session<Stream>::SetPhase(Phase phase, std::chrono::milliseconds time) {
  phase_ = phase;
  SetDeadline(time == std::chrono::milliseconds::max() ? Clock::time_point::max() : Clock::now() + time);
}

/// A timer that is set to an earlier time stays: it looks at the deadline then.
template <class Stream>
void Session<Stream>::SetDeadline(Clock::time_point deadline) {
  deadline_ = deadline;
  if (deadline >= timer_set_to_) return;
  timer_set_to_ = deadline;
  timer_.expires_at(deadline);
  timer_.async_wait(
      [self = this->shared_from_this()](const error_code& error) { self->Guarded([&] { self->OnTimer(error); }); });
}

template <class Stream>
void Session<Stream>::OnTimer(const error_code& error) {
  if (error) return;
  timer_set_to_ = Clock::time_point::max();
  if (Clock::now() >= deadline_) return OnDeadline();
  SetDeadline(deadline_);
}

template <class Stream>
void Session<Stream>::OnDeadline() {
  deadline_ = Clock::time_point::max();
  if (phase_ != Phase::kHead && phase_ != Phase::kBody) return CloseNow();
  timed_out_ = true;
  error_code ignored;
  socket().cancel(ignored);
}

/// Its request has made place for another.
template <class Stream>
void Session<Stream>::EndIfPushedOut() {
  if (phase_ == Phase::kBody && ticket_.pushed_out()) OnDeadline();
}

}  // namespace

void HttpSessions::Add(const std::shared_ptr<HttpSession>& session) {
  const std::lock_guard lock(mutex_);
  sessions_.emplace(session.get(), session);
  if (ending_ != nullptr) ((*session).*ending_)();
}

void HttpSessions::Remove(const HttpSession* session) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(session);
  if (sessions_.empty()) changed_.notify_all();
}

bool HttpSessions::End(void (HttpSession::*how)(), std::chrono::milliseconds time) {
  std::vector<std::shared_ptr<HttpSession>> all;  // destroyed after the lock, for that calls Remove()
  std::unique_lock lock(mutex_);
  ending_ = how;
  for (const auto& [key, weak] : sessions_) all.push_back(weak.lock());
  lock.unlock();
  for (const std::shared_ptr<HttpSession>& session : all) {
    if (session != nullptr) ((*session).*how)();
  }
  all.clear();
  lock.lock();
  return changed_.wait_for(lock, time, [this] { return sessions_.empty(); });
}

std::shared_ptr<HttpSession> MakeHttpSession(tcp::socket socket, asio::ssl::context* tls, HttpSessions& sessions) {
  if (tls == nullptr) return std::make_shared<Session<tcp::socket>>(sessions, std::move(socket));
  return std::make_shared<Session<TlsStream>>(sessions, std::move(socket), *tls);
}

}  // namespace gf_otlp::receive
