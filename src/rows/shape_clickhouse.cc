#include "rows/logs.h"
#include "rows/metrics.h"
#include "rows/shapes.h"
#include "rows/traces.h"

namespace gf_otlp {
namespace {

constexpr Dialect kClickHouse{};

template <AttributeColumns kAs>
void AddTracesAndLogs(Tables& tables, const RowOptions& options, RowCounts& counts) {
  tables.push_back(DeclareTable<kOtelTraces<kAs>, kClickHouse>("otel_traces", {RecordKind::kSpan}, options, counts));
  tables.push_back(DeclareTable<kOtelLogs<kAs>, kClickHouse>("otel_logs", {RecordKind::kLog}, options, counts));
}

template <class V>
void AddMetrics(Tables& tables, const RowOptions& options, RowCounts& counts) {
  constexpr auto& kEx = kExemplars<V>;
  tables.push_back(
      DeclareTable<kGauge<V, kEx>, kClickHouse>("otel_metrics_gauge", {RecordKind::kGauge}, options, counts));
  tables.push_back(
      DeclareTable<kSumTable<V, kEx>, kClickHouse>("otel_metrics_sum", {RecordKind::kSum}, options, counts));
  tables.push_back(DeclareTable<kHistogram<V, kEx>, kClickHouse>("otel_metrics_histogram", {RecordKind::kHistogram},
                                                                 options, counts));
  tables.push_back(DeclareTable<kExponentialHistogram<V, kEx>, kClickHouse>(
      "otel_metrics_exponential_histogram", {RecordKind::kExponentialHistogram}, options, counts));
  tables.push_back(DeclareTable<kSummary<V, kQuantiles>, kClickHouse>("otel_metrics_summary", {RecordKind::kSummary},
                                                                      options, counts));
}

}  // namespace

Tables ClickHouseTables(const RowOptions& options, RowCounts& counts) {
  Tables tables;
  if (options.shape == Shape::kClickHouseJson) {
    AddTracesAndLogs<AttributeColumns::kJson>(tables, options, counts);
  } else {
    AddTracesAndLogs<AttributeColumns::kMap>(tables, options, counts);
  }
  if (options.schema_version == "0.149") {
    AddMetrics<MetricsUpTo149>(tables, options, counts);
  } else {
    AddMetrics<MetricsSince161>(tables, options, counts);
  }
  return tables;
}

}  // namespace gf_otlp
