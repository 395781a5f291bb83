#include "schema/compare.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schema/storage_form.h"

namespace gf_otlp::schema {
namespace {

Column Col(std::string name, std::string_view type, DefaultKind kind = DefaultKind::kNone,
           std::string expression = "") {
  auto parsed = ParseType(type);
  REQUIRE_MESSAGE(parsed, type);
  return {.name = std::move(name), .type = *parsed, .default_kind = kind, .default_expression = std::move(expression)};
}

/// A table of spans, smaller than the real one.
Table Spans() {
  Table table;
  table.name = "spans";
  table.columns = {Col("Timestamp", "DateTime64(9)"), Col("TraceId", "String"), Col("Duration", "UInt64"),
                   Col("Events.Name", "Array(String)"), Col("Events.Time", "Array(DateTime64(9))")};
  table.engine = "MergeTree";
  table.partition_by = "toDate(Timestamp)";
  table.order_by = "(TraceId, Timestamp)";
  return table;
}

Column& ColumnOf(Table& table, std::string_view name) {
  const auto it = std::ranges::find(table.columns, name, &Column::name);
  REQUIRE(it != table.columns.end());
  return *it;
}

/// "id effect column" of each difference, after a look at what all must have.
std::vector<std::string> Summary(const std::vector<Difference>& differences) {
  std::vector<std::string> lines;
  for (const Difference& d : differences) {
    const auto rule = std::ranges::find(DifferenceRules(), d.id, &DifferenceRule::id);
    REQUIRE_MESSAGE(rule != DifferenceRules().end(), d.id);
    CHECK_MESSAGE(d.effect <= rule->worst, d.id);
    CHECK_FALSE(d.message.empty());
    CHECK_FALSE(d.table.empty());
    lines.push_back(std::string(d.id) + " " + std::string(EffectName(d.effect)));
    if (!d.column.empty()) lines.back() += " " + d.column;
  }
  return lines;
}

using Lines = std::vector<std::string>;

Lines Compared(const Table& expected, const Table& found, ServerVersion server = kDefaultServerVersion) {
  return Summary(CompareTables(expected, found, server));
}

TEST_CASE("ids are there once") {
  std::set<std::string_view> ids;
  for (const DifferenceRule& rule : DifferenceRules()) {
    CHECK_MESSAGE(ids.insert(rule.id).second, rule.id);
    CHECK_FALSE(rule.explanation.empty());
  }
}

TEST_CASE("a table is as itself, whatever its database and cluster are called") {
  Table found = Spans();
  found.database = "otel";
  found.cluster = "c";
  CHECK(Compared(Spans(), found).empty());
}

TEST_CASE("a Nested column that is not flattened is said once") {
  for (const std::string_view type : {"Nested(Name String, Time DateTime64(9))", "Array(Tuple(Name String))"}) {
    Table found = Spans();
    std::erase_if(found.columns, [](const Column& column) { return column.name.starts_with("Events."); });
    found.columns.push_back(Col("Events", type));
    CHECK(Compared(Spans(), found) == Lines{"nested-unflattened breaks Events.Name"});
    found.columns.back().type = *ParseType("String");
    CHECK(Compared(Spans(), found) == Lines{"column-missing breaks Events.Name", "column-missing breaks Events.Time",
                                            "column-extra differs Events"});
  }
}

TEST_CASE("columns that rows have and the table has not") {
  Table found = Spans();
  std::erase_if(found.columns, [](const Column& column) { return column.name == "Duration"; });
  CHECK(Compared(Spans(), found) == Lines{"column-missing breaks Duration"});

  Table expected = Spans();
  ColumnOf(expected, "Duration") = Col("Duration", "UInt64", DefaultKind::kMaterialized, "1");
  CHECK(Compared(expected, found) == Lines{"column-missing differs Duration"});
}

TEST_CASE("columns that a server does not store what is in rows in") {
  for (const DefaultKind kind : {DefaultKind::kMaterialized, DefaultKind::kAlias, DefaultKind::kEphemeral}) {
    Table found = Spans();
    ColumnOf(found, "Duration") = Col("Duration", "UInt64", kind, "1");
    CHECK(Compared(Spans(), found) == Lines{"column-computed breaks Duration"});
  }
  Table found = Spans();
  ColumnOf(found, "Duration") = Col("Duration", "UInt64", DefaultKind::kDefault, "1");
  CHECK(Compared(Spans(), found) == Lines{"default differs Duration"});
}

TEST_CASE("columns that rows do not have") {
  Table expected = Spans();
  expected.columns.push_back(Col("Day", "Date", DefaultKind::kDefault, "toDate(Timestamp)"));
  Table found = expected;
  ColumnOf(found, "Day").default_expression = "today()";
  CHECK(Compared(expected, found) == Lines{"default differs Day"});
  ColumnOf(found, "Day").default_kind = DefaultKind::kMaterialized;
  CHECK(Compared(expected, found) == Lines{"default differs Day"});
  ColumnOf(found, "Day") = Col("Day", "Date");
  CHECK(Compared(expected, found) == Lines{"default-missing loses Day"});
  // What the server computes it can also keep in another type.
  ColumnOf(found, "Day") = Col("Day", "UInt16", DefaultKind::kDefault, "toDate(Timestamp)");
  CHECK(Compared(expected, found) == Lines{"type-differs differs Day"});
}

TEST_CASE("columns that nobody asked for") {
  Table found = Spans();
  found.columns.push_back(Col("Tenant", "String"));
  CHECK(Compared(Spans(), found) == Lines{"column-extra differs Tenant"});

  // Arrays with one prefix must be of one length, and a row has no such array.
  found.columns.back() = Col("Events.Attributes", "Array(String)");
  CHECK(Compared(Spans(), found) == Lines{"nested-extra breaks Events.Attributes"});
  found.columns.back() = Col("Events.Attributes", "Array(String)", DefaultKind::kDefault, "Events.Name");
  CHECK(Compared(Spans(), found) == Lines{"column-extra differs Events.Attributes"});
  found.columns.back() =
      Col("Events.Attributes", "Array(UInt64)", DefaultKind::kMaterialized, "arrayMap(x -> length(x), `Events.Name`)");
  CHECK(Compared(Spans(), found) == Lines{"column-extra differs Events.Attributes"});
  // Of no array of the rows: it is as long as it is, and servers refuse what is of another length.
  for (const DefaultKind kind : {DefaultKind::kDefault, DefaultKind::kMaterialized}) {
    found.columns.back() = Col("Events.Attributes", "Array(String)", kind, "[]");
    CHECK(Compared(Spans(), found) == Lines{"nested-extra breaks Events.Attributes"});
    found.columns.back().default_expression = "[TraceId]";
    CHECK(Compared(Spans(), found) == Lines{"nested-extra breaks Events.Attributes"});
  }
  found.columns.back() = Col("Events.Attributes", "Array(String)", DefaultKind::kAlias, "[]");
  CHECK(Compared(Spans(), found) == Lines{"column-extra differs Events.Attributes"});
  found.columns.back() = Col("Events.Count", "UInt8");
  CHECK(Compared(Spans(), found) == Lines{"column-extra differs Events.Count"});
  found.columns.back() = Col("Links.TraceId", "Array(String)");
  CHECK(Compared(Spans(), found) == Lines{"column-extra differs Links.TraceId"});
}

TEST_CASE("names in another case") {
  Table found = Spans();
  ColumnOf(found, "Duration").name = "duration";
  CHECK(Compared(Spans(), found) == Lines{"column-case differs Duration"});
  CHECK(Compared(Spans(), found, {26, 4}) == Lines{"column-missing breaks Duration", "column-extra differs duration"});
  // A column of the very name goes first.
  found.columns.insert(found.columns.begin() + 2, Col("Duration", "UInt64"));
  CHECK(Compared(Spans(), found) == Lines{"column-extra differs duration"});
}

TEST_CASE("types, with the server that is asked") {
  Table found = Spans();
  ColumnOf(found, "Timestamp") = Col("Timestamp", "DateTime");
  CHECK(Compared(Spans(), found) == Lines{"type-loses loses Timestamp"});
  CHECK(Compared(Spans(), found, {26, 4}) == Lines{"type-breaks breaks Timestamp"});
  ColumnOf(found, "Timestamp") = Col("Timestamp", "DateTime64(9, 'Asia/Tokyo')");
  CHECK(Compared(Spans(), found) == Lines{"time-zone breaks Timestamp"});
  ColumnOf(found, "Timestamp") = Col("Timestamp", "Nullable(DateTime64(9))");
  CHECK(Compared(Spans(), found) == Lines{"type-differs differs Timestamp"});
  const Difference difference = CompareTables(Spans(), found, kDefaultServerVersion).front();
  CHECK(difference.expected == "DateTime64(9)");
  CHECK(difference.found == "Nullable(DateTime64(9))");
}

TEST_CASE("the order of columns, once a table") {
  Table found = Spans();
  std::ranges::rotate(found.columns, found.columns.begin() + 2);
  CHECK(Compared(Spans(), found).size() == 1);
  CHECK(Compared(Spans(), found).front().starts_with("column-order differs"));
}

TEST_CASE("codecs, comments and TTLs of columns") {
  Table expected = Spans();
  ColumnOf(expected, "Timestamp").codec = "Delta, ZSTD";
  ColumnOf(expected, "TraceId").comment = "the trace";
  ColumnOf(expected, "Duration").ttl = "Timestamp + toIntervalDay(1)";
  CHECK(Compared(expected, Spans()) ==
        Lines{"codec differs Timestamp", "column-comment differs TraceId", "column-ttl differs Duration"});
  // As SHOW CREATE TABLE has it.
  Table found = expected;
  ColumnOf(found, "Timestamp").codec = "Delta(8), ZSTD(1)";
  CHECK(Compared(expected, found).empty());
  ColumnOf(found, "Timestamp").codec = "Delta(4), ZSTD(1)";
  CHECK(Compared(expected, found) == Lines{"codec differs Timestamp"});
}

TEST_CASE("what DESCRIBE does not say is not compared") {
  Table expected = Spans();
  ColumnOf(expected, "Timestamp").codec = "ZSTD(1)";
  ColumnOf(expected, "TraceId").comment = "the trace";
  expected.columns.push_back(Col("Day", "Date", DefaultKind::kDefault, "toDate(Timestamp)"));
  Table found;
  found.name = "spans";
  found.columns_only = true;
  found.columns = expected.columns;
  CHECK(Compared(expected, found).empty());
  for (Column& column : found.columns) column = {.name = column.name, .type = column.type};
  CHECK(Compared(expected, found).empty());
  found.columns[1].comment = "another";
  CHECK(Compared(expected, found) == Lines{"column-comment differs TraceId", "default-missing loses Day"});
}

TEST_CASE("engines") {
  Table found = Spans();
  for (const std::string_view same : {"SharedMergeTree", "ReplicatedMergeTree('/clickhouse/{shard}', '{replica}')",
                                      "SharedMergeTree('/clickhouse/{shard}', '{replica}')"}) {
    found.engine = same;
    CHECK(Compared(Spans(), found).empty());
  }
  for (const std::string_view merges :
       {"ReplacingMergeTree", "ReplicatedReplacingMergeTree('/x', '{replica}', Timestamp)",
        "SummingMergeTree(Duration)", "AggregatingMergeTree", "CollapsingMergeTree(Sign)",
        "SharedReplacingMergeTree"}) {
    found.engine = merges;
    CHECK(Compared(Spans(), found) == Lines{"engine-merges breaks"});
  }
  found.engine = "Null";
  CHECK(Compared(Spans(), found) == Lines{"engine-null differs"});
  found.engine = "Distributed(c, otel, spans)";
  CHECK(Compared(Spans(), found) == Lines{"engine differs"});

  Table expected = Spans();
  expected.engine = "ReplacingMergeTree";
  found.engine = "ReplicatedReplacingMergeTree('/x', '{replica}', Timestamp)";
  CHECK(Compared(expected, found) == Lines{"engine differs"});
}

TEST_CASE("secrets are not shown") {
  Table found = Spans();
  found.engine = "S3('https://bucket/x', 'AKIAKEY', 'hunter2')";
  found.settings = {{"kafka_sasl_password", "'hunter2'"},
                    {"disk", "disk(type = s3, secret_access_key = 'hunter2')"},
                    {"primary_key_compress_block_size", "65536"},
                    {"storage_policy", "'tiered'"}};
  const auto differences = CompareTables(Spans(), found, kDefaultServerVersion);
  std::vector<std::string> shown;
  for (const Difference& difference : differences) shown.push_back(difference.found);
  CHECK(shown == Lines{"S3(...)", "disk(...)", "'...'", "65536", "'tiered'"});
  // They are compared all the same.
  Table expected = found;
  CHECK(Compared(expected, found).empty());
  expected.engine = "S3('https://bucket/x', 'AKIAKEY', 'other')";
  CHECK(Compared(expected, found) == Lines{"engine differs"});
}

TEST_CASE("keys, TTL, settings") {
  Table found = Spans();
  found.partition_by = "";
  found.order_by = "TraceId";
  found.sample_by = "TraceId";
  found.ttl = "toDateTime(Timestamp) + toIntervalDay(3)";
  found.settings = {{"index_granularity", "8192"}, {"storage_policy", "'tiered'"}};
  found.comment = "x";
  CHECK(Compared(Spans(), found) == Lines{"partition-key differs", "order-key differs", "sample-key differs",
                                          "ttl differs", "setting differs storage_policy", "table-comment differs"});
  found = Spans();
  found.primary_key = found.order_by;
  CHECK(Compared(Spans(), found).empty());
  found.primary_key = "TraceId";
  CHECK(Compared(Spans(), found) == Lines{"primary-key differs"});
}

TEST_CASE("indexes, projections, constraints") {
  Table expected = Spans();
  expected.indexes = {{"a", "TraceId", "bloom_filter(0.01)", 0},
                      {"b", "Duration", "minmax", 1},
                      {"c", "lower(TraceId)", "text(tokenizer = 'array')", 0}};
  Table found = Spans();
  found.indexes = {{"a", "TraceId", "bloom_filter(0.01)", 1},
                   {"b", "Duration", "minmax", 4},
                   {"c", "lower(TraceId)", "text(tokenizer = 'array')", 100000000},
                   {"d", "Duration", "minmax", 1}};
  CHECK(Compared(expected, found) == Lines{"index-differs differs b", "index-extra differs d"});
  CHECK(Compared(expected, Spans()).size() == 3);

  found = Spans();
  found.projections = {{"p", "(SELECT TraceId ORDER BY TraceId)"}};
  found.constraints = {{"positive", "CHECK Duration > 0"}};
  CHECK(Compared(Spans(), found) == Lines{"projection-extra differs p", "constraint breaks positive"});
  CHECK(Compared(found, Spans()) == Lines{"projection-missing differs p", "constraint-missing differs positive"});
  // Nothing is checked.
  found = Spans();
  found.constraints = {{"positive", "ASSUME Duration > 0"}};
  CHECK(Compared(Spans(), found) == Lines{"constraint differs positive"});
}

/// Spans, and the times of traces that a view fills a table with.
Schema WithView() {
  Table times;
  times.name = "times";
  times.columns = {Col("TraceId", "String"), Col("Start", "DateTime")};
  const View view{.name = "times_mv", .target = "times", .query = "SELECT TraceId, Timestamp AS Start FROM spans"};
  return {.tables = {Spans(), times}, .views = {view}};
}

Lines Compared(const Schema& expected, const Schema& found) {
  return Summary(CompareSchemas(expected, found, kDefaultServerVersion));
}

TEST_CASE("tables and views that are not there") {
  CHECK(Compared(WithView(), WithView()).empty());
  CHECK(Compared(WithView(), {.tables = {Spans()}}) == Lines{"table-missing differs", "view-missing differs"});
  // A view without its table lets no row in.
  CHECK(Compared(WithView(), {.tables = {Spans()}, .views = WithView().views}) == Lines{"table-missing breaks"});
  CHECK(Compared({.tables = {Spans()}}, {}) == Lines{"table-missing breaks"});
  CHECK(Compared({.tables = {Spans()}}, WithView()).empty());
}

TEST_CASE("views are the same in any database") {
  Schema found = WithView();
  for (Table& table : found.tables) table.database = "otel";
  found.views[0].database = "otel";
  found.views[0].target = "otel.times";
  found.views[0].query = "SELECT TraceId, Timestamp AS Start FROM otel.spans";
  CHECK(Compared(WithView(), found).empty());
  found.views[0].target = "otel.others";
  CHECK(Compared(WithView(), found) == Lines{"view-differs differs target"});
  found = WithView();
  found.views[0].query = "SELECT TraceId, max(Timestamp) AS Start FROM spans";
  CHECK(Compared(WithView(), found) == Lines{"view-differs differs query"});
}

TEST_CASE("views find their tables by names that need quotes") {
  Schema expected = WithView();
  expected.tables[1].name = "my-times.of.traces";
  expected.views[0].target = "otel.`my-times.of.traces`";
  CHECK(TargetTable(expected.views[0]) == "my-times.of.traces");
  // The view fills it: only readers miss it.
  CHECK(Compared(expected, {.tables = {Spans()}}) == Lines{"table-missing differs", "view-missing differs"});
  Schema found = expected;
  found.views[0].target = "`my-times.of.traces`";
  CHECK(Compared(expected, found).empty());
}

Table Logs() {
  Table table = Spans();
  table.name = "logs";
  table.columns = {Col("Timestamp", "DateTime64(9)"), Col("TraceId", "String"), Col("Body", "String"),
                   Col("SeverityText", "String"), Col("ServiceName", "String")};
  return table;
}

TEST_CASE("the nearest table has the most columns in common") {
  const std::vector<Table> expected = {Spans(), Logs()};
  Table found = Logs();
  found.name = "";
  found.columns.push_back(Col("Tenant", "String"));
  CHECK(NearestTable(found, expected) == 1);
  found.columns = {Col("User", "String"), Col("Timestamp", "DateTime"), Col("Password", "String")};
  CHECK_FALSE(NearestTable(found, expected));
}

TEST_CASE("among tables with the same columns the nearest is that with the least other differences") {
  Table older = Logs();
  older.columns[0] = Col("Timestamp", "DateTime");
  older.name = "older";
  Table found = Logs();
  found.name = "x";
  CHECK(NearestTable(found, {older, Logs()}) == 1);
  CHECK(NearestTable(older, {Logs(), older}) == 1);
}

TEST_CASE("distance") {
  const std::vector<Table> expected = {Spans(), Logs()};
  CHECK(Distance(expected, expected) == 0);
  CHECK(Distance(expected, {Logs()}) == 0);  // what is not there does not count
  Table renamed = Logs();
  renamed.name = "my_logs";
  CHECK(Distance(expected, {renamed}) == 0);

  // An unlike column counts more than many indexes and codecs; what it does to rows is no matter.
  Table other_indexes = Logs(), loses = Logs(), breaks = Logs();
  for (int i = 0; i < 20; ++i) other_indexes.indexes.push_back({"i" + std::to_string(i), "Body", "minmax", 1});
  loses.columns[0] = Col("Timestamp", "DateTime64(3)");
  breaks.columns[2] = Col("Body", "UInt64");
  CHECK(0 < Distance(expected, {other_indexes}));
  CHECK(Distance(expected, {other_indexes}) < Distance(expected, {loses}));
  CHECK(Distance(expected, {loses}) == Distance(expected, {breaks}));
  Table foreign = Logs();
  foreign.name = "users";
  foreign.columns = {Col("User", "String")};
  CHECK(Distance(expected, {breaks}) < Distance(expected, {foreign}));
}

}  // namespace
}  // namespace gf_otlp::schema
