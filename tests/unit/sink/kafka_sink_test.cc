#include "sink/kafka_sink.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "sink/kafka_partitioner.h"
#include "unit/sink/batch_util.h"
#include "unit/sink/kafka_mock.h"

namespace gf_otlp {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

KafkaSinkOptions OptionsFor(const MockCluster& cluster, std::vector<Route> routes) {
  KafkaSinkOptions options;
  options.kafka.properties = {{"bootstrap.servers", cluster.brokers()},
                              {"acks", "all"},
                              {"retry.backoff.ms", "10"},
                              {"reconnect.backoff.ms", "10"},
                              {"reconnect.backoff.max.ms", "50"},
                              {"partitioner", "fnv1a_random"}};
  options.routes = std::move(routes);
  return options;
}

std::unique_ptr<KafkaSink> OpenSink(KafkaSinkOptions options) {
  auto sink = KafkaSink::Open(std::move(options));
  REQUIRE(sink);
  return std::move(*sink);
}

std::uint64_t Delivered(const KafkaSink& sink) { return sink.delivered() ? sink.delivered()->units : 0; }

/// What a sink's on_refused was told.
struct Refusals {
  struct One {
    std::string value;
    Code code;
    std::string reason;
  };
  std::vector<One> all;
  Status answer;

  auto Callback() {
    return [this](const Batch& batch, const Message& message, std::span<const RecordPlace>, Code code,
                  std::string_view reason) {
      all.push_back({std::string(batch.text(message)), code, std::string(reason)});
      return answer;
    };
  }
};

TEST_SUITE_BEGIN("librdkafka" * doctest::skip(kThreadSanitizer));

TEST_CASE("messages arrive once, in order, with their keys and headers, where the partitioner puts them") {
  MockCluster cluster(3);
  cluster.CreateTopic("one", 4);
  cluster.CreateTopic("two", 1);
  KafkaSinkOptions options =
      OptionsFor(cluster, {{.topic = "one", .headers = {}}, {"two", {{"signal", "logs"}, {"empty", ""}}}});
  options.kafka.properties.emplace_back("enable.idempotence", "true");
  auto sink = OpenSink(std::move(options));

  constexpr int kBatches = 20, kKeys = 10;
  Batch batch;
  batch.streams.resize(1);
  std::map<int, std::vector<std::string>> expected;
  for (int b = 0; b < kBatches; ++b) {
    std::vector<std::string> keys, values;
    for (int i = 0; i < kKeys; ++i) {
      keys.push_back(fmt::format("key-{}", i));
      values.push_back(fmt::format("value {} of batch {}", i, b));
      expected[*KafkaPartitionOf("fnv1a_random", keys.back(), 4)].push_back(values.back());
    }
    std::vector<TestMessage> messages;
    for (int i = 0; i < kKeys; ++i) messages.push_back({.route = 0, .key = keys[i], .value = values[i]});
    const std::string other = fmt::format("other {}", b);
    messages.push_back({.route = 1, .key = "", .value = other, .records = 3});
    FillBatch(batch, messages, b + 1);
    REQUIRE(sink->Write(batch).ok());
    CHECK(batch.streams.size() == 1);
    CHECK(batch.streams[0].empty());
    CHECK(batch.messages.empty());
    CHECK(batch.keys.empty());
  }
  FillBatch(batch, {}, kBatches + 1);
  REQUIRE(sink->Write(batch).ok());
  REQUIRE(sink->Close().ok());

  CHECK(Delivered(*sink) == kBatches + 1);
  const KafkaSink::Totals totals = sink->totals();
  CHECK(totals.sent == kBatches * (kKeys + 1));
  CHECK(totals.delivered == totals.sent);
  CHECK(totals.refused == 0);
  CHECK(totals.failed == 0);

  const std::vector<TopicStats>& topics = sink->topics();
  REQUIRE(topics.size() == 2);
  CHECK(topics[0].messages == kBatches * kKeys);
  CHECK(topics[0].keys.Estimate() == kKeys);
  CHECK(topics[1].keyless == kBatches);
  CHECK(topics[1].records == 3 * kBatches);
  CHECK(topics[1].partitions == std::vector<std::uint64_t>{kBatches});
  for (const auto& [partition, values] : expected) {
    CAPTURE(partition);
    CHECK(topics[0].partitions.at(partition) == values.size());
    const auto received = cluster.Read("one", partition);
    REQUIRE(received.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      CHECK(received[i].value == values[i]);
      REQUIRE(received[i].key);
      CHECK(*KafkaPartitionOf("fnv1a", *received[i].key, 4) == partition);
      CHECK(received[i].headers.empty());
    }
  }
  const auto others = cluster.Read("two", 0);
  REQUIRE(others.size() == kBatches);
  CHECK(others[7] ==
        MockCluster::Received{.key = std::nullopt, .value = "other 7", .headers = {{"signal", "logs"}, {"empty", ""}}});
}

TEST_CASE("little memory and a short queue slow the sink down, no more") {
  MockCluster& cluster = SharedCluster();
  cluster.SetDelay(5);
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "slow", .headers = {}}});
  options.max_bytes_under_way = 4000;
  options.max_messages_under_way = 20;
  options.kafka.properties.emplace_back("queue.buffering.max.messages", "3");
  options.kafka.properties.emplace_back("linger.ms", "0");
  auto sink = OpenSink(std::move(options));
  Batch batch;
  const std::string value(300, 'v'), key = "k";
  for (int b = 1; b <= 20; ++b) {
    FillBatch(batch, std::vector<TestMessage>(5, {.route = 0, .key = key, .value = value}), b);
    REQUIRE(sink->Write(batch).ok());
  }
  REQUIRE(sink->Close().ok());
  CHECK(Delivered(*sink) == 20);
  CHECK(sink->totals().delivered == 100);
  const int partition = *KafkaPartitionOf("fnv1a", key, 4);
  for (const auto& received : cluster.Read("slow", partition)) CHECK(received.value == value);
}

