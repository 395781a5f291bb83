#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "unit/input/input_test_util.h"
#include "unit/pipeline/messages_util.h"

/// Records with rows of several tables, as those of shape agents.
namespace gf_otlp::test {
namespace {

constexpr std::size_t kSpans = 0, kEvents = 1;  // of the shape's tables

constexpr auto Index(RecordKind kind) { return static_cast<std::size_t>(kind); }

/// A request with a span of these events, texts each.
std::string SpanWith(std::string_view name, const std::vector<std::string>& events) {
  std::string text = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"000102030405060708090a0b0c0d0e0f",)"
                     R"("spanId":"0001020304050607","name":")" +
                     std::string(name) + R"(","events":[)";
  for (const std::string& event : events) {
    if (!text.ends_with('[')) text += ',';
    text += R"({"name":")" + event + R"("})";
  }
  return text + "]}]}]}]}\n";
}

std::string Log(std::string_view event) {
  return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":")" + std::string(event) +
         R"(","body":{"stringValue":"text"}}]}]}]})"
         "\n";
}

constexpr std::string_view kSum =
    R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","sum":{"dataPoints":[{"asInt":"1"}]}}]}]}]})"
    "\n";

MessageOptions TwoTables(std::size_t max_bytes = 1 << 20) {
  MessageOptions options = Options(OutputForm::kRows, KeyStrategy::kTraceId, max_bytes);
  options.routes.push_back(options.routes.front());
  options.route_of_table = {kSpans, kEvents};
  return options;
}

std::unique_ptr<Outcome> RunAgents(const std::string& input, const MessageOptions& messages,
                                   const ChoiceOptions& choice = {}, bool dead_letters = false) {
  const TempDir dir;
  return Run({dir.Write("in.jsonl", input)}, messages, dead_letters, {}, choice, Shape::kAgents);
}

std::vector<std::uint32_t> RoutesOf(const Outcome& outcome) {
  std::vector<std::uint32_t> routes;
  for (const Sent& sent : outcome.sink.sent) routes.push_back(sent.route);
  return routes;
}

}  // namespace

TEST_CASE("each row of each table of a record is a message of the table's route") {
  const auto outcome = RunAgents(SpanWith("one", {"a", "b"}) + SpanWith("two", {}) + Log("c") + Log(""), TwoTables());
  REQUIRE(outcome->status.ok());
  CHECK(RoutesOf(*outcome) == std::vector<std::uint32_t>{kSpans, kEvents, kEvents, kSpans, kEvents});
  const Counts& counts = outcome->counts;
  CHECK(counts.records_read == 4);
  CHECK(counts.records_written == 3);
  CHECK(counts.records_filtered == 1);  // the log without a name
  CHECK(counts.rows == std::vector<std::uint64_t>{2, 3});
  const std::vector<Sent>& sent = outcome->sink.sent;
  CHECK(sent[0].value.find(R"("span_name":"one")") != std::string::npos);
  CHECK(sent[2].value.find(R"("event_type":"b")") != std::string::npos);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(sent[i].value.starts_with('{'));
    CHECK(sent[i].value.ends_with('}'));
    CHECK(sent[i].value.find('\n') == std::string::npos);
    CHECK(sent[i].key == (i == 4 ? "" : "000102030405060708090a0b0c0d0e0f"));
  }
}

TEST_CASE("of a record with a row that is too large no row is sent, and nothing of it is counted") {
  const std::string large(2000, 'x');
  const std::string input = SpanWith("one", {"a"}) + SpanWith("two", {"b", large, large}) + SpanWith("three", {"c"});
  SUBCASE("a dead letter") {
    const auto outcome = RunAgents(input, TwoTables(1500), {}, true);
    REQUIRE(outcome->status.ok());
    CHECK(RoutesOf(*outcome) == std::vector<std::uint32_t>{kSpans, kEvents, kSpans, kEvents});
    CHECK(outcome->counts.records_refused == 1);
    CHECK(outcome->counts.records_written == 2);
    CHECK(outcome->counts.rows == std::vector<std::uint64_t>{2, 2});
    CHECK(std::ranges::count(outcome->dead_letters, '\n') == 1);
    for (const Sent& sent : outcome->sink.sent) CHECK(sent.value.find("two") == std::string::npos);
  }
  SUBCASE("or the end of the run") {
    const auto outcome = RunAgents(input, TwoTables(1500));
    REQUIRE_FALSE(outcome->status.ok());
    CHECK(outcome->status.message().find("larger than the 1500 that topic t may be sent") != std::string::npos);
    CHECK(RoutesOf(*outcome) == std::vector<std::uint32_t>{kSpans, kEvents});
  }
}

