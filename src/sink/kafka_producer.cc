#include "sink/kafka_producer.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace gf_otlp {
namespace {

constexpr std::size_t kValue = 0, kKey = 1, kOpaque = 2, kTopic = 3, kFields = 4;  // headers follow

/// `routes` outlives it.
std::vector<rd_kafka_vu_t> FieldsOf(const Route& route, rd_kafka_topic_t* topic) {
  std::vector<rd_kafka_vu_t> fields(kFields + route.headers.size());
  fields[kValue].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[kKey].vtype = RD_KAFKA_VTYPE_KEY;
  fields[kOpaque].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[kTopic].vtype = RD_KAFKA_VTYPE_RKT;
  fields[kTopic].u.rkt = topic;
  for (std::size_t i = 0; i < route.headers.size(); ++i) {
    const auto& [name, value] = route.headers[i];
    rd_kafka_vu_t& header = fields[kFields + i];
    header.vtype = RD_KAFKA_VTYPE_HEADER;
    header.u.header = {.name = name.c_str(), .val = value.data(), .size = static_cast<ssize_t>(value.size())};
  }
  return fields;
}

void* Bytes(std::string_view bytes) { return const_cast<char*>(bytes.data()); }

}  // namespace

std::optional<Code> RefusalOf(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP: return Code::kBadData;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION: return Code::kIo;
    default: return std::nullopt;
  }
}

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::Open(KafkaSettings settings, const std::vector<Route>& routes,
                                                           bool one_by_one) {
  // Ours are the bounds that count, unless the user sets others; each message without a key goes to any partition, as
  // Sarama has it, where librdkafka would send those of some milliseconds to one.
  KafkaProperties properties = {{"queue.buffering.max.messages", "0"},
                                {"queue.buffering.max.kbytes", "2147483647"},
                                {"sticky.partitioning.linger.ms", "0"}};
  properties.insert(properties.end(), settings.properties.begin(), settings.properties.end());
  if (one_by_one) properties.emplace_back("batch.num.messages", "1");
  settings.properties = std::move(properties);
  Result<std::unique_ptr<KafkaClient>> client = KafkaClient::Create(RD_KAFKA_PRODUCER, settings);
  if (!client) return std::unexpected(std::move(client.error()));

  std::unique_ptr<KafkaProducer> producer(new KafkaProducer(std::move(*client)));
  for (const Route& route : routes) {
    auto& topic = producer->topics_[route.topic];
    if (topic == nullptr) topic.reset(rd_kafka_topic_new(producer->client_->handle(), route.topic.c_str(), nullptr));
    if (topic == nullptr) {
      return std::unexpected(
          UsageError(fmt::format("topic {}: {}", route.topic, rd_kafka_err2str(rd_kafka_last_error()))));
    }
    producer->fields_.push_back(FieldsOf(route, topic.get()));
  }
  return producer;
}

rd_kafka_resp_err_t KafkaProducer::Send(const Batch& batch, const Message& message, void* opaque) {
  std::vector<rd_kafka_vu_t>& fields = fields_[message.route];
  const std::string_view value = batch.text(message), key = batch.key(message);
  fields[kValue].u.mem = {.ptr = Bytes(value), .size = value.size()};
  // No key is a null pointer.
  fields[kKey].u.mem = {.ptr = key.empty() ? nullptr : Bytes(key), .size = key.size()};
  fields[kOpaque].u.ptr = opaque;
  const KafkaHandle<rd_kafka_error_t> error(rd_kafka_produceva(client_->handle(), fields.data(), fields.size()));
  return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error.get());
}

void KafkaProducer::Flush(std::chrono::milliseconds limit) {
  rd_kafka_flush(client_->handle(), static_cast<int>(limit.count()));
}

void KafkaProducer::Purge() { rd_kafka_purge(client_->handle(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT); }

std::string KafkaProducer::FatalError() const {
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t error = rd_kafka_fatal_error(client_->handle(), text.data(), text.size());
  return error == RD_KAFKA_RESP_ERR_NO_ERROR ? std::string()
                                             : fmt::format("{}: {}", rd_kafka_err2str(error), text.data());
}

}  // namespace gf_otlp