TEST_CASE("what a broker may take later is sent again") {
  MockCluster& cluster = SharedCluster();
  for (const bool idempotent : {false, true}) {
    CAPTURE(idempotent);
    cluster.FailProduce({RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
                         RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION});
    KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "t", .headers = {}}});
    options.kafka.properties.emplace_back("enable.idempotence", idempotent ? "true" : "false");
    auto sink = OpenSink(std::move(options));
    Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}, {.route = 0, .key = "a", .value = "2"}});
    REQUIRE(sink->Write(batch).ok());
    REQUIRE(sink->Close().ok());
    CHECK(sink->totals().delivered == 2);
    CHECK(Delivered(*sink) == 1);
  }
}

TEST_CASE("of a batch that a broker refuses only the messages at fault are refused") {
  MockCluster& cluster = SharedCluster();
  cluster.CreateTopic("refuses", 1);
  for (const bool idempotent : {false, true}) {
    CAPTURE(idempotent);
    // The batch, then the first message alone.
    cluster.FailProduce({RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    Refusals refusals;
    KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "refuses", .headers = {}}});
    options.kafka.properties.emplace_back("enable.idempotence", idempotent ? "true" : "false");
    options.kafka.properties.emplace_back("max.in.flight", "1");
    options.kafka.properties.emplace_back("linger.ms", "200");
    options.on_refused = refusals.Callback();
    auto sink = OpenSink(std::move(options));
    Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"},
                             {.route = 0, .key = "a", .value = "2"},
                             {.route = 0, .key = "a", .value = "3"}});
    REQUIRE(sink->Write(batch).ok());
    REQUIRE(sink->Close().ok());
    CHECK(sink->totals().delivered == 2);
    CHECK(sink->totals().refused == 1);
    CHECK(sink->totals().failed == 0);
    CHECK(Delivered(*sink) == 1);
    REQUIRE(refusals.all.size() == 1);
    CHECK(refusals.all[0].value == "1");
    CHECK(refusals.all[0].code == Code::kBadData);
    CHECK(refusals.all[0].reason.find("too large") != std::string::npos);
  }
}

