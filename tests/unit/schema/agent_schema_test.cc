#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "otlp/agent_vocabulary.h"
#include "schema/agent_rollups.h"
#include "schema/agent_storage.h"
#include "schema/agent_users.h"
#include "schema/ddl_writer.h"
#include "schema/shape_schema.h"
#include "schema/sql_text.h"
#include "schema/storage_policy.h"

namespace gf_otlp::schema {
namespace {

template <class Set>
ShapeSchemaOptions Agents(Set set) {
  ShapeSchemaOptions options{.rows = {.shape = Shape::kAgents}};
  set(options);
  return options;
}
ShapeSchemaOptions Agents() {
  return Agents([](auto&) {});
}

Schema Made(const ShapeSchemaOptions& options) {
  Result<Schema> schema = ShapeSchema(options);
  REQUIRE_MESSAGE(schema, (schema ? "" : schema.error().message()));
  return std::move(*schema);
}

template <class Item>
const Item& Named(const std::vector<Item>& items, std::string_view name) {
  const auto found = std::ranges::find(items, name, &Item::name);
  REQUIRE_MESSAGE(found != items.end(), name);
  return *found;
}

std::vector<std::string> NamesOf(const auto& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

using Names = std::vector<std::string>;

std::string Setting(const Table& table, std::string_view name) {
  const auto found = std::ranges::find(table.settings, name, [](const auto& setting) { return setting.first; });
  return found == table.settings.end() ? "" : found->second;
}

TEST_CASE("shape agents: raw tables, rollups, and the views between them") {
  const Schema schema = Made(Agents());
  CHECK(NamesOf(schema.tables) == Names{"spans_raw", "events_raw", "spans_minute", "cost_minute"});
  CHECK(NamesOf(schema.views) == Names{"spans_minute_mv", "cost_minute_mv", "cost_minute_events_mv"});
  CHECK(schema.views[0].target == "spans_minute");
  CHECK(schema.views[2].target == "cost_minute");
  CHECK(schema.tables[0].order_by == "(tenant_id, toDate(start_ts), service_name, operation, start_ts)");
  CHECK(schema.tables[1].order_by == "(tenant_id, toDate(event_ts), event_type, event_ts)");
  CHECK(schema.tables[2].order_by == "(tenant_id, minute, env, service_name, operation)");
  CHECK(schema.tables[3].order_by == "(tenant_id, minute, env, service_name, provider, model, tool_name)");
  for (const Table& table : schema.tables) {
    CAPTURE(table.name);
    for (const Column& column : table.columns) CHECK_FALSE(column.comment.empty());
    for (const Index& index : table.indexes) CHECK(index.expression.find(' ') == std::string::npos);
  }
}

TEST_CASE("columns that the server computes are in no row") {
  const Result<std::vector<Table>> tables = RowTables(Agents());
  REQUIRE(tables);
  for (const Table& table : *tables) {
    CHECK(Named(table.columns, "inserted_at").default_kind == DefaultKind::kDefault);
    CHECK(Named(table.columns, "row_id").default_kind == DefaultKind::kMaterialized);
  }
  const std::string row = Named((*tables)[1].columns, "row_id").default_expression;
  for (const Column& column : (*tables)[1].columns) {
    if (column.default_kind != DefaultKind::kNone) continue;
    const std::string part = column.name == "payload_json" ? "toString(payload_json)" : column.name;
    CHECK_MESSAGE(row.find(part) != std::string::npos, part);
  }
  const std::string rule = Named((*tables)[0].columns, "is_model_call").default_expression;
  for (const std::string_view word : agents::kModelCalls) CHECK(rule.find(QuotedText(word)) != std::string::npos);
  for (const std::string_view word : agents::kOtherOperations) CHECK(rule.find(QuotedText(word)) != std::string::npos);
  CHECK(rule.find(QuotedText(agents::kSpansOfEvents)) != std::string::npos);
}

TEST_CASE("rollups come with the views whose tables are wanted, too") {
  const auto views = [](std::vector<std::string> tables) {
    return NamesOf(Made(Agents([&](auto& o) { o.tables = tables; })).views);
  };
  CHECK(views({"spans_raw", "spans_minute"}) == Names{"spans_minute_mv"});
  CHECK(views({"spans_raw", "cost_minute"}) == Names{"cost_minute_mv"});
  CHECK(views({"events_raw", "cost_minute"}) == Names{"cost_minute_events_mv"});
  CHECK(views({"cost_minute"}).empty());
  CHECK(views({"spans_raw", "events_raw"}).empty());
}

TEST_CASE("what belongs to a table is named after it") {
  const Schema schema = Made(Agents([](auto& o) {
    o.database = "d";
    o.cluster = "c";
    o.names = {{"spans_raw", "my spans"}, {"cost_minute", "costs"}};
  }));
  CHECK(NamesOf(schema.tables) == Names{"my spans", "events_raw", "spans_minute", "costs"});
  CHECK(NamesOf(schema.views) == Names{"spans_minute_mv", "costs_mv", "costs_events_mv"});
  CHECK(schema.views[1].target == "d.costs");
  CHECK(schema.views[1].query.find(" FROM d.`my spans` AS raw WHERE raw.is_model_call GROUP BY ") != std::string::npos);
  for (const View& view : schema.views) CHECK(view.cluster == "c");
}

TEST_CASE("rollups are aggregating tables beside whatever the raw ones are") {
  const auto engine = [](const std::string& text) {
    const Schema schema = Made(Agents([&](auto& o) { o.engine = text; }));
    CHECK(Named(schema.tables, "spans_raw").engine == text);
    return Named(schema.tables, "cost_minute").engine;
  };
  CHECK(engine("MergeTree") == "AggregatingMergeTree");
  CHECK(engine("SharedMergeTree") == "SharedAggregatingMergeTree");
  CHECK(engine("ReplicatedMergeTree('/t/{table}', '{replica}')") ==
        "ReplicatedAggregatingMergeTree('/t/{table}', '{replica}')");
  // Rows that are not kept are summed all the same.
  CHECK(engine("Null") == "AggregatingMergeTree");
  const Schema one_path = Made(Agents([](auto& o) {
    o.engine = "ReplicatedMergeTree('/t/spans', '{replica}')";
    o.tables = {"spans_raw", "spans_minute"};
  }));
  CHECK(one_path.tables[1].engine == "ReplicatedAggregatingMergeTree('/t/spans_spans_minute', '{replica}')");
}

TEST_CASE("raw rows are not merged by their keys") {
  for (const char* engine : {"ReplacingMergeTree", "ReplacingMergeTree(inserted_at)", "SummingMergeTree",
                             "ReplicatedReplacingMergeTree('/t/{table}', '{replica}')", "SharedReplacingMergeTree"}) {
    CAPTURE(engine);
    const Result<Schema> schema = ShapeSchema(Agents([&](auto& o) { o.engine = engine; }));
    REQUIRE_FALSE(schema);
    CHECK(schema.error().code() == Code::kUsage);
    CHECK(schema.error().message().find("shape agents") != std::string::npos);
  }
}

TEST_CASE("raw rows stay 90 days if nothing is said, sums for ever") {
  const auto ttl = [](const std::string& text, std::string_view table) {
    return Named(Made(Agents([&](auto& o) {
                   o.ttl = text;
                   o.kafka_brokers = "b:1";
                 })).tables,
                 table)
        .ttl;
  };
  const std::string start = fmt::format("toDateTime({})", InDateTime("start_ts"));
  CHECK(ttl("", "spans_raw") == start + " + toIntervalDay(90)");
  CHECK(ttl("", "events_raw") == fmt::format("toDateTime({}) + toIntervalDay(90)", InDateTime("event_ts")));
  CHECK(ttl("", "otel_kafka_errors") == "Time + toIntervalDay(90)");
  CHECK(ttl("30d to volume slow, 180d", "spans_raw") ==
        fmt::format("{0} + toIntervalDay(30) TO VOLUME 'slow', {0} + toIntervalDay(180)", start));
  CHECK(ttl("none", "spans_raw").empty());
  for (const char* text : {"", "2d", "none"}) {
    CHECK(ttl(text, "spans_minute").empty());
    CHECK(ttl(text, "cost_minute").empty());
  }
  // Other shapes' rows stay.
  CHECK(Made({.rows = {}, .ttl = "none"}).tables[0].ttl.empty());
  CHECK(Made({}).tables[0].ttl.empty());
}

TEST_CASE("a storage policy is for all tables that have parts") {
  const Schema schema = Made(Agents([](auto& o) {
    o.storage_policy = "it's";
    o.kafka_brokers = "b:1";
  }));
  for (const Table& table : schema.tables) {
    CAPTURE(table.name);
    CHECK(Setting(table, "storage_policy") == (table.engine.ends_with("MergeTree") ? "'it\\'s'" : ""));
  }
}

TEST_CASE("a storage configuration has what the TTL names") {
  const auto xml = [](std::string_view ttl, std::string_view policy) {
    return StorageConfiguration(*ParseTtl(ttl), policy);
  };
  CHECK(xml("30d", "p").empty());
  const std::string text =
      xml("1d to volume warm, 2d to disk cold, 3d to volume default, 4d to disk cold, 5d", "tiered");
  CHECK(text.find("<tiered>") != std::string::npos);
  for (const std::string_view name : {"warm", "cold"}) {
    const std::string disk = fmt::format("<path>/var/lib/clickhouse/disks/{}/</path>", name);
    CHECK(text.find(disk) != std::string::npos);
    CHECK(text.find(disk, text.find(disk) + 1) == std::string::npos);
    CHECK(text.find(fmt::format("<disk>{}</disk>", name)) != std::string::npos);
  }
  CHECK(text.find("<disk>default</disk>") != std::string::npos);
  CHECK(text.find("disks/default/") == std::string::npos);
  // Tables that name no policy have this one.
  CHECK(xml("1d to volume warm", "").find("<policies>\n            <default>\n") != std::string::npos);
  for (const std::string_view ttl :
       {"1d to volume 'a b'", "1d to disk '<x>'", "1d to volume '1st'", "1d to volume 'a.b'"}) {
    CHECK(xml(ttl, "p").empty());
  }
  CHECK(xml("1d to volume warm", "a&b").empty());
}

TEST_CASE("servers before 25.3 have no JSON") {
  const auto refusal = [](ServerVersion server) {
    const Result<Schema> schema = ShapeSchema(Agents([&](auto& o) { o.server = server; }));
    if (schema) return std::string();
    CHECK(schema.error().code() == Code::kUsage);
    return schema.error().message();
  };
  CHECK(refusal({25, 3}).empty());
  CHECK(refusal({25, 2}) == "shape agents: ClickHouse 25.2 has no columns of type JSON: it needs 25.3 or newer");
}

TEST_CASE("a rollup can be filled as its views do, of some rows and in another table") {
  const Result<std::vector<Rollup>> rollups = ShapeRollups(Agents([](auto& o) { o.database = "d"; }));
  REQUIRE(rollups);
  REQUIRE(rollups->size() == 2);
  const Rollup& spans = (*rollups)[0];
  const Rollup& costs = (*rollups)[1];
  REQUIRE(spans.views.size() == 1);
  REQUIRE(costs.views.size() == 2);
  CHECK(costs.table.database == "d");
  CHECK(RollupQuery(spans.views[0]).find(" FROM d.spans_raw AS raw GROUP BY ") != std::string::npos);
  CHECK(RollupQuery(spans.views[0], "inserted_at < 5").find(" AS raw WHERE inserted_at < 5 GROUP") !=
        std::string::npos);
  CHECK(RollupQuery(costs.views[0], "a OR b").find("WHERE raw.is_model_call AND (a OR b) GROUP") != std::string::npos);
  Table target = costs.table;
  target.name += "_new";
  const View view = RollupViewInto(target, costs.views[1], "inserted_at >= 5");
  CHECK(view.name == "cost_minute_new_events_mv");
  CHECK(view.target == "d.cost_minute_new");
  CHECK(view.query == RollupQuery(costs.views[1], "inserted_at >= 5"));
  // Other shapes have none.
  CHECK(ShapeRollups({})->empty());
}

TEST_CASE("both ways in from Kafka have topics of their own") {
  const Schema schema = Made(Agents([](auto& o) {
    o.kafka_brokers = "b:1";
    o.kafka_topics = {{"otlp_spans", "theirs"}, {"events_raw", "mine"}};
  }));
  CHECK(Setting(Named(schema.tables, "spans_raw_kafka"), "kafka_topic_list") == "'otel-spans-rows'");
  CHECK(Setting(Named(schema.tables, "events_raw_kafka"), "kafka_topic_list") == "'mine'");
  CHECK(Setting(Named(schema.tables, "otlp_spans_kafka"), "kafka_topic_list") == "'theirs'");
  CHECK(Setting(Named(schema.tables, "otlp_logs_kafka"), "kafka_topic_list") == "'otel-logs'");
  for (const Column& column : Named(schema.tables, "spans_raw_kafka").columns) {
    CHECK(column.name != "inserted_at");
    CHECK(column.name != "row_id");
    CHECK(column.name != "is_model_call");
  }
}

TEST_CASE("readers may read what is kept, and nobody takes Kafka's messages") {
  const ShapeSchemaOptions options = Agents([](auto& o) {
    o.database = "my db";
    o.kafka_brokers = "b:1";
  });
  const std::string sql = AgentUsersSql(Made(options), *RowTables(options));
  CHECK(sql.find("GRANT SELECT ON `my db`.spans_minute TO agents_read;\n") != std::string::npos);
  CHECK(sql.find("GRANT INSERT ON `my db`.events_raw TO agents_insert;\n") != std::string::npos);
  CHECK(sql.find("GRANT INSERT ON `my db`.spans_minute") == std::string::npos);
  CHECK(sql.find("_raw_kafka") == std::string::npos);
  CHECK(sql.find("otlp_spans") == std::string::npos);
  CHECK(sql.find(".*") == std::string::npos);
}

}  // namespace
}  // namespace gf_otlp::schema
