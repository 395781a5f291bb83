#include "schema/agent_rollups.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "otlp/agent_vocabulary.h"
#include "schema/agent_storage.h"
#include "schema/ddl_writer.h"
#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

using agents::Field;

/// A column of a rollup: a part of its key, or what is made of the rows with one key. In expressions, the raw table is
/// `raw`: its columns may have the names of those that are made of them.
struct RollupColumn {
  std::string_view name, type, comment;
  /// What it is made of in the raw tables.
  std::string spans, events;
  bool is_key = false;
};
/// In the order of the key: readers ask for some minutes of all services rather than for one service of all times.
using RollupColumns = std::vector<RollupColumn>;

constexpr std::string_view kText = "LowCardinality(String)", kSum = "SimpleAggregateFunction(sum, UInt64)";
constexpr std::string_view kDurations = "AggregateFunction(quantilesTDigest(0.5, 0.9, 0.95, 0.99), Float64)";

/// A part of the key that both raw tables have.
RollupColumn KeyColumn(std::string_view name, std::string_view comment) {
  const std::string column = fmt::format("raw.{}", name);
  return {.name = name, .type = kText, .comment = comment, .spans = column, .events = column, .is_key = true};
}

RollupColumn MinuteColumn(std::string_view comment) {
  return {.name = kRollupTime,
          .type = "DateTime",
          .comment = comment,
          .spans = fmt::format("toStartOfMinute({})", InDateTime("raw.start_ts")),
          .events = fmt::format("toStartOfMinute({})", InDateTime("raw.event_ts")),
          .is_key = true};
}

RollupColumns SpansMinuteColumns() {
  return {
      KeyColumn("tenant_id", "who the agents work for"),
      MinuteColumn("in which the spans start"),
      KeyColumn("env", "deployment environment"),
      KeyColumn("service_name", "resource attribute service.name"),
      KeyColumn("operation", "what the spans do"),
      {"spans", kSum, "how many there are", "count()", ""},
      {"errors", kSum, "those with status ERROR: UNSET is the usual success", "countIf(raw.status_code = 'ERROR')", ""},
      {"duration_ms", kDurations, "read it by quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(duration_ms)",
       "quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(raw.duration_ms)", ""},
      {"traces", "AggregateFunction(uniq, String)", "distinct traces: read it by uniqMerge(traces)",
       "uniqState(raw.trace_id)", ""}};
}

/// What events_raw has no column for: the first of the attributes that the column of spans is filled from, as far as
/// they stand for themselves. `read` and `end` are around a text, and make null of one that says nothing.
std::string OfPayload(Field field, std::string_view read, std::string_view end, std::string_view otherwise) {
  std::string found;
  for (const agents::Candidate& candidate : agents::CandidatesOf(field)) {
    if (!candidate.when.empty() || !candidate.member.empty()) continue;
    found += fmt::format("{}toString(raw.payload_json.{}){}, ", read, candidate.attribute, end);
  }
  return fmt::format("coalesce({}{})", found, otherwise);
}

RollupColumn TokensColumn(Field field, std::string_view comment, bool is_of_events) {
  const std::string_view name = agents::kFieldColumns[static_cast<std::size_t>(field)];
  const std::string sum = fmt::format("sum(ifNull(raw.{}, 0))", name);
  return {.name = name,
          .type = kSum,
          .comment = comment,
          .spans = sum,
          .events = is_of_events ? sum : fmt::format("sum({})", OfPayload(field, "toUInt64OrNull(", ")", "0"))};
}

