#include "schema/ddl_reader.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace gf_otlp::schema {
namespace {

Table TableOf(std::string_view ddl) {
  Result<SchemaText> read = ReadSchemaText(ddl);
  REQUIRE_MESSAGE(read.has_value(), read.error().message());
  REQUIRE(read->schema.tables.size() == 1);
  return read->schema.tables[0];
}

TEST_CASE("a table written by hand is the one that SHOW CREATE TABLE prints") {
  const Table written = TableOf(R"(
      create table if not exists default.t on cluster c (  # by hand
        Timestamp DateTime64(9) CODEC(Delta, ZSTD), "Name" varchar(10) NULL DEFAULT 'it''s' COMMENT 'a -- b',
        Hour DateTime MATERIALIZED toStartOfHour(Timestamp) TTL Hour + INTERVAL 1 DAY,
        Lower String ALIAS lower(Name), Raw String EPHEMERAL,
        Events Nested ( Time DateTime64(9), Name LowCardinality(String) ) CODEC(ZSTD(1)), index UInt8,
        INDEX i1 Name TYPE bloom_filter() GRANULARITY 1, PROJECTION p (select Name order by Name),
        CONSTRAINT c CHECK index>1 and Name!=''
      ) ENGINE MergeTree() TTL Hour + INTERVAL 30 DAY DELETE, Hour + INTERVAL 3 DAY TO VOLUME 'slow' PARTITION BY (Hour)
      ORDER BY (Name, Timestamp) SETTINGS index_granularity=8192, ttl_only_drop_parts=1 COMMENT 'mine')");
  Table printed = TableOf(R"(CREATE TABLE default.t
(
    `Timestamp` DateTime64(9) CODEC(Delta(8), ZSTD(1)),
    `Name` Nullable(String) DEFAULT 'it\'s' COMMENT 'a -- b',
    `Hour` DateTime MATERIALIZED toStartOfHour(Timestamp) TTL Hour + toIntervalDay(1),
    `Lower` String ALIAS lower(Name),
    `Raw` String EPHEMERAL,
    `Events.Time` Array(DateTime64(9)) CODEC(ZSTD(1)),
    `Events.Name` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `index` UInt8,
    INDEX i1 Name TYPE bloom_filter GRANULARITY 1,
    PROJECTION p
    (
        SELECT Name
        ORDER BY Name
    ),
    CONSTRAINT c CHECK (index > 1) AND (Name != '')
)
ENGINE = MergeTree
PARTITION BY Hour
ORDER BY (Name, Timestamp)
TTL Hour + toIntervalDay(30), Hour + toIntervalDay(3) TO VOLUME 'slow'
SETTINGS index_granularity = 8192, ttl_only_drop_parts = 1
COMMENT 'mine')");
  CHECK(printed.columns == written.columns);
  printed.cluster = "c";
  CHECK(printed == written);
  CHECK(written.columns.size() == 8);
  CHECK(written.columns[2].default_kind == DefaultKind::kMaterialized);
  CHECK(written.columns[6].name == "Events.Name");
  CHECK(written.comment == "mine");
}

TEST_CASE("what is no table is skipped and named") {
  const Result<SchemaText> read = ReadDdl(
      "CREATE DATABASE d;\nINSERT INTO t VALUES ('a;b');\nCREATE TABLE a AS b;\nCREATE VIEW v AS SELECT 1;\n"
      "CREATE TABLE t (a Int8 PRIMARY KEY) ENGINE = `Null`;\n"
      "CREATE MATERIALIZED VIEW d.v TO d.t (a Int8) AS SELECT a FROM s WHERE a!=1");
  REQUIRE(read.has_value());
  CHECK(read->skipped == std::vector<std::string>{"line 2: INSERT is skipped",
                                                  "line 3: CREATE TABLE is skipped: its columns are not written down",
                                                  "line 4: CREATE VIEW is skipped"});
  CHECK(read->schema.tables[0].engine == "Null");
  CHECK(read->schema.tables[0].order_by == "a");
  REQUIRE(read->schema.views.size() == 1);
  CHECK(read->schema.views[0] == View{"d", "v", "", "d.t", "SELECT a FROM s WHERE a != 1"});
}

TEST_CASE("a table without a list of columns is skipped, the next one is read") {
  for (const std::string_view ddl :
       {"CREATE TABLE a ENGINE = Distributed(c, d, t, rand())", "CREATE TABLE a ENGINE = Memory AS SELECT 1 AS x",
        "CREATE TABLE a ON CLUSTER c EMPTY AS SELECT 1", "CREATE TABLE a CLONE AS b ENGINE = MergeTree",
        "CREATE TABLE a COMMENT 'x' AS SELECT 1", "CREATE TABLE a ORDER BY x AS SELECT 1 AS x",
        "CREATE TABLE a AS numbers(10)"}) {
    for (const std::string_view between : {";", "\n"}) {
      CAPTURE(ddl);
      const Result<SchemaText> read = ReadDdl(std::string(ddl).append(between).append("CREATE TABLE t (a Int8)"));
      REQUIRE_MESSAGE(read.has_value(), read.error().message());
      CHECK(read->schema.tables.size() == 1);
      CHECK(read->skipped ==
            std::vector<std::string>{"line 1: CREATE TABLE is skipped: its columns are not written down"});
    }
  }
  CHECK_FALSE(ReadDdl("CREATE TABLE a; CREATE TABLE t (a Int8)").has_value());
}

TEST_CASE("of many skipped statements the first are named, and the time for them is linear") {
  std::string ddl;
  for (int i = 0; i < 300'000; ++i) ddl += "SET a=1;\n";
  const auto begin = std::chrono::steady_clock::now();
  const Result<SchemaText> read = ReadDdl(ddl + "CREATE TABLE t (a Int8)");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));  // with LineOf() from the start: minutes
  REQUIRE(read.has_value());
  REQUIRE(read->skipped.size() == 6);
  CHECK(read->skipped[4] == "line 5: SET is skipped");
  CHECK(read->skipped[5] == "299995 more are skipped");
  const Result<SchemaText> bad = ReadDdl(ddl + "CREATE TABLE t ()");
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().message() == "line 300001, column 17: expected a column, found ')'");
}