TEST_CASE("rows are joined within their table") {
  MessageOptions options = TwoTables();
  options.rows_per_message = 3;
  const auto outcome = RunAgents(SpanWith("one", {"a", "b"}) + SpanWith("two", {"c", "d"}), options);
  REQUIRE(outcome->status.ok());
  std::vector<std::pair<std::uint32_t, std::size_t>> rows;
  for (const Sent& sent : outcome->sink.sent) rows.emplace_back(sent.route, sent.records);
  CHECK(rows == std::vector<std::pair<std::uint32_t, std::size_t>>{{kSpans, 2}, {kEvents, 3}, {kEvents, 1}});
}

TEST_CASE("tables that are not chosen, or disabled") {
  const std::string input = SpanWith("one", {"a"}) + SpanWith("two", {}) + Log("c") + Log("") + std::string(kSum);
  ChoiceOptions choice;
  std::vector<std::uint32_t> routes;
  std::uint64_t filtered = 2, disabled_spans = 0, disabled_logs = 0;
  SUBCASE("all") { routes = {kSpans, kEvents, kSpans, kEvents}; }
  SUBCASE("spans") {
    choice.tables = {"spans_raw"};
    routes = {kSpans, kSpans};
    filtered = 3;
  }
  SUBCASE("events") {
    choice.tables = {"events_raw"};
    routes = {kEvents, kEvents};
    filtered = 3;  // and the span without events
  }
  SUBCASE("events, but those are disabled") {
    choice.tables = {"events_raw"};
    choice.disabled_tables = {kEvents};
    filtered = 3;
    disabled_spans = disabled_logs = 1;
  }
  SUBCASE("spans are disabled") {
    choice.disabled_tables = {kSpans};
    routes = {kEvents, kEvents};
    disabled_spans = 1;
  }
  SUBCASE("events are disabled") {
    choice.disabled_tables = {kEvents};
    routes = {kSpans, kSpans};
    disabled_logs = 1;
  }
  const auto outcome = RunAgents(input, TwoTables(), choice);
  REQUIRE(outcome->status.ok());
  CHECK(RoutesOf(*outcome) == routes);
  const Counts& counts = outcome->counts;
  CHECK(counts.records_filtered == filtered);
  CHECK(counts.records_disabled[Index(RecordKind::kSpan)] == disabled_spans);
  CHECK(counts.records_disabled[Index(RecordKind::kLog)] == disabled_logs);
  CHECK(counts.records_read == 5);
  CHECK(counts.records_written + filtered + disabled_spans + disabled_logs == 5);
}

TEST_CASE("requests hold all records, those without rows too, unless tables are chosen") {
  const std::string input = SpanWith("one", {"a"}) + SpanWith("two", {}) + Log("c") + Log("") + std::string(kSum);
  MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
  ChoiceOptions choice;
  choice.requests.fill(true);
  const auto all = RunAgents(input, options, choice);
  REQUIRE(all->status.ok());
  CHECK(all->counts.records_written == 5);
  choice.tables = {"events_raw"};
  const auto events = RunAgents(input, options, choice);
  CHECK(events->counts.records_written == 2);
  CHECK(events->counts.records_filtered == 3);
}

TEST_CASE("rows of spans and requests of metrics") {
  const std::string nothing = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"none"}]}]}]})"
                              "\n";
  MessageOptions options = TwoTables();
  options.routes.push_back({.form = OutputForm::kOtlpProto, .key = {}, .topic = "m", .max_bytes = 1000});
  ChoiceOptions choice;
  choice.disabled_tables = {kSpans};
  for (const RecordKind kind : {RecordKind::kGauge, RecordKind::kSum}) {
    options.route_of[Index(kind)] = 2;
    choice.requests[Index(kind)] = true;
  }
  const auto outcome =
      RunAgents(SpanWith("one", {"a"}) + SpanWith("two", {}) + std::string(kSum) + nothing, options, choice);
  REQUIRE(outcome->status.ok());
  CHECK(RoutesOf(*outcome) == std::vector<std::uint32_t>{kEvents, 2});
  CHECK(outcome->counts.records_written == 2);
  CHECK(outcome->counts.records_disabled[Index(RecordKind::kSpan)] == 1);
  CHECK(outcome->counts.records_without_data == 1);
}

TEST_CASE("a bad unit takes back all of its messages") {
  std::string bad = SpanWith("two", {"b", "c"});
  bad.insert(bad.size() - 2, R"(,{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]})");
  const auto outcome = RunAgents(SpanWith("one", {"a", "b"}) + bad + SpanWith("three", {}), TwoTables(), {}, true);
  REQUIRE(outcome->status.ok());
  CHECK(outcome->counts.bad_units == 1);
  CHECK(RoutesOf(*outcome) == std::vector<std::uint32_t>{kSpans, kEvents, kEvents, kSpans});
  CHECK(outcome->counts.rows == std::vector<std::uint64_t>{2, 2});
}

}  // namespace gf_otlp::test