TEST_CASE("a message larger than the producer's limit is refused, the others arrive") {
  MockCluster& cluster = SharedCluster();
  const std::string large(2000, 'x');
  const std::vector<TestMessage> messages = {{.route = 0, .key = "a", .value = "1"},
                                             {.route = 0, .key = "a", .value = large},
                                             {.route = 0, .key = "a", .value = "3"}};
  Refusals refusals;
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "t", .headers = {}}});
  options.kafka.properties.emplace_back("message.max.bytes", "1000");
  options.on_refused = refusals.Callback();
  SUBCASE("and the run goes on if it is dealt with") {
    auto sink = OpenSink(std::move(options));
    Batch batch = MakeBatch(messages);
    REQUIRE(sink->Write(batch).ok());
    REQUIRE(sink->Close().ok());
    CHECK(sink->totals().delivered == 2);
    CHECK(sink->totals().refused == 1);
    CHECK(Delivered(*sink) == 1);
  }
  SUBCASE("and the run ends if it is not") {
    refusals.answer = BadData("record 7 is too large");
    auto sink = OpenSink(std::move(options));
    Batch batch = MakeBatch(messages);
    static_cast<void>(sink->Write(batch));
    const Status status = sink->Close();
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Code::kBadData);
    CHECK(status.message() == "record 7 is too large");
    CHECK(sink->totals().failed >= 1);
    CHECK(sink->totals().failed + sink->totals().delivered == 3);  // the last one may have been sent already, or not
    CHECK_FALSE(sink->delivered());
    FillBatch(batch, messages, 2);
    CHECK_FALSE(sink->Write(batch).ok());
  }
  REQUIRE(refusals.all.size() == 1);
  CHECK(refusals.all[0].value == large);
  CHECK(refusals.all[0].code == Code::kBadData);
}

TEST_CASE("a record of several messages is refused once, and counts once") {
  MockCluster& cluster = SharedCluster();
  const std::string large(2000, 'x'), larger(3000, 'y');
  Refusals refusals;
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "t", .headers = {}}});
  options.kafka.properties.emplace_back("message.max.bytes", "1000");
  options.on_refused = refusals.Callback();
  auto sink = OpenSink(std::move(options));
  Batch batch = MakeBatch({{.value = "1"}, {.value = large}, {.value = "3"}, {.value = larger}, {.value = "5"}});
  for (std::uint32_t i = 0; i < 5; ++i) batch.places[i].record = i < 4 ? 0 : 1;
  batch.repeated_places = 3;
  REQUIRE(sink->Write(batch).ok());
  REQUIRE(sink->Close().ok());
  REQUIRE(refusals.all.size() == 1);
  CHECK(refusals.all[0].value == large);
  const KafkaSink::Totals totals = sink->totals();
  CHECK(totals.delivered == 3);
  CHECK(totals.refused == 2);
  CHECK(totals.delivered_records == 1);
  CHECK(totals.refused_records == 1);
  CHECK(totals.failed_records == 0);
}

TEST_CASE("a topic that may not be written to is the topic's fault") {
  MockCluster& cluster = SharedCluster();
  cluster.FailProduce({RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  Refusals refusals;
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "t", .headers = {}}});
  SUBCASE("asked") {
    options.on_refused = refusals.Callback();
    auto sink = OpenSink(std::move(options));
    Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}});
    REQUIRE(sink->Write(batch).ok());
    CHECK(sink->Close().ok());
    REQUIRE(refusals.all.size() == 1);
    CHECK(refusals.all[0].code == Code::kIo);
    CHECK(Delivered(*sink) == 1);
  }
  SUBCASE("nobody to ask") {
    auto sink = OpenSink(std::move(options));
    Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}});
    REQUIRE(sink->Write(batch).ok());
    const Status status = sink->Close();
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Code::kIo);
  }
}

TEST_CASE("an unknown topic is the topic's fault") {
  MockCluster& cluster = SharedCluster();
  rd_kafka_mock_topic_set_error(cluster.get(), "unknown", RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  Refusals refusals;
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "unknown", .headers = {}}});
  options.kafka.properties.emplace_back("topic.metadata.propagation.max.ms", "10");
  options.kafka.properties.emplace_back("message.timeout.ms", "20000");
  options.on_refused = refusals.Callback();
  auto sink = OpenSink(std::move(options));
  Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}});
  REQUIRE(sink->Write(batch).ok());
  REQUIRE(sink->Close().ok());
  REQUIRE(refusals.all.size() == 1);
  CHECK(refusals.all[0].code == Code::kIo);
}

