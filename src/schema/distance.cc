#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>

#include "schema/compare.h"

namespace gf_otlp::schema {

namespace {

/// What a difference counts: a thousand of a lesser effect are less than one of a worse.
std::uint64_t Weight(Effect effect) {
  switch (effect) {
    case Effect::kDiffers: return 1;
    case Effect::kLoses: return 1'000;
    case Effect::kBreaks: return 1'000'000;
  }
  return 0;
}
/// A table that is none of the expected ones.
constexpr std::uint64_t kForeignTable = 1'000'000'000;

std::uint64_t TableDistance(const Table& expected, const Table& found, ServerVersion server) {
  std::uint64_t sum = 0;
  for (const Difference& difference : CompareTables(expected, found, server)) sum += Weight(difference.effect);
  return sum;
}

struct Overlap {
  std::size_t common = 0, all = 0;  // all: columns of either

  bool IsMoreThan(const Overlap& other) const { return common * other.all > other.common * all; }
};

Overlap OverlapOf(const Table& a, const Table& b) {
  std::set<std::string_view> names;
  for (const Column& column : a.columns) names.insert(column.name);
  Overlap overlap;
  for (const Column& column : b.columns) overlap.common += names.contains(column.name) ? 1 : 0;
  overlap.all = a.columns.size() + b.columns.size() - overlap.common;
  return overlap;
}

}  // namespace

std::optional<std::size_t> NearestTable(const Table& found, const std::vector<Table>& expected, ServerVersion server) {
  std::optional<std::size_t> nearest;
  Overlap most{.common = 1, .all = 3};  // less than a third of all columns is not taken for the same table
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Overlap overlap = OverlapOf(expected[i], found);
    const bool as_many = !overlap.IsMoreThan(most) && !most.IsMoreThan(overlap);
    if (overlap.IsMoreThan(most) ||
        (as_many && nearest &&
         TableDistance(expected[i], found, server) < TableDistance(expected[*nearest], found, server))) {
      nearest = i;
      most = overlap;
    }
  }
  return nearest;
}

std::uint64_t Distance(const std::vector<Table>& expected, const std::vector<Table>& found, ServerVersion server) {
  std::uint64_t sum = 0;
  for (const Table& table : found) {
    auto it = std::ranges::find(expected, table.name, &Table::name);
    if (it == expected.end() || OverlapOf(*it, table).common == 0) {
      const auto nearest = NearestTable(table, expected, server);
      it = nearest ? expected.begin() + static_cast<std::ptrdiff_t>(*nearest) : expected.end();
    }
    sum += it == expected.end() ? kForeignTable : TableDistance(*it, table, server);
  }
  return sum;
}

}  // namespace gf_otlp::schema
