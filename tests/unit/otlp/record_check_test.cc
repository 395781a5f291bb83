#include "otlp/record_check.h"

#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace gf_otlp {
namespace {

namespace collector = opentelemetry::proto::collector;
namespace common = opentelemetry::proto::common::v1;
namespace logs = opentelemetry::proto::logs::v1;
namespace metrics = opentelemetry::proto::metrics::v1;
namespace trace = opentelemetry::proto::trace::v1;
using Traces = collector::trace::v1::ExportTraceServiceRequest;
using Logs = collector::logs::v1::ExportLogsServiceRequest;
using Metrics = collector::metrics::v1::ExportMetricsServiceRequest;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kNow = 1'790'000'000 * kSecond;  // 2026
constexpr std::uint64_t kStart = kNow - 10 * kSecond, kEnd = kNow;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const std::string kBadText(10, '\xff');

const std::string kTraceId(16, '\x11'), kSpanId(8, '\x22'), kParentId(8, '\x33'), kZeroTraceId(16, '\0'),
    kZeroSpanId(8, '\0');

template <class Message>
common::AnyValue* Add(Message* message, const std::string& key) {
  common::KeyValue* const attribute = message->add_attributes();
  attribute->set_key(key);
  return attribute->mutable_value();
}

template <class Resource>
void Name(Resource* resource) {
  Add(resource->mutable_resource(), "service.name")->set_string_value("shop");
}

struct Findings final : RecordFindings {
  bool NeedsDetail(OtlpRule) const override { return true; }
  void Add(OtlpRule rule, std::string_view detail) override {
    ++counts[std::string(OtlpRules()[static_cast<std::size_t>(rule)].id)];
    details.emplace_back(detail);
  }
  std::map<std::string, int> counts;
  std::vector<std::string> details;
};

Findings Check(Signal signal, const google::protobuf::Message& request, const RecordCheckOptions& options) {
  const std::string wire = request.SerializeAsString();
  RecordChecker checker(options);
  RequestReader reader;
  Findings findings;
  reader.Start(signal, wire);
  while (reader.Next()) checker.Check(reader, findings);
  REQUIRE(reader.status().ok());
  return findings;
}
Findings Check(const Traces& request, const RecordCheckOptions& options = {.now = kNow}) {
  return Check(Signal::kTraces, request, options);
}
Findings Check(const Logs& request, const RecordCheckOptions& options = {.now = kNow}) {
  return Check(Signal::kLogs, request, options);
}
Findings Check(const Metrics& request, const RecordCheckOptions& options = {.now = kNow}) {
  return Check(Signal::kMetrics, request, options);
}

Traces GoodSpans() {
  Traces request;
  auto* const resource = request.add_resource_spans();
  Name(resource);
  auto* const scope = resource->add_scope_spans();
  scope->mutable_scope()->set_name("library");
  for (int i = 0; i < 2; ++i) {
    trace::Span* const span = scope->add_spans();
    span->set_trace_id(kTraceId);
    span->set_span_id(kSpanId);
    span->set_parent_span_id(kParentId);
    span->set_name("caf\xc3\xa9");
    span->set_kind(trace::Span::SPAN_KIND_SERVER);
    span->set_start_time_unix_nano(kStart);
    span->set_end_time_unix_nano(kEnd);
    Add(span, "text")->set_string_value("\xe2\x82\xac");
    Add(span, "number")->set_int_value(-1);
    Add(span, "fraction")->set_double_value(0.5);
    trace::Span::Event* const event = span->add_events();
    event->set_name("exception");
    event->set_time_unix_nano(kEnd);
    trace::Span::Link* const link = span->add_links();
    link->set_trace_id(kTraceId);
    link->set_span_id(kParentId);
  }
  return request;
}

Logs GoodLogs() {
  Logs request;
  auto* const resource = request.add_resource_logs();
  Name(resource);
  auto* const scope = resource->add_scope_logs();
  for (int i = 0; i < 2; ++i) {
    logs::LogRecord* const log = scope->add_log_records();
    log->set_observed_time_unix_nano(kNow);
    log->set_severity_number(logs::SEVERITY_NUMBER_FATAL4);
    log->set_flags(1);
    log->set_trace_id(kTraceId);
    log->set_span_id(kSpanId);
    log->mutable_body()->set_string_value("hello");
  }
  return request;
}

template <class Point>
void Fill(Point* point) {
  point->set_start_time_unix_nano(kStart);
  point->set_time_unix_nano(kEnd);
}

template <class Point>
void AddExemplar(Point* point) {
  metrics::Exemplar* const exemplar = point->add_exemplars();
  exemplar->set_time_unix_nano(kStart + 1);
  exemplar->set_as_double(1);
  exemplar->set_trace_id(kTraceId);
  exemplar->set_span_id(kSpanId);
}

/// One metric of each kind: gauge, sum, histogram, exponential histogram, summary.
Metrics GoodMetrics() {
  Metrics request;
  auto* const resource = request.add_resource_metrics();
  Name(resource);
  auto* const scope = resource->add_scope_metrics();
  for (int i = 0; i < 5; ++i) scope->add_metrics()->set_name("m" + std::to_string(i));
  auto* const gauge = scope->mutable_metrics(0)->mutable_gauge()->add_data_points();
  gauge->set_time_unix_nano(kEnd);
  gauge->set_as_double(-1.5);
  metrics::Sum* const sum = scope->mutable_metrics(1)->mutable_sum();
  sum->set_aggregation_temporality(metrics::AGGREGATION_TEMPORALITY_CUMULATIVE);
  sum->set_is_monotonic(true);
  Fill(sum->add_data_points());
  sum->mutable_data_points(0)->set_as_int(7);
  AddExemplar(sum->mutable_data_points(0));
  metrics::Histogram* const histogram = scope->mutable_metrics(2)->mutable_histogram();
  histogram->set_aggregation_temporality(metrics::AGGREGATION_TEMPORALITY_DELTA);
  auto* const h = histogram->add_data_points();
  Fill(h);
  h->set_count(6);
  h->set_sum(10);
  h->set_min(0.5);
  h->set_max(3);
  for (const int count : {1, 2, 3}) h->add_bucket_counts(count);
  for (const int bound : {1, 2}) h->add_explicit_bounds(bound);
  metrics::ExponentialHistogram* const exponential = scope->mutable_metrics(3)->mutable_exponential_histogram();
  exponential->set_aggregation_temporality(metrics::AGGREGATION_TEMPORALITY_DELTA);
  auto* const e = exponential->add_data_points();
  Fill(e);
  e->set_count(6);
  e->set_zero_count(1);
  e->set_scale(20);
  e->mutable_positive()->add_bucket_counts(2);
  e->mutable_negative()->add_bucket_counts(3);
  auto* const summary = scope->mutable_metrics(4)->mutable_summary()->add_data_points();
  summary->set_time_unix_nano(kEnd);
  summary->set_count(2);
  summary->set_sum(3);
  for (const double quantile : {0.0, 0.5, 1.0}) {
    auto* const value = summary->add_quantile_values();
    value->set_quantile(quantile);
    value->set_value(quantile);
  }
  return request;
}

using Counts = std::map<std::string, int>;

/// What breaks one rule, once, in otherwise good data.
template <class T>
struct Case {
  const char* rule;
  std::function<void(T&)> breaks;
};

using SpanMessage = trace::Span;
using Log = logs::LogRecord;

const std::vector<Case<SpanMessage>> kSpanCases = {
    {"span-trace-id-invalid", [](SpanMessage& s) { s.clear_trace_id(); }},
    {"span-trace-id-invalid", [](SpanMessage& s) { s.set_trace_id(kZeroTraceId); }},
    {"span-id-invalid", [](SpanMessage& s) { s.clear_span_id(); }},
    {"span-id-invalid", [](SpanMessage& s) { s.set_span_id(kZeroSpanId); }},
    {"span-parent-id-zero", [](SpanMessage& s) { s.set_parent_span_id(kZeroSpanId); }},
    {"span-parent-itself", [](SpanMessage& s) { s.set_parent_span_id(kSpanId); }},
    {"span-name-empty", [](SpanMessage& s) { s.clear_name(); }},
    {"span-kind-unspecified", [](SpanMessage& s) { s.clear_kind(); }},
    {"span-kind-unknown", [](SpanMessage& s) { s.set_kind(static_cast<trace::Span::SpanKind>(6)); }},
    {"span-kind-unknown", [](SpanMessage& s) { s.set_kind(static_cast<trace::Span::SpanKind>(-1)); }},
    {"span-time-zero",
     [](SpanMessage& s) {
       s.clear_end_time_unix_nano();
       s.clear_events();
     }},
    {"span-time-zero", [](SpanMessage& s) { s.clear_start_time_unix_nano(); }},
    {"span-end-before-start",
     [](SpanMessage& s) {
       s.set_end_time_unix_nano(kStart - 1);
       s.clear_events();
     }},
    {"span-status-unknown",
     [](SpanMessage& s) { s.mutable_status()->set_code(static_cast<trace::Status::StatusCode>(3)); }},
    {"event-name-empty", [](SpanMessage& s) { s.mutable_events(0)->clear_name(); }},
    {"event-time-zero", [](SpanMessage& s) { s.mutable_events(0)->clear_time_unix_nano(); }},
    {"event-outside-span", [](SpanMessage& s) { s.mutable_events(0)->set_time_unix_nano(kStart - 1); }},
    {"event-outside-span", [](SpanMessage& s) { s.mutable_events(0)->set_time_unix_nano(kEnd + 1); }},
    {"link-id-invalid", [](SpanMessage& s) { s.mutable_links(0)->set_trace_id(kZeroTraceId); }},
    {"link-id-invalid", [](SpanMessage& s) { s.mutable_links(0)->clear_span_id(); }},
    {"dropped-counts", [](SpanMessage& s) { s.set_dropped_attributes_count(1); }},
    {"dropped-counts", [](SpanMessage& s) { s.set_dropped_events_count(1); }},
    {"dropped-counts", [](SpanMessage& s) { s.set_dropped_links_count(1); }},
    {"dropped-counts", [](SpanMessage& s) { s.mutable_events(0)->set_dropped_attributes_count(1); }},
    {"dropped-counts", [](SpanMessage& s) { s.mutable_links(0)->set_dropped_attributes_count(1); }},
    {"invalid-utf8", [](SpanMessage& s) { s.set_name(kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { s.set_trace_state("long enough to be more than a word, " + kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { s.mutable_status()->set_message(kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { s.mutable_attributes(1)->set_key(kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { Add(&s, "k")->set_string_value(kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { Add(&s, "k")->set_string_value(std::string(200, ' ') + kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { s.mutable_events(0)->set_name(kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { s.mutable_links(0)->set_trace_state(kBadText); }},
    {"invalid-utf8",
     [](SpanMessage& s) { Add(&s, "list")->mutable_array_value()->add_values()->set_string_value(kBadText); }},
    {"invalid-utf8", [](SpanMessage& s) { Add(&s, "list")->mutable_kvlist_value()->add_values()->set_key(kBadText); }},
    {"attribute-duplicate-key", [](SpanMessage& s) { Add(&s, "text")->set_int_value(1); }},
    {"attribute-duplicate-key",
     [](SpanMessage& s) {
       Add(s.mutable_events(0), "x");
       Add(s.mutable_events(0), "x");
     }},
    {"attribute-duplicate-key",
     [](SpanMessage& s) {
       auto* const list = Add(&s, "list")->mutable_array_value()->add_values()->mutable_kvlist_value();
       for (int i = 0; i < 2; ++i) list->add_values()->set_key("twice");
     }},
    {"attribute-empty-key", [](SpanMessage& s) { Add(&s, "")->set_int_value(1); }},
    {"attribute-empty-key", [](SpanMessage& s) { Add(&s, "list")->mutable_kvlist_value()->add_values(); }},
    {"attribute-key-too-long", [](SpanMessage& s) { Add(&s, std::string(1025, 'k')); }},
    {"attribute-value-too-long", [](SpanMessage& s) { Add(&s, "k")->set_string_value(std::string(65'537, 'v')); }},
    {"attribute-value-too-long", [](SpanMessage& s) { Add(&s, "k")->set_bytes_value(std::string(65'537, '\0')); }},
    {"attribute-too-many",
     [](SpanMessage& s) {
       for (int i = 0; i < 126; ++i) Add(&s, "key" + std::to_string(i));
     }},
    {"attribute-not-finite", [](SpanMessage& s) { Add(&s, "k")->set_double_value(kNan); }},
    {"attribute-not-finite",
     [](SpanMessage& s) { Add(&s, "k")->mutable_array_value()->add_values()->set_double_value(-kInfinity); }},
    {"time-unit", [](SpanMessage& s) { s.set_start_time_unix_nano(1'790'000'000'000'000); }},
    {"time-in-future", [](SpanMessage& s) { s.set_end_time_unix_nano(kNow + 86'401 * kSecond); }},
    {"time-out-of-range", [](SpanMessage& s) { s.set_end_time_unix_nano(std::uint64_t{1} << 63); }},
};

const std::vector<Case<Log>> kLogCases = {
    {"log-without-time", [](Log& l) { l.clear_observed_time_unix_nano(); }},
    {"log-id-invalid", [](Log& l) { l.set_trace_id(kZeroTraceId); }},
    {"log-id-invalid", [](Log& l) { l.set_span_id(kZeroSpanId); }},
    {"log-id-invalid", [](Log& l) { l.clear_trace_id(); }},
    {"log-severity-unknown", [](Log& l) { l.set_severity_number(static_cast<logs::SeverityNumber>(25)); }},
    {"log-severity-unknown", [](Log& l) { l.set_severity_number(static_cast<logs::SeverityNumber>(-1)); }},
    {"log-flags-reserved", [](Log& l) { l.set_flags(0x100); }},
    {"log-body-not-finite", [](Log& l) { l.mutable_body()->set_double_value(kNan); }},
    {"log-body-too-long", [](Log& l) { l.mutable_body()->set_string_value(std::string((1 << 20) + 1, 'b')); }},
    {"log-body-too-long", [](Log& l) { l.mutable_body()->set_bytes_value(std::string((1 << 20) + 1, 'b')); }},
    {"invalid-utf8", [](Log& l) { l.mutable_body()->set_string_value(kBadText); }},
    {"invalid-utf8", [](Log& l) { l.set_severity_text(kBadText); }},
    {"invalid-utf8", [](Log& l) { l.set_event_name(kBadText); }},
    {"attribute-duplicate-key",
     [](Log& l) {
       for (int i = 0; i < 2; ++i) l.mutable_body()->mutable_kvlist_value()->add_values()->set_key("k");
     }},
    {"dropped-counts", [](Log& l) { l.set_dropped_attributes_count(1); }},
    {"time-unit", [](Log& l) { l.set_time_unix_nano(1'790'000'000); }},
};

using Metric = metrics::Metric;

struct MetricCase {
  const char* rule;
  int metric;
  std::function<void(Metric&)> breaks;
};

metrics::NumberDataPoint& Gauge(Metric& m) { return *m.mutable_gauge()->mutable_data_points(0); }
metrics::NumberDataPoint& Sum(Metric& m) { return *m.mutable_sum()->mutable_data_points(0); }
metrics::HistogramDataPoint& Histogram(Metric& m) { return *m.mutable_histogram()->mutable_data_points(0); }
metrics::ExponentialHistogramDataPoint& Exponential(Metric& m) {
  return *m.mutable_exponential_histogram()->mutable_data_points(0);
}
metrics::SummaryDataPoint& Summary(Metric& m) { return *m.mutable_summary()->mutable_data_points(0); }
metrics::Exemplar& SumExemplar(Metric& m) { return *Sum(m).mutable_exemplars(0); }

const std::vector<MetricCase> kMetricCases = {
    {"metric-name-empty", 0, [](Metric& m) { m.clear_name(); }},
    {"metric-without-data", 0, [](Metric& m) { m.clear_gauge(); }},
    {"temporality-unspecified", 1, [](Metric& m) { m.mutable_sum()->clear_aggregation_temporality(); }},
    {"temporality-unspecified", 2, [](Metric& m) { m.mutable_histogram()->clear_aggregation_temporality(); }},
    {"temporality-unknown", 3,
     [](Metric& m) {
       m.mutable_exponential_histogram()->set_aggregation_temporality(static_cast<metrics::AggregationTemporality>(3));
     }},
    {"invalid-utf8", 0, [](Metric& m) { m.set_unit(kBadText); }},
    {"invalid-utf8", 0, [](Metric& m) { m.set_description(kBadText); }},
    {"point-time-zero", 0, [](Metric& m) { Gauge(m).clear_time_unix_nano(); }},
    {"point-start-missing", 2, [](Metric& m) { Histogram(m).clear_start_time_unix_nano(); }},
    {"point-start-after-time", 2, [](Metric& m) { Histogram(m).set_start_time_unix_nano(kEnd + 1); }},
    {"point-without-value", 0, [](Metric& m) { Gauge(m).clear_as_double(); }},
    {"point-value-and-flag", 0, [](Metric& m) { Gauge(m).set_flags(1); }},
    {"point-value-and-flag", 2, [](Metric& m) { Histogram(m).set_flags(1); }},
    {"value-not-finite", 0, [](Metric& m) { Gauge(m).set_as_double(kNan); }},
    {"value-not-finite", 2, [](Metric& m) { Histogram(m).set_sum(kInfinity); }},
    {"value-not-finite", 2, [](Metric& m) { Histogram(m).set_max(kInfinity); }},
    {"value-not-finite", 3, [](Metric& m) { Exponential(m).set_min(-kInfinity); }},
    {"value-not-finite", 1, [](Metric& m) { SumExemplar(m).set_as_double(kNan); }},
    {"sum-monotonic-negative", 1, [](Metric& m) { Sum(m).set_as_int(-1); }},
    {"sum-monotonic-negative", 1, [](Metric& m) { Sum(m).set_as_double(-0.5); }},
    {"histogram-bucket-count", 2, [](Metric& m) { Histogram(m).add_explicit_bounds(5); }},
    {"histogram-bucket-count", 2, [](Metric& m) { Histogram(m).clear_bucket_counts(); }},
    {"histogram-count-sum", 2, [](Metric& m) { Histogram(m).set_count(7); }},
    {"histogram-bounds-order", 2, [](Metric& m) { Histogram(m).set_explicit_bounds(1, 1); }},
    {"histogram-bound-not-finite", 2, [](Metric& m) { Histogram(m).set_explicit_bounds(1, kInfinity); }},
    {"histogram-min-above-max", 2, [](Metric& m) { Histogram(m).set_min(4); }},
    {"exponential-count-sum", 3, [](Metric& m) { Exponential(m).set_zero_count(2); }},
    {"exponential-scale", 3, [](Metric& m) { Exponential(m).set_scale(21); }},
    {"exponential-scale", 3, [](Metric& m) { Exponential(m).set_scale(-11); }},
    {"exponential-zero-threshold", 3, [](Metric& m) { Exponential(m).set_zero_threshold(-1); }},
    {"exponential-zero-threshold", 3, [](Metric& m) { Exponential(m).set_zero_threshold(kNan); }},
    {"exponential-zero-threshold", 3, [](Metric& m) { Exponential(m).set_zero_threshold(kInfinity); }},
    {"exponential-offset", 3,
     [](Metric& m) {
       Exponential(m).mutable_positive()->set_offset(2'147'483'647);
       Exponential(m).mutable_positive()->add_bucket_counts(0);
     }},
    {"sum-without-count", 4, [](Metric& m) { Summary(m).set_count(0); }},
    {"quantile-out-of-range", 4, [](Metric& m) { Summary(m).mutable_quantile_values(2)->set_quantile(1.01); }},
    {"quantile-out-of-range", 4, [](Metric& m) { Summary(m).mutable_quantile_values(2)->set_quantile(kNan); }},
    {"quantile-order", 4, [](Metric& m) { Summary(m).mutable_quantile_values(2)->set_quantile(0.5); }},
    {"quantile-value-not-finite", 4, [](Metric& m) { Summary(m).mutable_quantile_values(1)->set_value(kNan); }},
    {"quantile-value-negative", 4, [](Metric& m) { Summary(m).mutable_quantile_values(1)->set_value(-1); }},
    {"exemplar-id-invalid", 1, [](Metric& m) { SumExemplar(m).clear_trace_id(); }},
    {"exemplar-id-invalid", 1, [](Metric& m) { SumExemplar(m).set_span_id(kZeroSpanId); }},
    {"exemplar-time-zero", 1, [](Metric& m) { SumExemplar(m).clear_time_unix_nano(); }},
    {"exemplar-outside-point", 1, [](Metric& m) { SumExemplar(m).set_time_unix_nano(kStart - 1); }},
    {"exemplar-without-value", 1, [](Metric& m) { SumExemplar(m).clear_as_double(); }},
    // Of metrics there is no limit of attributes.
    {"attribute-duplicate-key", 0,
     [](Metric& m) {
       for (int i = 0; i < 200; ++i) Add(&Gauge(m), "key" + std::to_string(i));
       Add(&Gauge(m), "key77");
     }},
};

trace::Span& SecondSpan(Traces& request) {
  return *request.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(1);
}

}  // namespace

TEST_CASE("good records break no rule") {
  CHECK(Check(GoodSpans()).counts == Counts{});
  CHECK(Check(GoodLogs()).counts == Counts{});
  CHECK(Check(GoodMetrics(), {.now = kNow, .metric_datetime = true}).counts == Counts{});
}

TEST_CASE("what breaks a rule is found under that rule, and only there") {
  std::set<std::string_view> tested;
  for (const auto& [rule, breaks] : kSpanCases) {
    CAPTURE(rule);
    Traces request = GoodSpans();
    breaks(SecondSpan(request));
    CHECK(Check(request).counts == Counts{{rule, 1}});
    tested.insert(rule);
  }
  for (const auto& [rule, breaks] : kLogCases) {
    CAPTURE(rule);
    Logs request = GoodLogs();
    breaks(*request.mutable_resource_logs(0)->mutable_scope_logs(0)->mutable_log_records(1));
    CHECK(Check(request).counts == Counts{{rule, 1}});
    tested.insert(rule);
  }
  for (const auto& [rule, metric, breaks] : kMetricCases) {
    CAPTURE(rule);
    Metrics request = GoodMetrics();
    breaks(*request.mutable_resource_metrics(0)->mutable_scope_metrics(0)->mutable_metrics(metric));
    CHECK(Check(request).counts == Counts{{rule, 1}});
    tested.insert(rule);
  }
  // Tested below, and where units are checked.
  for (const char* rule :
       {"service-name-missing", "service-name-empty", "time-out-of-datetime", "attribute-path-conflict",
        "attribute-json-number", "metric-without-points", "unreadable", "trace-id-length", "span-id-length",
        "unit-empty", "unit-without-records", "json-bad-text"}) {
    tested.insert(rule);
  }
  for (std::size_t i = 0; i < kOtlpRuleCount; ++i) {
    const auto rule = static_cast<OtlpRule>(i);
    if (IsStrictRule(rule) || IsCrossRule(rule)) continue;
    CAPTURE(OtlpRules()[i].id);
    CHECK(tested.contains(OtlpRules()[i].id));
  }
}

TEST_CASE("what records share is found once") {
  Traces request = GoodSpans();
  auto* const resource = request.mutable_resource_spans(0);
  resource->mutable_resource()->clear_attributes();
  CHECK(Check(request).counts == Counts{{"service-name-missing", 1}});
  Add(resource->mutable_resource(), "service.name")->set_string_value("");
  CHECK(Check(request).counts == Counts{{"service-name-empty", 1}});
  resource->mutable_resource()->mutable_attributes(0)->mutable_value()->set_string_value("shop");
  resource->mutable_scope_spans(0)->mutable_scope()->set_dropped_attributes_count(2);
  CHECK(Check(request).counts == Counts{{"dropped-counts", 1}});
  resource->mutable_scope_spans(0)->mutable_scope()->clear_dropped_attributes_count();
  resource->set_schema_url(kBadText);
  CHECK(Check(request).counts == Counts{{"invalid-utf8", 1}});
  resource->clear_schema_url();
  // The same resource twice is two.
  *request.add_resource_spans() = *resource;
  for (auto& each : *request.mutable_resource_spans()) each.mutable_resource()->clear_attributes();
  CHECK(Check(request).counts == Counts{{"service-name-missing", 2}});
}

TEST_CASE("times of metrics are judged by the columns that take them") {
  Metrics request = GoodMetrics();
  auto* const metric = request.mutable_resource_metrics(0)->mutable_scope_metrics(0)->mutable_metrics(0);
  metric->mutable_gauge()->mutable_data_points(0)->set_time_unix_nano((std::uint64_t{1} << 32) * kSecond);
  CHECK(Check(request, {.now = kNow, .metric_datetime = true}).counts == Counts{{"time-out-of-datetime", 1}});
  CHECK(Check(request, {.now = kNow}).counts == Counts{{"time-in-future", 1}});
  const std::uint64_t later = (std::uint64_t{1} << 32) * kSecond;
  CHECK(Check(request, {.now = later}).counts == Counts{});
  CHECK(Check(request, {.now = later, .metric_datetime = true}).counts == Counts{{"time-out-of-datetime", 1}});
  metric->mutable_gauge()->mutable_data_points(0)->set_time_unix_nano((std::uint64_t{1} << 32) * kSecond - 1);
  CHECK(Check(request, {.now = later, .metric_datetime = true}).counts == Counts{});
}

TEST_CASE("a point without a value may say so") {
  Metrics request = GoodMetrics();
  auto* const metrics = request.mutable_resource_metrics(0)->mutable_scope_metrics(0);
  metrics->mutable_metrics(0)->mutable_gauge()->mutable_data_points(0)->clear_as_double();
  metrics->mutable_metrics(0)->mutable_gauge()->mutable_data_points(0)->set_flags(1);
  metrics::HistogramDataPoint* const point = metrics->mutable_metrics(2)->mutable_histogram()->mutable_data_points(0);
  point->Clear();
  Fill(point);
  point->set_flags(1);
  CHECK(Check(request).counts == Counts{});
  // Neither buckets nor bounds: only count and sum are known.
  point->set_flags(0);
  point->set_count(3);
  CHECK(Check(request).counts == Counts{});
}

TEST_CASE("paths that a JSON column would have twice") {
  Traces request = GoodSpans();
  SpanMessage& span = SecondSpan(request);
  Add(&span, "a.b")->set_int_value(1);
  common::KeyValueList* const a = Add(&span, "a")->mutable_kvlist_value();
  a->add_values()->set_key("b");
  const RecordCheckOptions json{.now = kNow, .json_columns = true};
  // Nothing is written of an empty value.
  CHECK(Check(request, json).counts == Counts{});
  a->mutable_values(0)->mutable_value()->set_bool_value(true);
  CHECK(Check(request, json).counts == Counts{{"attribute-path-conflict", 1}});
  CHECK(Check(request).counts == Counts{});
  a->mutable_values(0)->set_key("c");
  CHECK(Check(request, json).counts == Counts{});
  // A server refuses it in an object within an array too, but each object has paths of its own.
  common::ArrayValue* const array = Add(&span, "list")->mutable_array_value();
  for (int i = 0; i < 2; ++i) {
    common::KeyValueList* const object = array->add_values()->mutable_kvlist_value();
    object->add_values()->set_key("x.y");
    object->mutable_values(0)->mutable_value()->set_bool_value(true);
  }
  CHECK(Check(request, json).counts == Counts{});
  common::KeyValue* const x = array->mutable_values(1)->mutable_kvlist_value()->add_values();
  x->set_key("x");
  common::KeyValue* const y = x->mutable_value()->mutable_kvlist_value()->add_values();
  y->set_key("y");
  y->mutable_value()->set_int_value(1);
  CHECK(Check(request, json).counts == Counts{{"attribute-path-conflict", 1}});
}

TEST_CASE("a large double is refused in a JSON column, but not as a body, which is text") {
  const RecordCheckOptions json{.now = kNow, .json_columns = true};
  Traces spans = GoodSpans();
  Add(&SecondSpan(spans), "k")->mutable_array_value()->add_values()->set_double_value(1e20);
  CHECK(Check(spans, json).counts == Counts{{"attribute-json-number", 1}});
  CHECK(Check(spans).counts == Counts{});
  Logs logs = GoodLogs();
  logs::LogRecord& log = *logs.mutable_resource_logs(0)->mutable_scope_logs(0)->mutable_log_records(1);
  log.mutable_body()->mutable_array_value()->add_values()->set_double_value(1e20);
  CHECK(Check(logs, json).counts == Counts{});
  Add(&log, "k")->set_double_value(1e20);
  CHECK(Check(logs, json).counts == Counts{{"attribute-json-number", 1}});
}

TEST_CASE("keys that only look alike are different") {
  Traces request = GoodSpans();
  SpanMessage& span = SecondSpan(request);
  span.clear_attributes();
  for (char c = 'a'; c <= 'z'; ++c) {
    Add(&span, std::string("aaaaaaaa") + c + "bbbbbbbb");
    Add(&span, std::string("a") + c);
    Add(&span, std::string("abcd") + c);
  }
  CHECK(span.attributes_size() > 64);
  CHECK(Check(request).counts == Counts{});
  span.mutable_attributes()->DeleteSubrange(0, 26);
  CHECK(span.attributes_size() < 64);
  CHECK(Check(request).counts == Counts{});
  for (int i = 0; i < 3; ++i) Add(&span, "abcdz");
  CHECK(Check(request).counts == Counts{{"attribute-duplicate-key", 3}});
  for (int i = 0; i < 20; ++i) Add(&span, "key" + std::to_string(i));
  CHECK(span.attributes_size() > 64);
  CHECK(Check(request).counts == Counts{{"attribute-duplicate-key", 3}});
}

TEST_CASE("details name what was found") {
  Traces request = GoodSpans();
  Add(SecondSpan(request).mutable_events(0), "a\n\x7f\xe2\x82\xac")->set_double_value(kInfinity);
  CHECK(Check(request).details == std::vector<std::string>{"event 0: attribute \"a\\x0a\\x7f\xe2\x82\xac\": inf"});
  request = GoodSpans();
  SecondSpan(request).set_trace_state(kBadText + std::string(80, 'x'));
  const std::string bad = "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff";
  CHECK(Check(request).details ==
        std::vector<std::string>{"span: trace_state: \"" + bad + std::string(50, 'x') + "\"..."});
}

TEST_CASE("rules have ids of their own") {
  std::set<std::string_view> ids;
  for (const Rule& rule : OtlpRules()) {
    CAPTURE(rule.id);
    CHECK(ids.insert(rule.id).second);
    CHECK(rule.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos);
    CHECK(!rule.explanation.empty());
    CHECK(!rule.source.empty());
  }
}

}  // namespace gf_otlp
