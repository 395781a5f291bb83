#include "schema/agent_rollups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <iterator>

#include "otlp/agent_vocabulary.h"
#include "schema/ddl_writer.h"
#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

using agents::Field;

/// A column of a rollup: a part of the key, or what is made of the rows with one.
struct RollupColumn {
  std::string_view name, type, comment;
  /// Of a row, or of all with one key; empty: the raw table's column of that name.
  std::string_view spans, events;
};

constexpr std::string_view kText = "LowCardinality(String)", kSum = "SimpleAggregateFunction(sum, UInt64)";
constexpr std::string_view kDurations = "AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), Float64)";

constexpr RollupColumn kSpansKey[] = {{"tenant_id", kText, "who the agents work for"},
                                      {"env", kText, "deployment environment"},
                                      {"service_name", kText, "resource attribute service.name"},
                                      {"operation", kText, "what the spans do"},
                                      {kRollupTime, "DateTime", "in which they start", "toStartOfMinute(start_ts)"}};
constexpr RollupColumn kSpansValues[] = {
    {"spans", kSum, "how many", "count()"},
    {"errors", kSum, "those with status ERROR; UNSET is none", "countIf(status_code = 'ERROR')"},
    {"duration_ms", kDurations, "quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(duration_ms)",
     "quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(duration_ms)"},
    {"traces", "AggregateFunction(uniq, String)", "uniqMerge(traces): distinct traces", "uniqState(trace_id)"}};

constexpr RollupColumn kCostKey[] = {
    {"tenant_id", kText, "who the agents work for"},
    {"env", kText, "deployment environment"},
    {"service_name", kText, "resource attribute service.name"},
    {"provider", kText, "who runs the model", "", "''"},
    {"model", kText, "the model"},
    {"tool_name", kText, "tool that called it, if one did"},
    {kRollupTime, "DateTime", "in which calls start", "toStartOfMinute(start_ts)", "toStartOfMinute(event_ts)"}};
constexpr RollupColumn kCostValues[] = {
    {"calls", kSum, "calls of models", "count()", "count()"},
    {"calls_without_cost", kSum, "those of an unknown cost, which cost_usd lacks", "countIf(isNull(cost_usd))",
     "countIf(isNull(cost_usd))"},
    {"tokens_prompt", kSum, "tokens that went in", "sum(ifNull(tokens_prompt, 0))", "sum(ifNull(tokens_prompt, 0))"},
    {"tokens_completion", kSum, "tokens that came out", "sum(ifNull(tokens_completion, 0))",
     "sum(ifNull(tokens_completion, 0))"},
    {"tokens_cache_read", kSum, "tokens that were read from a cache", "sum(ifNull(tokens_cache_read, 0))", "0"},
    {"tokens_cache_write", kSum, "tokens that were written to a cache", "sum(ifNull(tokens_cache_write, 0))", "0"},
    {"tokens_reasoning", kSum, "tokens of reasoning", "sum(ifNull(tokens_reasoning, 0))", "0"},
    {"cost_usd", "SimpleAggregateFunction(sum, Float64)", "cost in USD, as far as it is known",
     "sum(ifNull(cost_usd, 0))", "sum(ifNull(cost_usd, 0))"}};

template <std::size_t kKeys, std::size_t kValues>
Table TableOf(std::string_view name, const RollupColumn (&key)[kKeys], const RollupColumn (&values)[kValues]) {
  Table table;
  table.name = name;
  const auto add = [&](const RollupColumn& column) {
    table.columns.push_back({.name = std::string(column.name),
                             .type = *ParseType(column.type),
                             .codec = column.name == kRollupTime ? "Delta(4), ZSTD(1)" : "ZSTD(1)",
                             .comment = std::string(column.comment)});
  };
  std::vector<std::string_view> names;
  for (const RollupColumn& column : key) {
    add(column);
    names.push_back(column.name);
  }
  for (const RollupColumn& column : values) add(column);
  table.engine = "AggregatingMergeTree";
  table.partition_by = fmt::format("toYYYYMM({})", kRollupTime);
  table.order_by = fmt::format("({})", fmt::join(names, ", "));
  table.settings = {{"index_granularity", "8192"}};
  return table;
}

/// `expression` is the member of columns that the source's SQL stands in.
template <std::size_t kKeys, std::size_t kValues>
RollupView ViewOf(const RollupColumn (&key)[kKeys], const RollupColumn (&values)[kValues],
                  std::string_view RollupColumn::* expression, std::string_view source) {
  RollupView view{.suffix = "_mv", .source = std::string(source)};
  const auto add = [&](const RollupColumn& column) {
    if (!view.columns.empty()) view.columns += ", ";
    const std::string_view sql = column.*expression;
    view.columns += sql.empty() ? std::string(column.name) : fmt::format("{} AS {}", sql, column.name);
  };
  std::vector<std::string_view> names;
  for (const RollupColumn& column : key) {
    add(column);
    names.push_back(column.name);
  }
  for (const RollupColumn& column : values) add(column);
  view.group_by = fmt::format("{}", fmt::join(names, ", "));
  return view;
}

}  // namespace

Rollup SpansMinute(std::string_view spans) {
  Rollup rollup{.table = TableOf(kSpansMinute, kSpansKey, kSpansValues), .views = {}};
  if (!spans.empty()) rollup.views.push_back(ViewOf(kSpansKey, kSpansValues, &RollupColumn::spans, spans));
  return rollup;
}

Rollup CostMinute(std::string_view spans, std::string_view events) {
  Rollup rollup{.table = TableOf(kCostMinute, kCostKey, kCostValues), .views = {}};
  if (!spans.empty()) {
    rollup.views.push_back(ViewOf(kCostKey, kCostValues, &RollupColumn::spans, spans));
    rollup.views.back().condition = "is_model_call";
  }
  if (!events.empty()) {
    std::vector<std::string> types;
    for (const std::string_view type : agents::kModelCallEvents) types.push_back(QuotedText(type));
    RollupView view = ViewOf(kCostKey, kCostValues, &RollupColumn::events, events);
    view.suffix = "_events_mv";
    view.condition = fmt::format("event_type IN ({})", fmt::join(types, ", "));
    rollup.views.push_back(std::move(view));
  }
  return rollup;
}

std::string RollupQuery(const RollupView& view, std::string_view condition) {
  std::string where = view.condition;
  if (!condition.empty()) where += (where.empty() ? "" : " AND ") + std::string(condition);
  return NormalSql(fmt::format("SELECT {} FROM {}{}{} GROUP BY {}", view.columns, view.source,
                               where.empty() ? "" : " WHERE ", where, view.group_by));
}

View RollupViewInto(const Table& target, const RollupView& view, std::string_view condition) {
  View made;
  made.database = target.database;
  made.name = target.name + std::string(view.suffix);
  made.cluster = target.cluster;
  made.target = QualifiedName(target.database, target.name);
  made.query = RollupQuery(view, condition);
  return made;
}

}  // namespace gf_otlp::schema
