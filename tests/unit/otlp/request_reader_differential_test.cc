#include <doctest/doctest.h>
#include <google/protobuf/io/coded_stream.h>

#include <limits>
#include <string>
#include <vector>

#include "gf_otlp/records.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "otlp/value_reader.h"
#include "unit/otlp/random_wire.h"

/// RequestReader against libprotobuf, over random requests and random bytes: each record of either is made into a
/// request of that record alone, and these are compared byte for byte.
namespace gf_otlp {
namespace {

namespace collector = opentelemetry::proto::collector;
namespace common = opentelemetry::proto::common::v1;
namespace metrics = opentelemetry::proto::metrics::v1;
namespace trace = opentelemetry::proto::trace::v1;
namespace logs = opentelemetry::proto::logs::v1;
using TraceRequest = collector::trace::v1::ExportTraceServiceRequest;
using LogsRequest = collector::logs::v1::ExportLogsServiceRequest;
using MetricsRequest = collector::metrics::v1::ExportMetricsServiceRequest;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string Text(std::string_view bytes) { return std::string(bytes); }

// Ours, made into the reference's objects.

void Build(const Value& from, common::AnyValue& to) {
  switch (from.kind()) {
    case Value::Kind::kEmpty: return;
    case Value::Kind::kString: return to.set_string_value(Text(from.bytes()));
    case Value::Kind::kBool: return to.set_bool_value(from.as_bool());
    case Value::Kind::kInt: return to.set_int_value(from.as_int());
    case Value::Kind::kDouble: return to.set_double_value(from.as_double());
    case Value::Kind::kBytes: return to.set_bytes_value(Text(from.bytes()));
    case Value::Kind::kArray:
      to.mutable_array_value();
      return ForEachElement(from.bytes(), [&](const Value& v) { Build(v, *to.mutable_array_value()->add_values()); });
    case Value::Kind::kKvlist: {
      to.mutable_kvlist_value();
      JoinedBytes joined;
      std::vector<Attribute> entries;
      ReadEntries(from.bytes(), entries, joined);
      for (const Attribute& entry : entries) {
        common::KeyValue& added = *to.mutable_kvlist_value()->add_values();
        added.set_key(Text(entry.key));
        Build(entry.value, *added.mutable_value());
      }
    }
  }
}

void Build(const Attributes& from, google::protobuf::RepeatedPtrField<common::KeyValue>& to) {
  for (const Attribute& attribute : from) {
    common::KeyValue& added = *to.Add();
    added.set_key(Text(attribute.key));
    Build(attribute.value, *added.mutable_value());
  }
}

void Build(const Span& from, trace::Span& to) {
  to.set_trace_id(Text(from.trace_id));
  to.set_span_id(Text(from.span_id));
  to.set_trace_state(Text(from.trace_state));
  to.set_parent_span_id(Text(from.parent_span_id));
  to.set_flags(from.flags);
  to.set_name(Text(from.name));
  to.set_kind(static_cast<trace::Span_SpanKind>(from.kind));
  to.set_start_time_unix_nano(from.start_time);
  to.set_end_time_unix_nano(from.end_time);
  Build(from.attributes, *to.mutable_attributes());
  to.set_dropped_attributes_count(from.dropped_attributes_count);
  for (const SpanEvent& event : from.events) {
    trace::Span_Event& added = *to.add_events();
    added.set_time_unix_nano(event.time);
    added.set_name(Text(event.name));
    Build(event.attributes, *added.mutable_attributes());
    added.set_dropped_attributes_count(event.dropped_attributes_count);
  }
  to.set_dropped_events_count(from.dropped_events_count);
  for (const SpanLink& link : from.links) {
    trace::Span_Link& added = *to.add_links();
    added.set_trace_id(Text(link.trace_id));
    added.set_span_id(Text(link.span_id));
    added.set_trace_state(Text(link.trace_state));
    Build(link.attributes, *added.mutable_attributes());
    added.set_dropped_attributes_count(link.dropped_attributes_count);
    added.set_flags(link.flags);
  }
  to.set_dropped_links_count(from.dropped_links_count);
  to.mutable_status()->set_message(Text(from.status_message));
  to.mutable_status()->set_code(static_cast<trace::Status_StatusCode>(from.status_code));
}

void Build(const LogRecord& from, logs::LogRecord& to) {
  to.set_time_unix_nano(from.time);
  to.set_observed_time_unix_nano(from.observed_time);
  to.set_severity_number(static_cast<logs::SeverityNumber>(from.severity_number));
  to.set_severity_text(Text(from.severity_text));
  Build(from.body, *to.mutable_body());
  Build(from.attributes, *to.mutable_attributes());
  to.set_dropped_attributes_count(from.dropped_attributes_count);
  to.set_flags(from.flags);
  to.set_trace_id(Text(from.trace_id));
  to.set_span_id(Text(from.span_id));
  to.set_event_name(Text(from.event_name));
}

template <class T>
void BuildNumber(const Number& from, T& to) {
  if (from.kind() == Value::Kind::kDouble) to.set_as_double(from.as_double());
  if (from.kind() == Value::Kind::kInt) to.set_as_int(from.as_int());
}

/// What every kind of point has.
template <class T>
T& BuildCommon(const DataPoint& from, T& to) {
  Build(from.attributes, *to.mutable_attributes());
  to.set_start_time_unix_nano(from.start_time);
  to.set_time_unix_nano(from.time);
  to.set_flags(from.flags);
  return to;
}

template <class T>
void BuildExemplars(const DataPoint& from, T& to) {
  for (const Exemplar& exemplar : from.exemplars) {
    metrics::Exemplar& added = *to.add_exemplars();
    Build(exemplar.filtered_attributes, *added.mutable_filtered_attributes());
    added.set_time_unix_nano(exemplar.time);
    BuildNumber(exemplar.value, added);
    added.set_span_id(Text(exemplar.span_id));
    added.set_trace_id(Text(exemplar.trace_id));
  }
}

void BuildPoint(const DataPoint& from, metrics::NumberDataPoint& to) {
  BuildNumber(from.value, BuildCommon(from, to));
  BuildExemplars(from, to);
}

/// What the two kinds of histogram share.
template <class T>
void BuildHistogramPoint(const DataPoint& from, T& to) {
  BuildCommon(from, to).set_count(from.count);
  if (from.has_sum) to.set_sum(from.sum);
  if (from.has_min) to.set_min(from.min);
  if (from.has_max) to.set_max(from.max);
  BuildExemplars(from, to);
}

void BuildPoint(const DataPoint& from, metrics::HistogramDataPoint& to) {
  BuildHistogramPoint(from, to);
  for (const std::uint64_t count : from.bucket_counts) to.add_bucket_counts(count);
  for (const double bound : from.explicit_bounds) to.add_explicit_bounds(bound);
}

void BuildPoint(const DataPoint& from, metrics::ExponentialHistogramDataPoint& to) {
  BuildHistogramPoint(from, to);
  to.set_scale(from.scale);
  to.set_zero_count(from.zero_count);
  to.set_zero_threshold(from.zero_threshold);
  to.mutable_positive()->set_offset(from.positive.offset);
  for (const std::uint64_t count : from.positive.counts) to.mutable_positive()->add_bucket_counts(count);
  to.mutable_negative()->set_offset(from.negative.offset);
  for (const std::uint64_t count : from.negative.counts) to.mutable_negative()->add_bucket_counts(count);
}

void BuildPoint(const DataPoint& from, metrics::SummaryDataPoint& to) {
  BuildCommon(from, to).set_count(from.count);
  to.set_sum(from.sum);
  for (const QuantileValue& quantile : from.quantiles) {
    auto& added = *to.add_quantile_values();
    added.set_quantile(quantile.quantile);
    added.set_value(quantile.value);
  }
}

void Build(const RequestReader& reader, metrics::Metric& to) {
  const Metric& metric = reader.metric();
  to.set_name(Text(metric.name));
  to.set_description(Text(metric.description));
  to.set_unit(Text(metric.unit));
  const auto temporality = static_cast<metrics::AggregationTemporality>(metric.aggregation_temporality);
  switch (reader.kind()) {
    case RecordKind::kGauge: return BuildPoint(reader.point(), *to.mutable_gauge()->add_data_points());
    case RecordKind::kSum:
      to.mutable_sum()->set_aggregation_temporality(temporality);
      to.mutable_sum()->set_is_monotonic(metric.is_monotonic);
      return BuildPoint(reader.point(), *to.mutable_sum()->add_data_points());
    case RecordKind::kHistogram:
      to.mutable_histogram()->set_aggregation_temporality(temporality);
      return BuildPoint(reader.point(), *to.mutable_histogram()->add_data_points());
    case RecordKind::kExponentialHistogram:
      to.mutable_exponential_histogram()->set_aggregation_temporality(temporality);
      return BuildPoint(reader.point(), *to.mutable_exponential_histogram()->add_data_points());
    case RecordKind::kSummary: return BuildPoint(reader.point(), *to.mutable_summary()->add_data_points());
    default: return;
  }
}

template <class T>
void BuildResource(const Resource& from, T& element) {
  Build(from.attributes, *element.mutable_resource()->mutable_attributes());
  element.mutable_resource()->set_dropped_attributes_count(from.dropped_attributes_count);
  element.set_schema_url(Text(from.schema_url));
}

template <class T>
T& BuildScope(const Scope& from, T& element) {
  element.mutable_scope()->set_name(Text(from.name));
  element.mutable_scope()->set_version(Text(from.version));
  Build(from.attributes, *element.mutable_scope()->mutable_attributes());
  element.mutable_scope()->set_dropped_attributes_count(from.dropped_attributes_count);
  element.set_schema_url(Text(from.schema_url));
  return element;
}

/// A request of the record that the reader is on.
std::string Single(Signal signal, const RequestReader& reader) {
  switch (signal) {
    case Signal::kTraces: {
      TraceRequest request;
      BuildResource(reader.resource(), *request.add_resource_spans());
      auto& scope = BuildScope(reader.scope(), *request.mutable_resource_spans(0)->add_scope_spans());
      Build(reader.span(), *scope.add_spans());
      return request.SerializeAsString();
    }
    case Signal::kLogs: {
      LogsRequest request;
      BuildResource(reader.resource(), *request.add_resource_logs());
      auto& scope = BuildScope(reader.scope(), *request.mutable_resource_logs(0)->add_scope_logs());
      Build(reader.log(), *scope.add_log_records());
      return request.SerializeAsString();
    }
    case Signal::kMetrics: {
      MetricsRequest request;
      BuildResource(reader.resource(), *request.add_resource_metrics());
      auto& scope = BuildScope(reader.scope(), *request.mutable_resource_metrics(0)->add_scope_metrics());
      Build(reader, *scope.add_metrics());
      return request.SerializeAsString();
    }
  }
  return {};
}

// libprotobuf's, taken apart.

/// Removes what our views do not show: unknown fields, sub-messages' presence, and fields that mean nothing in rows.
void Normalize(Message& message) {
  const auto& reflection = *message.GetReflection();
  const auto& type = *message.GetDescriptor();
  reflection.MutableUnknownFields(&message)->Clear();
  for (const char* name : {"entity_refs", "metadata", "key_strindex", "string_value_strindex"}) {
    if (const FieldDescriptor* const field = type.FindFieldByName(name)) reflection.ClearField(&message, field);
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->message_type() == nullptr) continue;
    if (field->is_repeated()) {
      for (int j = 0; j < reflection.FieldSize(message, field); ++j) {
        Normalize(*reflection.MutableRepeatedMessage(&message, field, j));
      }
    } else if (field->containing_oneof() == nullptr || reflection.HasField(message, field)) {
      Normalize(*reflection.MutableMessage(&message, field));
    }
  }
}

/// A request with one of the elements of `list`: `request` is what `list` is in, and holds nothing else.
template <class T>
void AddSingles(const Message& request, google::protobuf::RepeatedPtrField<T>& list,
                std::vector<std::string>& singles) {
  google::protobuf::RepeatedPtrField<T> all;
  all.Swap(&list);
  for (T& element : all) {
    list.Clear();
    list.Add()->Swap(&element);
    singles.push_back(request.SerializeAsString());
  }
  list.Clear();
}

void AddSingles(const Message& request, google::protobuf::RepeatedPtrField<metrics::Metric>& list,
                std::vector<std::string>& singles) {
  google::protobuf::RepeatedPtrField<metrics::Metric> all;
  all.Swap(&list);
  for (metrics::Metric& element : all) {
    list.Clear();
    metrics::Metric& metric = *list.Add();
    metric.Swap(&element);
    switch (metric.data_case()) {
      case metrics::Metric::kGauge: AddSingles(request, *metric.mutable_gauge()->mutable_data_points(), singles); break;
      case metrics::Metric::kSum: AddSingles(request, *metric.mutable_sum()->mutable_data_points(), singles); break;
      case metrics::Metric::kHistogram:
        AddSingles(request, *metric.mutable_histogram()->mutable_data_points(), singles);
        break;
      case metrics::Metric::kExponentialHistogram:
        AddSingles(request, *metric.mutable_exponential_histogram()->mutable_data_points(), singles);
        break;
      case metrics::Metric::kSummary:
        AddSingles(request, *metric.mutable_summary()->mutable_data_points(), singles);
        break;
      case metrics::Metric::DATA_NOT_SET: singles.push_back(request.SerializeAsString());
    }
  }
  list.Clear();
}

/// `scopes` and `records` get the mutable lists of a resource element and of a scope element.
template <class List, class Scopes, class Records>
std::vector<std::string> SinglesOf(const Message& request, List& resources, Scopes scopes, Records records) {
  std::vector<std::string> singles;
  List all_resources;
  all_resources.Swap(&resources);
  for (auto& resource : all_resources) {
    resources.Clear();
    auto& alone = *resources.Add();
    alone.Swap(&resource);
    auto& scope_list = *scopes(alone);
    std::remove_reference_t<decltype(scope_list)> all_scopes;
    all_scopes.Swap(&scope_list);
    for (auto& scope : all_scopes) {
      scope_list.Clear();
      auto& scope_alone = *scope_list.Add();
      scope_alone.Swap(&scope);
      AddSingles(request, *records(scope_alone), singles);
    }
  }
  return singles;
}

bool Parse(std::string_view wire, Message& message) {
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(wire.data()),
                                            static_cast<int>(wire.size()));
  in.SetRecursionLimit(std::numeric_limits<int>::max());
  return message.ParseFromCodedStream(&in) && in.ConsumedEntireMessage();
}