TEST_CASE("messages that run out of time end the run, which says how many, where to and why") {
  MockCluster& cluster = SharedCluster();
  cluster.SetDown();
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "lost", .headers = {}}});
  options.kafka.properties.emplace_back("message.timeout.ms", "300");
  auto sink = OpenSink(std::move(options));
  Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}, {.route = 0, .key = "b", .value = "2"}});
  REQUIRE(sink->Write(batch).ok());
  const Status status = sink->Close();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kIo);
  CHECK(status.message().starts_with("2 messages were not delivered, the first to topic lost: Local: Message timed"));
  CHECK(sink->totals().failed == 2);
  CHECK(sink->totals().delivered == 0);
  CHECK_FALSE(sink->delivered());
}

TEST_CASE("every record of a batch that was taken is delivered, refused or failed") {
  MockCluster& cluster = SharedCluster();
  Refusals refusals;
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "counted", .headers = {}}});
  options.on_refused = refusals.Callback();
  options.kafka.properties.emplace_back("message.max.bytes", "1000");
  const std::string large(2000, 'x');
  std::vector<TestMessage> messages(9, {.route = 0, .key = "a", .value = "1", .records = 3});
  messages.push_back({.route = 0, .key = "a", .value = large, .records = 5});
  constexpr std::uint64_t kRecords = 9 * 3 + 5;
  bool interrupt = false;
  SUBCASE("all is well but for one") {}
  SUBCASE("what is under way runs out of time, the rest of the batch is never sent") {
    cluster.SetDown();
    options.kafka.properties.emplace_back("message.timeout.ms", "300");
    options.kafka.properties.emplace_back("queue.buffering.max.messages", "3");
  }
  SUBCASE("a broker's answer ends the run") {
    cluster.FailProduce({RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED});
    options.kafka.properties.emplace_back("retries", "0");
  }
  SUBCASE("the run is ended early in the middle of a batch") {
    cluster.SetDown();
    options.kafka.properties.emplace_back("queue.buffering.max.messages", "3");
    interrupt = true;
  }
  SUBCASE("the run is ended early when all is given to librdkafka") {
    cluster.SetDown();
    interrupt = true;
  }
  SUBCASE("what is refused ends the run") { refusals.answer = BadData("too large"); }
  auto sink = OpenSink(std::move(options));
  std::thread ender([&] {
    if (!interrupt) return;
    std::this_thread::sleep_for(milliseconds(100));
    sink->LimitFlush(milliseconds(100));
  });
  Batch batch;
  std::uint64_t taken = 0;
  for (int i = 1; i <= 3; ++i) {
    FillBatch(batch, messages, i);
    const Status status = sink->Write(batch);
    if (batch.messages.empty()) taken += kRecords;
    if (!status.ok()) break;
  }
  ender.join();
  static_cast<void>(sink->Close());
  const KafkaSink::Totals totals = sink->totals();
  CHECK(taken > 0);
  CHECK(totals.refused_records == (refusals.answer.ok() ? 5 * refusals.all.size() : 0));
  CHECK(totals.delivered_records == sink->topics()[0].records);
  CHECK(totals.delivered_records + totals.refused_records + totals.failed_records == taken);
  CHECK(totals.delivered + totals.refused + totals.failed == taken / kRecords * messages.size());
}

TEST_CASE("brokers that come back get what they missed") {
  MockCluster& cluster = SharedCluster();
  cluster.SetDown();
  auto sink = OpenSink(OptionsFor(cluster, {{.topic = "t", .headers = {}}}));
  Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}});
  REQUIRE(sink->Write(batch).ok());
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(200));
    cluster.SetUp();
  });
  CHECK(sink->Close().ok());
  later.join();
  CHECK(Delivered(*sink) == 1);
}

TEST_CASE("an error that would break the order or repeat messages ends the run") {
  MockCluster& cluster = SharedCluster();
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "t", .headers = {}}});
  options.kafka.properties.emplace_back("enable.idempotence", "true");
  cluster.FailProduce({RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER});
  auto sink = OpenSink(std::move(options));
  Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}, {.route = 0, .key = "a", .value = "2"}});
  static_cast<void>(sink->Write(batch));
  const Status status = sink->Close();
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kIo);
  CHECK(status.message().find("cannot go on") != std::string::npos);
  CHECK(sink->totals().failed == 2);
}

