#include "schema/row_check.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "gf_otlp/padded_buffer.h"

namespace gf_otlp::schema {
namespace {

using Columns = std::vector<std::pair<std::string, std::string>>;

Table MakeTable(std::string name, const Columns& columns) {
  Table table;
  table.name = std::move(name);
  for (const auto& [column, type] : columns) {
    Result<Type> parsed = ParseType(type);
    REQUIRE(parsed);
    table.columns.emplace_back().name = column;
    table.columns.back().type = std::move(*parsed);
  }
  return table;
}

RowChecker MakeChecker(std::vector<Table> tables, ServerVersion server = kDefaultServerVersion) {
  Result<RowChecker> checker = RowChecker::Make(std::move(tables), {.server = server});
  REQUIRE(checker);
  return std::move(*checker);
}

/// Ids of what is found, divided by spaces; "!" before those that the row is refused for.
std::string Found(RowChecker& checker, std::string_view row) {
  PaddedBuffer bytes;
  bytes.Append(row);
  std::string ids;
  checker.Check(bytes.view(), [&](const RowFinding& finding) {
    if (!ids.empty()) ids += ' ';
    if (finding.refused) ids += '!';
    ids += RowRules()[finding.rule].id.substr(4);
  });
  return ids;
}

/// Of one value in a column of that type.
std::string Found(std::string_view type, std::string_view value, ServerVersion server = kDefaultServerVersion) {
  RowChecker checker = MakeChecker({MakeTable("t", {{"a", std::string(type)}})}, server);
  return Found(checker, "{\"a\":" + std::string(value) + "}");
}

TEST_CASE("integers") {
  for (const char* const good : {"0", "255", "\"7\"", "true", "01", "+1", " 1"}) {
    CAPTURE(good);
    CHECK(Found("UInt8", good) == "");
  }
  for (const char* const wrapped : {"256", "300", "18446744073709551616", "99999999999999999999999"}) {
    CAPTURE(wrapped);
    CHECK(Found("UInt8", wrapped) == "integer-wrapped");
  }
  for (const char* const refused : {"-1", "-0", "1.5", "1e3", "\"abc\"", "[]", "{}", "nul", "NaN"}) {
    CAPTURE(refused);
    CHECK(Found("UInt8", refused) == "!value");
  }
  CHECK(Found("UInt64", "18446744073709551615") == "");
  CHECK(Found("UInt64", "18446744073709551616") == "integer-wrapped");
  CHECK(Found("Int8", "-128") == "");
  CHECK(Found("Int8", "-129") == "integer-wrapped");
  CHECK(Found("Int64", "-9223372036854775808") == "");
  CHECK(Found("Int64", "9223372036854775808") == "integer-wrapped");
  CHECK(Found("Int128", "-170141183460469231731687303715884105728") == "");
  CHECK(Found("Int128", "170141183460469231731687303715884105728") == "integer-wrapped");
  CHECK(Found("UInt8", "null") == "null-to-default");
  CHECK(Found("Nullable(UInt8)", "null") == "");
  CHECK(Found("UInt8", "\"\"") == "empty-to-zero");
}

TEST_CASE("floating numbers") {
  for (const char* const good : {"0.1", "1e3", "NaN", "-Infinity", "inf", "\"nan\"", "9007199254740992", "1.", ".5"}) {
    CAPTURE(good);
    CHECK(Found("Float64", good) == "");
  }
  CHECK(Found("Float64", "1e400") == "number-range");
  CHECK(Found("Float64", "5e-324") == "number-range");
  CHECK(Found("Float64", "9007199254740993") == "digits-lost");
  // The digits of a double that is printed so.
  CHECK(Found("Float64", "5384411809363252000") == "");
  // ClickHouse 26.5 reads this as ...437e+215.
  CHECK(Found("Float64", "-1.304306812310244e+215") == "last-digit");
  CHECK(Found("Float64", "nan").starts_with("!"));
  CHECK(Found("Float64", "null") == "null-to-default");
}

TEST_CASE("text") {
  CHECK(Found("String", R"("a\u0041\ud83d\ude00\n")") == "");
  CHECK(Found("String", R"("\ud83d")") == "!value");
  CHECK(Found("String", R"("\ude00")") == "escape-changed");
  CHECK(Found("String", R"("\x41")") == "escape-changed");
  CHECK(Found("LowCardinality(String)", "12") == "taken-as-text");
  CHECK(Found("String", R"({"a":[1)") == "taken-as-text not-judged");
  CHECK(Found("String", "NaN") == "!value");
  CHECK(Found("FixedString(2)", "\"ab\"") == "");
  CHECK(Found("FixedString(2)", "\"abc\"") == "!value");
}

TEST_CASE("times") {
  CHECK(Found("DateTime64(9)", "\"2024-01-02 03:04:05.123456789\"") == "");
  CHECK(Found("DateTime64(9)", "\"2024-01-02T03:04:05.5+02:00\"") == "");
  CHECK(Found("DateTime64(9)", "1700000000123456789") == "");
  CHECK(Found("DateTime64(9)", "\"2262-04-11 23:47:17\"") == "!value");
  CHECK(Found("DateTime64(9)", "\"1899-12-31 23:59:59\"") == "time-changed");
  CHECK(Found("DateTime64(9)", "1700000000.5") == "time-unit !value");
  CHECK(Found("DateTime64(3)", "\"2024-01-02 03:04:05.1234\"") == "fraction-cut");
  CHECK(Found("DateTime", "\"2024-01-02 03:04:05\"") == "");
  CHECK(Found("DateTime", "1700000000123456789") == "time-changed");
  CHECK(Found("DateTime", "\"2106-02-07 06:28:16\"") == "time-changed");
  CHECK(Found("DateTime", "\"2024-01-02 25:00:00\"") == "time-changed");
  CHECK(Found("DateTime", "\"2024-02-30 00:00:00\"") == "!value");
  CHECK(Found("DateTime", "\"2024-01-02 03:04:05.5\"") == "fraction-cut");
  CHECK(Found("DateTime", "\"2 Jan 2024\"") == "not-judged");
  CHECK(Found("Date", "\"2024-01-02\"") == "");
  CHECK(Found("Date", "\"2200-01-02\"") == "time-changed");
  CHECK(Found("Date", "\"2024-01-02 03:04:05\"") == "!value");
}

TEST_CASE("integers as times") {
  CHECK(Found("DateTime64(9)", "1700000000") == "time-unit");  // 1970-01-01 00:00:01.7
  CHECK(Found("DateTime64(9)", "\"1700000000\"") == "");
  CHECK(Found("DateTime64(9)", "\"0000000000001\"") == "time-unit");
  CHECK(Found("DateTime", "12345") == "time-unit");
  CHECK(Found("DateTime", "94694400") == "");
  CHECK(Found("DateTime64(3)", "-1") == "time-unit");
  CHECK(Found("DateTime", "0") == "");
  CHECK(Found("DateTime64(9)", "0") == "");
  // Seconds since 26.9.
  const ServerVersion newer{26, 9};
  CHECK(Found("DateTime64(9)", "1700000000", newer) == "");
  CHECK(Found("DateTime64(9)", "1700000000123456789", newer) == "!value");
  CHECK(Found("DateTime64(3)", "17000000001234567", newer) == "!value");
  CHECK(Found("DateTime64(3)", "1700000000123", newer) == "time-changed");
}

TEST_CASE("times of servers before 26.5 have no zone") {
  const ServerVersion older{26, 4};
  CHECK(Found("DateTime", "\"2024-01-02 03:04:05\"", older) == "");
  CHECK(Found("DateTime", "\"2024-01-02T03:04:05Z\"", older) == "!value");
  CHECK(Found("DateTime", "\"2024-01-02 03:04:05.5\"", older) == "!value");
  CHECK(Found("DateTime64(9)", "\"2024-01-02 03:04:05.5\"", older) == "");
  CHECK(Found("DateTime64(9)", "\"2024-01-02T03:04:05Z\"", older) == "!value");
}

TEST_CASE("other types") {
  CHECK(Found("Bool", "1") == "");
  CHECK(Found("Bool", "\"true\"") == "!value");
  CHECK(Found("Decimal(9, 2)", "9999999.99") == "");
  CHECK(Found("Decimal(9, 2)", "10000000") == "!value");
  CHECK(Found("Decimal(9, 2)", "1.555") == "fraction-cut");
  CHECK(Found("UUID", "\"61f0c404-5cb3-11e7-907b-a6006ad3dba0\"") == "");
  CHECK(Found("UUID", "\"61f0c404\"") == "!value");
  CHECK(Found("IPv4", "\"1.2.3.4\"") == "");
  CHECK(Found("IPv4", "\"1.2.3\"") == "!value");
  CHECK(Found("IPv4", "\"0001.2.3.0004\"") == "");
  CHECK(Found("IPv4", "\"1.2.3.00004\"") == "!value");
  for (const char* const good : {"2001:db8::1", "::", "1::2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "0::a:", "1.2.3.0004",
                                 "::01.2.3.04", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6::1.2.3.4", "FFFF::abcd:1.2.3.4"}) {
    CAPTURE(good);
    CHECK(Found("IPv6", '"' + std::string(good) + '"') == "");
  }
  for (const char* const bad :
       {"", ":", ":::", "1:", ":1", "1:2", "1::2::3", "12345::", "::g", "::1.2.3", "::1.2.3.256", "01.2.3.4",
        "1.2.3.4::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "1:2:3:4:5:6:7:1.2.3.4", "::1 "}) {
    CAPTURE(bad);
    CHECK(Found("IPv6", '"' + std::string(bad) + '"') == "!value");
  }
  CHECK(Found("Enum8('a' = 1)", "\"a\"") == "");
  CHECK(Found("Enum8('a' = 1)", "257") == "integer-wrapped");
  CHECK(Found("Enum8('a' = 1)", "\"b\"") == "!value");
  CHECK(Found("Point", "[1,2]") == "type-not-judged");
}

TEST_CASE("containers") {
  CHECK(Found("Array(UInt8)", "[1, 2,]") == "");
  CHECK(Found("Array(UInt8)", "[300,null]") == "integer-wrapped null-to-default");
  CHECK(Found("Array(UInt8)", "null") == "null-to-empty");
  CHECK(Found("Array(UInt8)", "{}") == "!value");
  CHECK(Found("Map(String, String)", R"({"a":"b","c":1})") == "taken-as-text");
  CHECK(Found("Map(String, String)", R"({"a":null})") == "null-to-default");
  CHECK(Found("Map(String, String)", "[]") == "!value");
  CHECK(Found("Tuple(a UInt8, b String)", R"({"b":"x"})") == "");
  CHECK(Found("Tuple(a UInt8, b String)", R"({"a":1,"a":2})") == "!duplicate-key");
  CHECK(Found("Tuple(a UInt8, b String)", R"({"c":2})") == "unknown-column");
  CHECK(Found("Tuple(UInt8, String)", R"([1])") == "!value");
  // Names are not unescaped: this one is skipped.
  CHECK(Found("Tuple(a UInt8, b String)", R"({"\u0061":1,"b":"x"})") == "unknown-column");
}

TEST_CASE("JSON columns") {
  CHECK(Found("JSON", R"({"a":{"b":1},"c":[1,"x"],"d.e":true})") == "");
  CHECK(Found("JSON", R"({"a.b":1,"a":{"b":2}})") == "!json-value");
  CHECK(Found("JSON", R"({"a":18446744073709551616})") == "!json-value");
  CHECK(Found("JSON", "{\"a\":\"\xff\"}") == "!json-value");
  CHECK(Found("JSON", R"({"a":null})") == "json-changed");
  CHECK(Found("JSON", R"({"a":[true,1]})") == "json-changed");
  CHECK(Found("JSON", R"({"a":[true,"s"]})") == "json-changed");
  CHECK(Found("JSON", R"({"a":[["s"],[true]]})") == "json-changed");
  CHECK(Found("JSON", R"({"a":[true,1,"x"]})") == "");
  CHECK(Found("JSON", R"({"a":"2024-01-02T03:04:05Z"})") == "json-time");
  CHECK(Found("JSON", R"({"a":"2024-01-02 03:04:05"})") == "");
  CHECK(Found("JSON", R"({"a":"Jan 2 2024"})") == "not-judged");
}

TEST_CASE("the row as a whole") {
  Table table = MakeTable(
      "t", {{"Aa", "UInt8"}, {"Bb", "String"}, {"n.x", "Array(UInt8)"}, {"n.y", "Array(String)"}, {"m", "UInt8"}});
  table.columns.back().default_kind = DefaultKind::kMaterialized;
  RowChecker checker = MakeChecker({table});
  CHECK(Found(checker, R"({"Aa":1})") == "");
  CHECK(Found(checker, "{ }") == "");
  CHECK(Found(checker, R"({"Aa":1,})") == "!syntax");
  CHECK(Found(checker, R"({"Aa":1 "Bb":"x"})") == "!syntax");
  CHECK(Found(checker, R"({"Aa":1}x)") == "!syntax");
  CHECK(Found(checker, "x") == "!syntax");
  CHECK(Found(checker, R"({"Aa":1},{"Aa":300})") == "integer-wrapped");
  CHECK(Found(checker, R"({"Aa":1,"Aa":2})") == "!duplicate-key");
  CHECK(Found(checker, R"({"AA":1})") == "name-case");
  CHECK(Found(checker, R"({"\u0041a":300})") == "integer-wrapped");
  CHECK(Found(checker, R"({"Aa":1,"u":{"x":1 "y":2,}})") == "unknown-column");
  CHECK(Found(checker, R"({"Aa":1,"u":[1,]})") == "!syntax");
  CHECK(Found(checker, R"({"u":1})") == "no-table");
  CHECK(Found(checker, R"({"Aa":1,"m":7})") == "computed-column");
  CHECK(Found(checker, R"({"n.x":[1],"n.y":["a"]})") == "");
  CHECK(Found(checker, R"({"n.x":[1]})") == "!array-lengths");
  CHECK(Found(checker, R"({"Aa":1,"n":{"x":[1],"y":["a"]}})") == "nested-dropped");
  CHECK(Found(checker, R"({"Aa":1,"n":{"x":null,"y":[]}})") == "");
  // Once it has all columns, the server passes over what follows.
  CHECK(Found(checker, R"({"Aa":1,"Bb":"","n.x":[],"n.y":[],"Aa":2})") == "unknown-column");
}

TEST_CASE("several rows in a line, and rows over several lines") {
  RowChecker checker = MakeChecker({MakeTable("t", {{"a", "UInt8"}, {"b", "String"}})});
  for (const char* const good : {R"([{"a":1},{"a":2}])", R"( [ {"a":1} {"a":2} ] )", "[]", R"({"a":1},)"}) {
    CAPTURE(good);
    CHECK(Found(checker, good) == "");
  }
  CHECK(Found(checker, R"([{"a":1},{"a":300}])") == "integer-wrapped");
  for (const char* const bad : {R"([{"a":1},])", R"([{"a":1}] x)",
                                R"([{"a":1}])"
                                "]",
                                R"([[{"a":1}]])", R"([;)"}) {
    CAPTURE(bad);
    CHECK(Found(checker, bad) == "!syntax");
  }
  for (const char* const piece : {"[", "]", "{", "}", R"([{"a":1},)", R"([{"a":1})", R"({"a":1}])", R"(,{"a":1})",
                                  R"({"a":1)", R"({"a":)", R"({"a")", R"({"b":"x)", R"({"c":{"d":[1)", R"("b":"x"})"}) {
    CAPTURE(piece);
    CHECK(Found(checker, piece) == "not-judged");
  }
  PaddedBuffer rows;
  rows.Append(R"([{"a":1},{"a":2},{"a":3}])");
  CHECK(checker.Check(rows.view(), [](const RowFinding&) {}) == 3);
}

TEST_CASE("a few findings of a rule are kept of a row, the others counted") {
  Result<RowChecker> checker =
      RowChecker::Make({MakeTable("t", {{"a", "Array(UInt8)"}, {"b", "UInt8"}})}, {.max_examples = 2});
  REQUIRE(checker);
  PaddedBuffer row;
  row.Append(R"({"a":[null,null,300,null,null],"b":"x"})");
  std::vector<std::string> found;
  checker->Check(row.view(), [&](const RowFinding& finding) {
    const std::string_view id = RowRules()[finding.rule].id;
    found.push_back(std::to_string(finding.offset) + ' ' + std::string(id) + ' ' + std::to_string(finding.count));
  });
  CHECK(found == std::vector<std::string>{"6 row-null-to-default 1", "11 row-null-to-default 3",
                                          "16 row-integer-wrapped 1", "36 row-value 1"});
}

TEST_CASE("servers before 26.5 know names in their own case only") {
  const Table table = MakeTable("t", {{"Aa", "UInt8"}, {"b", "UInt8"}});
  RowChecker older = MakeChecker({table}, {26, 4}), newer = MakeChecker({table});
  CHECK(Found(older, R"({"AA":1,"b":1})") == "unknown-column");
  CHECK(Found(newer, R"({"AA":1,"b":1})") == "name-case");
}

TEST_CASE("a finding says where it is") {
  RowChecker checker = MakeChecker({MakeTable("t", {{"a", "UInt8"}, {"b", "UInt8"}})});
  PaddedBuffer row;
  row.Append(R"({"a":1,"b":300})");
  checker.Check(row.view(), [&](const RowFinding& finding) {
    CHECK(finding.table == "t");
    CHECK(finding.column == "b");
    CHECK(row.view().substr(finding.offset).starts_with("300"));
    CHECK(finding.detail == "300 is stored as 44");
    CHECK_FALSE(finding.refused);
  });
}

TEST_CASE("a row belongs to the table that has most of its columns") {
  RowChecker checker =
      MakeChecker({MakeTable("spans", {{"Time", "DateTime"}, {"Name", "String"}, {"Duration", "UInt64"}}),
                   MakeTable("logs", {{"Time", "DateTime"}, {"Body", "String"}}),
                   MakeTable("narrow", {{"Time", "DateTime"}, {"Body", "UInt8"}, {"More", "UInt8"}})});
  const auto table_of = [&](std::string_view row) {
    PaddedBuffer bytes;
    bytes.Append(row);
    std::string table;
    checker.Check(bytes.view(), [&](const RowFinding& finding) { table = finding.table; });
    return table;
  };
  for (int again = 0; again < 3; ++again) {
    CHECK(table_of(R"({"Time":1,"Body":"x","other":1})") == "logs");
    CHECK(table_of(R"({"Time":1,"Name":"x","Duration":2,"other":1})") == "spans");
    CHECK(table_of(R"({"Time":1,"Body":1,"More":1,"other":1})") == "narrow");
    // Refused before all keys are seen.
    CHECK(table_of(R"({"Time":"x","Body":"x"})") == "logs");
    CHECK(table_of(R"({"Time":"x","Name":"x","Duration":2})") == "spans");
    CHECK(table_of(R"([{"Time":1,"Name":"x","Duration":-2}])") == "spans");
    CHECK(table_of(R"({"other":1})") == "");
  }
}

TEST_CASE("a row that ends anywhere is judged without reading beyond it") {
  const std::string_view row =
      R"({"a":-12.5e3,"s":"x\u0041\ud83d\ude00","t":"2024-01-02T03:04:05Z","m":{"k":[1,{"x":null}]},"j":{"a":[true]}})";
  RowChecker checker = MakeChecker({MakeTable(
      "t", {{"a", "Float64"}, {"s", "String"}, {"t", "DateTime"}, {"m", "Map(String, String)"}, {"j", "JSON"}})});
  CHECK(Found(checker, row) == "taken-as-text");
  for (std::size_t size = 0; size < row.size(); ++size) {
    CAPTURE(size);
    const std::string found = Found(checker, row.substr(0, size));
    CHECK(found.find_first_of("!j") != std::string::npos);  // a ! or not-judged
  }
}

}  // namespace
}  // namespace gf_otlp::schema