template <class Request>
Request Parsed(std::string_view wire) {
  Request request;
  REQUIRE(Parse(wire, request));
  Normalize(request);
  return request;
}

std::vector<std::string> ReferenceSingles(Signal signal, std::string_view wire) {
  switch (signal) {
    case Signal::kTraces: {
      auto request = Parsed<TraceRequest>(wire);
      return SinglesOf(
          request, *request.mutable_resource_spans(), [](auto& r) { return r.mutable_scope_spans(); },
          [](auto& s) { return s.mutable_spans(); });
    }
    case Signal::kLogs: {
      auto request = Parsed<LogsRequest>(wire);
      return SinglesOf(
          request, *request.mutable_resource_logs(), [](auto& r) { return r.mutable_scope_logs(); },
          [](auto& s) { return s.mutable_log_records(); });
    }
    case Signal::kMetrics: {
      auto request = Parsed<MetricsRequest>(wire);
      return SinglesOf(
          request, *request.mutable_resource_metrics(), [](auto& r) { return r.mutable_scope_metrics(); },
          [](auto& s) { return s.mutable_metrics(); });
    }
  }
  return {};
}

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += "0123456789abcdef"[static_cast<std::uint8_t>(c) >> 4];
    hex += "0123456789abcdef"[c & 15];
  }
  return hex;
}

