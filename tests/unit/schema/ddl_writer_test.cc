#include "schema/ddl_writer.h"

#include <doctest/doctest.h>

namespace gf_otlp::schema {
namespace {

Column Made(std::string name, std::string_view type) { return {.name = std::move(name), .type = *ParseType(type)}; }

TEST_CASE("a table says all that it has, in the order that a server reads") {
  Table table;
  table.database = "my db";
  table.name = "t";
  table.cluster = "{cluster}";
  table.columns = {Made("a", "String"), Made("b", "DateTime")};
  table.columns[0].codec = "ZSTD(1)";
  table.columns[0].comment = "it's";
  table.columns[1].default_kind = DefaultKind::kDefault;
  table.columns[1].default_expression = "now()";
  table.columns[1].ttl = "b + toIntervalDay(1)";
  table.indexes = {{"i", "a", "minmax", 2}, {"j", "lower(a)", "text(tokenizer = 'array')", 0}};
  table.projections = {{"p", "(SELECT a ORDER BY a)"}};
  table.constraints = {{"c", "CHECK a != ''"}};
  table.engine = "MergeTree";
  table.partition_by = "toDate(b)";
  table.primary_key = "a";
  table.order_by = "(a, b)";
  table.sample_by = "a";
  table.ttl = "b + toIntervalDay(2)";
  table.settings = {{"x", "1"}, {"y", "'z'"}};
  table.comment = "all";
  CHECK(TableSql(table) == R"(CREATE TABLE IF NOT EXISTS `my db`.t ON CLUSTER `{cluster}`
(
    a String COMMENT 'it\'s' CODEC(ZSTD(1)),
    b DateTime DEFAULT now() TTL b + toIntervalDay(1),
    INDEX i a TYPE minmax GRANULARITY 2,
    INDEX j lower(a) TYPE text(tokenizer = 'array'),
    PROJECTION p (SELECT a ORDER BY a),
    CONSTRAINT c CHECK a != ''
)
ENGINE = MergeTree
PARTITION BY toDate(b)
PRIMARY KEY a
ORDER BY (a, b)
SAMPLE BY a
TTL b + toIntervalDay(2)
SETTINGS x = 1, y = 'z'
COMMENT 'all';
)");
}

TEST_CASE("computed columns say how") {
  Column column = Made("a.b", "String");
  column.default_kind = DefaultKind::kMaterialized;
  column.default_expression = "m['a.b']";
  CHECK(ColumnSql(column) == "`a.b` String MATERIALIZED m['a.b']");
  column.default_kind = DefaultKind::kAlias;
  CHECK(ColumnSql(column) == "`a.b` String ALIAS m['a.b']");
  column.default_kind = DefaultKind::kEphemeral;
  column.default_expression.clear();
  CHECK(ColumnSql(column) == "`a.b` String EPHEMERAL");
}

TEST_CASE("neighbouring arrays of one name before the dot are one Nested column") {
  const auto groups = [](const std::vector<Column>& columns) {
    std::string text;
    for (const ColumnGroup& group : GroupColumns(columns)) {
      text += text.empty() ? "" : "; ";
      text += ColumnSql(group.column);
    }
    return text;
  };
  std::vector<Column> columns = {Made("E.a", "Array(String)"), Made("E.b", "Array(Map(String, String))"),
                                 Made("L.a", "Array(UInt8)"), Made("s", "Array(String)")};
  CHECK(groups(columns) == "E Nested(a String, b Map(String, String)); `L.a` Array(UInt8); s Array(String)");
  columns[1].codec = "ZSTD(1)";
  CHECK(groups(columns) ==
        "`E.a` Array(String); `E.b` Array(Map(String, String)) CODEC(ZSTD(1)); `L.a` Array(UInt8); s Array(String)");
}

TEST_CASE("a view's query stands in lines") {
  View view;
  view.name = "v";
  view.target = "d.t";
  view.query = "SELECT a, f(b, 'x FROM y') AS c FROM s WHERE a != '' GROUP BY a";
  CHECK(ViewSql(view) == R"(CREATE MATERIALIZED VIEW IF NOT EXISTS v TO d.t
AS SELECT a,
    f(b, 'x FROM y') AS c
FROM s
WHERE a != ''
GROUP BY a;
)");
}

TEST_CASE("databases are made before their tables, each once") {
  Schema schema;
  for (const char* database : {"d", "e", "d", ""}) {
    Table table;
    table.database = database;
    table.name = "t";
    table.columns = {Made("a", "String")};
    schema.tables.push_back(table);
  }
  const std::string sql = SchemaSql(schema);
  CHECK(sql.starts_with("CREATE DATABASE IF NOT EXISTS d;\n\nCREATE DATABASE IF NOT EXISTS e;\n\nCREATE TABLE"));
  CHECK(sql.find("DATABASE", sql.find("CREATE TABLE")) == std::string::npos);
}

}  // namespace
}  // namespace gf_otlp::schema
