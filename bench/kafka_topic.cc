// Creates or deletes a topic, so that each run of a benchmark writes to one of its own:
//   kafka_topic BROKERS create TOPIC PARTITIONS
//   kafka_topic BROKERS delete TOPIC

#include <librdkafka/rdkafka.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

constexpr int kPatience = 60'000;  // milliseconds

rd_kafka_resp_err_t ErrorOf(rd_kafka_event_t* event, bool create) {
  if (event == nullptr) return RD_KAFKA_RESP_ERR__TIMED_OUT;
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results =
      create ? rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)
             : rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
  return count == 0 ? rd_kafka_event_error(event) : rd_kafka_topic_result_error(results[0]);
}

rd_kafka_resp_err_t Create(rd_kafka_t* client, rd_kafka_queue_t* queue, const char* name, int partitions) {
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name, partitions, 1, nullptr, 0);
  rd_kafka_CreateTopics(client, &topic, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kPatience);
  const rd_kafka_resp_err_t error = ErrorOf(event, true);
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_NewTopic_destroy(topic);
  return error;
}

rd_kafka_resp_err_t Delete(rd_kafka_t* client, rd_kafka_queue_t* queue, const char* name) {
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name);
  rd_kafka_DeleteTopics(client, &topic, 1, nullptr, queue);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, kPatience);
  const rd_kafka_resp_err_t error = ErrorOf(event, false);
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_DeleteTopic_destroy(topic);
  return error;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view action = argc > 2 ? argv[2] : "";
  const bool create = action == "create" && argc == 5;
  if (!create && (action != "delete" || argc != 4)) {
    std::fputs("usage: kafka_topic BROKERS create TOPIC PARTITIONS | kafka_topic BROKERS delete TOPIC\n", stderr);
    return 2;
  }
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", argv[1], nullptr, 0);
  rd_kafka_t* client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, nullptr, 0);
  if (client == nullptr) return 4;
  rd_kafka_queue_t* queue = rd_kafka_queue_new(client);
  const rd_kafka_resp_err_t error =
      create ? Create(client, queue, argv[3], std::atoi(argv[4])) : Delete(client, queue, argv[3]);
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
  if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
  std::fprintf(stderr, "topic %s: %s\n", argv[3], rd_kafka_err2str(error));
  return 4;
}
