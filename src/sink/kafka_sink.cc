#include "sink/kafka_sink.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>

#include "base/guard.h"
#include "sink/flights.h"
#include "sink/kafka_producer.h"
#include "sink/record_tally.h"

namespace gf_otlp {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Which message of which batch; goes through librdkafka as a pointer.
struct MessageId {
  std::uint32_t flight = 0, message = 0;

  static MessageId Of(const void* opaque) {
    const auto bits = reinterpret_cast<std::uintptr_t>(opaque);
    return {.flight = static_cast<std::uint32_t>(bits >> 32), .message = static_cast<std::uint32_t>(bits)};
  }
  void* opaque() const {
    static_assert(sizeof(void*) == 8);
    return reinterpret_cast<void*>(std::uintptr_t{flight} << 32 | message);  // NOLINT(performance-no-int-to-ptr)
  }
};

Status Fatal(std::string_view error) {
  return IoError(fmt::format("librdkafka cannot go on without losing or repeating messages: {}", error));
}

/// A message that librdkafka or a broker did not take.
struct Undelivered {
  MessageId id;
  rd_kafka_resp_err_t error;
};

}  // namespace

class KafkaSink::Impl {
 public:
  explicit Impl(KafkaSinkOptions options)
      : options_(std::move(options)),
        pacer_(options_.rate),
        counter_(options_.routes),
        flights_(options_.max_bytes_under_way, options_.max_messages_under_way) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl();

  Status Open();
  Status Write(Batch& batch);
  Status Close();
  void LimitFlush(milliseconds limit);
  std::optional<InputPosition> delivered() const;
  Totals totals() const;
  const std::vector<TopicStats>& topics() const { return counter_.topics(); }

 private:
  // Of the thread that writes.
  bool GivenUp() const { return failed_.load(std::memory_order_relaxed) || purge_.load(std::memory_order_relaxed); }
  std::size_t SendAll(std::uint32_t flight, const Batch& batch);
  bool Send(const Batch& batch, MessageId id);
  bool Pace(std::size_t bytes);
  void GiveUpBehindLimit();
  Status Ended() const;  // why nothing more is sent; REQUIRES: mutex_ held

  // Of the thread that reads reports.
  void Serve();
  void Poll(KafkaProducer& producer, milliseconds wait);
  void TakeReports(KafkaProducer& producer, rd_kafka_event_t* event);
  void TakeError(KafkaProducer& producer, rd_kafka_event_t* event);
  void TakeUnsent();
  void TakeUndelivered(KafkaProducer& producer, const Undelivered& undelivered);
  void SendAgain();
  void Refuse(MessageId id, Code code, const std::string& reason);
  void Fail(MessageId id, rd_kafka_resp_err_t error);
  void End(Status status);  // REQUIRES: mutex_ held
  // REQUIRES: mutex_ held; of any thread
  void CountFailed(std::uint32_t flight, const Message& message);
  bool Settle(std::uint32_t flight, std::size_t messages, bool delivered);
  const Batch& BatchOf(MessageId id) const;
  std::string ReasonOf(rd_kafka_resp_err_t error) const;

  const KafkaSinkOptions options_;
  Pacer pacer_;

  mutable std::mutex mutex_;
  std::condition_variable progress_;  // a batch is dealt with, or nothing more is to be sent
  Totals totals_;                     // of messages, without `sent`
  TopicCounter counter_;
  Status end_;                 // what ended the run, but for messages that were not delivered
  std::string first_failure_;  // of those: to which topic, why
  std::optional<Clock::time_point> flush_until_;
  std::vector<Undelivered> unsent_;  // librdkafka did not take them

  RecordTally tally_;
  Flights flights_;  // outlives the producers, which read its batches
  std::unique_ptr<KafkaProducer> producer_;
  std::unique_ptr<KafkaProducer> again_;  // one by one; null until it is needed; used by the thread that reads reports
  std::deque<MessageId> to_send_again_;

  std::atomic<std::uint64_t> sent_ = 0;
  std::atomic<bool> ended_ = false;   // no further batch is begun
  std::atomic<bool> failed_ = false;  // nothing more is sent, of a batch that is begun either
  std::atomic<bool> purge_ = false;   // what is under way is to be given up
  std::atomic<bool> stop_ = false;
  std::thread server_;
};

KafkaSink::Impl::~Impl() {
  if (!server_.joinable()) return;
  stop_ = true;
  rd_kafka_queue_yield(producer_->client().queue());
  server_.join();
  producer_->Purge();  // else librdkafka would wait for it
  if (again_ != nullptr) again_->Purge();
}

