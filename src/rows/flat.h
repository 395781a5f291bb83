#ifndef GF_OTLP_ROWS_FLAT_H_
#define GF_OTLP_ROWS_FLAT_H_

#include "rows/common_columns.h"

/// The flattened rows of GlassFlow's OTLP receiver (clickhouse-etl): one table a signal, empty columns left out where
/// the receiver leaves them out. `kAll` adds what it drops.
namespace gf_otlp::flat {

inline constexpr std::string_view kSpanKinds[] = {"UNSPECIFIED", "INTERNAL", "SERVER",     "CLIENT",
                                                  "PRODUCER",    "CONSUMER", "UNSPECIFIED"};
inline constexpr std::string_view kStatusCodes[] = {"UNSET", "OK", "ERROR", "UNSET"};
inline constexpr std::string_view kTemporalities[] = {"UNSPECIFIED", "DELTA", "CUMULATIVE", "UNSPECIFIED"};

inline bool IsZero(std::string_view id) { return id.find_first_not_of('\0') == std::string_view::npos; }

inline constexpr std::tuple kScopeHead{
    Col<type::StringMap, Level::kResource>({"resource_attributes", "attributes of the resource"},
                                           [](auto& out, const RequestReader& r) { out.Map(r.resource().attributes); }),
    Col<type::LowCardinalityString, Level::kScope>(
        {"scope_name", "name of the instrumentation scope"},
        [](auto& out, const RequestReader& r) { out.String(r.scope().name); }),
    Col<type::LowCardinalityString, Level::kScope>(
        {"scope_version", "version of the instrumentation scope"},
        [](auto& out, const RequestReader& r) { out.String(r.scope().version); },
        [](const RequestReader& r) { return !r.scope().version.empty(); }),
    Col<type::StringMap, Level::kScope>({"scope_attributes", "attributes of the scope"},
                                        [](auto& out, const RequestReader& r) { out.Map(r.scope().attributes); })};

inline constexpr std::tuple kDropped{
    Col<type::String, Level::kResource>({"resource_schema_url", "schema URL of the resource"},
                                        [](auto& out, const RequestReader& r) { out.String(r.resource().schema_url); }),
    Col<type::String, Level::kScope>({"scope_schema_url", "schema URL of the scope"},
                                     [](auto& out, const RequestReader& r) { out.String(r.scope().schema_url); }),
    Col<type::UInt32, Level::kResource>(
        {"resource_dropped_attributes_count", "how many attributes of the resource were dropped"},
        [](auto& out, const RequestReader& r) { out.Integer(r.resource().dropped_attributes_count); }),
    Col<type::UInt32, Level::kScope>(
        {"scope_dropped_attributes_count", "how many attributes of the scope were dropped"},
        [](auto& out, const RequestReader& r) { out.Integer(r.scope().dropped_attributes_count); })};

template <bool kAll>
inline constexpr auto kEnd = [] {
  if constexpr (kAll) {
    return kDropped;
  } else {
    return std::tuple{};
  }
}();

template <bool kAll>
inline constexpr auto kLogs = std::tuple_cat(
    std::tuple{
        RecordColumn<type::DateTime64>(
            {"timestamp", "time of the event in ns, 1970 where it is not set", "Delta, ZSTD(1)"},
            [](auto& out, const RequestReader& r) { out.Time(r.log().time); }),
        RecordColumn<type::DateTime64>({"observed_timestamp", "when the record was observed, in ns", "Delta, ZSTD(1)"},
                                       [](auto& out, const RequestReader& r) { out.Time(r.log().observed_time); }),
        RecordColumn<type::UInt32>({"severity_number", "severity: 1 to 24, 0 where it is not set"},
                                   [](auto& out, const RequestReader& r) {
                                     out.Integer(static_cast<std::uint32_t>(r.log().severity_number));
                                   }),
        RecordColumn<type::LowCardinalityString>(
            {"severity_text", "severity as the source names it"},
            [](auto& out, const RequestReader& r) { out.String(r.log().severity_text); }),
        RecordColumn<type::String>({"body", "message; a structured body as JSON"},
                                   [](auto& out, const RequestReader& r) { out.Text(r.log().body); }),
        RecordColumn<type::String>(
            {"trace_id", "trace it belongs to: 32 hex digits, or empty"},
            [](auto& out, const RequestReader& r) { out.Id(r.log().trace_id, kTraceIdSize); },
            [](const RequestReader& r) { return !IsZero(r.log().trace_id); }),
        RecordColumn<type::String>(
            {"span_id", "span it belongs to: 16 hex digits, or empty"},
            [](auto& out, const RequestReader& r) { out.Id(r.log().span_id, kSpanIdSize); },
            [](const RequestReader& r) { return !IsZero(r.log().span_id); }),
        RecordColumn<type::UInt32>({"flags", "W3C trace flags"},
                                   [](auto& out, const RequestReader& r) { out.Integer(r.log().flags); }),
        RecordColumn<type::UInt32>(
            {"dropped_attributes_count", "how many attributes were dropped"},
            [](auto& out, const RequestReader& r) { out.Integer(r.log().dropped_attributes_count); })},
    kScopeHead,
    std::tuple{RecordColumn<type::StringMap>({"attributes", "attributes of the record"},
                                             [](auto& out, const RequestReader& r) { out.Map(r.log().attributes); })},
    kEnd<kAll>);

inline constexpr auto kWriteEvent = [](auto& out, const SpanEvent& e) {
  out.BeginObject();
  out.Field("timestamp");
  out.Time(e.time);
  out.Field("name");
  out.String(e.name);
  out.Field("attributes");
  out.Map(e.attributes);
  out.Field("dropped_attributes_count");
  out.Integer(e.dropped_attributes_count);
  out.EndObject();
};

inline constexpr auto kWriteLink = [](auto& out, const SpanLink& l) {
  out.BeginObject();
  if (!IsZero(l.trace_id)) {
    out.Field("trace_id");
    out.Id(l.trace_id, kTraceIdSize);
  }
  if (!IsZero(l.span_id)) {
    out.Field("span_id");
    out.Id(l.span_id, kSpanIdSize);
  }
  if (!l.trace_state.empty()) {
    out.Field("trace_state");
    out.String(l.trace_state);
  }
  out.Field("attributes");
  out.Map(l.attributes);
  out.Field("dropped_attributes_count");
  out.Integer(l.dropped_attributes_count);
  out.EndObject();
};

template <bool kAll>
inline constexpr auto kSpans = std::tuple_cat(
    std::tuple{
        RecordColumn<type::String>(
            {"trace_id", "trace: 32 hex digits"},
            [](auto& out, const RequestReader& r) { out.Id(r.span().trace_id, kTraceIdSize); },
            [](const RequestReader& r) { return !IsZero(r.span().trace_id); }),
        RecordColumn<type::String>(
            {"span_id", "span: 16 hex digits"},
            [](auto& out, const RequestReader& r) { out.Id(r.span().span_id, kSpanIdSize); },
            [](const RequestReader& r) { return !IsZero(r.span().span_id); }),
        RecordColumn<type::String>(
            {"parent_span_id", "parent span: 16 hex digits, empty for a root"},
            [](auto& out, const RequestReader& r) { out.Id(r.span().parent_span_id, kSpanIdSize); },
            [](const RequestReader& r) { return !IsZero(r.span().parent_span_id); }),
        RecordColumn<type::String>(
            {"trace_state", "W3C tracestate"},
            [](auto& out, const RequestReader& r) { out.String(r.span().trace_state); },
            [](const RequestReader& r) { return !r.span().trace_state.empty(); }),
        RecordColumn<type::UInt32>({"flags", "W3C trace flags; bits 8 and 9 tell of a remote parent"},
                                   [](auto& out, const RequestReader& r) { out.Integer(r.span().flags); }),
        RecordColumn<type::LowCardinalityString>({"name", "name of the operation"},
                                                 [](auto& out, const RequestReader& r) { out.String(r.span().name); }),
        RecordColumn<type::LowCardinalityString>(
            {"kind", "INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER or UNSPECIFIED"},
            [](auto& out, const RequestReader& r) { out.Name(EnumName(kSpanKinds, r.span().kind)); }),
        RecordColumn<type::DateTime64>({"start_timestamp", "start of the span in ns", "Delta, ZSTD(1)"},
                                       [](auto& out, const RequestReader& r) { out.Time(r.span().start_time); }),
        RecordColumn<type::DateTime64>({"end_timestamp", "end of the span in ns", "Delta, ZSTD(1)"},
                                       [](auto& out, const RequestReader& r) { out.Time(r.span().end_time); }),
        RecordColumn<type::UInt64>(
            {"duration_ns", "ns from start to end"},
            [](auto& out, const RequestReader& r) { out.Integer(r.span().end_time - r.span().start_time); }),
        RecordColumn<type::LowCardinalityString>(
            {"status_code", "UNSET, OK or ERROR"},
            [](auto& out, const RequestReader& r) { out.Name(EnumName(kStatusCodes, r.span().status_code)); }),
        RecordColumn<type::String>(
            {"status_message", "what went wrong, where the status is ERROR"},
            [](auto& out, const RequestReader& r) { out.String(r.span().status_message); },
            [](const RequestReader& r) { return !r.span().status_message.empty(); }),
        RecordColumn<type::UInt32>(
            {"dropped_attributes_count", "how many attributes were dropped"},
            [](auto& out, const RequestReader& r) { out.Integer(r.span().dropped_attributes_count); }),
        RecordColumn<type::UInt32>(
            {"dropped_events_count", "how many events were dropped"},
            [](auto& out, const RequestReader& r) { out.Integer(r.span().dropped_events_count); }),
        RecordColumn<type::UInt32>(
            {"dropped_links_count", "how many links were dropped"},
            [](auto& out, const RequestReader& r) { out.Integer(r.span().dropped_links_count); }),
        RecordColumn<type::FlatEvents>(
            {"events", "events of the span"},
            [](auto& out, const RequestReader& r) { out.Array(r.span().events, kWriteEvent); }),
        RecordColumn<type::FlatLinks>(
            {"links", "links to other spans"},
            [](auto& out, const RequestReader& r) { out.Array(r.span().links, kWriteLink); })},
    kScopeHead,
    std::tuple{RecordColumn<type::StringMap>({"attributes", "attributes of the record"},
                                             [](auto& out, const RequestReader& r) { out.Map(r.span().attributes); })},
    kEnd<kAll>);

inline constexpr auto kWriteInteger = [](auto& o, auto value) { o.Integer(value); };
inline constexpr auto kWriteFloat = [](auto& o, double value) { o.Float(value); };
inline constexpr auto kWriteQuantile = [](auto& o, const QuantileValue& q) { o.Float(q.quantile); };
inline constexpr auto kWriteQuantileValue = [](auto& o, const QuantileValue& q) { o.Float(q.value); };

inline bool IsHistogram(RecordKind kind) {
  return kind == RecordKind::kHistogram || kind == RecordKind::kExponentialHistogram;
}
inline bool IsNumber(RecordKind kind) { return kind == RecordKind::kGauge || kind == RecordKind::kSum; }

inline constexpr std::string_view MetricType(RecordKind kind) {
  switch (kind) {
    case RecordKind::kGauge: return "gauge";
    case RecordKind::kSum: return "sum";
    case RecordKind::kHistogram: return "histogram";
    case RecordKind::kExponentialHistogram: return "exp_histogram";
    default: return "summary";
  }
}

/// `value_double` or `value_int`, null where the number is of the other kind.
inline constexpr auto kWriteDoubleValue = [](auto& out, const Number& value) {
  value.kind() == Value::Kind::kDouble ? out.Float(value.as_double()) : out.Null();
};
inline constexpr auto kWriteIntValue = [](auto& out, const Number& value) {
  value.kind() == Value::Kind::kInt ? out.Integer(value.as_int()) : out.Null();
};

inline constexpr auto kWriteExemplar = [](auto& out, const Exemplar& e) {
  out.BeginObject();
  out.Field("timestamp");
  out.Time(e.time);
  out.Field("value_double");
  kWriteDoubleValue(out, e.value);
  out.Field("value_int");
  kWriteIntValue(out, e.value);
  out.Field("trace_id");
  out.Id(e.trace_id, kTraceIdSize);
  out.Field("span_id");
  out.Id(e.span_id, kSpanIdSize);
  out.Field("filtered_attributes");
  out.Map(e.filtered_attributes);
  out.EndObject();
};

inline constexpr std::tuple kDroppedOfPoints{
    RecordColumn<type::Int32>({"scale", "resolution: bucket bounds are powers of 2^(2^-scale)"},
                              [](auto& out, const RequestReader& r) { out.Integer(r.point().scale); }),
    RecordColumn<type::UInt64>({"zero_count", "measurements that count as zero"},
                               [](auto& out, const RequestReader& r) { out.Integer(r.point().zero_count); }),
    RecordColumn<type::Float64>({"zero_threshold", "how far from zero they may be"},
                                [](auto& out, const RequestReader& r) { out.Float(r.point().zero_threshold); }),
    RecordColumn<type::Int32>({"positive_offset", "index of the first positive bucket"},
                              [](auto& out, const RequestReader& r) { out.Integer(r.point().positive.offset); }),
    RecordColumn<type::Array<type::UInt64>>(
        {"positive_bucket_counts", "measurements in each positive bucket"},
        [](auto& out, const RequestReader& r) { out.Array(r.point().positive.counts, kWriteInteger); }),
    RecordColumn<type::Int32>({"negative_offset", "index of the first negative bucket"},
                              [](auto& out, const RequestReader& r) { out.Integer(r.point().negative.offset); }),
    RecordColumn<type::Array<type::UInt64>>(
        {"negative_bucket_counts", "measurements in each negative bucket"},
        [](auto& out, const RequestReader& r) { out.Array(r.point().negative.counts, kWriteInteger); }),
    RecordColumn<type::Array<type::Float64>>(
        {"quantiles", "quantiles, 0 to 1"},
        [](auto& out, const RequestReader& r) { out.Array(r.point().quantiles, kWriteQuantile); }),
    RecordColumn<type::Array<type::Float64>>(
        {"quantile_values", "value at each quantile"},
        [](auto& out, const RequestReader& r) { out.Array(r.point().quantiles, kWriteQuantileValue); }),
    RecordColumn<type::FlatExemplars>({"exemplars", "examples of measurements"}, [](auto& out, const RequestReader& r) {
      out.Array(r.point().exemplars, kWriteExemplar);
    })};

template <bool kAll>
inline constexpr auto kEndOfPoints = [] {
  if constexpr (kAll) {
    return std::tuple_cat(kDroppedOfPoints, kDropped);
  } else {
    return std::tuple{};
  }
}();

template <bool kAll>
inline constexpr auto kPoints = std::tuple_cat(
    std::tuple{
        RecordColumn<type::DateTime64>({"timestamp", "time of the data point in ns", "Delta, ZSTD(1)"},
                                       [](auto& out, const RequestReader& r) { out.Time(r.point().time); }),
        RecordColumn<type::DateTime64>(
            {"start_timestamp", "since when the values are counted, in ns", "Delta, ZSTD(1)"},
            [](auto& out, const RequestReader& r) { out.Time(r.point().start_time); }),
        Col<type::LowCardinalityString, Level::kMetric>(
            {"metric_name", "name of the metric"},
            [](auto& out, const RequestReader& r) { out.String(r.metric().name); }),
        Col<type::String, Level::kMetric>(
            {"metric_description", "what the metric measures"},
            [](auto& out, const RequestReader& r) { out.String(r.metric().description); }),
        Col<type::LowCardinalityString, Level::kMetric>(
            {"metric_unit", "unit of the values (UCUM)"},
            [](auto& out, const RequestReader& r) { out.String(r.metric().unit); }),
        Col<type::LowCardinalityString, Level::kMetric>(
            {"metric_type", "gauge, sum, histogram, exp_histogram or summary"},
            [](auto& out, const RequestReader& r) { out.Name(MetricType(r.kind())); }),
        Col<type::Nullable<type::String>, Level::kMetric>(
            {"aggregation_temporality", "DELTA, CUMULATIVE or UNSPECIFIED; null for gauges and summaries"},
            [](auto& out, const RequestReader& r) {
              if (r.kind() == RecordKind::kGauge || r.kind() == RecordKind::kSummary) return out.Null();
              out.Name(EnumName(kTemporalities, r.metric().aggregation_temporality));
            }),
        Col<type::Nullable<type::Boolean>, Level::kMetric>({"is_monotonic",
                                                            "whether a sum never falls; null for other types"},
                                                           [](auto& out, const RequestReader& r) {
                                                             r.kind() == RecordKind::kSum
                                                                 ? out.Bool(r.metric().is_monotonic)
                                                                 : out.Null();
                                                           }),
        RecordColumn<type::UInt32>({"flags", "flags of the data point; 1: no value was recorded"},
                                   [](auto& out, const RequestReader& r) { out.Integer(r.point().flags); }),
        RecordColumn<type::Nullable<type::Float64>>(
            {"value_double", "value of a gauge or sum, if it is a floating-point number"},
            [](auto& out, const RequestReader& r) { kWriteDoubleValue(out, r.point().value); }),
        RecordColumn<type::Nullable<type::Int64>>(
            {"value_int", "value of a gauge or sum, if it is a whole number"},
            [](auto& out, const RequestReader& r) { kWriteIntValue(out, r.point().value); }),
        RecordColumn<type::Nullable<type::UInt64>>(
            {"count", "number of measurements; null for gauges and sums"},
            [](auto& out, const RequestReader& r) { IsNumber(r.kind()) ? out.Null() : out.Integer(r.point().count); }),
        RecordColumn<type::Nullable<type::Float64>>(
            {"sum", "sum of the measurements; null for gauges and sums"},
            [](auto& out, const RequestReader& r) { IsNumber(r.kind()) ? out.Null() : out.Float(r.point().sum); }),
        RecordColumn<type::Nullable<type::Float64>>(
            {"min", "smallest measurement of a histogram, where it is known"},
            [](auto& out, const RequestReader& r) { r.point().has_min ? out.Float(r.point().min) : out.Null(); }),
        RecordColumn<type::Nullable<type::Float64>>(
            {"max", "largest measurement of a histogram, where it is known"},
            [](auto& out, const RequestReader& r) { r.point().has_max ? out.Float(r.point().max) : out.Null(); }),
        RecordColumn<type::Array<type::UInt64>>(
            {"bucket_counts", "measurements in each bucket of a histogram"},
            [](auto& out, const RequestReader& r) { out.Array(r.point().bucket_counts, kWriteInteger); }),
        RecordColumn<type::Array<type::Float64>>(
            {"explicit_bounds", "upper bounds of the buckets but the last, inclusive"},
            [](auto& out, const RequestReader& r) { out.Array(r.point().explicit_bounds, kWriteFloat); })},
    kScopeHead,
    std::tuple{RecordColumn<type::StringMap>({"attributes", "attributes of the record"},
                                             [](auto& out, const RequestReader& r) { out.Map(r.point().attributes); })},
    kEndOfPoints<kAll>);

}  // namespace gf_otlp::flat

#endif  // GF_OTLP_ROWS_FLAT_H_
