#include <librdkafka/rdkafka.h>

#include <string_view>
#include <vector>

#include "reference.h"

/// How long librdkafka takes only to send messages that are ready: a loop over lines of a file in memory, each a key, a
/// tab and a value that is not copied. Begins before the producer is made, ends with the last delivery report.
namespace gf_otlp::bench {
namespace {

constexpr std::size_t kMessagesBetweenPolls = 256;
constexpr int kPatience = 120'000;  // milliseconds

struct Line {
  std::string_view key, value;
};

struct Reports {
  std::size_t delivered = 0, failed = 0;
};

std::vector<Line> SplitLines(std::string_view rest) {
  std::vector<Line> lines;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n'), tab = rest.find('\t');
    if (end == std::string_view::npos || tab > end) {
      std::fputs("a line is no key, tab and value\n", stderr);
      std::exit(3);
    }
    lines.push_back({rest.substr(0, tab), rest.substr(tab + 1, end - tab - 1)});
    rest.remove_prefix(end + 1);
  }
  return lines;
}

void Count(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& reports = *static_cast<Reports*>(opaque);
  ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? reports.delivered : reports.failed);
}

/// `properties`: NAME=VALUE.
rd_kafka_t* MakeProducer(const char* brokers, char** properties, int count, Reports& reports) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char error[512] = "";
  bool ok = rd_kafka_conf_set(conf, "bootstrap.servers", brokers, error, sizeof error) == RD_KAFKA_CONF_OK;
  for (int i = 0; ok && i < count; ++i) {
    const std::string_view property = properties[i];
    const std::string name(property.substr(0, property.find('=')));
    ok = property.size() > name.size() && rd_kafka_conf_set(conf, name.c_str(), properties[i] + name.size() + 1, error,
                                                            sizeof error) == RD_KAFKA_CONF_OK;
  }
  rd_kafka_conf_set_dr_msg_cb(conf, Count);
  rd_kafka_conf_set_opaque(conf, &reports);
  rd_kafka_t* producer = ok ? rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error) : nullptr;
  if (producer == nullptr) {
    std::fprintf(stderr, "no producer: %s\n", error);
    std::exit(2);
  }
  return producer;
}

void Send(rd_kafka_t* producer, rd_kafka_topic_t* topic, const Line& line) {
  while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, /*msgflags=*/0, const_cast<char*>(line.value.data()),
                          line.value.size(), line.key.data(), line.key.size(), nullptr) != 0) {
    if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
      std::fprintf(stderr, "%s\n", rd_kafka_err2str(rd_kafka_last_error()));
      std::exit(4);
    }
    rd_kafka_poll(producer, 10);
  }
}

int Main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: reference_rdkafka BROKERS TOPIC LINES_FILE [PROPERTY=VALUE...]\n", stderr);
    return 2;
  }
  const std::string bytes = ReadWhole(argv[3]);
  const std::vector<Line> lines = SplitLines(bytes);
  Reports reports;
  const Stopwatch watch;
  rd_kafka_t* producer = MakeProducer(argv[1], argv + 4, argc - 4, reports);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    Send(producer, topic, lines[i]);
    if (i % kMessagesBetweenPolls == 0) rd_kafka_poll(producer, 0);
  }
  rd_kafka_flush(producer, kPatience);
  const Seconds seconds = watch.Elapsed();
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  if (reports.delivered != lines.size()) {
    std::fprintf(stderr, "%zu of %zu messages delivered\n", reports.delivered, lines.size());
    return 4;
  }
  return Report(seconds, bytes.size(), lines.size());
}

}  // namespace
}  // namespace gf_otlp::bench

int main(int argc, char** argv) { return gf_otlp::bench::Main(argc, argv); }
