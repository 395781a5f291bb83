#include "schema/type_fit.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace gf_otlp::schema {
namespace {

/// "same", "differs", "loses", "breaks"; "zone" where a time zone breaks.
std::string Fit(std::string_view from, std::string_view to, ServerVersion server = kDefaultServerVersion) {
  const auto a = ParseType(from), b = ParseType(to);
  REQUIRE_MESSAGE(a, from);
  REQUIRE_MESSAGE(b, to);
  const auto fit = FitType(*a, *b, server);
  if (!fit) return "same";
  CHECK_FALSE(fit->reason.empty());
  return fit->time_zone ? "zone" : std::string(EffectName(fit->effect));
}

struct Case {
  std::string_view from, to, effect;
};

// What an engine of version 26.5 did with such values: tests/integration/type_fit_test.py asks it.
constexpr Case kCases[] = {
    {"UInt64", "UInt64", "same"},
    {"UInt8", "UInt16", "differs"},
    {"UInt8", "Int16", "differs"},
    {"UInt64", "UInt128", "differs"},
    {"UInt64", "UInt32", "loses"},
    {"UInt64", "Int64", "loses"},
    {"Int32", "Int64", "differs"},
    {"Int64", "Int32", "loses"},
    {"Int64", "UInt64", "breaks"},
    {"Int32", "UInt64", "breaks"},
    {"UInt32", "Float64", "differs"},
    {"UInt64", "Float64", "loses"},
    {"UInt8", "BFloat16", "differs"},
    {"UInt16", "BFloat16", "loses"},
    {"UInt16", "Float32", "differs"},
    {"Int32", "Float32", "loses"},
    {"UInt64", "Decimal(38, 0)", "differs"},
    {"UInt64", "Decimal(20, 0)", "differs"},
    {"UInt64", "Decimal(20, 1)", "breaks"},
    {"UInt64", "Decimal(18, 0)", "breaks"},
    {"UInt64", "Bool", "breaks"},
    {"UInt64", "String", "differs"},
    {"UInt64", "FixedString(20)", "breaks"},
    {"UInt64", "DateTime", "breaks"},
    {"UInt64", "DateTime64(9)", "breaks"},
    {"UInt64", "Date", "breaks"},
    {"Int32", "Enum8('UNSPECIFIED' = 0, 'DELTA' = 1)", "breaks"},
    {"UInt32", "IPv4", "breaks"},

    {"Float64", "Float32", "loses"},
    {"Float32", "Float64", "differs"},
    {"Float64", "Int64", "breaks"},
    {"Float64", "Decimal(38, 9)", "breaks"},
    {"Float64", "String", "differs"},
    {"Float64", "Bool", "breaks"},

    {"Bool", "UInt8", "differs"},
    {"Bool", "Int64", "differs"},
    {"Bool", "Float64", "differs"},
    {"Bool", "String", "differs"},
    {"Bool", "Decimal(9, 0)", "breaks"},
    {"UInt8", "Bool", "breaks"},

    {"String", "LowCardinality(String)", "differs"},
    {"LowCardinality(String)", "String", "differs"},
    {"String", "LowCardinality(Nullable(String))", "differs"},
    {"String", "Nullable(String)", "differs"},
    {"Nullable(String)", "String", "breaks"},
    {"Nullable(String)", "LowCardinality(String)", "breaks"},
    {"Nullable(Float64)", "Float64", "breaks"},
    {"Nullable(Float64)", "Nullable(Float32)", "loses"},
    {"Float64", "Nullable(Float32)", "loses"},
    {"String", "FixedString(16)", "breaks"},
    {"FixedString(16)", "String", "differs"},
    {"FixedString(16)", "FixedString(8)", "breaks"},
    {"FixedString(8)", "FixedString(16)", "breaks"},
    {"String", "UUID", "breaks"},
    {"String", "IPv6", "breaks"},
    {"String", "UInt64", "breaks"},
    {"String", "DateTime64(9)", "breaks"},
    {"String", "Date", "breaks"},
    {"String", "JSON", "breaks"},
    {"String", "Array(String)", "breaks"},
    {"String", "Bool", "breaks"},
    {"LowCardinality(String)", "Enum8('Server' = 1, 'Client' = 2)", "breaks"},
    {"Enum8('a' = 1)", "Enum8('b' = 1, 'a' = 2)", "differs"},
    {"Enum8('a' = 1, 'b' = 2)", "Enum8('a' = 1)", "breaks"},
    {"Enum8('a' = 1)", "String", "differs"},
    {"Enum8('a' = 1)", "UInt8", "breaks"},
    {"UUID", "String", "differs"},
    {"IPv4", "IPv6", "differs"},
    {"IPv6", "IPv4", "breaks"},

    {"DateTime64(9)", "DateTime64(6)", "loses"},
    {"DateTime64(3)", "DateTime64(6)", "differs"},
    {"DateTime64(3)", "DateTime64(9)", "breaks"},
    {"DateTime64(9)", "DateTime", "loses"},
    {"DateTime", "DateTime64(9)", "differs"},
    {"DateTime64(9)", "DateTime64(9, 'UTC')", "differs"},
    {"DateTime64(9)", "DateTime64(9, 'Etc/UTC')", "differs"},
    {"DateTime64(9)", "DateTime64(9, 'Europe/Berlin')", "zone"},
    {"DateTime64(9, 'Europe/Berlin')", "DateTime64(9)", "zone"},
    {"DateTime64(9, 'Europe/Berlin')", "DateTime64(3, 'Europe/Berlin')", "loses"},
    {"DateTime64(9)", "DateTime('Europe/Berlin')", "zone"},
    {"DateTime", "DateTime('UTC')", "differs"},
    {"DateTime64(9)", "Date", "breaks"},
    {"DateTime64(9)", "Date32", "breaks"},
    {"DateTime", "Date", "breaks"},
    {"DateTime64(9)", "String", "differs"},
    {"DateTime64(9)", "Int64", "breaks"},
    {"DateTime", "UInt32", "breaks"},
    {"DateTime64(9)", "Float64", "breaks"},
    {"DateTime64(9)", "Nullable(DateTime64(9))", "differs"},
    {"Date", "Date32", "differs"},
    {"Date32", "Date", "loses"},

    {"Decimal(9, 2)", "Decimal(18, 2)", "differs"},
    {"Decimal(9, 2)", "Decimal(9, 4)", "breaks"},
    {"Decimal(9, 2)", "Decimal(9, 1)", "loses"},
    {"Decimal(9, 2)", "Float64", "differs"},
    {"Decimal(9, 2)", "Float32", "loses"},
    {"Decimal(18, 2)", "Float64", "loses"},
    {"Decimal(9, 2)", "Int64", "breaks"},

    {"Map(LowCardinality(String), String)", "Map(String, String)", "differs"},
    {"Map(LowCardinality(String), String)", "Map(LowCardinality(String), UInt64)", "breaks"},
    {"Map(String, Nullable(String))", "Map(String, String)", "breaks"},
    {"Map(LowCardinality(String), String)", "JSON", "breaks"},
    {"Map(LowCardinality(String), String)", "String", "differs"},
    {"Map(LowCardinality(String), String)", "Array(Tuple(String, String))", "breaks"},
    {"JSON", "Map(LowCardinality(String), String)", "loses"},
    {"JSON", "Map(LowCardinality(String), UInt64)", "breaks"},
    {"JSON", "String", "differs"},
    {"JSON", "JSON(max_dynamic_paths = 8)", "differs"},
    {"JSON", "JSON(a Int64)", "breaks"},
    {"JSON(a Int64)", "JSON(a Int32)", "loses"},
    {"JSON(a Int64)", "JSON", "differs"},
    {"JSON", "JSON(SKIP a)", "breaks"},
    {"JSON(SKIP a)", "JSON(max_dynamic_paths = 8, SKIP a)", "differs"},
    {"JSON(SKIP a)", "JSON", "differs"},

    {"Array(UInt64)", "Array(UInt32)", "loses"},
    {"Array(UInt64)", "Array(Array(UInt64))", "breaks"},
    {"Array(LowCardinality(String))", "Array(String)", "differs"},
    {"Array(Nullable(UInt8))", "Array(UInt8)", "breaks"},
    {"Array(String)", "String", "differs"},
    {"Array(String)", "JSON", "breaks"},
    {"Array(Map(LowCardinality(String), String))", "Array(JSON)", "breaks"},
    {"Array(DateTime64(9))", "Array(DateTime)", "loses"},
    {"Tuple(a String, b UInt8)", "Tuple(b UInt8, a String)", "differs"},
    {"Tuple(a String, b UInt8)", "Tuple(a String, b UInt8, c String)", "differs"},
    {"Tuple(a String, b UInt8)", "Tuple(a String)", "breaks"},
    {"Tuple(a String, b UInt16)", "Tuple(a String, b UInt8)", "loses"},
    {"Tuple(a String, b UInt8)", "Tuple(String, UInt8)", "breaks"},
    {"Tuple(String, UInt8)", "Tuple(String, UInt16)", "differs"},
    {"Tuple(String, UInt8)", "Tuple(String)", "breaks"},
    {"Tuple(String, UInt8)", "Tuple(a String, b UInt8)", "breaks"},
    {"Tuple(a String, b UInt8)", "JSON", "differs"},
    {"Tuple(a String, b UInt8)", "JSON(a String)", "breaks"},
    {"Tuple(a String, b UInt8)", "JSON(SKIP a)", "breaks"},
    {"Tuple(String, UInt8)", "JSON", "breaks"},
    {"Array(Tuple(a String, b Map(String, String)))", "Array(JSON)", "breaks"},
    {"Tuple(a String, b UInt8)", "Map(String, String)", "differs"},
    {"Tuple(a Nullable(String), b UInt8)", "Map(String, String)", "breaks"},
    {"Tuple(a String, b UInt8)", "Map(String, UInt8)", "breaks"},
    {"Array(Tuple(a String))", "Array(Tuple(a LowCardinality(String)))", "differs"},

    {"UInt64", "SimpleAggregateFunction(sum, UInt64)", "breaks"},
    {"String", "Variant(String, UInt64)", "breaks"},
    {"AggregateFunction(sum, UInt64)", "AggregateFunction(sum, UInt64)", "same"},
};

TEST_CASE("values of each type in columns of others") {
  for (const Case& c : kCases) {
    CAPTURE(c.from);
    CAPTURE(c.to);
    CHECK(Fit(c.from, c.to) == c.effect);
  }
}

TEST_CASE("a fraction of a second in a DateTime column is refused by older servers") {
  constexpr ServerVersion kOlder{26, 4};
  CHECK(Fit("DateTime64(9)", "DateTime", kOlder) == "breaks");
  CHECK(Fit("DateTime64(0)", "DateTime", kOlder) == "loses");
  CHECK(Fit("DateTime64(9)", "DateTime64(3)", kOlder) == "loses");
  CHECK(Fit("Array(DateTime64(9))", "Array(DateTime)", kOlder) == "breaks");
}

TEST_CASE("the reason says which part of a value it is about") {
  const auto from = ParseType("Array(Tuple(name String, count UInt64))");
  const auto to = ParseType("Array(Tuple(name LowCardinality(String), count UInt32))");
  REQUIRE(from);
  REQUIRE(to);
  const auto fit = FitType(*from, *to, kDefaultServerVersion);
  REQUIRE(fit);
  CHECK(fit->effect == Effect::kLoses);
  CHECK(fit->reason.starts_with("elements: member count: "));
}

TEST_CASE("what is not judged says so") {
  const auto from = ParseType("UInt64"), to = ParseType("SimpleAggregateFunction(sum, UInt64)");
  REQUIRE(from);
  REQUIRE(to);
  CHECK(FitType(*from, *to, kDefaultServerVersion)->reason.find("not judged") != std::string::npos);
}

}  // namespace
}  // namespace gf_otlp::schema
