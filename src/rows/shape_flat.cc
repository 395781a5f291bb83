#include "rows/flat.h"
#include "rows/shapes.h"

namespace gf_otlp {
namespace {

constexpr Dialect kFlat{.unique_keys = true,
                        .hex_attributes = true,
                        .hex_bodies = true,
                        .plain_doubles = true,
                        .finite_floats = true,
                        .rfc3339 = true};

template <bool kAll>
Tables FlatTables(const RowOptions& options, RowCounts& counts) {
  Tables tables;
  tables.push_back(DeclareTable<flat::kSpans<kAll>, kFlat>("otel_traces", {RecordKind::kSpan}, options, counts));
  tables.push_back(DeclareTable<flat::kLogs<kAll>, kFlat>("otel_logs", {RecordKind::kLog}, options, counts));
  tables.push_back(
      DeclareTable<flat::kPoints<kAll>, kFlat>("otel_metrics",
                                               {RecordKind::kGauge, RecordKind::kSum, RecordKind::kHistogram,
                                                RecordKind::kExponentialHistogram, RecordKind::kSummary},
                                               options, counts));
  return tables;
}

}  // namespace

Tables GlassFlowFlatTables(const RowOptions& options, RowCounts& counts) {
  return options.keep_all ? FlatTables<true>(options, counts) : FlatTables<false>(options, counts);
}

}  // namespace gf_otlp
