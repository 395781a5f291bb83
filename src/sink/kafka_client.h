#ifndef GF_OTLP_SINK_KAFKA_CLIENT_H_
#define GF_OTLP_SINK_KAFKA_CLIENT_H_

#include <librdkafka/rdkafka.h>

#include <memory>
#include <string>

#include "gf_otlp/status.h"
#include "sink/kafka_properties.h"
#include "sink/kafka_trouble.h"

namespace gf_otlp {

struct KafkaDeleter {
  void operator()(rd_kafka_t* p) const { rd_kafka_destroy(p); }
  void operator()(rd_kafka_conf_t* p) const { rd_kafka_conf_destroy(p); }
  void operator()(rd_kafka_topic_t* p) const { rd_kafka_topic_destroy(p); }
  void operator()(rd_kafka_queue_t* p) const { rd_kafka_queue_destroy(p); }
  void operator()(rd_kafka_event_t* p) const { rd_kafka_event_destroy(p); }
  void operator()(rd_kafka_error_t* p) const { rd_kafka_error_destroy(p); }
  void operator()(rd_kafka_NewTopic_t* p) const { rd_kafka_NewTopic_destroy(p); }
  void operator()(rd_kafka_AdminOptions_t* p) const { rd_kafka_AdminOptions_destroy(p); }
  void operator()(rd_kafka_ConfigResource_t* p) const { rd_kafka_ConfigResource_destroy(p); }
  void operator()(const struct rd_kafka_metadata* p) const { rd_kafka_metadata_destroy(p); }
};
template <class T>
using KafkaHandle = std::unique_ptr<T, KafkaDeleter>;

/// A client of librdkafka that prints nothing, but remembers what went wrong. Its delivery reports and errors come as
/// events of queue().
class KafkaClient {
 public:
  /// kUsage for settings that librdkafka does not take.
  static Result<std::unique_ptr<KafkaClient>> Create(rd_kafka_type_t type, const KafkaSettings& settings);

  rd_kafka_t* handle() const { return handle_.get(); }
  rd_kafka_queue_t* queue() const { return queue_.get(); }
  KafkaTrouble& trouble() { return trouble_; }
  const KafkaTrouble& trouble() const { return trouble_; }

 private:
  KafkaClient() = default;

  static void OnLog(const rd_kafka_t* handle, int level, const char* facility, const char* text);
  static int OnCertificate(rd_kafka_t* handle, const char* broker, std::int32_t broker_id, int* x509_error, int depth,
                           const char* der, std::size_t size, char* error, std::size_t error_size, void* client);

  std::string server_name_;
  KafkaTrouble trouble_;
  KafkaHandle<rd_kafka_t> handle_;  // its threads call us: gone before the rest
  KafkaHandle<rd_kafka_queue_t> queue_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_CLIENT_H_
