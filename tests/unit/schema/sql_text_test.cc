#include "schema/sql_text.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace gf_otlp::schema {
namespace {

TEST_CASE("SQL as people write it, and as ClickHouse 26.5 prints it, is the same") {
  constexpr std::pair<std::string_view, std::string_view> kSame[] = {
      {"toDateTime(Timestamp)+INTERVAL 30 DAY", "toDateTime(Timestamp) + toIntervalDay(30)"},
      {"a + INTERVAL '30 day'", "a + toIntervalDay(30)"},
      {"INTERVAL (a+1) minutes", "toIntervalMinute((a + 1))"},
      {"tokenbf_v1(32768,3,0)", "tokenbf_v1(32768, 3, 0)"},
      {"text(tokenizer='array')", "text(tokenizer = 'array')"},
      {"(a)", "a"},
      {"tuple(a,b)", "(a, b)"},
      {"()", "tuple()"},
      {"m['a']['b']", "(m['a'])['b']"},
      {"arrayMap((x,y)->x*y, a, b)", "arrayMap((x, y) -> (x * y), a, b)"},
      {"CAST(x AS Map(LowCardinality(String),INT))", "CAST(x, 'Map(LowCardinality(String), Int32)')"},
      {"x::DateTime64(9,'UTC')", "CAST(x, 'DateTime64(9, \\'UTC\\')')"},
      {"-1::Int8", "CAST('-1', 'Int8')"},
      {"a and b or not c = d", "(a AND b) OR (NOT (c = d))"},
      {"a - b - c * d", "(a - b) - (c * d)"},
      {"a BETWEEN 1 AND 3 AND b", "((a >= 1) AND (a <= 3)) AND b"},
      {"a in 1", "a IN (1)"},
      {"a <> b", "a != b"},
      {"a || b || c", "concat(a, b, c)"},
      {"a ? b : c", "if(a, b, c)"},
      {"case a when 1 then 'x' end", "caseWithExpression(a, 1, 'x', NULL)"},
      {"`Events.Name` /* c */ -- d", "`Events.Name`"},
      {"lower(`Body`)", "lower(Body)"},
      {"'it''s'", "'it\\'s'"},
      {"$$it's$$", "'it\\'s'"},
      {"0x1F + 1.50 + 1e3", "(31 + 1.5) + 1000."},
      {"d + INTERVAL 1 DAY DELETE WHERE k=1 AND x=2", "d + toIntervalDay(1) WHERE (k = 1) AND (x = 2)"},
      {"d + 1 to volume 'slow', d + 2", "d + 1 TO VOLUME 'slow', d + 2"},
      {"select a, min(b) as c from t where a!='' and b>1 group by a order by a asc",
       "SELECT\n    a,\n    min(b) AS c\nFROM t\nWHERE (a != '') AND (b > 1)\nGROUP BY a\nORDER BY a"},
  };
  for (const auto& [written, printed] : kSame) {
    CAPTURE(written);
    CHECK(NormalSql(written) == NormalSql(printed));
    CHECK(NormalSql(NormalSql(written)) == NormalSql(written));
  }
}

TEST_CASE("SQL of different meaning stays different") {
  constexpr std::pair<std::string_view, std::string_view> kDifferent[] = {
      {"a - b - c", "a - (b - c)"},
      {"a AND (b OR c)", "a AND b OR c"},
      {"a DESC", "a"},
      {"'a'", "a"},
      {"`a.b`", "a.b"},
      {"1", "1."},
      {"(a, b)", "(b, a)"},
      {"TTL", "ttl"},
      {"-(-1)", "1"},
  };
  for (const auto& [one, other] : kDifferent) CHECK(NormalSql(one) != NormalSql(other));
}

TEST_CASE("expressions are written as ClickHouse writes them") {
  CHECK(NormalSql("a+b*c") == "a + (b * c)");
  CHECK(NormalSql("(ServiceName,TimestampTime)") == "(ServiceName, TimestampTime)");
  CHECK(NormalSql("MergeTree()") == "MergeTree");
  CHECK(NormalSql("Delta(8),ZSTD(1)") == "Delta(8), ZSTD(1)");
  CHECK(NormalSql("a  ] (b") == "a ] ( b");  // no SQL
  CHECK(NormalSql("0x0F.*5") == "0x0F .* 5");
  CHECK(NormalSql("a 0  (-c)") == "a 0 ( - c )");
  CHECK(NormalSql("a = b NOT BETWEEN 1 AND 3") == NormalSql(NormalSql("a = b NOT BETWEEN 1 AND 3")));
}

TEST_CASE("names and texts are quoted as ClickHouse does it") {
  CHECK(QuotedName("Timestamp") == "Timestamp");
  CHECK(QuotedName("Events.Name") == "`Events.Name`");
  CHECK(QuotedName("From") == "`From`");
  CHECK(QuotedName("1a") == "`1a`");
  CHECK(QuotedName("a`b\\") == "`a\\`b\\\\`");
  CHECK(QuotedName("") == "``");
  CHECK(QuotedText("it's\n") == "'it\\'s\\n'");
}

TEST_CASE("time to read SQL grows no faster than its size") {
  for (const std::string_view piece :
       {"(", "a[", "NOT ", "- ", "x -> ", "a ? ", "1 + ", "a::Int8", "/*", "$a$ ", "'", "f(", "CASE WHEN ",
        "a BETWEEN 1 AND 2 ", "INTERVAL (", ", ", "a || ", "a DIV ", ".1"}) {
    CAPTURE(piece);
    std::string sql;
    while (sql.size() < 400'000) sql += piece;
    const auto begin = std::chrono::steady_clock::now();
    CHECK_FALSE(NormalSql(sql).empty());
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));  // quadratic: minutes
  }
}

}  // namespace
}  // namespace gf_otlp::schema
