#include "sink/otlp_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>
#include <random>
#include <thread>
#include <utility>

#include "base/guard.h"
#include "sink/flights.h"

namespace gf_otlp {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

using Seconds = std::chrono::duration<double>;  // holds any

std::string DurationText(Seconds duration) {
  const double seconds = duration.count();
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  return seconds < 120 ? fmt::format("{:.0f} s", seconds) : fmt::format("{:.0f} min", seconds / 60);
}

/// Says when requests are tried again and when it goes on, but not each time that a busy server lets one wait.
/// Thread-safe.
class News {
 public:
  explicit News(const std::function<void(std::string_view)>& say) : say_(say) {}

  void Say(std::string_view text) {
    const std::lock_guard lock(mutex_);
    say_(text);
  }
  void TryingAgain(std::string_view reason, milliseconds give_up_after) {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    if (!since_) since_ = now;
    const bool heard_lately = last_ && now - *last_ < kQuiet && now - *since_ < kWorthSaying;
    if (said_ || heard_lately) return;
    said_ = true;
    say_(fmt::format("{}; trying again for up to {}", reason, DurationText(give_up_after)));
  }
  void Taken() {
    const std::lock_guard lock(mutex_);
    if (!since_) return;
    const Clock::time_point now = Clock::now();
    if (said_) {
      say_(fmt::format("going on after {}", DurationText(now - *since_)));
      last_ = now;
    }
    since_.reset();
    said_ = false;
  }

 private:
  /// Behind news of a row of retries another one is only news if it lasts.
  static constexpr std::chrono::seconds kQuiet{60}, kWorthSaying{5};

  const std::function<void(std::string_view)>& say_;
  std::mutex mutex_;
  std::optional<Clock::time_point> since_, last_;  // when requests began to be tried again; when it was last said
  bool said_ = false;
};

}  // namespace

class OtlpSink::Impl {
 public:
  explicit Impl(OtlpSinkOptions options) : options_(std::move(options)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  Status Open();
  Status Write(Batch& batch);
  Status Flush();
  void BeginPass();
  void LimitFlush(milliseconds limit);
  std::optional<InputPosition> delivered() const;
  Totals totals() const;
  const std::vector<TopicStats>& signals() const { return counter_.topics(); }
  const std::array<std::string, kSignalCount>& partial_messages() const { return partial_messages_; }

 private:
  /// A batch whose messages from `next` on are to be sent.
  struct Queued {
    std::uint32_t flight = 0, next = 0;
  };
  /// A message that is being dealt with.
  struct Turn {
    std::uint32_t flight = 0, index = 0;  // of the message in the batch
    const Batch* batch = nullptr;
    const Message* message = nullptr;

    Signal signal() const { return static_cast<Signal>(message->route); }
  };

  // Of the threads that send.
  void Serve(OtlpTransport& transport);
  std::optional<Turn> Take();
  Clock::time_point Due(const Queued& queued);  // REQUIRES: mutex_ held
  Status Deal(OtlpTransport& transport, const Turn& turn);
  void CountTaken(const Turn& turn, const OtlpAnswer& answer);
  Status Refuse(const Turn& turn, const OtlpAnswer& answer);
  Status WaitToRetry(const Turn& turn, unsigned tries, const OtlpAnswer& answer, Clock::time_point begin);

  // REQUIRES: mutex_ held
  void End(Status status);
  void DropQueued();
  void CountFailed(const Message& message);
  void Drain(std::unique_lock<std::mutex>& lock);

  const OtlpSinkOptions options_;
  News news_{options_.say};
  std::mutex refuse_mutex_;  // held while on_refused is called
  std::array<bool, kSignalCount> refused_before_{};

  mutable std::mutex mutex_;
  std::condition_variable work_;      // for those who send: the queue, a turn, or the end
  std::condition_variable progress_;  // for those who write or close: a batch is dealt with, or the end
  Pacer pacer_{options_.rate};
  Timeline timeline_{options_.speed};
  std::minstd_rand random_{std::random_device()()};
  Totals totals_;
  TopicCounter counter_{SignalRoutes()};
  std::array<std::string, kSignalCount> partial_messages_;
  bool odd_answer_ = false;  // was said
  Flights flights_{options_.max_bytes_under_way, std::numeric_limits<std::size_t>::max()};
  std::deque<Queued> queue_;
  bool pacing_ = false;  // a thread waits until the first message of queue_ is due
  bool ended_ = false;   // no further message is begun
  bool stop_ = false;
  Status end_;  // what ended the run, unless that was LimitFlush()
  std::optional<Clock::time_point> flush_until_;

  std::vector<std::unique_ptr<OtlpTransport>> transports_;
  std::vector<std::thread> threads_;
};

OtlpSink::Impl::~Impl() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = ended_ = true;
    work_.notify_all();
  }
  for (const auto& transport : transports_) transport->Cancel();
  for (std::thread& thread : threads_) thread.join();
}