Status KafkaSink::Impl::Open() {
  Result<std::unique_ptr<KafkaProducer>> producer = KafkaProducer::Open(options_.kafka, options_.routes, false);
  if (!producer) return std::move(producer.error());
  producer_ = std::move(*producer);
  server_ = std::thread([this] { Serve(); });
  return {};
}

Status KafkaSink::Impl::Write(Batch& batch) {
  std::uint32_t flight = 0;
  const Batch* sending = nullptr;
  {
    std::unique_lock lock(mutex_);
    progress_.wait(lock, [&] { return ended_ || flights_.HasRoomFor(batch); });
    if (ended_) return Ended();
    flight = flights_.Add(batch);
    sending = &flights_.batch(flight);
  }
  const std::size_t count = sending->messages.size();
  const std::size_t sent = SendAll(flight, *sending);
  if (sent == count) return {};
  const std::lock_guard lock(mutex_);
  for (const Message& message : std::span(sending->messages).subspan(sent)) CountFailed(flight, message);
  Settle(flight, count - sent, false);
  return Ended();
}

/// How many of the batch's messages were sent, or not taken for a reason of their own.
std::size_t KafkaSink::Impl::SendAll(std::uint32_t flight, const Batch& batch) {
  const auto count = static_cast<std::uint32_t>(batch.messages.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    if (pacer_.has_limit() && !Pace(batch.messages[i].size + batch.messages[i].key_size)) return i;
    if (!Send(batch, {.flight = flight, .message = i})) return i;
  }
  return count;
}

/// False if nothing more is to be sent.
bool KafkaSink::Impl::Send(const Batch& batch, MessageId id) {
  while (!GivenUp()) {
    const rd_kafka_resp_err_t error = producer_->Send(batch, batch.messages[id.message], id.opaque());
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
      sent_.fetch_add(1, std::memory_order_relaxed);
      return true;
    }
    std::unique_lock lock(mutex_);
    if (error != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      unsent_.push_back({.id = id, .error = error});
      rd_kafka_queue_yield(producer_->client().queue());
      return true;
    }
    progress_.wait_for(lock, milliseconds(10), [this] { return GivenUp(); });
    GiveUpBehindLimit();
  }
  return false;
}

/// Waits until the message may go; false if nothing more is to be sent. A batch that is begun when the run is ended
/// early goes at once, so that none is sent in part and, by a later run, once more.
bool KafkaSink::Impl::Pace(std::size_t bytes) {
  const Clock::time_point now = Clock::now();
  const Clock::time_point due = pacer_.Next(1, bytes, now);
  if (due <= now) return true;
  // A few at a time rather than a wait for each.
  std::unique_lock lock(mutex_);
  progress_.wait_until(lock, due + milliseconds(5), [this] { return ended_.load(); });
  return !GivenUp();
}

/// REQUIRES: mutex_ held
void KafkaSink::Impl::GiveUpBehindLimit() {
  if (!flush_until_ || Clock::now() < *flush_until_) return;
  purge_ = true;
  rd_kafka_queue_yield(producer_->client().queue());
}

Status KafkaSink::Impl::Ended() const {
  if (!end_.ok()) return end_;
  if (!first_failure_.empty()) {
    return IoError(totals_.failed == 1
                       ? fmt::format("1 message was not delivered, {}", first_failure_)
                       : fmt::format("{} messages were not delivered, the first {}", totals_.failed, first_failure_));
  }
  return ended_ ? Status::Error(Code::kClosed, "the run was ended early") : Status();
}

Status KafkaSink::Impl::Close() {
  std::unique_lock lock(mutex_);
  const auto all_settled = [this] { return flights_.messages() == 0; };
  while (!all_settled()) {
    GiveUpBehindLimit();
    if (purge_) break;
    lock.unlock();
    producer_->Flush(milliseconds(10));
    lock.lock();
    progress_.wait_for(lock, milliseconds(10), all_settled);
  }
  progress_.wait_for(lock, std::chrono::seconds(10), all_settled);  // the reports of what was given up
  const bool incomplete = purge_ && first_failure_.empty() && end_.ok();
  const std::size_t lost = totals_.failed + flights_.messages();
  if (incomplete && lost > 0) {
    const std::string why = producer_->client().trouble().text();
    return IoError(
        fmt::format("{} messages were under way and not acknowledged in time{}{}", lost, why.empty() ? "" : ": ", why));
  }
  Status ended = Ended();
  return !ended.ok() && ended.code() == Code::kClosed ? Status() : ended;
}

