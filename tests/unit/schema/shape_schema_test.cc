#include "schema/shape_schema.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "schema/ddl_reader.h"
#include "schema/ddl_writer.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"

namespace gf_otlp::schema {
namespace {

using nlohmann::json;

constexpr ServerVersion kBeforeTextIndexes{26, 1};

/// All that there is of shapes and versions.
std::vector<RowOptions> AllRows() {
  std::vector<RowOptions> all;
  for (const Shape shape : kShapes) {
    for (const std::string_view version : SchemaVersions(shape)) {
      all.push_back({.shape = shape, .schema_version = std::string(version)});
    }
    all.push_back({.shape = shape});
  }
  all.push_back({.shape = Shape::kGlassFlowFlat, .keep_all = true});
  return all;
}

Schema Made(const ShapeSchemaOptions& options) {
  Result<Schema> schema = ShapeSchema(options);
  REQUIRE_MESSAGE(schema, (schema ? "" : schema.error().message()));
  return std::move(*schema);
}

/// Options of which `set` says some. g++ 12 warns of temporaries that leave texts out.
template <class Set>
ShapeSchemaOptions With(Set set) {
  ShapeSchemaOptions options;
  set(options);
  return options;
}

const Table& TableOf(const Schema& schema, std::string_view name) {
  const auto found = std::ranges::find(schema.tables, name, &Table::name);
  REQUIRE_MESSAGE(found != schema.tables.end(), name);
  return *found;
}

std::vector<std::string> NamesOf(const auto& items) {
  std::vector<std::string> names;
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

std::string Said(const json& object, const char* key) { return object.value(key, std::string()); }

/// The columns of an exporter's table as they are stored: Nested ones as arrays.
std::vector<Column> TheirColumns(const json& table) {
  std::vector<Column> columns;
  for (const json& theirs : table.at("columns")) {
    Column column;
    column.name = theirs.at("name");
    column.type = *ParseType(theirs.at("type").get<std::string>());
    column.codec = CodecForm(Said(theirs, "codec"), column.type);
    if (theirs.contains("default")) {
      column.default_kind = DefaultKind::kDefault;
      column.default_expression = NormalSql(Said(theirs, "default"));
    } else if (theirs.contains("materialized")) {
      column.default_kind = DefaultKind::kMaterialized;
      column.default_expression = NormalSql(Said(theirs, "materialized"));
    }
    if (column.type.kind != Type::Kind::kNested) {
      columns.push_back(column);
      continue;
    }
    for (std::size_t i = 0; i < column.type.names.size(); ++i) {
      Column member = column;
      member.name += "." + column.type.names[i];
      member.type = {.kind = Type::Kind::kArray, .elements = {column.type.elements[i]}};
      columns.push_back(member);
    }
  }
  return columns;
}

/// "index_granularity=8192, ttl_only_drop_parts = 1".
std::vector<std::pair<std::string, std::string>> TheirSettings(std::string text) {
  std::erase(text, ' ');
  std::vector<std::pair<std::string, std::string>> settings;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t equals = text.find('=', at), end = std::min(text.find(',', at), text.size());
    settings.emplace_back(text.substr(at, equals - at), text.substr(equals + 1, end - equals - 1));
    at = end + 1;
  }
  return settings;
}

Table TheirTable(const std::string& name, const json& theirs) {
  Table table;
  table.name = name;
  table.columns = TheirColumns(theirs);
  for (const json& index : theirs.at("indexes")) {
    table.indexes.push_back({index.at("name"), NormalSql(Said(index, "expression")), NormalSql(Said(index, "type")),
                             index.at("granularity")});
  }
  table.engine = NormalSql(Said(theirs, "engine"));
  table.partition_by = NormalSql(Said(theirs, "partition_by"));
  table.primary_key = NormalSql(Said(theirs, "primary_key"));
  table.order_by = NormalSql(Said(theirs, "order_by"));
  table.settings = TheirSettings(Said(theirs, "settings"));
  return table;
}

TEST_CASE("tables of shapes clickhouse and clickhouse-json are the exporter's, to the last setting") {
  std::ifstream file(GF_OTLP_TESTDATA "/tables.json");
  const json exporters = json::parse(file);
  for (const Shape shape : {Shape::kClickHouse, Shape::kClickHouseJson}) {
    for (const std::string_view version : SchemaVersions(shape)) {
      const json& theirs =
          exporters.at(fmt::format("clickhouseexporter {} {}", version, shape == Shape::kClickHouse ? "map" : "json"));
      Schema schema =
          Made({.rows = {.shape = shape, .schema_version = std::string(version)}, .server = kBeforeTextIndexes});
      CHECK(schema.tables.size() == theirs.size());
      for (Table& table : schema.tables) {
        CAPTURE(version);
        CAPTURE(table.name);
        REQUIRE(theirs.contains(table.name));
        const Table expected = TheirTable(table.name, theirs.at(table.name));
        REQUIRE(NamesOf(table.columns) == NamesOf(expected.columns));
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
          CAPTURE(table.columns[i].name);
          CHECK_FALSE(table.columns[i].comment.empty());
          table.columns[i].comment.clear();
          CHECK(ColumnSql(table.columns[i]) == ColumnSql(expected.columns[i]));
        }
        CHECK(TableSql(table) == TableSql(expected));
        CHECK((table == expected));
      }
    }
  }
}

TEST_CASE("the view of traces' times fills their table") {
  for (const Shape shape : {Shape::kClickHouse, Shape::kClickHouseJson, Shape::kGlassFlow}) {
    const Schema schema = Made(With([&](auto& o) {
      o.rows.shape = shape;
      o.database = "my db";
      o.names["otel_traces"] = "spans";
    }));
    REQUIRE(schema.views.size() == 1);
    CHECK(schema.views[0].database == "my db");
    CHECK(schema.views[0].name == "spans_trace_id_ts_mv");
    CHECK(schema.views[0].target == "`my db`.spans_trace_id_ts");
    CHECK(schema.views[0].query ==
          NormalSql("SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM `my db`.spans "
                    "WHERE TraceId != '' GROUP BY TraceId"));
  }
  CHECK(Made({.rows = {.shape = Shape::kGlassFlowFlat}}).views.empty());
}

TEST_CASE("only logs have text indexes, from server 26.2 on") {
  const auto types = [](const RowOptions& rows, ServerVersion server, std::string_view table) {
    std::vector<std::string> all;
    const Schema schema = Made({.rows = rows, .server = server});
    for (const Index& index : TableOf(schema, table).indexes) {
      all.push_back(fmt::format("{} {}", index.type, index.granularity));
    }
    return all;
  };
  const std::string item = "text(tokenizer = 'array') 0", word = "text(tokenizer = 'splitByNonAlpha') 0";
  const std::vector<std::string> text = {item, item, item, item, item, item, item, word};
  CHECK(types({}, {26, 2}, "otel_logs") == text);
  CHECK(types({.shape = Shape::kGlassFlow}, {26, 5}, "otel_logs") == text);
  CHECK(types({}, {26, 1}, "otel_logs").front() == "bloom_filter(0.001) 1");
  for (const RowOptions& rows : {RowOptions{.schema_version = "0.149"}, RowOptions{.shape = Shape::kClickHouseJson}}) {
    CHECK(types(rows, {26, 5}, "otel_logs") == types(rows, {25, 8}, "otel_logs"));
  }
  CHECK(types({}, {26, 5}, "otel_traces") == types({}, {25, 8}, "otel_traces"));
}

TEST_CASE("tables of shape glassflow are clickhouse 0.161's, where the columns are the same") {
  const Schema ours = Made({.rows = {.shape = Shape::kGlassFlow}}), exporter = Made({});
  REQUIRE(NamesOf(ours.tables) == NamesOf(exporter.tables));
  for (std::size_t i = 0; i < ours.tables.size(); ++i) {
    CAPTURE(ours.tables[i].name);
    Table table = ours.tables[i];
    std::vector<Column> theirs = exporter.tables[i].columns;
    std::erase_if(theirs, [](const Column& column) {
      return column.name == "EventName" || column.default_kind == DefaultKind::kMaterialized;
    });
    CHECK(NamesOf(table.columns) == NamesOf(theirs));
    table.columns = exporter.tables[i].columns;
    CHECK((table == exporter.tables[i]));
  }
}

TEST_CASE("row tables are those that RowMapper writes rows of, column by column") {
  for (const RowOptions& rows : AllRows()) {
    const Result<std::vector<Table>> tables = RowTables({.rows = rows});
    const Result<RowMapper> mapper = RowMapper::Make(rows);
    REQUIRE(tables);
    REQUIRE(tables->size() == mapper->tables().size());
    for (std::size_t i = 0; i < tables->size(); ++i) {
      const Table& table = (*tables)[i];
      const TableInfo& info = mapper->tables()[i];
      CAPTURE(ShapeName(rows.shape));
      CAPTURE(info.name);
      CHECK(table.name == info.name);
      std::vector<Column> written;  // Nested ones as one, as GlassFlow's exporter has them
      std::vector<Column> stored = table.columns;
      std::erase_if(stored, [](const Column& column) { return column.default_kind != DefaultKind::kNone; });
      const bool nested =
          std::ranges::any_of(info.columns, [](const ColumnInfo& column) { return column.type.starts_with("Nested"); });
      if (nested) {
        for (const ColumnGroup& group : GroupColumns(stored)) written.push_back(group.column);
      } else {
        written = stored;
      }
      REQUIRE(written.size() == info.columns.size());
      for (std::size_t c = 0; c < written.size(); ++c) {
        CHECK(written[c].name == info.columns[c].name);
        CHECK((written[c].type == *ParseType(info.columns[c].type)));
        CHECK_FALSE(info.columns[c].comment.empty());
      }
    }
  }
}

TEST_CASE("engine Null leaves nothing but columns") {
  for (const Table& table : Made(With([](auto& o) {
                              o.engine = "Null";
                              o.ttl = "30d";
                            })).tables) {
    Table bare;
    bare.name = table.name;
    bare.columns = table.columns;
    bare.engine = "Null";
    CHECK((table == bare));
  }
  const Schema with_errors = Made(With([](auto& o) {
    o.engine = "Null";
    o.kafka_brokers = "b";
  }));
  CHECK(TableOf(with_errors, "otel_kafka_errors").engine == "MergeTree");
}

TEST_CASE("an engine is for all tables") {
  const auto refusal = [](const std::string& engine, std::vector<std::string> tables = {}) {
    const auto schema = ShapeSchema(With([&](auto& o) {
      o.engine = engine;
      o.tables = tables;
    }));
    if (schema) return std::string();
    CHECK(schema.error().code() == Code::kUsage);
    return schema.error().message();
  };
  CHECK(refusal("FooMergeTree").find("must be MergeTree or one of its family") != std::string::npos);
  CHECK(refusal("VersionedCollapsingMergeTree").find("needs arguments") != std::string::npos);
  CHECK(refusal("ReplicatedCollapsingMergeTree('/t/{table}', '{replica}')").find("needs arguments") !=
        std::string::npos);
  CHECK(refusal("CoalescingMergeTree").empty());
  // Tables with one path would be one table.
  CHECK(refusal("ReplicatedMergeTree('/t/{shard}', '{replica}')").find("{table} or {uuid}") != std::string::npos);
  CHECK(refusal("ReplicatedMergeTree('/t/{uuid}', '{replica}')").empty());
  CHECK(refusal("ReplicatedMergeTree('/t/{shard}', '{replica}')", {"otel_logs"}).empty());
  CHECK(refusal("ReplacingMergeTree(Timestamp)").find("no column Timestamp") != std::string::npos);
  CHECK(refusal("ReplacingMergeTree(Timestamp)", {"otel_logs"}).empty());
  CHECK(refusal("SummingMergeTree((Timestamp, Nope))", {"otel_logs"}).find("no column Nope") != std::string::npos);
}

TEST_CASE("errors from Kafka have replicas as the tables, and none of them replaces another") {
  const auto errors = [](const std::string& engine) {
    const Schema schema = Made(With([&](auto& o) {
      o.engine = engine;
      o.tables = {"otel_logs"};
      o.kafka_brokers = "b:1";
    }));
    return TableOf(schema, "otel_kafka_errors").engine;
  };
  CHECK(errors("ReplacingMergeTree(Timestamp)") == "MergeTree");
  CHECK(errors("ReplicatedReplacingMergeTree('/t/{table}', '{replica}', Timestamp)") ==
        "ReplicatedMergeTree('/t/{table}', '{replica}')");
  CHECK(errors("ReplicatedMergeTree('/t/logs', '{replica}')") ==
        "ReplicatedMergeTree('/t/logs_otel_kafka_errors', '{replica}')");
}

TEST_CASE("engines of the MergeTree family are taken with parameters") {
  const auto engine = [](const std::string& text) {
    return Made(With([&](auto& o) { o.engine = text; })).tables[0].engine;
  };
  CHECK(engine("MergeTree()") == "MergeTree");
  CHECK(engine("SharedMergeTree") == "SharedMergeTree");
  CHECK(engine("ReplicatedMergeTree('/t/{table}','{replica}')") == "ReplicatedMergeTree('/t/{table}', '{replica}')");
  for (const char* wrong : {"Memory", "null", "MergeTree(", "MergeTree)", "MergeTree() ORDER BY x", "MergeTree; DROP",
                            "`MergeTree`", "(MergeTree)", "MergeTree ORDER BY (x)", " "}) {
    CAPTURE(wrong);
    const Result<Schema> schema = ShapeSchema(With([&](auto& o) { o.engine = wrong; }));
    REQUIRE_FALSE(schema);
    CHECK(schema.error().code() == Code::kUsage);
  }
}

TEST_CASE("rows grow old by the time of their record") {
  const auto ttl = [](const RowOptions& rows, std::string_view table) {
    return TableOf(Made({.rows = rows, .ttl = "2d"}), table).ttl;
  };
  CHECK(ttl({}, "otel_logs") == "toDateTime(Timestamp) + toIntervalDay(2)");
  CHECK(ttl({.schema_version = "0.149"}, "otel_logs") == "TimestampTime + toIntervalDay(2)");
  CHECK(ttl({}, "otel_traces_trace_id_ts") == "toDateTime(Start) + toIntervalDay(2)");
  CHECK(ttl({}, "otel_metrics_sum") == "toDateTime(TimeUnix) + toIntervalDay(2)");
  CHECK(ttl({.shape = Shape::kGlassFlowFlat}, "otel_traces") == "toDateTime(start_timestamp) + toIntervalDay(2)");
}

TEST_CASE("tables are chosen by their own names") {
  const Schema schema = Made(With([](auto& o) {
    o.tables = {"otel_logs", "otel_traces_trace_id_ts"};
    o.names["otel_logs"] = "logs";
  }));
  CHECK(NamesOf(schema.tables) == std::vector<std::string>{"otel_traces_trace_id_ts", "logs"});
  CHECK(schema.views.size() == 1);
}

TEST_CASE("options that make no sense are refused") {
  const std::vector<void (*)(ShapeSchemaOptions&)> mistakes = {[](auto& o) { o.tables = {"otel_log"}; },
                                                               [](auto& o) { o.names["logs"] = "x"; },
                                                               [](auto& o) { o.rows.schema_version = "0.150"; },
                                                               [](auto& o) { o.ttl = "soon"; },
                                                               [](auto& o) {
                                                                 o.rows.shape = Shape::kGlassFlowFlat;
                                                                 o.tables = {"otel_traces_trace_id_ts"};
                                                               },
                                                               [](auto& o) { o.kafka_topics["otel_log"] = "t"; },
                                                               [](auto& o) { o.kafka_topics["otel_logs"] = ""; }};
  for (const auto mistake : mistakes) {
    const Result<Schema> none = ShapeSchema(With(mistake));
    REQUIRE_FALSE(none);
    CHECK(none.error().code() == Code::kUsage);
  }
}

TEST_CASE("Kafka tables have the columns of rows, and the topics that publish writes to") {
  for (const RowOptions& rows : AllRows()) {
    const Schema schema = Made({.rows = rows, .kafka_brokers = "a:1,b:2"});
    const Result<RowMapper> mapper = RowMapper::Make(rows);
    for (const TableInfo& info : mapper->tables()) {
      CAPTURE(info.name);
      const Table& target = TableOf(schema, info.name);
      const Table& kafka = TableOf(schema, info.name + "_kafka");
      std::vector<Column> bare;
      for (const Column& column : target.columns) {
        if (column.default_kind == DefaultKind::kNone) bare.push_back({.name = column.name, .type = column.type});
      }
      CHECK((kafka.columns == bare));
      CHECK(kafka.engine == "Kafka");
      CHECK(kafka.order_by.empty());
      const auto setting = [&](std::string_view name) {
        const auto found = std::ranges::find(kafka.settings, name, [](const auto& s) { return s.first; });
        return found == kafka.settings.end() ? "" : found->second;
      };
      CHECK(setting("kafka_topic_list") == fmt::format("'{}'", fmt::join(info.topics, ",")));
      CHECK(setting("kafka_broker_list") == "'a:1,b:2'");
      CHECK(setting("kafka_group_name") == "'gf-otlp-" + info.name + "'");
      CHECK(setting("kafka_handle_error_mode") == "'stream'");
      const bool metrics_of_glassflow = rows.shape == Shape::kGlassFlow && info.name.starts_with("otel_metrics");
      CHECK(setting("input_format_import_nested_json") == (metrics_of_glassflow ? "1" : ""));
    }
    if (rows.shape == Shape::kAgents) continue;  // it has rollups, and another way in
    // Two views a table: its rows, and what is no row; and the one of traces' times.
    const std::size_t times = rows.shape == Shape::kGlassFlowFlat ? 0 : 1;
    CHECK(schema.views.size() == 2 * mapper->tables().size() + times);
    CHECK(schema.tables.size() == 2 * mapper->tables().size() + times + 1);
  }
}

TEST_CASE("views of Kafka tables compute defaults and lead errors on") {
  const Schema schema = Made(With([](auto& o) {
    o.rows.schema_version = "0.149";
    o.database = "d";
    o.tables = {"otel_logs"};
    o.names["otel_kafka_errors"] = "lost";
    o.kafka_brokers = "b";
    o.kafka_topics["otel_logs"] = "mine";
    o.kafka_group = "it's";
  }));
  REQUIRE(schema.views.size() == 2);
  CHECK(schema.views[0].name == "otel_logs_mv");
  CHECK(schema.views[0].target == "d.otel_logs");
  CHECK(schema.views[0].query.starts_with("SELECT Timestamp, toDateTime(Timestamp) AS TimestampTime, TraceId, "));
  CHECK(schema.views[0].query.ends_with(" FROM d.otel_logs_kafka WHERE length(_error) = 0"));
  CHECK(schema.views[1].target == "d.lost");
  CHECK(schema.views[1].query.ends_with(" FROM d.otel_logs_kafka WHERE length(_error) > 0"));
  const auto& settings = TableOf(schema, "otel_logs_kafka").settings;
  CHECK(std::ranges::count(settings, std::pair<std::string, std::string>("kafka_topic_list", "'mine'")) == 1);
  CHECK(std::ranges::count(settings, std::pair<std::string, std::string>("kafka_group_name", "'it\\'s'")) == 1);
}

TEST_CASE("what is printed reads back as the same schema") {
  for (const RowOptions& rows : AllRows()) {
    const std::string second = (*RowTables({.rows = rows}))[1].name;
    for (const char* engine : {"", "Null", "ReplicatedMergeTree('/t/{table}', '{replica}')"}) {
      for (const char* ttl : {"", "90m", "30d to volume slow, 180d"}) {
        for (const char* kafka : {"", "a:1,b:2"}) {
          for (const char* place : {"", "my db"}) {
            const ShapeSchemaOptions options{.rows = rows,
                                             .database = place,
                                             .cluster = place,
                                             .engine = engine,
                                             .ttl = ttl,
                                             .names = {{second, "order by"}},
                                             .kafka_brokers = kafka};
            const Schema schema = Made(options);
            const Result<SchemaText> read = ReadDdl(SchemaSql(schema));
            REQUIRE_MESSAGE(read, (read ? "" : read.error().message()));
            REQUIRE(read->schema.tables.size() == schema.tables.size());
            for (std::size_t i = 0; i < schema.tables.size(); ++i) {
              CAPTURE(TableSql(schema.tables[i]));
              CAPTURE(TableSql(read->schema.tables[i]));
              CHECK((read->schema.tables[i] == schema.tables[i]));
            }
            REQUIRE(read->schema.views.size() == schema.views.size());
            for (std::size_t i = 0; i < schema.views.size(); ++i) {
              CAPTURE(ViewSql(schema.views[i]));
              CAPTURE(ViewSql(read->schema.views[i]));
              CHECK((read->schema.views[i] == schema.views[i]));
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace gf_otlp::schema
