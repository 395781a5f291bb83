#include "rows/logs.h"
#include "rows/metrics.h"
#include "rows/shapes.h"
#include "rows/traces.h"

namespace gf_otlp {
namespace {

constexpr Dialect kGlassFlow{.zero_ids = true,
                             .unique_keys = true,
                             .hex_attributes = true,
                             .html_escapes = true,
                             .finite_floats = true,
                             .null_arrays = true};

/// Metric times always have nanoseconds.
struct GlassFlowMetrics {
  using Time = type::DateTime64;
  using MetricName = type::LowCardinalityString;
};

}  // namespace

Tables GlassFlowTables(const RowOptions& options, RowCounts& counts) {
  using V = GlassFlowMetrics;
  constexpr auto& kEx = kExemplarsObject;
  Tables tables;
  tables.push_back(DeclareTable<kGlassFlowTraces, kGlassFlow>("otel_traces", {RecordKind::kSpan}, options, counts));
  tables.push_back(DeclareTable<kGlassFlowLogs, kGlassFlow>("otel_logs", {RecordKind::kLog}, options, counts));
  tables.push_back(
      DeclareTable<kGauge<V, kEx>, kGlassFlow>("otel_metrics_gauge", {RecordKind::kGauge}, options, counts));
  tables.push_back(
      DeclareTable<kSumTable<V, kEx>, kGlassFlow>("otel_metrics_sum", {RecordKind::kSum}, options, counts));
  tables.push_back(DeclareTable<kHistogram<V, kEx>, kGlassFlow>("otel_metrics_histogram", {RecordKind::kHistogram},
                                                                options, counts));
  tables.push_back(DeclareTable<kExponentialHistogram<V, kEx>, kGlassFlow>(
      "otel_metrics_exponential_histogram", {RecordKind::kExponentialHistogram}, options, counts));
  tables.push_back(DeclareTable<kSummary<V, kQuantilesObject>, kGlassFlow>("otel_metrics_summary",
                                                                           {RecordKind::kSummary}, options, counts));
  return tables;
}

}  // namespace gf_otlp
