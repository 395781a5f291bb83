#ifndef GF_OTLP_TESTS_UNIT_SINK_KAFKA_MOCK_H_
#define GF_OTLP_TESTS_UNIT_SINK_KAFKA_MOCK_H_

#include <doctest/doctest.h>
// It wants to be behind the other.
#include <librdkafka/rdkafka.h>
// clang-format off
#include <librdkafka/rdkafka_mock.h>
// clang-format on

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sink/kafka_client.h"

namespace gf_otlp {

/// librdkafka begins its threads where ThreadSanitizer does not see it, which then crashes.
#ifdef __SANITIZE_THREAD__
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

/// librdkafka's own cluster of brokers in this process. Topics that it is asked for it makes, with 4 partitions.
class MockCluster {
 public:
  explicit MockCluster(int brokers = 1) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, [](const rd_kafka_t*, int, const char*, const char*) {});
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0));
    REQUIRE(handle_ != nullptr);
    cluster_ = rd_kafka_mock_cluster_new(handle_.get(), brokers);
    REQUIRE(cluster_ != nullptr);
  }
  MockCluster(const MockCluster&) = delete;
  MockCluster& operator=(const MockCluster&) = delete;
  ~MockCluster() { rd_kafka_mock_cluster_destroy(cluster_); }

  std::string brokers() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  rd_kafka_mock_cluster_t* get() const { return cluster_; }

  void CreateTopic(const std::string& name, int partitions) {
    REQUIRE(rd_kafka_mock_topic_create(cluster_, name.c_str(), partitions, 1) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  /// How the next requests to write are answered.
  void FailProduce(const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, 0, errors.size(), errors.data());
  }
  /// As it was new, but for its topics.
  void Reset() {
    // Either may take a second.
    if (down_) SetUp();
    if (delay_ != 0) SetDelay(0);
    rd_kafka_mock_clear_request_errors(cluster_, 0);
  }
  void SetDown() {
    rd_kafka_mock_broker_set_down(cluster_, -1);
    down_ = true;
  }
  void SetUp() {
    rd_kafka_mock_broker_set_up(cluster_, -1);
    down_ = false;
  }
  void SetDelay(int milliseconds) {
    rd_kafka_mock_broker_set_rtt(cluster_, -1, milliseconds);
    delay_ = milliseconds;
  }

  struct Received {
    std::optional<std::string> key;
    std::string value;
    std::vector<std::pair<std::string, std::string>> headers;
    bool operator==(const Received&) const = default;
  };
  /// What is in a partition, in order.
  std::vector<Received> Read(const std::string& topic, int partition) const;

 private:
  KafkaHandle<rd_kafka_t> handle_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
  bool down_ = false;
  int delay_ = 0;
};

inline std::vector<MockCluster::Received> MockCluster::Read(const std::string& topic, int partition) const {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] :
       {std::pair<const char*, std::string>("bootstrap.servers", brokers()), {"fetch.wait.max.ms", "10"}}) {
    REQUIRE(rd_kafka_conf_set(conf, name, value.c_str(), nullptr, 0) == RD_KAFKA_CONF_OK);
  }
  const KafkaHandle<rd_kafka_t> consumer(rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0));
  REQUIRE(consumer != nullptr);
  const KafkaHandle<rd_kafka_topic_t> handle(rd_kafka_topic_new(consumer.get(), topic.c_str(), nullptr));
  REQUIRE(rd_kafka_consume_start(handle.get(), partition, RD_KAFKA_OFFSET_BEGINNING) == 0);

  std::int64_t first = 0, end = 0;
  REQUIRE(rd_kafka_query_watermark_offsets(consumer.get(), topic.c_str(), partition, &first, &end, 10000) ==
          RD_KAFKA_RESP_ERR_NO_ERROR);

  std::vector<Received> received;
  for (; first < end; ++first) {
    rd_kafka_message_t* message = rd_kafka_consume(handle.get(), partition, 10000);
    REQUIRE(message != nullptr);
    REQUIRE(message->err == RD_KAFKA_RESP_ERR_NO_ERROR);
    Received& one = received.emplace_back();
    if (message->key != nullptr) one.key.emplace(static_cast<const char*>(message->key), message->key_len);
    one.value.assign(static_cast<const char*>(message->payload), message->len);
    rd_kafka_headers_t* headers = nullptr;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* name = nullptr;
      const void* value = nullptr;
      std::size_t size = 0;
      for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == 0; ++i) {
        one.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
      }
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consume_stop(handle.get(), partition);
  return received;
}

/// One for all tests that do not need their own: to destroy one may take a second.
inline MockCluster& SharedCluster() {
  static MockCluster cluster;
  cluster.Reset();
  return cluster;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_TESTS_UNIT_SINK_KAFKA_MOCK_H_
