#ifndef GF_OTLP_SINK_KAFKA_TROUBLE_H_
#define GF_OTLP_SINK_KAFKA_TROUBLE_H_

#include <librdkafka/rdkafka.h>

#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace gf_otlp {

/// What a client of librdkafka last heard of its brokers, in words for people. Thread-safe.
class KafkaTrouble {
 public:
  /// The SASL mechanism in use; empty: none.
  void SetMechanism(std::string mechanism);
  /// An error that librdkafka reports to the application: "BROKER: WHAT (after 3ms in state CONNECT)".
  void AddError(rd_kafka_resp_err_t code, std::string_view text);
  /// A line of its log.
  void AddLog(std::string_view line);
  /// A certificate that OpenSSL or we do not accept.
  void AddCertificate(std::string_view broker, std::string_view reason);

  /// The broker does not take our login or certificate, or we not its certificate: waiting does not help.
  bool refused() const;
  /// What is known; empty if no trouble was heard of.
  std::string text() const;
  /// The last line of the log at level warning or worse; empty if there was none.
  std::string last_log() const;

 private:
  mutable std::mutex mutex_;
  std::string mechanism_;
  std::string refusal_;                                  // by or of a broker
  std::map<std::string, std::string> brokers_;           // last transport error of each
  std::map<std::string, std::string> bad_certificates_;  // why, of each broker
  std::string last_log_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_TROUBLE_H_
