#ifndef GF_OTLP_ROWS_METRICS_H_
#define GF_OTLP_ROWS_METRICS_H_

#include "rows/common_columns.h"

/// otel_metrics_* of the Collector's clickhouseexporter, and as GlassFlow's exporter writes them. Schema versions
/// differ in types only: `V::Time` and `V::MetricName`.
namespace gf_otlp {

struct MetricsSince161 {
  using Time = type::DateTime;
  using MetricName = type::LowCardinalityString;
};
struct MetricsUpTo149 {
  using Time = type::DateTime64;
  using MetricName = type::String;
};

template <class V>
inline constexpr auto kMetricHead = std::tuple_cat(
    kResourceAttributes<AttributeColumns::kMap>,
    std::tuple{kResourceSchemaUrl<type::String>, kScopeName, kScopeVersion<type::String>},
    kScopeAttributes<AttributeColumns::kMap>,
    std::tuple{
        Col<type::UInt32, Level::kScope>(
            {"ScopeDroppedAttrCount", "how many attributes of the scope were dropped"},
            [](auto& out, const RequestReader& r) { out.Integer(r.scope().dropped_attributes_count); }),
        kScopeSchemaUrl<type::String>, kServiceName,
        Col<typename V::MetricName, Level::kMetric>(
            {"MetricName", "name of the metric"},
            [](auto& out, const RequestReader& r) { out.String(r.metric().name); }),
        Col<type::String, Level::kMetric>(
            {"MetricDescription", "what the metric measures"},
            [](auto& out, const RequestReader& r) { out.String(r.metric().description); }),
        Col<type::String, Level::kMetric>({"MetricUnit", "unit of the values (UCUM)"},
                                          [](auto& out, const RequestReader& r) { out.String(r.metric().unit); }),
        RecordColumn<type::StringMap>({"Attributes", "attributes of the data point"},
                                      [](auto& out, const RequestReader& r) { out.Map(r.point().attributes); }),
        RecordColumn<typename V::Time>({"StartTimeUnix", "since when the values are counted", "Delta, ZSTD(1)"},
                                       [](auto& out, const RequestReader& r) { out.Time(r.point().start_time); }),
        RecordColumn<typename V::Time>({"TimeUnix", "time of the data point", "Delta, ZSTD(1)"},
                                       [](auto& out, const RequestReader& r) { out.Time(r.point().time); })});

inline constexpr auto kFlags =
    RecordColumn<type::UInt32>({"Flags", "flags of the data point; 1: no value was recorded"},
                               [](auto& out, const RequestReader& r) { out.Integer(r.point().flags); });
inline constexpr auto kNumber = RecordColumn<type::Float64>(
    {"Value", "the measured value"}, [](auto& out, const RequestReader& r) { out.Number(r.point().value); });
inline constexpr auto kCount =
    RecordColumn<type::UInt64>({"Count", "number of measurements", "Delta, ZSTD(1)"},
                               [](auto& out, const RequestReader& r) { out.Integer(r.point().count); });
inline constexpr auto kSum = RecordColumn<type::Float64>(
    {"Sum", "sum of the measurements"}, [](auto& out, const RequestReader& r) { out.Float(r.point().sum); });
inline constexpr auto kMin = RecordColumn<type::Float64>(
    {"Min", "smallest measurement"}, [](auto& out, const RequestReader& r) { out.Float(r.point().min); });
inline constexpr auto kMax = RecordColumn<type::Float64>(
    {"Max", "largest measurement"}, [](auto& out, const RequestReader& r) { out.Float(r.point().max); });
inline constexpr auto kTemporality = Col<type::Int32, Level::kMetric>(
    {"AggregationTemporality", "1 delta, 2 cumulative, 0 not set"},
    [](auto& out, const RequestReader& r) { out.Integer(r.metric().aggregation_temporality); });
inline constexpr auto kIsMonotonic =
    Col<type::Boolean, Level::kMetric>({"IsMonotonic", "whether the sum never falls", "Delta, ZSTD(1)"},
                                       [](auto& out, const RequestReader& r) { out.Bool(r.metric().is_monotonic); });

/// The members of a Nested column share its comment: DDL has but one.
inline constexpr std::string_view kExemplarsText = "examples of measurements";
inline constexpr std::string_view kQuantilesText = "values at quantiles, 0 to 1";

/// What an exemplar's members are written by, for columns "Exemplars.X" and for GlassFlow's nested object.
inline constexpr auto kExemplarAttributes = [](auto& o, const Exemplar& e) { o.Map(e.filtered_attributes); };
inline constexpr auto kExemplarTime = [](auto& o, const Exemplar& e) { o.Time(e.time); };
inline constexpr auto kExemplarValue = [](auto& o, const Exemplar& e) { o.Number(e.value); };
inline constexpr auto kExemplarSpanId = [](auto& o, const Exemplar& e) { o.FullId(e.span_id, kSpanIdSize); };
inline constexpr auto kExemplarTraceId = [](auto& o, const Exemplar& e) { o.FullId(e.trace_id, kTraceIdSize); };

template <class V>
inline constexpr std::tuple kExemplars{
    RecordColumn<type::Array<type::StringMap>>(
        {"Exemplars.FilteredAttributes", kExemplarsText},
        [](auto& out, const RequestReader& r) { out.Array(r.point().exemplars, kExemplarAttributes); }),
    RecordColumn<type::Array<typename V::Time>>(
        {"Exemplars.TimeUnix", kExemplarsText},
        [](auto& out, const RequestReader& r) { out.Array(r.point().exemplars, kExemplarTime); }),
    RecordColumn<type::Array<type::Float64>>(
        {"Exemplars.Value", kExemplarsText},
        [](auto& out, const RequestReader& r) { out.Array(r.point().exemplars, kExemplarValue); }),
    RecordColumn<type::Array<type::String>>(
        {"Exemplars.SpanId", kExemplarsText},
        [](auto& out, const RequestReader& r) { out.Array(r.point().exemplars, kExemplarSpanId); }),
    RecordColumn<type::Array<type::String>>(
        {"Exemplars.TraceId", kExemplarsText},
        [](auto& out, const RequestReader& r) { out.Array(r.point().exemplars, kExemplarTraceId); })};

inline constexpr auto kQuantile = [](auto& o, const QuantileValue& q) { o.Float(q.quantile); };
inline constexpr auto kQuantileValue = [](auto& o, const QuantileValue& q) { o.Float(q.value); };
inline constexpr std::tuple kQuantiles{
    RecordColumn<type::Array<type::Float64>>(
        {"ValueAtQuantiles.Quantile", kQuantilesText},
        [](auto& out, const RequestReader& r) { out.Array(r.point().quantiles, kQuantile); }),
    RecordColumn<type::Array<type::Float64>>(
        {"ValueAtQuantiles.Value", kQuantilesText},
        [](auto& out, const RequestReader& r) { out.Array(r.point().quantiles, kQuantileValue); })};

/// GlassFlow's exporter writes the nested columns as one object of arrays.
inline constexpr std::tuple kExemplarsObject{
    RecordColumn<type::NestedExemplars>({"Exemplars", kExemplarsText}, [](auto& out, const RequestReader& r) {
      out.BeginObject();
      out.Field("FilteredAttributes");
      out.ArrayOrNull(r.point().exemplars, kExemplarAttributes);
      out.Field("TimeUnix");
      out.ArrayOrNull(r.point().exemplars, kExemplarTime);
      out.Field("Value");
      out.ArrayOrNull(r.point().exemplars, kExemplarValue);
      out.Field("SpanId");
      out.ArrayOrNull(r.point().exemplars, kExemplarSpanId);
      out.Field("TraceId");
      out.ArrayOrNull(r.point().exemplars, kExemplarTraceId);
      out.EndObject();
    })};
inline constexpr std::tuple kQuantilesObject{
    RecordColumn<type::NestedQuantiles>({"ValueAtQuantiles", kQuantilesText}, [](auto& out, const RequestReader& r) {
      out.BeginObject();
      out.Field("Quantile");
      out.ArrayOrNull(r.point().quantiles, kQuantile);
      out.Field("Value");
      out.ArrayOrNull(r.point().quantiles, kQuantileValue);
      out.EndObject();
    })};

inline constexpr auto kWriteInteger = [](auto& o, auto value) { o.Integer(value); };
inline constexpr auto kWriteFloat = [](auto& o, double value) { o.Float(value); };

template <class V, const auto& kExemplarColumns>
inline constexpr auto kGauge = std::tuple_cat(kMetricHead<V>, std::tuple{kNumber, kFlags}, kExemplarColumns);

template <class V, const auto& kExemplarColumns>
inline constexpr auto kSumTable = std::tuple_cat(kGauge<V, kExemplarColumns>, std::tuple{kTemporality, kIsMonotonic});

template <class V, const auto& kExemplarColumns>
inline constexpr auto kHistogram = std::tuple_cat(
    kMetricHead<V>,
    std::tuple{kCount, kSum,
               RecordColumn<type::Array<type::UInt64>>(
                   {"BucketCounts", "measurements in each bucket"},
                   [](auto& out, const RequestReader& r) { out.ArrayOrNull(r.point().bucket_counts, kWriteInteger); }),
               RecordColumn<type::Array<type::Float64>>(
                   {"ExplicitBounds", "upper bounds of the buckets but the last, inclusive"},
                   [](auto& out, const RequestReader& r) { out.ArrayOrNull(r.point().explicit_bounds, kWriteFloat); })},
    kExemplarColumns, std::tuple{kFlags, kMin, kMax, kTemporality});

template <class V, const auto& kExemplarColumns>
inline constexpr auto kExponentialHistogram = std::tuple_cat(
    kMetricHead<V>,
    std::tuple{
        kCount, kSum,
        RecordColumn<type::Int32>({"Scale", "resolution: bucket bounds are powers of 2^(2^-Scale)"},
                                  [](auto& out, const RequestReader& r) { out.Integer(r.point().scale); }),
        RecordColumn<type::UInt64>({"ZeroCount", "measurements that count as zero"},
                                   [](auto& out, const RequestReader& r) { out.Integer(r.point().zero_count); }),
        RecordColumn<type::Int32>({"PositiveOffset", "index of the first positive bucket"},
                                  [](auto& out, const RequestReader& r) { out.Integer(r.point().positive.offset); }),
        RecordColumn<type::Array<type::UInt64>>(
            {"PositiveBucketCounts", "measurements in each positive bucket"},
            [](auto& out, const RequestReader& r) { out.ArrayOrNull(r.point().positive.counts, kWriteInteger); }),
        RecordColumn<type::Int32>({"NegativeOffset", "index of the first negative bucket"},
                                  [](auto& out, const RequestReader& r) { out.Integer(r.point().negative.offset); }),
        RecordColumn<type::Array<type::UInt64>>(
            {"NegativeBucketCounts", "measurements in each negative bucket"},
            [](auto& out, const RequestReader& r) { out.ArrayOrNull(r.point().negative.counts, kWriteInteger); })},
    kExemplarColumns, std::tuple{kFlags, kMin, kMax, kTemporality});

template <class V, const auto& kQuantileColumns>
inline constexpr auto kSummary =
    std::tuple_cat(kMetricHead<V>, std::tuple{kCount, kSum}, kQuantileColumns, std::tuple{kFlags});

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_METRICS_H_
