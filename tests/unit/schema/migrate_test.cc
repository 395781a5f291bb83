#include "schema/migrate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gf_otlp::schema {
namespace {

// That servers take the statements, and what comes of them: tests/integration/migrate_test.py.

Column Col(std::string name, std::string_view type) {
  auto parsed = ParseType(type);
  REQUIRE_MESSAGE(parsed, type);
  return {.name = std::move(name), .type = *parsed};
}

Table Logs() {
  Table table;
  table.name = "logs";
  table.columns = {Col("Time", "DateTime64(9)"), Col("Service", "String"), Col("Body", "String")};
  table.engine = "MergeTree";
  table.order_by = "(Service, Time)";
  return table;
}

/// Lines that a server runs, and those that are comments.
struct Sql {
  std::vector<std::string> run, comments;
};

Sql Migrated(const Schema& from, const Schema& to) {
  Sql sql;
  const std::string text = MigrationSql(from, to);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    REQUIRE(end != std::string::npos);
    const std::string line = text.substr(begin, end - begin);
    if (line.starts_with("-- ")) {
      sql.comments.push_back(line.substr(3));
    } else {
      sql.run.push_back(line);
    }
    begin = end + 1;
  }
  return sql;
}
Sql Migrated(const Table& from, const Table& to) { return Migrated(Schema{{from}, {}}, Schema{{to}, {}}); }

