// Reads Kafka topics from their beginning to their end, for tests.
//   gf_otlp_consume BROKERS TOPIC...    every message as a line
//       {"topic":..,"partition":..,"offset":..,"key":HEX or null,"headers":[[NAME,TEXT]..],"value":HEX}
//   gf_otlp_consume BROKERS             every topic as a line {"topic":..,"partitions":..,"replicas":..}
// Exit code 1 when something is not as it should be: a topic is missing, the broker does not answer for 60 seconds.

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr int kPatience = 60'000;  // milliseconds

template <auto kFree>
struct Free {
  void operator()(auto* object) const { kFree(object); }
};
using Client = std::unique_ptr<rd_kafka_t, Free<rd_kafka_destroy>>;
using Topic = std::unique_ptr<rd_kafka_topic_t, Free<rd_kafka_topic_destroy>>;
using Queue = std::unique_ptr<rd_kafka_queue_t, Free<rd_kafka_queue_destroy>>;
using Fetched = std::unique_ptr<rd_kafka_message_t, Free<rd_kafka_message_destroy>>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Free<rd_kafka_metadata_destroy>>;

void Check(rd_kafka_resp_err_t error, const std::string& what) {
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(what + ": " + rd_kafka_err2str(error));
}

Client Connect(const char* brokers) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[512] = "";
  for (auto [name, value] : {std::pair("bootstrap.servers", brokers), std::pair("enable.partition.eof", "true"),
                             std::pair("isolation.level", "read_uncommitted"), std::pair("check.crcs", "true")}) {
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) throw std::runtime_error(error);
  }
  Client client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error));
  if (client == nullptr) throw std::runtime_error(error);
  return client;
}

/// Of one topic, or of all for null.
Metadata Describe(rd_kafka_t* client, rd_kafka_topic_t* topic) {
  const rd_kafka_metadata_t* metadata = nullptr;
  Check(rd_kafka_metadata(client, topic == nullptr ? 1 : 0, topic, &metadata, kPatience), "metadata");
  return Metadata(metadata);
}

void List(rd_kafka_t* client) {
  const Metadata metadata = Describe(client, nullptr);
  for (const rd_kafka_metadata_topic& topic : std::span(metadata->topics, std::size_t(metadata->topic_cnt))) {
    const nlohmann::json line = {{"topic", topic.topic},
                                 {"partitions", topic.partition_cnt},
                                 {"replicas", topic.partition_cnt > 0 ? topic.partitions[0].replica_cnt : 0}};
    std::puts(line.dump().c_str());
  }
}

std::string Hex(const void* data, std::size_t size) {
  std::string hex;
  hex.reserve(2 * size);
  for (const char byte : std::string_view(static_cast<const char*>(data), size)) {
    hex += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

void Print(const rd_kafka_message_t& message) {
  nlohmann::json headers = nlohmann::json::array();
  rd_kafka_headers_t* list = nullptr;
  if (rd_kafka_message_headers(&message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(list, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      headers.push_back({name, std::string(static_cast<const char*>(value), size)});
    }
  }
  nlohmann::json line = {{"topic", rd_kafka_topic_name(message.rkt)},
                         {"partition", message.partition},
                         {"offset", message.offset},
                         {"key", nullptr},
                         {"headers", std::move(headers)},
                         {"value", Hex(message.payload, message.len)}};
  if (message.key != nullptr) line["key"] = Hex(message.key, message.key_len);
  std::puts(line.dump().c_str());
}

void Read(rd_kafka_t* client, std::span<char*> names) {
  const Queue queue(rd_kafka_queue_new(client));
  std::vector<std::pair<Topic, std::int32_t>> partitions;
  for (const char* name : names) {
    Topic topic(rd_kafka_topic_new(client, name, nullptr));
    const Metadata metadata = Describe(client, topic.get());
    if (metadata->topic_cnt != 1) throw std::runtime_error(std::string(name) + ": no metadata");
    Check(metadata->topics[0].err, name);
    for (std::int32_t i = 0; i < metadata->topics[0].partition_cnt; ++i) {
      Topic again(rd_kafka_topic_new(client, name, nullptr));
      if (rd_kafka_consume_start_queue(again.get(), i, RD_KAFKA_OFFSET_BEGINNING, queue.get()) != 0) {
        Check(rd_kafka_last_error(), name);
      }
      partitions.emplace_back(std::move(again), i);
    }
  }
  // The end of a partition may be told more than once: again when a fetch had to be begun anew.
  std::set<std::pair<std::string, std::int32_t>> ended;
  while (ended.size() < partitions.size()) {
    const Fetched message(rd_kafka_consume_queue(queue.get(), kPatience));
    if (message == nullptr) throw std::runtime_error("the broker does not answer");
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ended.emplace(rd_kafka_topic_name(message->rkt), message->partition);
    } else {
      Check(message->err, "reading");
      Print(*message);
    }
  }
  for (const auto& [topic, partition] : partitions) rd_kafka_consume_stop(topic.get(), partition);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw std::runtime_error("usage: gf_otlp_consume BROKERS [TOPIC...]");
  const Client client = Connect(argv[1]);
  if (argc == 2) {
    List(client.get());
  } else {
    Read(client.get(), std::span(argv + 2, std::size_t(argc - 2)));
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "gf_otlp_consume: %s\n", error.what());
  return 1;
}
