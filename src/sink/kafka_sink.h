#ifndef GF_OTLP_SINK_KAFKA_SINK_H_
#define GF_OTLP_SINK_KAFKA_SINK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/status.h"
#include "sink/kafka_properties.h"
#include "sink/pacer.h"
#include "sink/route.h"
#include "sink/sink.h"
#include "sink/topic_stats.h"

namespace gf_otlp {

struct KafkaSinkOptions {
  KafkaSettings kafka;
  std::vector<Route> routes;
  SendRate rate;
  /// Memory of batches whose messages are not all reported yet; Write() waits. A larger batch goes alone.
  std::size_t max_bytes_under_way = std::size_t{16} << 20;
  /// The same in messages: librdkafka needs some 250 bytes for each.
  std::size_t max_messages_under_way = 200'000;

  /// Called for a message that its topic will never take: too large, unknown topic, not authorised. `records`: those of
  /// it of which no message was refused before; at least one. `reason` in the broker's words. kBadData: it is the
  /// record's fault; kIo: the topic's or our authorisation's. An ok status says that the message is dealt with, another
  /// one ends the run. Called by a thread of the sink, never two calls at a time; Write() may be waiting meanwhile: it
  /// must not wait for that to return.
  std::function<Status(const Batch& batch, const Message& message, std::span<const RecordPlace> records, Code code,
                       std::string_view reason)>
      on_refused = [](const Batch&, const Message&, std::span<const RecordPlace>, Code code, std::string_view reason) {
        return Status::Error(code, std::string(reason));
      };
};

/// Sends messages to Kafka topics; values are not copied. Every delivery report is counted. Brokers refuse batches of
/// messages: those of a refused one are sent once more one by one, so that only those at fault count as refused.
class KafkaSink final : public DeliverySink {
 public:
  /// kUsage for properties that librdkafka does not take.
  static Result<std::unique_ptr<KafkaSink>> Open(KafkaSinkOptions options);
  /// Drops what is not delivered.
  ~KafkaSink() override;
  KafkaSink(const KafkaSink&) = delete;
  KafkaSink& operator=(const KafkaSink&) = delete;

  /// Sends the batch's messages; waits while too much is under way. kIo or kBadData once a message was not delivered:
  /// the run is to end. kClosed behind LimitFlush(). An error leaves the batch as it is unless a part of it was sent:
  /// it is taken then, and what was not sent has failed.
  Status Write(Batch& batch) override;
  /// Waits until every message has its report. The first failure of the run.
  Status Close() override;

  void LimitFlush(std::chrono::milliseconds limit) override;
  std::optional<InputPosition> delivered() const override;

  /// After Close() every message of the batches that Write() took is delivered, refused or failed. A record, which may
  /// have several messages, is refused if one of them is, else failed if one of them is.
  struct Totals {
    std::uint64_t sent = 0;       // given to librdkafka
    std::uint64_t delivered = 0;  // acknowledged
    std::uint64_t refused = 0;    // and dealt with by on_refused
    std::uint64_t failed = 0;     // not delivered; of a batch that was begun also what was not sent
    std::uint64_t delivered_records = 0, refused_records = 0, failed_records = 0;  // of batches that are dealt with
  };
  /// From any thread.
  Totals totals() const;
  /// Of each topic, in the order of their first route: what was acknowledged. After Close().
  const std::vector<TopicStats>& topics() const;

 private:
  class Impl;
  explicit KafkaSink(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_SINK_H_
