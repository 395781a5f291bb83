// Which shape `schema check` takes a table for: the one that it was made for, though it has changed since.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "cli/schema_source.h"
#include "schema/compare.h"
#include "schema/shape_schema.h"

namespace gf_otlp::cli {
namespace {

using schema::Column;
using schema::Table;

struct Made {
  ShapeVariant variant;
  std::vector<Table> tables;
};

std::vector<Made> AllShapes() {
  std::vector<Made> all;
  for (ShapeVariant& variant : ShapeVariants()) {
    auto tables = schema::RowTables({.rows = variant.rows});
    REQUIRE(tables);
    all.push_back({std::move(variant), std::move(*tables)});
  }
  return all;
}

/// The first of the nearest, as check takes them.
const Made& Nearest(const std::vector<Made>& all, const std::vector<Table>& found) {
  return *std::ranges::min_element(all, {}, [&](const Made& made) { return schema::Distance(made.tables, found); });
}

/// What a column has become: each type that one of its name has in any shape, and some that none has.
std::set<std::string> OtherTypes(const std::vector<Made>& all, const std::string& name) {
  std::set<std::string> types = {"String", "UInt8", "DateTime", "Map(String, String)"};
  for (const Made& made : all) {
    for (const Table& table : made.tables) {
      for (const Column& column : table.columns) {
        if (column.name == name) types.insert(schema::TypeText(column.type));
      }
    }
  }
  return types;
}

/// CHECKs one changed table, alone and among the shape's others.
void CheckChanged(const std::vector<Made>& all, const Made& made, std::size_t index, const Table& changed,
                  const std::string& what) {
  CAPTURE(made.variant.name);
  CAPTURE(made.tables[index].name);
  CAPTURE(what);
  const Made& alone = Nearest(all, {changed});
  const std::uint64_t distance = schema::Distance(alone.tables, {changed});
  // It may have become another's very table: clickhouse's otel_logs without EventName is that of glassflow. Or nothing
  // is left that tells them apart.
  const bool same = distance == 0 || distance == schema::Distance(made.tables, {changed});
  CHECK_MESSAGE(same, "taken for " << alone.variant.name);
  std::vector<Table> tables = made.tables;
  tables[index] = changed;
  const Made& nearest = Nearest(all, tables);
  CHECK_MESSAGE(nearest.variant.name == made.variant.name, "all tables taken for " << nearest.variant.name);
}

TEST_CASE("a table stays nearest to its shape and version when a column is dropped or gets another type") {
  const std::vector<Made> all = AllShapes();
  std::size_t tried = 0;
  for (const Made& made : all) {
    CHECK(Nearest(all, made.tables).variant.name == made.variant.name);
    for (std::size_t t = 0; t < made.tables.size(); ++t) {
      for (std::size_t c = 0; c < made.tables[t].columns.size(); ++c) {
        Table changed = made.tables[t];
        const std::string name = changed.columns[c].name;
        changed.columns.erase(changed.columns.begin() + static_cast<std::ptrdiff_t>(c));
        CheckChanged(all, made, t, changed, "without " + name);
        for (const std::string& type : OtherTypes(all, name)) {
          changed = made.tables[t];
          changed.columns[c].type = *schema::ParseType(type);
          CheckChanged(all, made, t, changed, name + " " + type);
          ++tried;
        }
      }
    }
  }
  CHECK(tried > 1000);
}

TEST_CASE("a second table tells what the first does not any more") {
  const std::vector<Made> all = AllShapes();
  const Made& newest = all.front();
  REQUIRE(newest.variant.name == "clickhouse@0.161");
  std::vector<Table> tables;
  for (const Table& table : newest.tables) {
    if (table.name != "otel_logs" && table.name != "otel_traces") continue;
    tables.push_back(table);
    std::erase_if(tables.back().columns, [](const Column& column) { return column.name == "EventName"; });
  }
  REQUIRE(tables.size() == 2);
  CHECK(Nearest(all, tables).variant.name == "clickhouse@0.161");
}

}  // namespace
}  // namespace gf_otlp::cli
