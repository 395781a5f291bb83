#ifndef GF_OTLP_SCHEMA_AGENT_ROLLUPS_H_
#define GF_OTLP_SCHEMA_AGENT_ROLLUPS_H_

#include <string>
#include <string_view>
#include <vector>

#include "schema/table.h"

/// The tables of shape agents that hold a minute's sums, and what fills them from the raw tables.
namespace gf_otlp::schema {

inline constexpr std::string_view kSpansMinute = "spans_minute", kCostMinute = "cost_minute";
/// The column that they have the time in, a DateTime.
inline constexpr std::string_view kRollupTime = "minute";

/// What sums up the rows of one raw table. Pieces of SQL in the form of NormalSql().
struct RollupView {
  std::string_view suffix;  // the view's name is the rollup's with this behind it
  std::string source;       // the raw table, as SQL names it; `raw` in expressions
  std::string columns;      // of SELECT, each with the name that it has in the rollup
  std::string condition;    // which rows count; empty: all
  std::string group_by;
};

/// Blocks of rows are summed as they come in; merging makes one row a key of them, so readers must sum, too.
struct Rollup {
  Table table;  // without database and TTL; the engine is without replicas
  std::vector<RollupView> views;
};

/// spans_minute: spans, errors, durations and traces. `spans` is the raw table as SQL names it.
Rollup SpansMinute(std::string_view spans);
/// cost_minute: calls of models, their tokens and costs, from spans and from events; a source that is empty has no
/// view.
Rollup CostMinute(std::string_view spans, std::string_view events);

/// SELECT ... of the rows that count and that `condition` ("inserted_at >= ...") is true of; empty: of all that count.
std::string RollupQuery(const RollupView& view, std::string_view condition = {});
/// The materialized view that fills `target`, a table like the rollup's, and is named after it.
View RollupViewInto(const Table& target, const RollupView& view, std::string_view condition = {});

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_AGENT_ROLLUPS_H_
