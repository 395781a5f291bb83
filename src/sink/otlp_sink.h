#ifndef GF_OTLP_SINK_OTLP_SINK_H_
#define GF_OTLP_SINK_OTLP_SINK_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/status.h"
#include "sink/otlp_transport.h"
#include "sink/pacer.h"
#include "sink/retry.h"
#include "sink/sink.h"
#include "sink/topic_stats.h"

namespace gf_otlp {

struct OtlpSinkOptions {
  std::function<Result<std::unique_ptr<OtlpTransport>>()> make_transport;  // called `concurrency` times
  unsigned concurrency = 1;
  RetryOptions retry;
  SendRate rate;  // of records, or bytes of uncompressed requests
  /// Of paced batches (Batch::times): so many nanoseconds of records' time to one of the clock; 0: as fast as can be.
  double speed = 0;
  /// Memory of batches that are not dealt with yet; Write() waits. A larger batch goes alone.
  std::size_t max_bytes_under_way = std::size_t{16} << 20;

  /// Called for a request that the server will never take, with the server's words. kBadData: it is the request's
  /// fault; kIo: the address's, our authorisation's or the server's. An ok status says that the request is dealt with,
  /// another one ends the run. Called by threads of the sink, never two calls at a time.
  std::function<Status(const Batch& batch, const Message& message, Code code, std::string_view reason)> on_refused =
      [](const Batch&, const Message& message, Code code, std::string_view reason) {
        return Status::Error(code, std::string(reason)).At(SignalName(static_cast<Signal>(message.route)));
      };
  /// Told about what a user should hear of, in a line: that a request is tried again, and that it goes on; a first
  /// partial success of a signal. Called by threads of the sink, never two calls at a time.
  std::function<void(std::string_view)> say = [](std::string_view) {};
};

/// Sends messages as OTLP requests: Message::route is the Signal. With a concurrency of 1 in order, one at a time; with
/// more they are begun in order.
class OtlpSink final : public DeliverySink {
 public:
  static Result<std::unique_ptr<OtlpSink>> Open(OtlpSinkOptions options);
  /// Gives up what is not sent.
  ~OtlpSink() override;
  OtlpSink(const OtlpSink&) = delete;
  OtlpSink& operator=(const OtlpSink&) = delete;

  /// Takes the batch; waits while too much is under way. The failure that ended the run once a request was refused or
  /// given up: no further request is begun then. kClosed behind LimitFlush(). An error leaves the batch as it is.
  Status Write(Batch& batch) override;
  /// Waits until every request is dealt with. The first failure of the run.
  Status Close() override;

  /// What is written from here on is another pass over the input: its first message's time is when it begins.
  /// REQUIRES: everything before is dealt with, or the run is not paced
  void BeginPass();
  /// Waits until everything that was written is dealt with, or the run ended.
  Status Flush();

  /// From another thread, to end the run early: no further request is begun, and none is tried again. Close() gives up
  /// on those under way (kIo) when this time is over.
  void LimitFlush(std::chrono::milliseconds limit) override;

  /// The end of the last unit (in order) behind which, and behind all before it, every request is taken or dealt with
  /// by on_refused. From any thread.
  std::optional<InputPosition> delivered() const override;

  /// Of requests, and of records in them. After Close() every request that was begun is delivered, refused or failed.
  struct Totals {
    std::uint64_t sent = 0;  // tries
    std::uint64_t delivered = 0, delivered_records = 0;
    std::uint64_t rejected_records = 0;  // of those, by partial success
    std::uint64_t refused = 0;           // and dealt with by on_refused
    std::uint64_t failed = 0;            // given up, or refused and not dealt with
    std::uint64_t failed_records = 0;    // of those
    std::uint64_t retries = 0;
  };
  /// From any thread.
  Totals totals() const;
  /// Of each signal: what was taken. After Close().
  const std::vector<TopicStats>& signals() const;
  /// The message of the first partial success of each signal; empty: there was none. After Close().
  const std::array<std::string, kSignalCount>& partial_messages() const;

 private:
  class Impl;
  explicit OtlpSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_OTLP_SINK_H_
