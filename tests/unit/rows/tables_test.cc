#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
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

/// The members of "Nested ( Name Type, Name Type )" as the arrays that they are.
void AddNested(const std::string& name, std::string_view type, Columns& columns) {
  type = type.substr(type.find('(') + 1, type.rfind(')') - type.find('(') - 1);
  int depth = 0;
  std::string member;
  const auto add = [&] {
    const std::size_t begin = member.find_first_not_of(' '), space = member.find(' ', begin);
    const std::size_t end = member.find_last_not_of(' ') + 1;
    columns.emplace_back(name + "." + member.substr(begin, space - begin),
                         "Array(" + member.substr(space + 1, end - space - 1) + ")");
    member.clear();
  };
  for (const char c : type) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0) {
      add();
    } else {
      member += c;
    }
  }
  add();
}

/// What INSERT writes of an exporter's table: no defaults.
Columns InsertedColumns(const nlohmann::json& table) {
  Columns columns;
  for (const auto& column : table.at("columns")) {
    if (column.contains("default") || column.contains("materialized")) continue;
    const auto name = column.at("name").get<std::string>(), type = column.at("type").get<std::string>();
    if (type.starts_with("Nested")) {
      AddNested(name, type, columns);
    } else {
      columns.emplace_back(name, type);
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

TEST_CASE("every kind of record has a table in every shape but agents, a metric without data none") {
  for (const Shape shape : kShapes) {
    const Result<RowMapper> mapper = RowMapper::Make({.shape = shape});
    REQUIRE(mapper);
    CHECK(ParseShape(ShapeName(shape)) == shape);
    if (shape == Shape::kAgents) continue;
    for (int kind = 0; kind < kRecordKindCount; ++kind) {
      const bool has_data = static_cast<RecordKind>(kind) != RecordKind::kMetricWithoutData;
      CHECK(mapper->TablesOf(static_cast<RecordKind>(kind)).size() == (has_data ? 1 : 0));
    }
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