constexpr Signal kSignals[] = {Signal::kTraces, Signal::kLogs, Signal::kMetrics};

TEST_CASE("well-formed requests read as libprotobuf reads them") {
  for (const Signal signal : kSignals) {
    test::RandomWire random(101 + static_cast<std::uint64_t>(signal));
    RequestReader reader;
    std::size_t records = 0;
    for (int round = 0; round < 1000; ++round) {
      const std::string wire = random.Request(signal);
      INFO(SignalName(signal), " ", Hex(wire));
      const std::vector<std::string> expected = ReferenceSingles(signal, test::WithoutDeprecatedScopes(wire));
      std::size_t read = 0;
      for (reader.Start(signal, wire); reader.Next(); ++read) {
        REQUIRE(read < expected.size());
        REQUIRE(reader.record_index() == read);
        REQUIRE(Hex(Single(signal, reader)) == Hex(expected[read]));
      }
      INFO((reader.status().ok() ? "" : reader.status().message()));
      REQUIRE(reader.status().ok());
      REQUIRE(read == expected.size());
      records += read;
    }
    CHECK(records > 700);
  }
}

TEST_CASE("a message in two pieces is their merge") {
  for (const Signal signal : kSignals) {
    test::RandomWire random(201 + static_cast<std::uint64_t>(signal), {.deprecated_scopes = false});
    RequestReader reader;
    for (int round = 0; round < 300; ++round) {
      const std::string wire = random.Request(signal) + random.Request(signal);
      INFO(SignalName(signal), " ", Hex(wire));
      const std::vector<std::string> expected = ReferenceSingles(signal, wire);
      std::size_t read = 0;
      for (reader.Start(signal, wire); reader.Next(); ++read) {
        REQUIRE(read < expected.size());
        REQUIRE(Hex(Single(signal, reader)) == Hex(expected[read]));
      }
      REQUIRE(reader.status().ok());
      REQUIRE(read == expected.size());
    }
  }
}