TEST_CASE("Nested columns are arrays where a server is to make the table, and are not where it has said Nested") {
  constexpr std::string_view kDdl = "CREATE TABLE t (`Events` Nested(Name String, N Int8))";
  const Result<SchemaText> by_hand = ReadDdl(kDdl), by_server = ReadDdl(kDdl, DdlSource::kServer);
  REQUIRE(by_hand.has_value());
  REQUIRE(by_server.has_value());
  CHECK(by_hand->schema.tables[0].columns.at(1).name == "Events.N");
  REQUIRE(by_server->schema.tables[0].columns.size() == 1);
  CHECK(TypeText(by_server->schema.tables[0].columns[0].type) == "Nested(Name String, N Int8)");
}

TEST_CASE("errors name line and column") {
  const auto error = [](std::string_view ddl) {
    const Result<SchemaText> read = ReadSchemaText(ddl);
    return read ? "" : read.error().message();
  };
  CHECK(error("CREATE TABLE t (\n a Int8,\n b )") == "line 3, column 4: expected a data type, found ')'");
  CHECK(error("CREATE TABLE t (a Int8") == "line 1, column 23: expected ',' or ')', found the end");
  CHECK(error("CREATE TABLE t (`ä` Strin)") == "line 1, column 21: there is no data type 'Strin'");
  CHECK(error("CREATE TABLE t (a Int8) FOO") ==
        "line 1, column 25: expected ENGINE, ORDER BY or another clause, found 'FOO'");
  CHECK(error("CREATE TABLE t (a Int8 COMMENT 'x").ends_with("a string that is not closed"));
  CHECK_FALSE(error("").empty());
  CHECK_FALSE(error("SELECT 1").empty());
}

TEST_CASE("a statement cut off anywhere is read or refused") {
  const std::string ddl =
      "CREATE TABLE a.b (a Array(Int8) DEFAULT [1] CODEC(ZSTD), INDEX i a TYPE set(1)) ENGINE = X('y') ORDER BY (a)";
  for (std::size_t size = 0; size < ddl.size(); ++size) {
    const Result<SchemaText> read = ReadSchemaText(ddl.substr(0, size));
    if (!read) CHECK(read.error().code() == Code::kBadData);
  }
}

}  // namespace
}  // namespace gf_otlp::schema
