#include "cli/publish_plan.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <vector>

namespace gf_otlp::cli {
namespace {

constexpr auto kSpan = static_cast<std::size_t>(RecordKind::kSpan), kLog = static_cast<std::size_t>(RecordKind::kLog),
               kSum = static_cast<std::size_t>(RecordKind::kSum);

PublishConfig AgentsConfig(const std::string& yaml = "") {
  Result<PublishConfig> config = yaml.empty() ? PublishConfig() : PublishConfig::Parse(yaml, "e.yaml", "");
  REQUIRE(config);
  REQUIRE(SetShapeDefaults(Shape::kAgents, *config).ok());
  REQUIRE(config->Check().ok());
  return std::move(*config);
}

Result<PublishPlan> PlanOf(const PublishConfig& config, MessageSettings messages = {}) {
  messages.rows.shape = Shape::kAgents;
  return MakePublishPlan(config.settings(), messages);
}

std::vector<std::string> TopicsOf(const PublishPlan& plan) {
  std::vector<std::string> topics;
  for (const KafkaTopic& topic : plan.topics) topics.push_back(topic.name);
  return topics;
}

TEST_CASE("rows of agents go by their table: its topic, the trace as key, no topics of metrics") {
  const Result<PublishPlan> plan = PlanOf(AgentsConfig());
  REQUIRE(plan);
  CHECK(TopicsOf(*plan) == std::vector<std::string>{"otel-spans-rows", "otel-events"});
  REQUIRE(plan->messages.route_of_table.size() == 2);
  for (std::size_t table = 0; table < 2; ++table) {
    const std::uint32_t route = plan->messages.route_of_table[table];
    CHECK(plan->routes[route].topic == TopicsOf(*plan)[table]);
    CHECK(plan->messages.routes[route].form == OutputForm::kRows);
    CHECK(plan->messages.routes[route].key.strategy == KeyStrategy::kTraceId);
  }
  CHECK_FALSE(plan->disabled[kSpan]);
  CHECK_FALSE(plan->disabled[kLog]);
  CHECK_FALSE(plan->requests[kSum]);
  CHECK_FALSE(plan->metrics_without_data);
}

TEST_CASE("the settings of agents' tables are those of traces and of logs") {
  MessageSettings messages;
  messages.keys[kLog] = KeyOptions{.strategy = KeyStrategy::kServiceName};
  const Result<PublishPlan> plan = PlanOf(AgentsConfig("logs: {topic: {name: e, num_partitions: 6}}"), messages);
  REQUIRE(plan);
  CHECK(TopicsOf(*plan) == std::vector<std::string>{"otel-spans-rows", "e"});
  CHECK(plan->topics[1].partitions == 6);
  CHECK(plan->messages.routes[plan->messages.route_of_table[1]].key.strategy == KeyStrategy::kServiceName);

  const Result<PublishPlan> disabled = PlanOf(AgentsConfig("logs: {enabled: false}"));
  REQUIRE(disabled);
  CHECK(TopicsOf(*disabled) == std::vector<std::string>{"otel-spans-rows"});
  CHECK(disabled->disabled_tables == std::vector<std::size_t>{1});
}

TEST_CASE("requests go where the tables read them, metrics only if they are told to") {
  const Result<PublishPlan> requests = PlanOf(AgentsConfig("traces: {encoding: otlp_json}"));
  REQUIRE(requests);
  CHECK(TopicsOf(*requests) == std::vector<std::string>{"otel-spans", "otel-events"});
  CHECK(requests->requests[kSpan]);
  CHECK_FALSE(requests->requests[kLog]);

  PublishConfig all;
  for (const std::string_view signal : kSignalConfigNames) {
    REQUIRE(all.Set(fmt::format("{}.encoding", signal), "otlp_json", "").ok());
  }
  REQUIRE(SetShapeDefaults(Shape::kAgents, all).ok());
  CHECK(all.settings().signals[kSpan].topic == "otel-spans");
  CHECK(all.settings().signals[kLog].topic == "otel-logs");
  CHECK_FALSE(all.settings().signals[kSum].enabled);

  const Result<PublishPlan> mixed = PlanOf(AgentsConfig("logs: {encoding: otlp_json}"));
  REQUIRE_FALSE(mixed);
  CHECK(mixed.error().code() == Code::kUsage);
  CHECK(mixed.error().message().starts_with("logs.encoding otlp_json: rows of events_raw, which traces have too"));

  const Result<PublishPlan> metrics = PlanOf(AgentsConfig("metrics: {sum: {enabled: true, encoding: otlp_proto}}"));
  REQUIRE(metrics);
  CHECK(TopicsOf(*metrics) == std::vector<std::string>{"otel-metrics-sum", "otel-spans-rows", "otel-events"});
  CHECK(metrics->requests[kSum]);
}

TEST_CASE("topics that no table can read are worth a word") {
  CHECK(PlanOf(AgentsConfig())->warnings.empty());
  CHECK(PlanOf(AgentsConfig("logs: {topic: {name: otel-spans-rows}}"))->warnings ==
        std::vector<std::string>{
            "topic otel-spans-rows gets rows of events_raw, rows of spans_raw: no table reads them all"});
  CHECK(PlanOf(AgentsConfig("metrics: {sum: {enabled: true}}"))->warnings ==
        std::vector<std::string>{"settings of metrics.sum have no effect: there are no such rows of shape agents"});
}

TEST_CASE("other shapes have a route for each kind of record") {
  const Result<PublishPlan> plan = MakePublishPlan(PublishConfig().settings(), {});
  REQUIRE(plan);
  CHECK(plan->messages.route_of_table.empty());
  CHECK(plan->routes.size() == kSignalConfigCount);
  CHECK(plan->messages.routes[plan->messages.route_of[kLog]].key.strategy == KeyStrategy::kServiceName);
  PublishConfig config;
  REQUIRE(SetShapeDefaults(Shape::kGlassFlow, config).ok());
  CHECK(config.settings().signals[kSpan].topic == "otel-traces");
}

}  // namespace
}  // namespace gf_otlp::cli
