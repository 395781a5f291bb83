#include "rows/agents.h"
#include "rows/shapes.h"

namespace gf_otlp {
namespace {

constexpr Dialect kAgents{};

}  // namespace

Status CheckAgentOptions(const RowOptions& options) { return agents::CheckColumns(options); }

Tables AgentTables(const RowOptions& options, RowCounts& counts) {
  Tables tables;
  tables.push_back(
      DeclareTable<agents::kSpans, kAgents, agents::RowOfSpan>("spans_raw", {RecordKind::kSpan}, options, counts));
  tables.push_back(DeclareTable<agents::kEvents, kAgents, agents::RowsOfEvents>(
      "events_raw", {RecordKind::kSpan, RecordKind::kLog}, options, counts));
  tables[0].info.topics = {"otel-spans-rows"};
  tables[1].info.topics = {"otel-events"};
  return tables;
}

}  // namespace gf_otlp
