#include "sink/kafka_admin.h"

#include <doctest/doctest.h>

#include <string>

#include "sink/kafka_library.h"
#include "unit/sink/kafka_mock.h"

namespace gf_otlp {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLong(20000);

KafkaTopic Topic(std::string name, bool create = true) {
  KafkaTopic topic;
  topic.name = std::move(name);
  topic.create = create;
  return topic;
}

TEST_SUITE_BEGIN("librdkafka" * doctest::skip(kThreadSanitizer));

TEST_CASE("topics that are there are left alone") {
  MockCluster& cluster = SharedCluster();
  cluster.CreateTopic("three", 3);
  cluster.CreateTopic("five", 5);
  const KafkaSettings settings{.properties = {{"bootstrap.servers", cluster.brokers()}}, .server_name = {}};
  const auto states = EnsureKafkaTopics(settings, {Topic("five"), Topic("three", false), Topic("five")}, kLong);
  REQUIRE(states);
  REQUIRE(states->size() == 3);
  CHECK((*states)[0].partitions == 5);
  CHECK((*states)[1].partitions == 3);
  CHECK((*states)[2].partitions == 5);
  CHECK_FALSE((*states)[0].created);
}

TEST_CASE("a missing topic that is not to be created is an error, and stays missing") {
  MockCluster& cluster = SharedCluster();
  const KafkaSettings settings{.properties = {{"bootstrap.servers", cluster.brokers()}}, .server_name = {}};
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto states = EnsureKafkaTopics(settings, {Topic("none", false)}, kLong);
    REQUIRE_FALSE(states);
    CHECK(states.error().code() == Code::kIo);
    CHECK(states.error().message().find("none") != std::string::npos);
  }
}

TEST_CASE("a topic that cannot be created is named") {
  MockCluster& cluster = SharedCluster();  // creates none on request
  const KafkaSettings settings{.properties = {{"bootstrap.servers", cluster.brokers()}}, .server_name = {}};
  const auto states = EnsureKafkaTopics(settings, {Topic("new")}, milliseconds(1000));
  REQUIRE_FALSE(states);
  CHECK(states.error().code() == Code::kIo);
  CHECK(states.error().message().starts_with("cannot create topic new"));
}

TEST_CASE("brokers that cannot be reached are named") {
  std::string address;
  {
    const MockCluster gone;
    address = gone.brokers();
  }
  const KafkaSettings settings{.properties = {{"bootstrap.servers", address}}, .server_name = {}};
  const auto states = EnsureKafkaTopics(settings, {Topic("any")}, milliseconds(500));
  REQUIRE_FALSE(states);
  CHECK(states.error().code() == Code::kIo);
  CHECK(states.error().message() ==
        "no Kafka broker answered within 0.5 s: cannot reach " + address + ": Connection refused");
}

TEST_CASE("an interrupt ends the wait for brokers and for topics soon") {
  MockCluster& cluster = SharedCluster();
  const KafkaSettings settings{.properties = {{"bootstrap.servers", cluster.brokers()}}, .server_name = {}};
  int asked = 0, limit = 0;
  const auto check = [&] {
    const auto start = std::chrono::steady_clock::now();
    asked = 0;
    const auto states = EnsureKafkaTopics(settings, {Topic("interrupted")}, kLong, [&] { return ++asked > limit; });
    CHECK(std::chrono::steady_clock::now() - start < milliseconds(5000));
    REQUIRE_FALSE(states);
    CHECK(states.error().code() == Code::kClosed);
    CHECK(states.error().message() == "interrupted");
  };
  SUBCASE("at once") { check(); }
  SUBCASE("while a broker takes its time") {
    limit = 2;
    cluster.SetDelay(4000);
    check();
  }
  SUBCASE("while none is there") {
    limit = 3;
    cluster.SetDown();
    check();
  }
}

TEST_CASE("a broker that answers late is waited for") {
  MockCluster& cluster = SharedCluster();
  cluster.CreateTopic("late", 1);
  cluster.SetDelay(150);
  const KafkaSettings settings{.properties = {{"bootstrap.servers", cluster.brokers()}}, .server_name = {}};
  CHECK(EnsureKafkaTopics(settings, {Topic("late", false)}, kLong));
}

TEST_CASE("settings are checked without a broker, a ticket or a token") {
  const auto check = [](const KafkaProperties& properties) {
    return CheckKafkaSettings({.properties = properties, .server_name = {}});
  };
  CHECK(check({{"bootstrap.servers", "127.0.0.1:1"}, {"enable.idempotence", "true"}}).ok());
  CHECK(check({{"security.protocol", "sasl_plaintext"},
               {"sasl.mechanism", "OAUTHBEARER"},
               {"enable.sasl.oauthbearer.unsecure.jwt", "true"},
               {"sasl.oauthbearer.config", "principal=p"}})
            .ok());
  CHECK(
      check(
          {{"security.protocol", "SASL_PLAINTEXT"}, {"sasl.mechanism", "GSSAPI"}, {"sasl.kerberos.kinit.cmd", "false"}})
          .ok());
  const Status status = check({{"enable.idempotence", "true"}, {"acks", "1"}});
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kUsage);
  CHECK(status.message().contains("acks"));
}

TEST_CASE("properties that librdkafka does not take are named") {
  const auto failure = [](const KafkaProperties& properties) {
    const KafkaSettings settings{.properties = properties, .server_name = {}};
    const auto states = EnsureKafkaTopics(settings, {Topic("any")}, kLong);
    REQUIRE_FALSE(states);
    CHECK(states.error().code() == Code::kUsage);
    const Status offline = CheckKafkaSettings(settings);
    REQUIRE_FALSE(offline.ok());
    CHECK(offline.code() == Code::kUsage);
    CHECK(offline.message() == states.error().message());
    return states.error().message();
  };
  CHECK(failure({{"no.such.thing", "1"}}).find("no.such.thing") != std::string::npos);
  CHECK(failure({{"compression.codec", "lzx"}}).find("compression.codec") != std::string::npos);
  CHECK(failure({{"security.protocol", "ssl"}, {"ssl.ca.location", "/no/such/file"}}).find("ssl.ca.location") !=
        std::string::npos);
  CHECK(failure({{"security.protocol", "sasl_plaintext"}, {"sasl.mechanism", "AWS_MSK_IAM"}}).find("AWS_MSK_IAM") !=
        std::string::npos);
  CHECK(failure({{"security.protocol", "sasl_ssl"}, {"sasl.mechanism", "OAUTHBEARER"}}).find("tokens") !=
        std::string::npos);
}

TEST_SUITE_END();

}  // namespace
}  // namespace gf_otlp
