#include "schema/agent_storage.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <vector>

#include "otlp/agent_vocabulary.h"
#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

using agents::Field;

/// What the two tables differ in.
struct Layout {
  std::string_view time, order_by;
  std::string row_id;                    // what makes a row the one that it is
  std::vector<std::string_view> sought;  // columns that people look for values in
};

std::string QuotedList(std::span<const std::string_view> texts) {
  std::vector<std::string> quoted;
  for (const std::string_view text : texts) quoted.push_back(QuotedText(text));
  return fmt::format("{}", fmt::join(quoted, ", "));
}

/// The rule that kModelCalls states.
std::string ModelCallSql() {
  std::vector<std::string> known;
  for (const Field field : {Field::kTokensPrompt, Field::kTokensCompletion, Field::kCostUsd}) {
    known.push_back(fmt::format("({} IS NOT NULL)", agents::kFieldColumns[static_cast<std::size_t>(field)]));
  }
  return fmt::format(
      "(NOT startsWith(span_name, {})) AND (((lower(operation) IN ({})) AND ((operation != span_name) OR "
      "(model != ''))) OR ((lower(operation) NOT IN ({})) AND (model != '') AND ({})))",
      QuotedText(agents::kSpansOfEvents), QuotedList(agents::kModelCalls), QuotedList(agents::kOtherOperations),
      fmt::join(known, " OR "));
}

/// All columns; those of type JSON as text, for there is no hash of them.
std::string WholeRow(const Table& table) {
  std::vector<std::string> parts;
  parts.reserve(table.columns.size());
  for (const Column& column : table.columns) {
    parts.push_back(column.type.kind == Type::Kind::kJson ? fmt::format("toString({})", column.name) : column.name);
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

Layout SpanLayout(const Table& table) {
  return {.time = "start_ts",
          .order_by = "(tenant_id, toDate(start_ts), service_name, operation, start_ts)",
          // Without a span's id, others may have started and ended with it.
          .row_id = fmt::format("tenant_id, trace_id, span_id, start_ts, end_ts, "
                                "if(span_id = '', cityHash64(tuple({})), 0)",
                                WholeRow(table)),
          .sought = {"trace_id", "session_id", "workflow_id", "user_id"}};
}

Layout EventLayout(const Table& table) {
  return {.time = "event_ts",
          .order_by = "(tenant_id, toDate(event_ts), event_type, event_ts)",
          .row_id = WholeRow(table),
          .sought = {"trace_id", "session_id", "user_id"}};
}

void AddComputed(std::string_view name, std::string_view type, DefaultKind kind, std::string_view expression,
                 std::string_view comment, Table& table) {
  table.columns.push_back({.name = std::string(name),
                           .type = *ParseType(type),
                           .default_kind = kind,
                           .default_expression = NormalSql(expression),
                           .codec = "ZSTD(1)",
                           .comment = std::string(comment)});
}

}  // namespace

std::string InDateTime(std::string_view time) {
  return fmt::format(
      "greatest(least({}, toDateTime64('2056-01-01 00:00:00', 9, 'UTC')), "
      "toDateTime64('1970-01-01 00:00:00', 9, 'UTC'))",
      time);
}

std::string AddAgentStorage(std::string_view table_name, Table& table) {
  const bool are_spans = table_name == "spans_raw";
  const Layout layout = are_spans ? SpanLayout(table) : EventLayout(table);
  if (are_spans) {
    AddComputed("is_model_call", "Bool", DefaultKind::kMaterialized, ModelCallSql(),
                "its tokens and cost count: those of agents and workflows are of their model calls", table);
  }
  AddComputed(kInsertedAt, "DateTime64(3)", DefaultKind::kDefault, "now64(3)", "when the row was inserted", table);
  // A hash of NULL is NULL, but not that of a tuple with it.
  AddComputed(kRowId, "UInt64", DefaultKind::kMaterialized, fmt::format("cityHash64(tuple({}))", layout.row_id),
              "the same in rows that are there more than once", table);
  for (const std::string_view column : layout.sought) {
    table.indexes.push_back({fmt::format("idx_{}", column), std::string(column), "bloom_filter(0.001)", 1});
  }
  if (are_spans) {
    table.indexes.push_back({"idx_attr_key", "mapKeys(attributes)", "bloom_filter(0.01)", 1});
    table.indexes.push_back({"idx_attr_value", "mapValues(attributes)", "bloom_filter(0.01)", 1});
    table.indexes.push_back({"idx_duration", "duration_ms", "minmax", 1});
  }
  // The key has tenants in front of the time.
  table.indexes.push_back({fmt::format("idx_{}", layout.time), std::string(layout.time), "minmax", 1});
  // Alerts ask for what has come in lately, whenever it began.
  table.indexes.push_back({"idx_inserted_at", std::string(kInsertedAt), "minmax", 1});
  // A week a partition: a block of rows, which may have 100 of them, may be of two years.
  table.partition_by = fmt::format("toMonday({})", layout.time);
  table.order_by = layout.order_by;
  table.settings = {{"index_granularity", "8192"}, {"ttl_only_drop_parts", "1"}};
  return fmt::format("toDateTime({})", InDateTime(layout.time));
}

}  // namespace gf_otlp::schema