void KafkaSink::Impl::LimitFlush(milliseconds limit) {
  const std::lock_guard lock(mutex_);
  flush_until_ = Clock::now() + limit;
  ended_ = true;
  progress_.notify_all();
}

std::optional<InputPosition> KafkaSink::Impl::delivered() const {
  const std::lock_guard lock(mutex_);
  return flights_.delivered();
}

KafkaSink::Totals KafkaSink::Impl::totals() const {
  const std::lock_guard lock(mutex_);
  Totals totals = totals_;
  totals.sent = sent_;
  totals.delivered_records = tally_.delivered();
  totals.refused_records = tally_.refused();
  totals.failed_records = tally_.failed();
  return totals;
}

void KafkaSink::Impl::Serve() {
  while (!stop_) {
    Poll(*producer_, milliseconds(again_ == nullptr ? 100 : 10));
    if (again_ != nullptr) Poll(*again_, milliseconds(10));
    TakeUnsent();
    SendAgain();
    if (purge_) {
      producer_->Purge();
      if (again_ != nullptr) again_->Purge();
    }
  }
}

void KafkaSink::Impl::Poll(KafkaProducer& producer, milliseconds wait) {
  const KafkaHandle<rd_kafka_event_t> event(
      rd_kafka_queue_poll(producer.client().queue(), static_cast<int>(wait.count())));
  switch (rd_kafka_event_type(event.get())) {
    case RD_KAFKA_EVENT_DR: TakeReports(producer, event.get()); break;
    case RD_KAFKA_EVENT_ERROR: TakeError(producer, event.get()); break;
    default: break;  // none in time
  }
}

void KafkaSink::Impl::TakeReports(KafkaProducer& producer, rd_kafka_event_t* event) {
  std::array<const rd_kafka_message_t*, 256> reports{};
  std::vector<Undelivered> undelivered;
  while (const std::size_t count = rd_kafka_event_message_array(event, reports.data(), reports.size())) {
    const std::lock_guard lock(mutex_);
    bool batch_done = false;
    for (const rd_kafka_message_t* report : std::span(reports).first(count)) {
      const MessageId id = MessageId::Of(report->_private);
      if (report->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        undelivered.push_back({.id = id, .error = report->err});
        continue;
      }
      const Batch& batch = flights_.batch(id.flight);
      counter_.Add(batch, batch.messages[id.message], report->partition);
      ++totals_.delivered;
      batch_done |= Settle(id.flight, 1, true);
    }
    if (batch_done) progress_.notify_all();
  }
  for (const Undelivered& message : undelivered) TakeUndelivered(producer, message);
}

void KafkaSink::Impl::TakeError(KafkaProducer& producer, rd_kafka_event_t* event) {
  const rd_kafka_resp_err_t error = rd_kafka_event_error(event);
  if (error != RD_KAFKA_RESP_ERR__FATAL) {
    producer.client().trouble().AddError(error, rd_kafka_event_error_string(event));
    return;
  }
  const std::lock_guard lock(mutex_);
  End(Fatal(producer.FatalError()));
  purge_ = true;
  progress_.notify_all();
}

void KafkaSink::Impl::TakeUnsent() {
  std::vector<Undelivered> unsent;
  {
    const std::lock_guard lock(mutex_);
    unsent.swap(unsent_);
  }
  for (const Undelivered& message : unsent) {
    const std::optional<Code> refusal = RefusalOf(message.error);
    if (message.error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      Refuse(message.id, Code::kBadData, "larger than message.max.bytes");
    } else if (refusal) {
      Refuse(message.id, *refusal, ReasonOf(message.error));
    } else {
      Fail(message.id, message.error);
    }
  }
}

void KafkaSink::Impl::TakeUndelivered(KafkaProducer& producer, const Undelivered& undelivered) {
  const std::optional<Code> refusal = RefusalOf(undelivered.error);
  if (!refusal) {
    Fail(undelivered.id, undelivered.error);
  } else if (*refusal == Code::kBadData && &producer == producer_.get()) {
    to_send_again_.push_back(undelivered.id);
  } else {
    Refuse(undelivered.id, *refusal, rd_kafka_err2str(undelivered.error));
  }
}

