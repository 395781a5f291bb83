#include "schema/type.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>

namespace gf_otlp::schema {
namespace {

std::string Printed(std::string_view text) {
  const Result<Type> type = ParseType(text);
  if (!type) return type.error().message();
  const std::string printed = TypeText(*type);
  CHECK(ParseType(printed) == *type);
  return printed;
}

TEST_CASE("types are printed as ClickHouse 26.5 prints them") {
  // What the engine's DESCRIBE says of a column of the type at the left.
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {"UInt256", "UInt256"},
      {"TINYINT(1) unsigned", "UInt8"},
      {"INT UNSIGNED(11)", "UInt32"},
      {"BIGINT(20)", "Int64"},
      {"DOUBLE  PRECISION", "Float64"},
      {"Boolean", "Bool"},
      {"NATIONAL CHARACTER VARYING(30)", "String"},
      {"BINARY(10)", "FixedString(10)"},
      {"INET4", "IPv4"},
      {"DATETIME", "DateTime"},
      {"DateTime32('UTC')", "DateTime('UTC')"},
      {"TIMESTAMP(6,'UTC')", "DateTime64(6, 'UTC')"},
      {"DateTime64", "DateTime64(3)"},
      {"Time(3)", "Time64(3)"},
      {"DEC(10,2)", "Decimal(10, 2)"},
      {"Decimal64(4)", "Decimal(18, 4)"},
      {"Decimal", "Decimal(10, 0)"},
      {"Enum('b','a' = 5)", "Enum8('b' = 1, 'a' = 5)"},
      {"Enum8('b'=2,'a'=1)", "Enum8('a' = 1, 'b' = 2)"},
      {"ENUM('a' = 1000)", "Enum16('a' = 1000)"},
      {"Enum8('it''s' = -128, 'a\\\\b' = 0x10)", "Enum8('it\\'s' = -128, 'a\\\\b' = 16)"},
      {"LowCardinality( Nullable(String) )", "LowCardinality(Nullable(String))"},
      {"Tuple(INT UNSIGNED)", "Tuple(INT UInt64)"},
      {"Tuple(\"a\" Int8, `select` String, `a b` Date,)", "Tuple(a Int8, `select` String, `a b` Date)"},
      {"Map(LowCardinality(String),Array(Tuple(Int8,String)))",
       "Map(LowCardinality(String), Array(Tuple(Int8, String)))"},
      {"Nested ( Timestamp DateTime64(9), -- when\n Name String )", "Nested(Timestamp DateTime64(9), Name String)"},
      {"JSON(max_dynamic_paths=1024, max_dynamic_types=32)", "JSON"},
      {"JSON(SKIP REGEXP 'z', skip b, SKIP a, c.d INT, b Int8, max_dynamic_paths = 10, max_dynamic_types = 8)",
       "JSON(max_dynamic_types=8, max_dynamic_paths=10, b Int8, `c.d` Int32, SKIP a, SKIP b, SKIP REGEXP 'z')"},
      {"Dynamic(max_types = 32)", "Dynamic"},
      {"Variant(UInt64,String,UInt64)", "Variant(String, UInt64)"},
      {"AggregateFunction(quantiles(0.5,0.90), INT)", "AggregateFunction(quantiles(0.5, 0.9), Int32)"},
      {"SimpleAggregateFunction( groupArrayArray , Array(INT) )",
       "SimpleAggregateFunction(groupArrayArray, Array(Int32))"},
      {"GEOMETRY", "Geometry"},
  };
  for (const auto& [text, printed] : kTypes) CHECK(Printed(text) == printed);
}

TEST_CASE("types that ClickHouse refuses are refused, and the place is named") {
  CHECK(Printed("int8") == "byte 0: there is no data type 'int8'");
  CHECK(Printed("Array()") == "byte 6: expected a data type, found ')'");
  CHECK(Printed("Map(String") == "byte 10: expected ',', found the end");
  CHECK(Printed("Array(Int8))") == "byte 11: expected the end of the data type, found ')'");
  CHECK(Printed("DateTime64(10)") == "byte 11: expected a number from 0 to 9");
  CHECK(Printed("Nullable(Array(Int8))") == "byte 0: Array(Int8) cannot be within Nullable");
  for (const std::string_view bad :
       {"", "FixedString(0)", "DateTime64('UTC')", "Decimal(5, 6)", "Enum8('a' = 127, 'b')", "Enum8('a' = 1, 'a' = 2)",
        "Enum8('a' = 1, 'b' = 1)", "Tuple(a Int8, String)", "Tuple(a Int8, a Int8)", "Nested(Int8)", "Enum8('a",
        "Map(Nullable(String), String)", "LowCardinality(LowCardinality(String))", "Int8 Int8",
        "JSON(max_dynamic_paths=-1)"})
    CHECK_FALSE(ParseType(bad).has_value());
}

TEST_CASE("how deep types are nested is bounded") {
  const auto arrays = [](int depth) {
    std::string text;
    for (int i = 1; i < depth; ++i) text += "Array(";
    return text + "Int8" + std::string(static_cast<std::size_t>(depth - 1), ')');
  };
  CHECK(ParseType(arrays(kMaxTypeDepth)).has_value());
  CHECK_FALSE(ParseType(arrays(kMaxTypeDepth + 1)).has_value());
  CHECK_FALSE(ParseType(arrays(1'000'000)).has_value());
}

}  // namespace
}  // namespace gf_otlp::schema
