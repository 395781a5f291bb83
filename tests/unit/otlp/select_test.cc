#include "otlp/select.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace gf_otlp {
namespace {

namespace collector = opentelemetry::proto::collector;
namespace common = opentelemetry::proto::common::v1;

constexpr std::uint64_t kMillisecond = 1'000'000;

common::AnyValue* Add(google::protobuf::RepeatedPtrField<common::KeyValue>* attributes, const std::string& key) {
  common::KeyValue* const attribute = attributes->Add();
  attribute->set_key(key);
  return attribute->mutable_value();
}

/// Two resources (service.name a and b), each with the scopes s1 and s2, each with the spans x1 and x2.
std::string Spans() {
  collector::trace::v1::ExportTraceServiceRequest request;
  for (const char* service : {"a", "b"}) {
    auto* const resource = request.add_resource_spans();
    Add(resource->mutable_resource()->mutable_attributes(), "service.name")->set_string_value(service);
    for (const char* scope_name : {"s1", "s2"}) {
      auto* const scope = resource->add_scope_spans();
      scope->mutable_scope()->set_name(scope_name);
      for (int i = 1; i <= 2; ++i) {
        auto* const span = scope->add_spans();
        span->set_name("x" + std::to_string(i));
        span->set_start_time_unix_nano(1000 * i);
        span->set_end_time_unix_nano(1000 * i + 100 * i * kMillisecond);
        span->mutable_status()->set_code(static_cast<opentelemetry::proto::trace::v1::Status_StatusCode>(i));
        if (i == 2) Add(span->mutable_attributes(), "http.status")->set_int_value(404);
      }
    }
  }
  return request.SerializeAsString();
}

using LogRecord = opentelemetry::proto::logs::v1::LogRecord;
std::string Log(const LogRecord& record) {
  collector::logs::v1::ExportLogsServiceRequest request;
  *request.add_resource_logs()->add_scope_logs()->add_log_records() = record;
  return request.SerializeAsString();
}

Selection Compiled(const SelectOptions& options) {
  auto selection = Selection::Compile(options);
  INFO((selection ? "" : selection.error().message()));
  REQUIRE(selection.has_value());
  return std::move(*selection);
}

/// One character for each record: 1 if it is chosen.
std::string Chosen(Signal signal, const std::string& request, const SelectOptions& options) {
  Selection selection = Compiled(options);
  std::string chosen;
  RequestReader reader;
  for (int pass = 0; pass < 2; ++pass) {  // what is remembered of the first walk does not leak into the second
    chosen.clear();
    reader.Start(signal, request);
    while (reader.Next()) chosen += selection.Matches(reader) ? '1' : '0';
    REQUIRE(reader.status().ok());
  }
  return chosen;
}

std::string ChosenSpans(const std::vector<WhereCondition>& where) {
  return Chosen(Signal::kTraces, Spans(), {.where = where});
}

bool LogChosen(const LogRecord& record, const WhereCondition& where) {
  return Chosen(Signal::kLogs, Log(record), {.where = {where}}) == "1";
}

/// Whether a span whose attribute `k` has that value is chosen by attr.k OP VALUE.
bool ValueChosen(const common::AnyValue& value, const char* op, const char* text) {
  collector::trace::v1::ExportTraceServiceRequest request;
  auto* const span = request.add_resource_spans()->add_scope_spans()->add_spans();
  *Add(span->mutable_attributes(), "k") = value;
  return Chosen(Signal::kTraces, request.SerializeAsString(), {.where = {{"attr.k", op, text}}}) == "1";
}

std::string ErrorOf(const WhereCondition& where) {
  CAPTURE(where.key);
  CAPTURE(where.op);
  CAPTURE(where.value);
  const auto selection = Selection::Compile({.where = {where}});
  REQUIRE_FALSE(selection.has_value());
  CHECK(selection.error().code() == Code::kUsage);
  return selection.error().message();
}

TEST_CASE("nothing asked for chooses everything") {
  CHECK(SelectOptions().all());
  CHECK_FALSE(SelectOptions{.sample_n = 2}.all());
  CHECK(ChosenSpans({}) == "11111111");
}

TEST_CASE("conditions on resource, scope and record, of which all must hold") {
  CHECK(ChosenSpans({{"resource.service.name", "=", "a"}}) == "11110000");
  CHECK(ChosenSpans({{"resource.service.name", "!=", "a"}}) == "00001111");
  CHECK(ChosenSpans({{"resource.service.name", "~", "^[bc]$"}}) == "00001111");
  CHECK(ChosenSpans({{"scope.name", "=", "s2"}}) == "00110011");
  CHECK(ChosenSpans({{"name", "=", "x2"}}) == "01010101");
  CHECK(ChosenSpans({{"name", ">=", "x2"}}) == "01010101");
  CHECK(ChosenSpans({{"name", "<=", "x1z"}}) == "10101010");
  CHECK(ChosenSpans({{"attr.http.status", "=", "404"}}) == "01010101");
  CHECK(ChosenSpans({{"resource.service.name", "=", "b"}, {"scope.name", "~", "1"}, {"name", "!=", "x1"}}) ==
        "00000100");
  CHECK(ChosenSpans({{"name", "~", "x"}, {"name", "~", "1"}}) == "10101010");
}

TEST_CASE("what a record does not have is different from everything") {
  CHECK(ChosenSpans({{"attr.http.status", "!=", "404"}}) == "10101010");
  CHECK(ChosenSpans({{"attr.none", "!=", ""}}) == "11111111");
  CHECK(ChosenSpans({{"attr.none", "=", ""}}) == "00000000");
  CHECK(ChosenSpans({{"attr.none", "~", ""}}) == "00000000");
  CHECK(ChosenSpans({{"attr.none", "<=", "z"}}) == "00000000");
  CHECK(ChosenSpans({{"severity", ">=", "0"}}) == "00000000");
  CHECK(ChosenSpans({{"severity", "!=", "ERROR"}}) == "11111111");
  LogRecord log;
  CHECK_FALSE(LogChosen(log, {"duration", ">=", "0"}));
  CHECK(LogChosen(log, {"duration", "!=", "5s"}));
  CHECK_FALSE(LogChosen(log, {"status", "=", "Unset"}));
  CHECK(LogChosen(log, {"status", "!=", "Unset"}));
}

TEST_CASE("status in any case, by name only") {
  CHECK(ChosenSpans({{"status", "=", "ERROR"}}) == "01010101");
  CHECK(ChosenSpans({{"status", "!=", "error"}}) == "10101010");
  CHECK(ChosenSpans({{"status", "~", "^(Ok|Error)$"}}) == "11111111");
  CHECK(ErrorOf({"status", "=", "failed"}).find("Unset, Ok or Error") != std::string::npos);
  CHECK(ErrorOf({"status", ">=", "Ok"}).find("=, != or ~") != std::string::npos);
}

TEST_CASE("duration") {
  CHECK(ChosenSpans({{"duration", ">=", "200ms"}}) == "01010101");
  CHECK(ChosenSpans({{"duration", "<=", "0.1s"}}) == "10101010");
  CHECK(ChosenSpans({{"duration", "=", "100000us"}}) == "10101010");
  CHECK(ChosenSpans({{"duration", "!=", "100ms"}}) == "01010101");
  CHECK(ErrorOf({"duration", "=", "100"}).find("100ms") != std::string::npos);
  CHECK(ErrorOf({"duration", "~", "1"}).find(">=") != std::string::npos);

  collector::trace::v1::ExportTraceServiceRequest backwards;
  backwards.add_resource_spans()->add_scope_spans()->add_spans()->set_start_time_unix_nano(5);
  CHECK(Chosen(Signal::kTraces, backwards.SerializeAsString(), {.where = {{"duration", ">=", "200000d"}}}) == "1");
}

TEST_CASE("severity by level, number and text") {
  LogRecord log;
  log.set_severity_text("warning");
  log.set_severity_number(opentelemetry::proto::logs::v1::SEVERITY_NUMBER_WARN2);  // 14
  for (const auto& [op, value, chosen] : std::vector<std::tuple<const char*, const char*, bool>>{
           {"=", "WARN", true},  {"=", "warn", true},   {"=", "warn2", true},   {"=", "WARN3", false},
           {"=", "14", true},    {"=", "13", false},    {"=", "WARNING", true}, {"=", "ERROR", false},
           {"=", "", false},     {"!=", "WARN", false}, {"!=", "ERROR", true},  {"!=", "warning", false},
           {">=", "WARN", true}, {">=", "WARN2", true}, {">=", "WARN3", false}, {">=", "ERROR", false},
           {">=", "info", true}, {"<=", "WARN", true},  {"<=", "INFO", false},  {"<=", "FATAL", true},
           {">=", "14", true},   {">=", "15", false},   {"<=", "14", true},     {"<=", "13", false},
           {"~", "^warn", true}, {"~", "WARN", false}}) {
    CAPTURE(op);
    CAPTURE(value);
    CHECK(LogChosen(log, {"severity", op, value}) == chosen);
  }
  CHECK(ErrorOf({"severity", ">=", "warning"}).find("TRACE, DEBUG, INFO, WARN, ERROR or FATAL") != std::string::npos);
}

TEST_CASE("a log without a severity number has that of its text") {
  LogRecord log;
  log.set_severity_text("Error");
  CHECK(LogChosen(log, {"severity", ">=", "WARN"}));
  CHECK_FALSE(LogChosen(log, {"severity", "<=", "WARN"}));
  CHECK(LogChosen(log, {"severity", "=", "ERROR"}));
  CHECK(LogChosen(log, {"severity", "=", "0"}));
  log.set_severity_text("bad");
  CHECK_FALSE(LogChosen(log, {"severity", ">=", "0"}));
  CHECK_FALSE(LogChosen(log, {"severity", "<=", "FATAL"}));
}

TEST_CASE("the name of a log is that of its event") {
  LogRecord log;
  log.set_event_name("session.start");
  CHECK(LogChosen(log, {"name", "=", "session.start"}));
  CHECK(LogChosen(LogRecord(), {"name", "=", ""}));
}

TEST_CASE("attribute values compare as numbers when both are, else as text") {
  common::AnyValue value;
  value.set_int_value(404);
  CHECK(ValueChosen(value, ">=", "404"));
  CHECK(ValueChosen(value, ">=", "99"));
  CHECK(ValueChosen(value, "<=", "404.5"));
  CHECK_FALSE(ValueChosen(value, ">=", "404.5"));
  CHECK(ValueChosen(value, "~", "^4.4$"));
  CHECK(ValueChosen(value, "<=", "5x"));  // bytes
  value.set_int_value(9'007'199'254'740'993);
  CHECK_FALSE(ValueChosen(value, "<=", "9007199254740992"));
  CHECK(ValueChosen(value, "=", "9007199254740993"));
  value.set_int_value(-1);
  CHECK(ValueChosen(value, "<=", "-0.5"));

  value.set_double_value(0.25);
  CHECK(ValueChosen(value, "=", "0.25"));
  CHECK(ValueChosen(value, ">=", ".2"));
  CHECK(ValueChosen(value, "<=", "2.5e-1"));
  value.set_double_value(std::numeric_limits<double>::quiet_NaN());
  CHECK_FALSE(ValueChosen(value, ">=", "0"));
  CHECK_FALSE(ValueChosen(value, "<=", "0"));
  CHECK(ValueChosen(value, "=", "NaN"));

  value.set_string_value("1000");
  CHECK(ValueChosen(value, ">=", "99"));
  CHECK(ValueChosen(value, "<=", "99x"));
  value.set_string_value("inf");
  CHECK(ValueChosen(value, ">=", "5"));  // bytes: "inf" is no number
  value.set_string_value("");
  CHECK(ValueChosen(value, "=", ""));
  CHECK(ValueChosen(value, "<=", "0"));

  value.set_bool_value(true);
  CHECK(ValueChosen(value, "=", "true"));
  value.set_bytes_value("\xff\xfe");
  CHECK(ValueChosen(value, "=", "//4="));
  value.mutable_array_value()->add_values()->set_int_value(1);
  value.mutable_array_value()->add_values()->set_string_value("x");
  CHECK(ValueChosen(value, "=", R"([1,"x"])"));
  CHECK(ValueChosen(common::AnyValue(), "=", ""));
}

TEST_CASE("words that are wrong are named, with what is allowed") {
  for (const char* key :
       {"", "service.name", "resource", "resource.", "attr.", "scope", "scope.version", "Name", "body"}) {
    const std::string error = ErrorOf({key, "=", "x"});
    CHECK(error.find('\'' + std::string(key) + '\'') != std::string::npos);
    CHECK(error.find("resource.NAME") != std::string::npos);
  }
  for (const char* op : {"", "==", "<", ">", "!~", "like"}) {
    const std::string error = ErrorOf({"name", op, "x"});
    CHECK(error.find('\'' + std::string(op) + '\'') != std::string::npos);
    CHECK(error.find("=, !=, ~, >= or <=") != std::string::npos);
  }
  CHECK(ErrorOf({"name", "~", "a("}).find("'a('") != std::string::npos);
  CHECK(ErrorOf({"severity", "~", "*"}).find("severity ~") != std::string::npos);
  CHECK(ErrorOf({"status", "~", "["}).find("RE2") != std::string::npos);
}

TEST_CASE("the time range is half open") {
  const auto chosen = [](std::optional<std::uint64_t> since, std::optional<std::uint64_t> until) {
    return Chosen(Signal::kTraces, Spans(), {.since = since, .until = until});
  };
  CHECK(chosen(1000, {}) == "11111111");
  CHECK(chosen(1001, {}) == "01010101");
  CHECK(chosen({}, 2000) == "10101010");
  CHECK(chosen({}, 2001) == "11111111");
  CHECK(chosen(2000, 2000) == "00000000");

  LogRecord log;
  log.set_observed_time_unix_nano(50);
  CHECK(Chosen(Signal::kLogs, Log(log), {.since = 50, .until = 51}) == "1");
  log.set_time_unix_nano(60);
  CHECK(Chosen(Signal::kLogs, Log(log), {.since = 50, .until = 51}) == "0");
  CHECK(Chosen(Signal::kLogs, Log(log), {.since = 60}) == "1");
}

TEST_CASE("points have their metric's name; a metric without data has no time and no attributes") {
  collector::metrics::v1::ExportMetricsServiceRequest request;
  auto* const scope = request.add_resource_metrics()->add_scope_metrics();
  auto* const gauge = scope->add_metrics();
  gauge->set_name("g");
  for (const int time : {1, 2}) {
    auto* const point = gauge->mutable_gauge()->add_data_points();
    point->set_time_unix_nano(time);
    Add(point->mutable_attributes(), "host")->set_string_value("h" + std::to_string(time));
  }
  scope->add_metrics()->set_name("bare");
  auto* const summary = scope->add_metrics();
  summary->set_name("s");
  summary->mutable_summary()->add_data_points()->set_time_unix_nano(2);
  const std::string wire = request.SerializeAsString();

  const auto chosen = [&](const WhereCondition& where) { return Chosen(Signal::kMetrics, wire, {.where = {where}}); };
  CHECK(chosen({"name", "=", "g"}) == "1100");
  CHECK(chosen({"name", "=", "bare"}) == "0010");
  CHECK(chosen({"name", "~", "^[gs]$"}) == "1101");
  CHECK(chosen({"attr.host", "=", "h2"}) == "0100");
  CHECK(chosen({"attr.host", "!=", "h2"}) == "1011");
  CHECK(chosen({"status", "!=", "Ok"}) == "1111");
  CHECK(Chosen(Signal::kMetrics, wire, {.since = 2}) == "0101");
  CHECK(Chosen(Signal::kMetrics, wire, {.until = 2}) == "1000");
}

TEST_CASE("the sample hash stays as it is") {
  CHECK(SampleHash("") == 0xe220a8397b1dcdaf);
  CHECK(SampleHash(std::string_view("\0", 1)) != SampleHash(std::string_view("\0\0", 2)));
  CHECK(SampleHash("0123456789abcdef") == 0xb2091aaa076739ee);
  CHECK(SampleHash("0123456789") == 0x9bacbd11651eb3eb);
}

TEST_CASE("a sample keeps whole traces, one in N") {
  constexpr int kTraces = 20'000;
  collector::trace::v1::ExportTraceServiceRequest spans;
  collector::logs::v1::ExportLogsServiceRequest logs;
  auto* const scope = spans.add_resource_spans()->add_scope_spans();
  auto* const log_scope = logs.add_resource_logs()->add_scope_logs();
  for (int i = 0; i < kTraces; ++i) {
    std::string id(16, '\0');  // ids that differ in a few low bits only
    id[15] = static_cast<char>(i);
    id[14] = static_cast<char>(i >> 8);
    id[3] = 1;
    for (int span = 0; span < 2; ++span) {
      scope->add_spans()->set_trace_id(id);
      scope->mutable_spans()->rbegin()->set_start_time_unix_nano(span);
    }
    log_scope->add_log_records()->set_trace_id(id);
  }
  const std::string of_spans = Chosen(Signal::kTraces, spans.SerializeAsString(), {.sample_n = 10});
  const std::string of_logs = Chosen(Signal::kLogs, logs.SerializeAsString(), {.sample_n = 10});
  int kept = 0;
  for (int i = 0; i < kTraces; ++i) {
    REQUIRE(of_spans[2 * i] == of_spans[2 * i + 1]);
    REQUIRE(of_spans[2 * i] == of_logs[i]);
    kept += of_logs[i] == '1';
  }
  CHECK(kept > 1800);
  CHECK(kept < 2200);
}

TEST_CASE("records without a trace are sampled by their bytes") {
  collector::logs::v1::ExportLogsServiceRequest logs;
  auto* const scope = logs.add_resource_logs()->add_scope_logs();
  for (int i = 0; i < 4000; ++i) {
    auto* const log = scope->add_log_records();
    log->set_time_unix_nano(i);
    if (i % 2 == 0) log->set_trace_id(std::string(16, '\0'));
  }
  const std::string chosen = Chosen(Signal::kLogs, logs.SerializeAsString(), {.sample_n = 4});
  const auto kept = std::count(chosen.begin(), chosen.end(), '1');
  CHECK(kept > 850);
  CHECK(kept < 1150);
}

TEST_CASE("a sample is written 1/N") {
  CHECK(ParseSample("1/1") == 1);
  CHECK(ParseSample("1/100") == 100);
  for (const char* text :
       {"", "1", "1/", "1/0", "2/3", "1/-1", "1/1.5", "1/ 2", "1/2 ", "0.1", "1/99999999999999999999"}) {
    CAPTURE(text);
    const auto n = ParseSample(text);
    REQUIRE_FALSE(n.has_value());
    CHECK(n.error().code() == Code::kUsage);
  }
}

}  // namespace
}  // namespace gf_otlp