bool Mentions(const std::vector<std::string>& lines, std::string_view text) {
  return std::ranges::any_of(lines, [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

using Lines = std::vector<std::string>;

TEST_CASE("nothing to do") { CHECK(MigrationSql({{Logs()}, {}}, {{Logs()}, {}}).empty()); }

TEST_CASE("new columns get their places in one statement, so that a DEFAULT may name one behind it") {
  Table to = Logs();
  to.columns.insert(to.columns.begin(), Col("Id", "UInt64"));
  Column lower = Col("Lower", "String");
  lower.default_kind = DefaultKind::kDefault;
  lower.default_expression = "lower(Name)";
  to.columns.insert(to.columns.begin() + 2, {lower, Col("Name", "String")});
  const Sql sql = Migrated(Logs(), to);
  CHECK(sql.run == Lines{"ALTER TABLE logs ADD COLUMN Id UInt64 FIRST, "
                         "ADD COLUMN Lower String DEFAULT lower(Name) AFTER Time, "
                         "ADD COLUMN Name String AFTER Lower;"});
  CHECK(sql.comments.empty());
}

TEST_CASE("as few columns as can be are moved") {
  Table to = Logs();
  std::ranges::rotate(to.columns, to.columns.begin() + 1);
  CHECK(Migrated(Logs(), to).run == Lines{"ALTER TABLE logs MODIFY COLUMN Time DateTime64(9) AFTER Body;"});
}

TEST_CASE("the database and the cluster of what is there are kept") {
  Table from = Logs(), to = Logs();
  from.database = "otel";
  from.cluster = "c";
  to.columns[2] = Col("Body", "LowCardinality(String)");
  CHECK(Migrated(from, to).run ==
        Lines{"ALTER TABLE otel.logs ON CLUSTER c MODIFY COLUMN Body LowCardinality(String);"});
  Table added = Logs();
  added.name = "more";
  const Sql sql = Migrated(Schema{{from}, {}}, Schema{{from, added}, {}});
  REQUIRE_FALSE(sql.run.empty());
  CHECK(sql.run.front() == "CREATE TABLE IF NOT EXISTS otel.more ON CLUSTER c");
}

TEST_CASE("types that keep all of the values are changed, others are left to the user") {
  Table to = Logs();
  to.columns[2] = Col("Body", "Nullable(String)");
  CHECK(Migrated(Logs(), to).run == Lines{"ALTER TABLE logs MODIFY COLUMN Body Nullable(String);"});
  // "42" may be in it, and "x".
  to.columns[2] = Col("Body", "UInt64");
  CHECK(Migrated(Logs(), to).run.empty());
  CHECK(Mentions(Migrated(Logs(), to).comments, "ALTER TABLE logs MODIFY COLUMN Body UInt64;"));

  Table from = Logs();
  from.columns[2] = Col("Body", "DateTime64(9)");
  to.columns[2] = Col("Body", "DateTime");
  CHECK(Migrated(from, to).run.empty());
  CHECK(Mentions(Migrated(from, to).comments, "fractions of a second are cut off"));

  // CAST makes ['a'] of an Array, rows have ["a"].
  from.columns[2] = Col("Body", "Array(String)");
  to.columns[2] = Col("Body", "String");
  CHECK(Migrated(from, to).run.empty());
  from.columns[2] = Col("Body", "JSON");
  to.columns[2] = Col("Body", "Map(String, String)");
  CHECK(Migrated(from, to).run.empty());
  CHECK(Mentions(Migrated(from, to).comments, "no safe way from Body: JSON"));
}

TEST_CASE("an Enum's numbers are what is stored") {
  Table from = Logs(), to = Logs();
  from.columns[2] = Col("Body", "Enum8('a' = 1)");
  to.columns[2] = Col("Body", "Enum8('a' = 2, 'b' = 1)");  // rows say 'a': no difference to them
  CHECK(Migrated(from, to).run.empty());
  to.columns[2] = Col("Body", "Enum8('a' = 1, 'b' = 2)");
  CHECK(Migrated(from, to).run == Lines{"ALTER TABLE logs MODIFY COLUMN Body Enum8('a' = 1, 'b' = 2);"});
  from.order_by = to.order_by = "Body";
  CHECK(Migrated(from, to).run == Lines{"ALTER TABLE logs MODIFY COLUMN Body Enum8('a' = 1, 'b' = 2);"});
}

TEST_CASE("types of columns of a key") {
  Table to = Logs();
  to.columns[0] = Col("Time", "DateTime64(3)");
  CHECK(Migrated(Logs(), to).run.empty());
  CHECK(Mentions(Migrated(Logs(), to).comments, "the type of a column of a key (Time"));
  CHECK(Mentions(Migrated(Logs(), to).comments, "EXCHANGE TABLES logs_new AND logs;"));

  // What is stored stays as it is.
  to.columns[0] = Col("Time", "DateTime64(9, 'UTC')");
  CHECK(Migrated(Logs(), to).run == Lines{"ALTER TABLE logs MODIFY COLUMN Time DateTime64(9, 'UTC');"});
  to = Logs();
  to.columns[1] = Col("Service", "LowCardinality(String)");
  CHECK(Migrated(Logs(), to).run == Lines{"ALTER TABLE logs MODIFY COLUMN Service LowCardinality(String);"});
  Table from = Logs();
  from.partition_by = to.partition_by = "lower(Service)";
  CHECK(Migrated(from, to).run.empty());
}

TEST_CASE("a new time zone of a column of which something stored is computed") {
  Table to = Logs();
  to.columns[0] = Col("Time", "DateTime64(9, 'Asia/Tokyo')");
  const auto copied_with = [&](auto change) {
    Table from = Logs(), wanted = to;
    change(from);
    change(wanted);
    const Sql sql = Migrated(from, wanted);
    return sql.run.empty() && Mentions(sql.comments, "the time zone of a column") &&
           Mentions(sql.comments, "EXCHANGE TABLES logs_new AND logs;");
  };
  // Otherwise queries look for the days of Tokyo among parts that are called by others.
  CHECK(copied_with([](Table& table) { table.partition_by = "toDate(Time)"; }));
  CHECK(copied_with([](Table& table) { table.order_by = "(Service, toStartOfHour(Time))"; }));
  CHECK(copied_with([](Table& table) { table.indexes = {{"i", "toDate(Time)", "minmax", 1}}; }));
  CHECK(copied_with([](Table& table) { table.projections = {{"p", "(SELECT count() GROUP BY toDate(Time))"}}; }));
  CHECK_FALSE(copied_with([](Table& table) { table.indexes = {{"i", "Time", "minmax", 1}}; }));
  // Names of an Enum are not computed with.
  Table from = Logs();
  from.columns[2] = Col("Body", "Enum8('a' = 1)");
  from.partition_by = "toString(Body)";
  to = from;
  to.columns[2] = Col("Body", "Enum8('a' = 1, 'b' = 2)");
  CHECK(Migrated(from, to).run.size() == 1);
}

TEST_CASE("columns that are not among the new ones stay") {
  Table to = Logs();
  to.columns.pop_back();
  const Sql sql = Migrated(Logs(), to);
  CHECK(sql.run.empty());
  CHECK(Mentions(sql.comments, "ALTER TABLE logs DROP COLUMN Body;"));
}

TEST_CASE("codecs, comments, defaults, TTLs of columns") {
  Table to = Logs();
  to.columns[1].codec = "ZSTD(3)";
  to.columns[1].comment = "who";
  to.columns[2].default_kind = DefaultKind::kDefault;
  to.columns[2].default_expression = "'-'";
  to.columns[2].ttl = "toDateTime(Time) + toIntervalDay(1)";
  const Sql there = Migrated(Logs(), to);
  CHECK(there.run == Lines{"ALTER TABLE logs MODIFY COLUMN Service CODEC(ZSTD(3));",
                           "ALTER TABLE logs COMMENT COLUMN Service 'who';",
                           "ALTER TABLE logs MODIFY COLUMN Body DEFAULT '-';"});
  // It would empty values.
  CHECK(Mentions(there.comments, "MODIFY COLUMN Body TTL toDateTime(Time) + toIntervalDay(1);"));
  const Sql back = Migrated(to, Logs());
  CHECK(back.run == Lines{"ALTER TABLE logs MODIFY COLUMN Service REMOVE CODEC;",
                          "ALTER TABLE logs COMMENT COLUMN Service '';",
                          "ALTER TABLE logs MODIFY COLUMN Body REMOVE DEFAULT;",
                          "ALTER TABLE logs MODIFY COLUMN Body REMOVE TTL;"});
}

TEST_CASE("what DESCRIBE does not say of columns is not taken away") {
  Table from = Logs();
  from.columns[1].codec = "ZSTD(3)";
  from.columns[1].comment = "who";
  from.columns[2].default_kind = DefaultKind::kMaterialized;
  from.columns[2].default_expression = "lower(Service)";
  from.columns[2].ttl = "toDateTime(Time) + toIntervalDay(1)";
  Table to = Logs();
  to.columns_only = true;
  to.engine = to.order_by = "";
  to.columns.push_back(Col("Id", "UInt64"));
  CHECK(Migrated(from, to).run == Lines{"ALTER TABLE logs ADD COLUMN Id UInt64 AFTER Body;"});
  // It says comments, but no codecs.
  to.columns[0].comment = "when";
  const Sql sql = Migrated(from, to);
  CHECK_FALSE(Mentions(sql.run, "CODEC"));
  CHECK(Mentions(sql.run, "COMMENT COLUMN Service '';"));
  CHECK(Mentions(sql.run, "MODIFY COLUMN Body REMOVE MATERIALIZED;"));
}

TEST_CASE("a column that stored values and shall not, or the other way round") {
  Table to = Logs();
  to.columns[2].default_kind = DefaultKind::kAlias;
  to.columns[2].default_expression = "Service";
  for (const Sql& sql : {Migrated(Logs(), to), Migrated(to, Logs())}) {
    CHECK(sql.run.empty());
    CHECK(Mentions(sql.comments, "needs DROP COLUMN and ADD COLUMN"));
  }
}

TEST_CASE("indexes, projections and constraints go before columns change and come after") {
  Table from = Logs(), to = Logs();
  from.indexes = {{"old", "Body", "minmax", 1}, {"other", "Body", "minmax", 1}, {"same", "Body", "set(0)", 1}};
  to.indexes = {{"other", "Body", "minmax", 4}, {"same", "Body", "set(0)", 0}};
  to.columns[2] = Col("Body", "LowCardinality(String)");
  from.constraints = {{"c", "CHECK Body != ''"}};
  to.projections = {{"p", "(SELECT Body ORDER BY Body)"}};
  const Sql sql = Migrated(from, to);
  // What the new table has nothing of may be the user's own.
  CHECK(sql.run == Lines{"ALTER TABLE logs DROP INDEX other;",
                         "ALTER TABLE logs MODIFY COLUMN Body LowCardinality(String);",
                         "ALTER TABLE logs ADD INDEX other Body TYPE minmax GRANULARITY 4, "
                         "ADD PROJECTION p (SELECT Body ORDER BY Body);"});
  CHECK(Mentions(sql.comments, "ALTER TABLE logs DROP INDEX old, DROP CONSTRAINT c;"));
  CHECK(Mentions(sql.comments, "ALTER TABLE logs MATERIALIZE INDEX other, MATERIALIZE PROJECTION p;"));
}

TEST_CASE("ORDER BY goes on with new columns, or ends earlier") {
  Table from = Logs(), to = Logs();
  from.primary_key = to.primary_key = "Service";
  to.columns.push_back(Col("Id", "UInt64"));
  to.columns.push_back(Col("Last", "UInt64"));
  to.order_by = "(Service, Time, Id)";
  CHECK(Migrated(from, to).run ==
        Lines{"ALTER TABLE logs ADD COLUMN Id UInt64 AFTER Body, ADD COLUMN Last UInt64 AFTER "
              "Id, MODIFY ORDER BY (Service, Time, Id);"});
  to = from;
  to.order_by = "Service";
  CHECK(Migrated(from, to).run == Lines{"ALTER TABLE logs MODIFY ORDER BY Service;"});
}

TEST_CASE("what needs a copy") {
  const auto copied_for = [](const Table& to) {
    const Sql sql = Migrated(Logs(), to);
    CHECK(sql.run.empty());
    CHECK(Mentions(sql.comments, "CREATE TABLE logs_new"));
    CHECK(Mentions(sql.comments, "INSERT INTO logs_new (Time, Service, Body) SELECT Time, Service, Body FROM logs;"));
    return sql.comments;
  };
  Table to = Logs();
  to.order_by = "(Time, Service)";
  CHECK(Mentions(copied_for(to), "ORDER BY ((Service, Time) to (Time, Service))"));
  to = Logs();
  to.partition_by = "toDate(Time)";
  CHECK(Mentions(copied_for(to), "PARTITION BY (none to toDate(Time))"));
  to = Logs();
  to.primary_key = "Service";
  CHECK(Mentions(copied_for(to), "PRIMARY KEY ((Service, Time) to Service)"));
  to = Logs();
  to.engine = "ReplacingMergeTree(Time)";
  CHECK(Mentions(copied_for(to), "the engine (MergeTree to ReplacingMergeTree(Time))"));
  to = Logs();
  to.settings = {{"index_granularity", "1024"}};
  CHECK(Mentions(copied_for(to), "the setting index_granularity"));
}

TEST_CASE("a Nested column that is not flattened becomes arrays in a copy") {
  Table from = Logs(), to = Logs();
  from.columns.push_back({.name = "Events", .type = *ParseType("Nested(Name String, Old Int8)")});
  to.columns.push_back({.name = "Events.Name", .type = *ParseType("Array(String)")});
  to.columns.push_back({.name = "Events.New", .type = *ParseType("Array(Int8)")});
  const std::string sql = MigrationSql({{from}, {}}, {{to}, {}});
  CHECK(sql.find("Events: Nested(Name String, Old Int8) to arrays; Events.Old is not among them") != std::string::npos);
  CHECK(sql.find("`Events.Name`) SELECT") != std::string::npos);
  CHECK(sql.find("`Events.Old`") == std::string::npos);
  CHECK(sql.find("\nALTER") == std::string::npos);  // neither dropped nor added
}

TEST_CASE("a copy keeps what is the owner's") {
  Table from = Logs(), to = Logs();
  from.engine = "ReplicatedMergeTree('/clickhouse/{shard}/logs', '{replica}')";
  from.ttl = "toDateTime(Time) + toIntervalDay(3)";
  from.settings = {{"storage_policy", "'tiered'"}, {"merge_with_ttl_timeout", "60"}};
  from.columns.insert(from.columns.begin(), Col("TenantId", "UInt32"));
  from.indexes = {{"own", "TenantId", "minmax", 1}};
  to.partition_by = "toDate(Time)";
  to.settings = {{"merge_with_ttl_timeout", "3600"}};
  const auto kept = [&](std::string_view line) {
    const Sql sql = Migrated(from, to);
    return Mentions(sql.comments, line);
  };
  CHECK(kept("ENGINE = ReplicatedMergeTree('/clickhouse/{shard}/logs_new', '{replica}')"));
  CHECK(kept("PARTITION BY toDate(Time)"));
  CHECK(kept("TTL toDateTime(Time) + toIntervalDay(3)"));
  CHECK(kept("SETTINGS merge_with_ttl_timeout = 3600, storage_policy = 'tiered';"));
  CHECK(kept("INDEX own TenantId TYPE minmax GRANULARITY 1"));
  CHECK(kept("INSERT INTO logs_new (Time, Service, Body, TenantId) SELECT Time, Service, Body, TenantId FROM logs;"));
  // In the same place two tables would be one.
  to.engine = from.engine;
  CHECK(kept("ENGINE = ReplicatedMergeTree('/clickhouse/{shard}/logs_new', '{replica}')"));
  from.engine = "ReplicatedMergeTree('/clickhouse/{uuid}', '{replica}')";
  CHECK(kept("ENGINE = ReplicatedMergeTree('/clickhouse/{uuid}', '{replica}')"));
  from.engine = "ReplicatedMergeTree";
  to.engine = "ReplacingMergeTree(Time)";
  CHECK(kept("ENGINE = ReplicatedReplacingMergeTree(Time)"));
  from.engine = "SharedReplacingMergeTree('/clickhouse/{uuid}', '{replica}', Time)";
  to.engine = "MergeTree";
  CHECK(kept("ENGINE = SharedMergeTree('/clickhouse/{uuid}', '{replica}')"));
  // What is not stored in parts has none of it.
  to.engine = "Memory";
  CHECK_FALSE(kept("TTL toDateTime"));
  CHECK(kept("ENGINE = Memory"));
}

TEST_CASE("a copy of a table that becomes one that only its columns are known of") {
  Table from = Logs(), to = Logs();
  from.partition_by = "toDate(Time)";
  from.columns[1].codec = "ZSTD(3)";
  to.columns[0] = Col("Time", "DateTime64(3)");
  to.columns_only = true;
  to.engine = to.order_by = "";
  const Sql sql = Migrated(from, to);
  CHECK(sql.run.empty());
  CHECK(Mentions(sql.comments, "Time DateTime64(3)"));
  CHECK(Mentions(sql.comments, "Service String CODEC(ZSTD(3))"));
  CHECK(Mentions(sql.comments, "PARTITION BY toDate(Time)"));
  CHECK(Mentions(sql.comments, "ORDER BY (Service, Time);"));
}

TEST_CASE("a new table has replicas if those have that are there") {
  Table from = Logs(), added = Logs();
  added.name = "more";
  from.engine = "ReplicatedMergeTree('/clickhouse/logs', '{replica}')";
  const auto engine = [&] { return Migrated(Schema{{from}, {}}, Schema{{added}, {}}).run; };
  CHECK(Mentions(engine(), "ENGINE = ReplicatedMergeTree('/clickhouse/logs_more', '{replica}')"));
  added.engine = "Null";
  CHECK(Mentions(engine(), "ENGINE = Null"));
}

TEST_CASE("comments do not tell secrets") {
  Table from = Logs();
  from.engine = "S3('https://bucket/x', 'AKIAKEY', 'hunter2')";
  const Sql sql = Migrated(from, Logs());
  CHECK(Mentions(sql.comments, "the engine (S3(...) to MergeTree)"));
  CHECK_FALSE(Mentions(sql.comments, "hunter2"));
}

TEST_CASE("TTL and settings of tables") {
  Table to = Logs();
  to.ttl = "toDateTime(Time) + toIntervalDay(3)";
  to.settings = {{"index_granularity", "8192"}, {"ttl_only_drop_parts", "1"}};
  const Sql there = Migrated(Logs(), to);
  CHECK(there.run == Lines{"ALTER TABLE logs MODIFY SETTING ttl_only_drop_parts = 1;"});
  // It deletes rows.
  CHECK(Mentions(there.comments, "ALTER TABLE logs MODIFY TTL toDateTime(Time) + toIntervalDay(3);"));
  // How long rows stay, and on which disks, is for those to say who keep them.
  const Sql back = Migrated(to, Logs());
  CHECK(back.run.empty());
  CHECK(Mentions(back.comments, "ALTER TABLE logs REMOVE TTL;"));
  CHECK(Mentions(back.comments, "ALTER TABLE logs RESET SETTING ttl_only_drop_parts;"));
}

TEST_CASE("of a table without its storage only the columns are changed") {
  Table from = Logs(), to = Logs();
  from.columns_only = true;
  from.engine = from.order_by = "";
  to.columns.push_back(Col("Id", "UInt64"));
  CHECK(Migrated(from, to).run == Lines{"ALTER TABLE logs ADD COLUMN Id UInt64 AFTER Body;"});
}

TEST_CASE("tables and views") {
  const View view{.name = "mv", .target = "logs", .query = "SELECT * FROM raw"};
  Table raw = Logs();
  raw.name = "raw";
  const Sql stay = Migrated(Schema{{Logs(), raw}, {view}}, Schema{{Logs()}, {}});
  CHECK(stay.run.empty());
  CHECK(stay.comments ==
        Lines{"Table raw is not among the new ones and stays.", "View mv is not among the new ones and stays."});

  const Sql added = Migrated(Schema{{Logs()}, {}}, Schema{{Logs(), raw}, {view}});
  REQUIRE(added.run.size() > 2);
  CHECK(added.run.front() == "CREATE TABLE IF NOT EXISTS raw");
  CHECK(Mentions(added.run, "CREATE MATERIALIZED VIEW IF NOT EXISTS mv TO logs"));

  View other = view;
  other.query = "SELECT Time FROM raw";
  CHECK(Migrated(Schema{{Logs()}, {view}}, Schema{{Logs()}, {other}}).run ==
        Lines{"ALTER TABLE mv MODIFY QUERY SELECT Time FROM raw;"});
  other = view;
  other.target = "raw";
  const Sql moved = Migrated(Schema{{Logs()}, {view}}, Schema{{Logs()}, {other}});
  // What is written while there is no view would be lost.
  CHECK(moved.run.empty());
  CHECK(Mentions(moved.comments, "DROP VIEW mv;"));
  CHECK(Mentions(moved.comments, "CREATE MATERIALIZED VIEW IF NOT EXISTS mv TO raw"));
}

}  // namespace
}  // namespace gf_otlp::schema