Status OtlpSink::Impl::Open() {
  for (unsigned i = 0; i < options_.concurrency; ++i) {
    Result<std::unique_ptr<OtlpTransport>> transport = options_.make_transport();
    if (!transport) return std::move(transport.error());
    transports_.push_back(std::move(*transport));
  }
  for (const auto& transport : transports_) threads_.emplace_back([this, &transport] { Serve(*transport); });
  return {};
}

Status OtlpSink::Impl::Write(Batch& batch) {
  std::unique_lock lock(mutex_);
  progress_.wait(lock, [&] { return ended_ || flights_.HasRoomFor(batch); });
  if (!end_.ok()) return end_;
  if (ended_) return Status::Error(Code::kClosed, "the run was ended early");
  const bool empty = batch.messages.empty();
  const std::uint32_t flight = flights_.Add(batch);
  if (!empty) queue_.push_back({.flight = flight});
  if (queue_.size() == 1) work_.notify_all();  // else nobody waits for more
  return {};
}

Status OtlpSink::Impl::Flush() {
  std::unique_lock lock(mutex_);
  Drain(lock);
  return end_;
}

/// Waits until no message is under way.
void OtlpSink::Impl::Drain(std::unique_lock<std::mutex>& lock) {
  const auto idle = [this] { return flights_.messages() == 0; };
  progress_.wait(lock, [&] { return idle() || flush_until_; });
  if (idle() || progress_.wait_until(lock, *flush_until_, idle)) return;
  End(IoError(fmt::format("{} requests were under way and not taken in time", flights_.messages())));
  for (const auto& transport : transports_) transport->Cancel();
  progress_.wait(lock, idle);
}

void OtlpSink::Impl::BeginPass() {
  const std::lock_guard lock(mutex_);
  timeline_.Restart();
}

void OtlpSink::Impl::LimitFlush(milliseconds limit) {
  const std::lock_guard lock(mutex_);
  flush_until_ = Clock::now() + limit;
  ended_ = true;
  DropQueued();
  work_.notify_all();
  progress_.notify_all();
}

std::optional<InputPosition> OtlpSink::Impl::delivered() const {
  const std::lock_guard lock(mutex_);
  return flights_.delivered();
}

OtlpSink::Totals OtlpSink::Impl::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

void OtlpSink::Impl::Serve(OtlpTransport& transport) {
  while (const std::optional<Turn> turn = Take()) {
    Status status = Guard([&] { return Deal(transport, *turn); });
    const std::lock_guard lock(mutex_);
    const bool dealt_with = status.ok();
    if (!dealt_with) {
      CountFailed(*turn->message);
      End(std::move(status));
    }
    if (flights_.SettleOne(turn->flight, turn->index, dealt_with) || ended_) progress_.notify_all();
  }
}

/// The next message, when it is due; nothing if the sink is destroyed.
std::optional<OtlpSink::Impl::Turn> OtlpSink::Impl::Take() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stop_ || (!queue_.empty() && !pacing_); });
    if (stop_) return std::nullopt;
    if (const Clock::time_point due = Due(queue_.front()); due > Clock::now()) {
      pacing_ = true;  // the others wait behind this one, so that messages are begun in order
      work_.wait_until(lock, due, [this] { return ended_; });
      pacing_ = false;
      work_.notify_all();
      if (ended_) continue;  // the queue is empty
    }
    Queued& first = queue_.front();
    const Batch& batch = flights_.batch(first.flight);
    const Turn turn{
        .flight = first.flight, .index = first.next, .batch = &batch, .message = &batch.messages[first.next]};
    if (++first.next == batch.messages.size()) queue_.pop_front();
    return turn;
  }
}

Clock::time_point OtlpSink::Impl::Due(const Queued& queued) {
  const Clock::time_point now = Clock::now();
  const Batch& batch = flights_.batch(queued.flight);
  const Message& message = batch.messages[queued.next];
  Clock::time_point due = now;
  if (!batch.times.empty()) due = std::max(due, timeline_.Due(batch.times[queued.next], now));
  if (pacer_.has_limit()) due = std::max(due, pacer_.Next(message.places, message.size, due));
  return due;
}

/// Sends a message until it is taken, or dealt with otherwise.
Status OtlpSink::Impl::Deal(OtlpTransport& transport, const Turn& turn) {
  const Clock::time_point begin = Clock::now();
  for (unsigned tries = 1;; ++tries) {
    {
      const std::lock_guard lock(mutex_);
      ++totals_.sent;
      if (tries > 1) ++totals_.retries;
    }
    const OtlpAnswer answer = transport.Send(turn.signal(), turn.batch->text(*turn.message));
    if (answer.resent > 0) {
      const std::lock_guard lock(mutex_);
      totals_.sent += answer.resent;
      totals_.retries += answer.resent;
    }
    switch (answer.kind) {
      case OtlpAnswer::Kind::kTaken: CountTaken(turn, answer); return {};
      case OtlpAnswer::Kind::kRefused: return Refuse(turn, answer);
      case OtlpAnswer::Kind::kFailed: return Status::Error(answer.code, answer.reason).At(SignalName(turn.signal()));
      case OtlpAnswer::Kind::kRetry: GF_RETURN_IF_ERROR(WaitToRetry(turn, tries, answer, begin)); break;
    }
  }
}