RollupColumns CostMinuteColumns() {
  const std::string unknown = "countIf(isNull(raw.cost_usd))", cost = "sum(ifNull(raw.cost_usd, 0))";
  RollupColumn provider = KeyColumn("provider", "who runs the model");
  provider.events = OfPayload(Field::kProvider, "nullIf(", ", '')", "''");
  return {KeyColumn("tenant_id", "who the agents work for"),
          MinuteColumn("in which the calls start"),
          KeyColumn("env", "deployment environment"),
          KeyColumn("service_name", "resource attribute service.name"),
          std::move(provider),
          KeyColumn("model", "the model"),
          KeyColumn("tool_name", "tool that the call is of, if it is one's"),
          {"calls", kSum, "calls of models", "count()", "count()"},
          {"calls_without_cost", kSum, "those of an unknown cost, which cost_usd is without", unknown, unknown},
          TokensColumn(Field::kTokensPrompt, "tokens that went in", true),
          TokensColumn(Field::kTokensCompletion, "tokens that came out", true),
          TokensColumn(Field::kTokensCacheRead, "tokens that were read from a cache", false),
          TokensColumn(Field::kTokensCacheWrite, "tokens that were written to a cache", false),
          TokensColumn(Field::kTokensReasoning, "tokens of reasoning", false),
          {"cost_usd", "SimpleAggregateFunction(sum, Float64)", "cost in USD, as far as it is known", cost, cost}};
}

std::string KeyOf(const RollupColumns& columns) {
  std::vector<std::string_view> names;
  for (const RollupColumn& column : columns) {
    if (column.is_key) names.push_back(column.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

Table TableOf(std::string_view name, const RollupColumns& columns) {
  Table table;
  table.name = name;
  for (const RollupColumn& column : columns) {
    table.columns.push_back({.name = std::string(column.name),
                             .type = *ParseType(column.type),
                             .codec = column.name == kRollupTime ? "Delta(4), ZSTD(1)" : "ZSTD(1)",
                             .comment = std::string(column.comment)});
  }
  table.engine = "AggregatingMergeTree";
  table.partition_by = fmt::format("toYYYYMM({})", kRollupTime);
  table.order_by = fmt::format("({})", KeyOf(columns));
  table.settings = {{"index_granularity", "8192"}};
  return table;
}

RollupView ViewOf(const RollupColumns& columns, std::string RollupColumn::* expression, std::string_view suffix,
                  std::string_view source, std::string condition) {
  std::vector<std::string> made;
  for (const RollupColumn& column : columns) made.push_back(fmt::format("{} AS {}", column.*expression, column.name));
  return {.suffix = suffix,
          .source = std::string(source),
          .columns = fmt::format("{}", fmt::join(made, ", ")),
          .condition = std::move(condition),
          .group_by = KeyOf(columns)};
}

}  // namespace

Rollup SpansMinute(std::string_view spans) {
  const RollupColumns columns = SpansMinuteColumns();
  Rollup rollup{.table = TableOf(kSpansMinute, columns), .views = {}};
  if (!spans.empty()) rollup.views.push_back(ViewOf(columns, &RollupColumn::spans, "_mv", spans, ""));
  return rollup;
}

Rollup CostMinute(std::string_view spans, std::string_view events) {
  const RollupColumns columns = CostMinuteColumns();
  Rollup rollup{.table = TableOf(kCostMinute, columns), .views = {}};
  if (!spans.empty()) rollup.views.push_back(ViewOf(columns, &RollupColumn::spans, "_mv", spans, "raw.is_model_call"));
  if (!events.empty()) {
    std::vector<std::string> types;
    for (const std::string_view type : agents::kModelCallEvents) types.push_back(QuotedText(type));
    rollup.views.push_back(ViewOf(columns, &RollupColumn::events, "_events_mv", events,
                                  fmt::format("raw.event_type IN ({})", fmt::join(types, ", "))));
  }
  return rollup;
}

std::string RollupQuery(const RollupView& view, std::string_view condition) {
  std::string where = view.condition;
  if (!condition.empty()) where += fmt::format("{}({})", where.empty() ? "" : " AND ", condition);
  return NormalSql(fmt::format("SELECT {} FROM {} AS raw{}{} GROUP BY {}", view.columns, view.source,
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
