#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "gf_otlp/rows.h"

namespace gf_otlp {
namespace {

using Columns = std::vector<std::pair<std::string, std::string>>;

Columns ColumnsOf(const TableInfo& table) {
  Columns columns;
  for (const ColumnInfo& column : table.columns) columns.emplace_back(column.name, column.type);
  return columns;
}

/// What INSERT writes of an exporter's table: no defaults, and Nested columns as the arrays that they are.
Columns InsertedColumns(const nlohmann::json& table) {
  static const std::regex kNested(R"(Nested ?\( ?(.*?) ?\))");
  static const std::regex kMember(R"((\w+) ((?:[^,(]|\([^()]*(?:\([^()]*\)[^()]*)*\))+))");
  Columns columns;
  for (const auto& column : table.at("columns")) {
    if (column.contains("default") || column.contains("materialized")) continue;
    const auto name = column.at("name").get<std::string>(), type = column.at("type").get<std::string>();
    std::smatch nested;
    if (!std::regex_match(type, nested, kNested)) {
      columns.emplace_back(name, type);
      continue;
    }
    const std::string members = nested[1];
    for (std::sregex_iterator member(members.begin(), members.end(), kMember), end; member != end; ++member) {
      columns.emplace_back(name + "." + (*member)[1].str(), "Array(" + (*member)[2].str() + ")");
    }
  }
  return columns;
}

TEST_CASE("the tables of shapes clickhouse and clickhouse-json are the exporter's, column by column") {
  std::ifstream file(GF_OTLP_TESTDATA "/tables.json");
  const auto exporters = nlohmann::json::parse(file);
  for (const Shape shape : {Shape::kClickHouse, Shape::kClickHouseJson}) {
    for (const std::string_view version : SchemaVersions(shape)) {
      const auto& theirs =
          exporters.at("clickhouseexporter " + std::string(version) + (shape == Shape::kClickHouse ? " map" : " json"));
      const Result<RowMapper> mapper = RowMapper::Make({.shape = shape, .schema_version = std::string(version)});
      REQUIRE(mapper);
      CHECK(mapper->tables().size() == 7);
      for (const TableInfo& table : mapper->tables()) {
        CAPTURE(version);
        CAPTURE(table.name);
        const Columns ours = ColumnsOf(table), inserted = InsertedColumns(theirs.at(table.name));
        CHECK(ours == inserted);
      }
    }
  }
}

TEST_CASE("the newest schema version is the default, an unknown one lists the known") {
  const Result<RowMapper> newest = RowMapper::Make({});
  const Result<RowMapper> named =
      RowMapper::Make({.schema_version = std::string(SchemaVersions(Shape::kClickHouse).back())});
  REQUIRE(newest);
  REQUIRE(named);
  for (std::size_t i = 0; i < newest->tables().size(); ++i)
    CHECK(ColumnsOf(newest->tables()[i]) == ColumnsOf(named->tables()[i]));
  const Result<RowMapper> unknown = RowMapper::Make({.schema_version = "0.150"});
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code() == Code::kUsage);
  CHECK(unknown.error().message().find("0.149, 0.161") != std::string::npos);
  CHECK_FALSE(RowMapper::Make({.shape = Shape::kGlassFlow, .schema_version = "0.161"}));
}

TEST_CASE("every kind of record has a table in every shape, a metric without data none") {
  for (const Shape shape : kShapes) {
    const Result<RowMapper> mapper = RowMapper::Make({.shape = shape});
    REQUIRE(mapper);
    for (int kind = 0; kind < kRecordKindCount; ++kind) {
      const bool has_data = static_cast<RecordKind>(kind) != RecordKind::kMetricWithoutData;
      CHECK(mapper->TablesOf(static_cast<RecordKind>(kind)).size() == (has_data ? 1 : 0));
    }
    CHECK(ParseShape(ShapeName(shape)) == shape);
  }
  CHECK_FALSE(ParseShape("oval"));
}

TEST_CASE("columns of a table differ in name") {
  for (const Shape shape : kShapes) {
    for (const bool keep_all : {false, true}) {
      const Result<RowMapper> mapper = RowMapper::Make({.shape = shape, .keep_all = keep_all});
      REQUIRE(mapper);
      for (const TableInfo& table : mapper->tables()) {
        std::vector<std::string_view> names;
        for (const ColumnInfo& column : table.columns) names.push_back(column.name);
        std::ranges::sort(names);
        CHECK(std::ranges::adjacent_find(names) == names.end());
      }
    }
  }
}

}  // namespace
}  // namespace gf_otlp
