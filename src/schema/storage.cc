#include "schema/storage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "schema/agent_storage.h"

namespace gf_otlp::schema {
namespace {

constexpr ServerVersion kTextIndexes{26, 2};
constexpr std::string_view kByWord = "text(tokenizer = 'splitByNonAlpha')", kByItem = "text(tokenizer = 'array')";

/// Resource attributes that the logs of schema version 0.161 have as columns.
constexpr std::string_view kMaterialized[] = {
    "k8s.cluster.name", "k8s.container.name", "k8s.deployment.name", "k8s.namespace.name",
    "k8s.node.name",    "k8s.pod.name",       "k8s.pod.uid",         "deployment.environment.name"};

struct Layout {
  std::string_view partition_by, primary_key, order_by;
  std::string_view age;       // the time that rows grow old by
  std::string_view trace_id;  // the column, if it is indexed
  std::vector<Index> last;    // indexes behind those of ids and attributes
};

Layout SpanLayout(const RowOptions& rows) {
  // The keys of glassflow-flat are of our own choice: GlassFlow leaves them to the user.
  if (rows.shape == Shape::kGlassFlowFlat) {
    return {.partition_by = "toDate(start_timestamp)",
            .order_by = "(name, toDateTime(start_timestamp))",
            .age = "toDateTime(start_timestamp)",
            .trace_id = "trace_id",
            .last = {{"idx_duration", "duration_ns", "minmax", 1}}};
  }
  const bool json = rows.shape == Shape::kClickHouseJson;
  return {.partition_by = "toDate(Timestamp)",
          .order_by = json ? "(ServiceName, SpanName, toDateTime(Timestamp), Timestamp)"
                           : "(ServiceName, SpanName, toDateTime(Timestamp))",
          .age = "toDateTime(Timestamp)",
          .trace_id = json ? "" : "TraceId",
          .last = {{"idx_duration", "Duration", "minmax", 1}}};
}

Index BodyIndex(std::string name, std::string expression, bool text) {
  if (text) return {std::move(name), std::move(expression), std::string(kByWord), 0};
  return {std::move(name), std::move(expression), "tokenbf_v1(32768, 3, 0)", 8};
}

Layout LogLayout(const RowOptions& rows, bool text) {
  if (rows.shape == Shape::kGlassFlowFlat) {
    return {.partition_by = "toDate(timestamp)",
            .order_by = "(toStartOfFiveMinutes(timestamp), timestamp)",
            .age = "toDateTime(timestamp)",
            .trace_id = "trace_id",
            .last = {BodyIndex("idx_lower_body", "lower(body)", text)}};
  }
  const bool json = rows.shape == Shape::kClickHouseJson;
  if (rows.schema_version == "0.149") {
    if (json) {
      return {.partition_by = "toDate(Timestamp)",
              .primary_key = "(ServiceName, toDateTime(Timestamp))",
              .order_by = "(ServiceName, toDateTime(Timestamp), Timestamp)",
              .age = "toDateTime(Timestamp)",
              .last = {BodyIndex("idx_body", "Body", text)}};
    }
    return {.partition_by = "toDate(TimestampTime)",
            .primary_key = "(ServiceName, TimestampTime)",
            .order_by = "(ServiceName, TimestampTime, Timestamp)",
            .age = "TimestampTime",
            .trace_id = "TraceId",
            .last = {BodyIndex("idx_body", "Body", text)}};
  }
  return {.partition_by = "toDate(Timestamp)",
          .primary_key = json ? "(toStartOfFiveMinutes(Timestamp), ServiceName)" : "",
          .order_by = "(toStartOfFiveMinutes(Timestamp), ServiceName, Timestamp)",
          .age = "toDateTime(Timestamp)",
          .trace_id = json ? "" : "TraceId",
          .last = {json ? BodyIndex("idx_body", "Body", text) : BodyIndex("idx_lower_body", "lower(Body)", text)}};
}

Layout MetricLayout(const RowOptions& rows) {
  if (rows.shape == Shape::kGlassFlowFlat) {
    return {.partition_by = "toDate(timestamp)",
            .order_by = "(metric_name, toStartOfHour(timestamp), cityHash64(attributes), timestamp)",
            .age = "toDateTime(timestamp)",
            .last = {{"idx_time_minmax", "timestamp", "minmax", 1}}};
  }
  Layout layout{.partition_by = "toDate(TimeUnix)", .age = "toDateTime(TimeUnix)"};
  if (rows.schema_version == "0.149") {
    layout.order_by = "(ServiceName, MetricName, Attributes, toUnixTimestamp64Nano(TimeUnix))";
  } else {
    layout.order_by = "(ServiceName, MetricName, toStartOfHour(TimeUnix), cityHash64(Attributes), TimeUnix)";
    layout.last = {{"idx_time_minmax", "TimeUnix", "minmax", 1}};
  }
  return layout;
}

/// Logs alone have text indexes in schema version 0.161, and not those with JSON attributes.
bool HasTextIndexes(RecordKind kind, const RowOptions& rows, ServerVersion server) {
  return kind == RecordKind::kLog && rows.shape != Shape::kClickHouseJson && rows.schema_version != "0.149" &&
         server >= kTextIndexes;
}

/// "ResourceAttributes" and "resource_attributes" are "res_attr" in the names of indexes, "Attributes" is "attr".
std::string AttributesInIndex(std::string_view column) {
  std::string name;
  for (const char c : column) name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  name.resize(name.find("attributes"));
  if (name.ends_with('_')) name.pop_back();
  if (name == "resource") name = "res";
  return name.empty() ? "attr" : name + "_attr";
}

/// Indexes of what can be looked for in columns of attributes: the keys and values of maps, the paths beside JSON.
void AddAttributeIndexes(bool text, Table& table) {
  const std::string type(text ? kByItem : "bloom_filter(0.01)");
  const std::uint64_t granularity = text ? 0 : 1;
  for (const Column& column : table.columns) {
    if (column.type.kind == Type::Kind::kMap) {
      const std::string name = "idx_" + AttributesInIndex(column.name);
      table.indexes.push_back({name + "_key", fmt::format("mapKeys({})", column.name), type, granularity});
      table.indexes.push_back({name + "_value", fmt::format("mapValues({})", column.name), type, granularity});
    } else if (column.name.ends_with("AttributesKeys")) {
      table.indexes.push_back({fmt::format("idx_{}_keys", AttributesInIndex(column.name)), column.name, type, 1});
    }
  }
}

void AddComputedColumns(const RowOptions& rows, Table& table) {
  if (rows.schema_version == "0.149") {
    table.columns.insert(table.columns.begin() + 1, {.name = "TimestampTime",
                                                     .type = *ParseType("DateTime"),
                                                     .default_kind = DefaultKind::kDefault,
                                                     .default_expression = "toDateTime(Timestamp)",
                                                     .comment = "Timestamp in seconds"});
    return;
  }
  for (const std::string_view key : kMaterialized) {
    table.columns.push_back({.name = fmt::format("__otel_materialized_{}", key),
                             .type = *ParseType("LowCardinality(String)"),
                             .default_kind = DefaultKind::kMaterialized,
                             .default_expression = fmt::format("ResourceAttributes['{}']", key),
                             .codec = "ZSTD(1)",
                             .comment = fmt::format("resource attribute {}", key)});
  }
}

void AddSettings(Table& table) { table.settings = {{"index_granularity", "8192"}, {"ttl_only_drop_parts", "1"}}; }

}  // namespace

std::string AddStorage(const TableInfo& info, const RowOptions& rows, ServerVersion server, Table& table) {
  if (rows.shape == Shape::kAgents) return AddAgentStorage(info.name, table);
  const RecordKind kind = info.kinds.front();
  const bool text = HasTextIndexes(kind, rows, server);
  const Layout layout = kind == RecordKind::kSpan  ? SpanLayout(rows)
                        : kind == RecordKind::kLog ? LogLayout(rows, text)
                                                   : MetricLayout(rows);
  if (kind == RecordKind::kLog && rows.shape == Shape::kClickHouse) {
    AddComputedColumns(rows, table);
  }
  if (!layout.trace_id.empty()) {
    table.indexes.push_back({"idx_trace_id", std::string(layout.trace_id),
                             std::string(text ? kByItem : "bloom_filter(0.001)"), text ? 0U : 1U});
  }
  AddAttributeIndexes(text, table);
  table.indexes.insert(table.indexes.end(), layout.last.begin(), layout.last.end());
  table.partition_by = layout.partition_by;
  table.primary_key = layout.primary_key;
  table.order_by = layout.order_by;
  AddSettings(table);
  return std::string(layout.age);
}

Table TraceTimesTable() {
  Table table;
  table.columns = {
      {.name = "TraceId", .type = *ParseType("String"), .codec = "ZSTD(1)", .comment = "trace: 32 hex digits"},
      {.name = "Start",
       .type = *ParseType("DateTime"),
       .codec = "Delta(4), ZSTD(1)",
       .comment = "earliest start of its spans"},
      {.name = "End",
       .type = *ParseType("DateTime"),
       .codec = "Delta(4), ZSTD(1)",
       .comment = "latest start of its spans"}};
  table.indexes = {{"idx_trace_id", "TraceId", "bloom_filter(0.01)", 1}};
  table.partition_by = "toDate(Start)";
  table.order_by = "(TraceId, Start)";
  AddSettings(table);
  return table;
}

bool HasTraceTimes(Shape shape) { return shape != Shape::kGlassFlowFlat && shape != Shape::kAgents; }

std::string TraceTimesQuery(std::string_view spans) {
  return fmt::format(
      "SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM {} WHERE TraceId != '' GROUP BY TraceId",
      spans);
}

}  // namespace gf_otlp::schema