TEST_CASE("nothing is read behind an error") {
  // A gauge whose second point ends inside its time, then a metric without data.
  const std::string wire("\x0a\x13\x12\x11\x12\x08\x2a\x06\x0a\x00\x0a\x02\x19\x01\x12\x05\x0a\x03xyz", 21);
  RequestReader reader;
  reader.Start(Signal::kMetrics, wire);
  CHECK(reader.Next());
  CHECK_FALSE(reader.Next());
  CHECK_FALSE(reader.status().ok());
  CHECK_FALSE(reader.Next());
}

/// Reasons to refuse what libprotobuf takes.
bool IsOurLimit(const std::string& message) {
  for (const char* reason : {"id that is not", "nested too deeply", "more attributes than"}) {
    if (message.find(reason) != std::string::npos) return true;
  }
  return false;
}

TEST_CASE("damaged bytes are refused, or read as libprotobuf reads them") {
  for (const Signal signal : kSignals) {
    test::RandomWire random(301 + static_cast<std::uint64_t>(signal), {.deprecated_scopes = false});
    RequestReader reader;
    int accepted = 0, refused = 0;
    for (int round = 0; round < 4000; ++round) {
      std::string wire = random.Request(signal);
      random.Mutate(wire);
      INFO(SignalName(signal), " ", Hex(wire));
      std::vector<std::string> read;
      for (reader.Start(signal, wire); reader.Next();) {
        REQUIRE(reader.status().ok());
        REQUIRE(reader.record_index() == read.size());
        read.push_back(Single(signal, reader));
      }
      const auto reference = test::NewReferenceRequest(signal);
      bool parsed = Parse(wire, *reference);
      if (reader.status().ok()) {
        ++accepted;
        if (!parsed) {
          wire = test::WithShortLengths(*reference->GetDescriptor(), wire);
          parsed = Parse(wire, *reference);
        }
        REQUIRE(parsed);
        const std::vector<std::string> expected = ReferenceSingles(signal, wire);
        REQUIRE(read.size() == expected.size());
        for (std::size_t i = 0; i < read.size(); ++i) REQUIRE(Hex(read[i]) == Hex(expected[i]));
      } else {
        ++refused;
        INFO(reader.status().message());
        REQUIRE(reader.status().code() == Code::kBadData);
        REQUIRE((!parsed || IsOurLimit(reader.status().message())));
      }
    }
    CHECK(accepted > 200);
    CHECK(refused > 500);
  }
}

}  // namespace
}  // namespace gf_otlp