void OtlpSink::Impl::CountTaken(const Turn& turn, const OtlpAnswer& answer) {
  news_.Taken();
  const std::uint32_t records = turn.message->places;
  const auto& [rejected, message] = answer.partial;
  std::string news;
  {
    const std::lock_guard lock(mutex_);
    ++totals_.delivered;
    totals_.delivered_records += records;
    totals_.rejected_records += std::min<std::uint64_t>(rejected, records);
    counter_.Add(*turn.batch, *turn.message, std::nullopt);
    std::string& first = partial_messages_[turn.message->route];
    if (first.empty() && (rejected > 0 || !message.empty())) {
      first = message.empty() ? "no reason given" : message;
      news = fmt::format("{}: of {} records the server rejected {}: {}", SignalName(turn.signal()), records, rejected,
                         first);
    } else if (!odd_answer_ && !answer.reason.empty()) {
      odd_answer_ = true;
      news = fmt::format("{}: {}", SignalName(turn.signal()), answer.reason);
    }
  }
  if (!news.empty()) news_.Say(news);
}

Status OtlpSink::Impl::Refuse(const Turn& turn, const OtlpAnswer& answer) {
  const std::lock_guard one_at_a_time(refuse_mutex_);
  GF_RETURN_IF_ERROR(options_.on_refused(*turn.batch, *turn.message, answer.code, answer.reason));
  const bool first = !std::exchange(refused_before_[turn.message->route], true);
  if (first) news_.Say(fmt::format("{}: {}; this is said once", SignalName(turn.signal()), answer.reason));
  const std::lock_guard lock(mutex_);
  ++totals_.refused;
  return {};
}

/// The status that ends the run if there is to be no further try.
Status OtlpSink::Impl::WaitToRetry(const Turn& turn, unsigned tries, const OtlpAnswer& answer,
                                   Clock::time_point begin) {
  const std::string reason = fmt::format("{}: {}", SignalName(turn.signal()), answer.reason);
  const Clock::duration elapsed = Clock::now() - begin;
  std::unique_lock lock(mutex_);
  if (!ended_) {
    const auto wait = WaitBeforeRetry(options_.retry, tries, answer.retry_after, elapsed, random_);
    if (!wait) {
      std::string why = fmt::format("given up after {} tries in {}", tries, DurationText(elapsed));
      if (tries == 1) why = "given up";
      if (answer.retry_after && Seconds(elapsed) + *answer.retry_after > options_.retry.give_up_after) {
        why += fmt::format(": the server asks to wait for {}", DurationText(*answer.retry_after));
      }
      return IoError(fmt::format("{}; {}", reason, why));
    }
    lock.unlock();
    news_.TryingAgain(reason, options_.retry.give_up_after);
    lock.lock();
    if (!work_.wait_for(lock, *wait, [this] { return ended_; })) return {};
  }
  return IoError(fmt::format("{}; not tried again, as the run was ended", reason));
}

void OtlpSink::Impl::End(Status status) {
  if (end_.ok()) end_ = std::move(status);
  ended_ = true;
  work_.notify_all();
  progress_.notify_all();
  DropQueued();
}

void OtlpSink::Impl::DropQueued() {
  for (const Queued& queued : queue_) {
    flights_.Settle(queued.flight, flights_.batch(queued.flight).messages.size() - queued.next, false);
  }
  queue_.clear();
}

void OtlpSink::Impl::CountFailed(const Message& message) {
  ++totals_.failed;
  totals_.failed_records += message.places;
}

OtlpSink::OtlpSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
OtlpSink::~OtlpSink() = default;

Result<std::unique_ptr<OtlpSink>> OtlpSink::Open(OtlpSinkOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  GF_UNEXPECTED_IF_ERROR(impl->Open());
  return std::unique_ptr<OtlpSink>(new OtlpSink(std::move(impl)));
}

Status OtlpSink::Write(Batch& batch) { return impl_->Write(batch); }
Status OtlpSink::Flush() { return impl_->Flush(); }
Status OtlpSink::Close() { return impl_->Flush(); }
void OtlpSink::BeginPass() { impl_->BeginPass(); }
void OtlpSink::LimitFlush(std::chrono::milliseconds limit) { impl_->LimitFlush(limit); }
std::optional<InputPosition> OtlpSink::delivered() const { return impl_->delivered(); }
OtlpSink::Totals OtlpSink::totals() const { return impl_->totals(); }
const std::vector<TopicStats>& OtlpSink::signals() const { return impl_->signals(); }
const std::array<std::string, kSignalCount>& OtlpSink::partial_messages() const { return impl_->partial_messages(); }

}  // namespace gf_otlp
