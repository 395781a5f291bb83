#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>

#include "schema/compare.h"
#include "schema/storage_form.h"

namespace gf_otlp::schema {

namespace {

/// What differences count. It is not what they do to rows: the shape that a table was made for is the one that it looks
/// like, not the one whose rows it takes. A key counts more than a type, which ALTER TABLE can have changed since.
constexpr std::uint64_t kColumn = 100, kComputedColumn = 20;  // one of the tables has it
constexpr std::uint64_t kKey = 110, kType = 100, kDefault = 10, kIndex = 2, kCodec = 2;
/// A table that is none of the expected ones.
constexpr std::uint64_t kForeignTable = 1'000'000;

std::uint64_t ColumnWeight(const Column& column) {
  return column.default_kind == DefaultKind::kNone ? kColumn : kComputedColumn;
}

bool HasIndex(const Table& table, const Index& index) {
  return std::ranges::find(table.indexes, index.name, &Index::name) != table.indexes.end();
}

std::uint64_t IndexDistance(const Table& a, const Table& b) {
  std::uint64_t sum = 0;
  for (const Index& index : a.indexes) sum += HasIndex(b, index) ? 0 : kIndex;
  for (const Index& index : b.indexes) sum += HasIndex(a, index) ? 0 : kIndex;
  return sum;
}

std::uint64_t TableDistance(const Table& a, const Table& b) {
  const bool details = !a.columns_only && !b.columns_only;
  std::uint64_t sum = 0;
  for (const Column& column : a.columns) {
    const auto other = std::ranges::find(b.columns, column.name, &Column::name);
    if (other == b.columns.end()) {
      sum += ColumnWeight(column);
      continue;
    }
    if (column.type != other->type) sum += kType;
    if (!details) continue;
    if (column.default_kind != other->default_kind) sum += kDefault;
    if (CodecForm(column.codec, column.type) != CodecForm(other->codec, other->type)) sum += kCodec;
  }
  for (const Column& column : b.columns) {
    if (std::ranges::find(a.columns, column.name, &Column::name) == a.columns.end()) sum += ColumnWeight(column);
  }
  if (!details) return sum;
  if (KeyForm(a.partition_by) != KeyForm(b.partition_by)) sum += kKey;
  if (KeyForm(a.order_by) != KeyForm(b.order_by)) sum += kKey;
  return sum + IndexDistance(a, b);
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

std::optional<std::size_t> NearestTable(const Table& found, const std::vector<Table>& expected) {
  std::optional<std::size_t> nearest;
  Overlap most{.common = 1, .all = 3};  // less than a third of all columns is not taken for the same table
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const Overlap overlap = OverlapOf(expected[i], found);
    const bool as_many = !overlap.IsMoreThan(most) && !most.IsMoreThan(overlap);
    if (overlap.IsMoreThan(most) ||
        (as_many && nearest && TableDistance(expected[i], found) < TableDistance(expected[*nearest], found))) {
      nearest = i;
      most = overlap;
    }
  }
  return nearest;
}

std::uint64_t Distance(const std::vector<Table>& expected, const std::vector<Table>& found) {
  std::uint64_t sum = 0;
  for (const Table& table : found) {
    auto it = std::ranges::find(expected, table.name, &Table::name);
    if (it == expected.end() || OverlapOf(*it, table).common == 0) {
      const auto nearest = NearestTable(table, expected);
      it = nearest ? expected.begin() + static_cast<std::ptrdiff_t>(*nearest) : expected.end();
    }
    sum += it == expected.end() ? kForeignTable : TableDistance(*it, table);
  }
  return sum;
}

}  // namespace gf_otlp::schema
