#include "sink/kafka_admin.h"

#include <doctest/doctest.h>

#include <string>

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

TEST_CASE("properties that librdkafka does not take are named") {
  const auto failure = [](const KafkaProperties& properties) {
    const auto states = EnsureKafkaTopics({.properties = properties, .server_name = {}}, {Topic("any")}, kLong);
    REQUIRE_FALSE(states);
    CHECK(states.error().code() == Code::kUsage);
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