TEST_CASE("a limit on the flush ends Write() and then Close()") {
  MockCluster& cluster = SharedCluster();
  cluster.SetDown();
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "t", .headers = {}}});
  options.max_messages_under_way = 3;
  auto sink = OpenSink(std::move(options));
  const std::vector<TestMessage> messages(2, {.route = 0, .key = "a", .value = "1"});
  Batch batch = MakeBatch(messages);
  REQUIRE(sink->Write(batch).ok());
  std::thread interrupt([&] {
    std::this_thread::sleep_for(milliseconds(100));
    sink->LimitFlush(milliseconds(100));
  });
  FillBatch(batch, messages, 2);
  const Status write = sink->Write(batch);  // waits for room
  interrupt.join();
  REQUIRE_FALSE(write.ok());
  CHECK(write.code() == Code::kClosed);
  const Status close = sink->Close();
  REQUIRE_FALSE(close.ok());
  CHECK(close.code() == Code::kIo);
  CHECK(close.message().starts_with("2 messages were under way and not acknowledged in time"));
  CHECK_FALSE(sink->delivered());
  CHECK(sink->totals().failed == 2);
}

TEST_CASE("an early end with brokers that answer loses nothing that was sent") {
  MockCluster& cluster = SharedCluster();
  auto sink = OpenSink(OptionsFor(cluster, {{.topic = "t", .headers = {}}}));
  Batch batch = MakeBatch({{.route = 0, .key = "a", .value = "1"}});
  REQUIRE(sink->Write(batch).ok());
  sink->LimitFlush(std::chrono::seconds(20));
  FillBatch(batch, {{.route = 0, .key = "a", .value = "2"}}, 2);
  CHECK(sink->Write(batch).code() == Code::kClosed);
  CHECK(sink->Close().ok());
  CHECK(Delivered(*sink) == 1);
  CHECK(sink->totals().delivered == 1);
}

TEST_CASE("the rate is kept, and an early end does not wait for it") {
  MockCluster& cluster = SharedCluster();
  KafkaSinkOptions options = OptionsFor(cluster, {{.topic = "t", .headers = {}}});
  options.rate.items = 100;
  auto sink = OpenSink(std::move(options));
  Batch batch = MakeBatch(std::vector<TestMessage>(40, {.route = 0, .key = "a", .value = "1"}));
  const auto start = Clock::now();
  REQUIRE(sink->Write(batch).ok());
  CHECK(Clock::now() - start >= milliseconds(300));

  std::thread interrupt([&] {
    std::this_thread::sleep_for(milliseconds(50));
    sink->LimitFlush(std::chrono::seconds(20));
  });
  // A batch that is begun goes as a whole, at once then.
  FillBatch(batch, std::vector<TestMessage>(20'000, {.route = 0, .key = "a", .value = "1"}), 2);
  CHECK(sink->Write(batch).ok());
  interrupt.join();
  FillBatch(batch, {{.route = 0, .key = "a", .value = "1"}}, 3);
  CHECK(sink->Write(batch).code() == Code::kClosed);
  CHECK(sink->Close().ok());
  CHECK(Delivered(*sink) == 2);
  CHECK(sink->totals().delivered == 20'040);
}

TEST_CASE("a sink that is not closed drops what is under way") {
  MockCluster& cluster = SharedCluster();
  cluster.SetDown();
  const auto start = Clock::now();
  {
    auto sink = OpenSink(OptionsFor(cluster, {{.topic = "t", .headers = {}}}));
    Batch batch = MakeBatch(std::vector<TestMessage>(1000, {.route = 0, .key = "a", .value = "1"}));
    REQUIRE(sink->Write(batch).ok());
  }
  CHECK(Clock::now() - start < std::chrono::seconds(60));  // message.timeout.ms is five minutes
}

TEST_CASE("a sink names the property that librdkafka does not take") {
  KafkaSinkOptions options;
  options.routes = {{.topic = "t", .headers = {}}};
  options.kafka.properties = {{"no.such.thing", "1"}};
  const auto sink = KafkaSink::Open(options);
  REQUIRE_FALSE(sink);
  CHECK(sink.error().code() == Code::kUsage);
  CHECK(sink.error().message().find("no.such.thing") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace gf_otlp
