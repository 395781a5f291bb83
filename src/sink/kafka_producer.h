#ifndef GF_OTLP_SINK_KAFKA_PRODUCER_H_
#define GF_OTLP_SINK_KAFKA_PRODUCER_H_

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gf_otlp/status.h"
#include "sink/batch.h"
#include "sink/kafka_client.h"
#include "sink/route.h"

namespace gf_otlp {

/// Why a message is one that its topic never takes: kBadData if that is the record's fault, kIo if it is the topic's or
/// our authorisation's. Nothing for any other error.
std::optional<Code> RefusalOf(rd_kafka_resp_err_t error);

/// Gives messages to librdkafka, without copying their values: they stay until the report on the message has come.
class KafkaProducer {
 public:
  /// `one_by_one`: no two messages go in one request's batch.
  static Result<std::unique_ptr<KafkaProducer>> Open(KafkaSettings settings, const std::vector<Route>& routes,
                                                     bool one_by_one);

  /// `opaque` comes back in the report, if there was no error. _QUEUE_FULL: to be tried again later. One thread at a
  /// time.
  rd_kafka_resp_err_t Send(const Batch& batch, const Message& message, void* opaque);
  /// Sends what lingers, waits for up to `limit`.
  void Flush(std::chrono::milliseconds limit);
  /// Whatever is not delivered is reported as failed now.
  void Purge();
  /// The error that ended the producer for good; empty: none.
  std::string FatalError() const;

  KafkaClient& client() const { return *client_; }

 private:
  explicit KafkaProducer(std::unique_ptr<KafkaClient> client) : client_(std::move(client)) {}

  std::unique_ptr<KafkaClient> client_;
  std::map<std::string, KafkaHandle<rd_kafka_topic_t>> topics_;
  /// Of each route, what librdkafka is told of a message: value, key, opaque; topic; headers.
  std::vector<std::vector<rd_kafka_vu_t>> fields_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_PRODUCER_H_