/// Messages of batches that a broker refused: which of them it was is known when each goes alone.
void KafkaSink::Impl::SendAgain() {
  while (!to_send_again_.empty()) {
    const MessageId id = to_send_again_.front();
    if (again_ == nullptr && !purge_) {
      Result<std::unique_ptr<KafkaProducer>> producer = KafkaProducer::Open(options_.kafka, options_.routes, true);
      if (producer) again_ = std::move(*producer);
    }
    rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR__PURGE_QUEUE;
    if (again_ != nullptr && !purge_) {
      const Batch& batch = BatchOf(id);
      error = again_->Send(batch, batch.messages[id.message], id.opaque());
    }
    if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return;
    to_send_again_.pop_front();
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) Fail(id, error);
  }
}

const Batch& KafkaSink::Impl::BatchOf(MessageId id) const {
  const std::lock_guard lock(mutex_);
  return flights_.batch(id.flight);
}

void KafkaSink::Impl::Refuse(MessageId id, Code code, const std::string& reason) {
  const Batch& batch = BatchOf(id);
  const Message& message = batch.messages[id.message];
  std::unique_lock lock(mutex_);
  const std::vector<RecordPlace> records = tally_.NotYetRefused(id.flight, batch.places_of(message));
  lock.unlock();
  Status status;
  if (!records.empty()) status = Guard([&] { return options_.on_refused(batch, message, records, code, reason); });
  lock.lock();
  if (status.ok()) {
    ++totals_.refused;
    tally_.Refuse(id.flight, records);
  } else {
    CountFailed(id.flight, message);
  }
  Settle(id.flight, 1, status.ok());
  if (!status.ok()) End(std::move(status));
  progress_.notify_all();
}

void KafkaSink::Impl::Fail(MessageId id, rd_kafka_resp_err_t error) {
  const std::string fatal = producer_->FatalError();
  const std::string reason = ReasonOf(error);
  const std::lock_guard lock(mutex_);
  const Batch& batch = flights_.batch(id.flight);
  CountFailed(id.flight, batch.messages[id.message]);
  if (!fatal.empty()) {
    End(Fatal(fatal));
  } else if (first_failure_.empty() && !purge_) {
    first_failure_ = fmt::format("to topic {}: {}", options_.routes[batch.messages[id.message].route].topic, reason);
    ended_ = failed_ = true;
  }
  Settle(id.flight, 1, false);
  progress_.notify_all();
}

void KafkaSink::Impl::CountFailed(std::uint32_t flight, const Message& message) {
  ++totals_.failed;
  tally_.Fail(flight, flights_.batch(flight).places_of(message));
}

/// As Flights::Settle().
bool KafkaSink::Impl::Settle(std::uint32_t flight, std::size_t messages, bool delivered) {
  const Batch& batch = flights_.batch(flight);
  const std::size_t records = batch.places.size() - batch.repeated_places;
  if (!flights_.Settle(flight, messages, delivered)) return false;
  tally_.Close(flight, records);
  return true;
}

void KafkaSink::Impl::End(Status status) {
  if (end_.ok()) end_ = std::move(status);
  ended_ = failed_ = true;
}

/// In librdkafka's words, and if that is the one who gave up, why it may have.
std::string KafkaSink::Impl::ReasonOf(rd_kafka_resp_err_t error) const {
  std::string words = rd_kafka_err2str(error);
  if (error >= 0) return words;
  const KafkaTrouble& trouble = producer_->client().trouble();
  std::string why = trouble.text();
  if (why.empty()) why = trouble.last_log();
  return why.empty() ? words : fmt::format("{} ({})", words, why);
}

KafkaSink::KafkaSink(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
KafkaSink::~KafkaSink() = default;

Result<std::unique_ptr<KafkaSink>> KafkaSink::Open(KafkaSinkOptions options) {
  auto impl = std::make_unique<Impl>(std::move(options));
  GF_UNEXPECTED_IF_ERROR(impl->Open());
  return std::unique_ptr<KafkaSink>(new KafkaSink(std::move(impl)));
}

Status KafkaSink::Write(Batch& batch) { return impl_->Write(batch); }
Status KafkaSink::Close() { return impl_->Close(); }
void KafkaSink::LimitFlush(milliseconds limit) { impl_->LimitFlush(limit); }
std::optional<InputPosition> KafkaSink::delivered() const { return impl_->delivered(); }
KafkaSink::Totals KafkaSink::totals() const { return impl_->totals(); }
const std::vector<TopicStats>& KafkaSink::topics() const { return impl_->topics(); }

}  // namespace gf_otlp
