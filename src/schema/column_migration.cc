#include "schema/column_migration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <set>
#include <string_view>
#include <utility>

#include "schema/ddl_writer.h"
#include "schema/sql_list.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"
#include "schema/type_fit.h"

namespace gf_otlp::schema {

namespace {

using Kind = MigrationStep::Kind;

/// How a key uses a column.
enum class KeyUse : std::uint8_t {
  kNone,
  kAlone,         // it is a part of the key
  kInExpression,  // something is computed of it
};

KeyUse UseIn(std::string_view key, std::string_view column) {
  KeyUse use = KeyUse::kNone;
  for (const std::string_view part : KeyParts(key)) {
    const bool alone = part == column || part == QuotedName(column);
    if (NamesColumn(part, column)) use = std::max(use, alone ? KeyUse::kAlone : KeyUse::kInExpression);
  }
  return use;
}

KeyUse UseInKeys(const Table& table, std::string_view column) {
  KeyUse use = KeyUse::kNone;
  for (const std::string* key :
       {&table.order_by, &table.partition_by, &table.primary_key, &table.sample_by, &table.engine}) {
    use = std::max(use, UseIn(*key, column));
  }
  return use;
}

/// Every name of `from` is in `to` with its number: it is numbers that are stored.
bool KeepsNumbers(const Type& from, const Type& to) {
  return std::ranges::all_of(from.values,
                             [&](const auto& value) { return std::ranges::find(to.values, value) != to.values.end(); });
}

bool SameZone(const Type& a, const Type& b) {
  return a.time_zone == b.time_zone && std::ranges::equal(a.elements, b.elements, SameZone);
}

/// Something of the column is stored that its time zone decides: a day in a key, in an index, in a projection.
bool IsZoneStored(const Table& table, std::string_view column) {
  const auto computes = [&](std::string_view sql) { return UseIn(sql, column) == KeyUse::kInExpression; };
  return UseInKeys(table, column) == KeyUse::kInExpression ||
         std::ranges::any_of(table.indexes, computes, &Index::expression) ||
         std::ranges::any_of(table.projections, computes, &NamedSql::sql);
}

/// The bytes of all values are the same, only what they are shown as is not: in a time zone, by names of an Enum.
/// ALTER TABLE leaves the column as it is, and what was computed of it too.
bool IsStoredAlike(Type from, Type to) {
  from.time_zone.clear();
  to.time_zone.clear();
  if (KeepsNumbers(from, to)) from.values = to.values;
  if (from.elements.size() != to.elements.size()) return false;
  for (std::size_t i = 0; i < from.elements.size(); ++i) {
    if (!IsStoredAlike(from.elements[i], to.elements[i])) return false;
  }
  from.elements.clear();
  to.elements.clear();
  return from == to;
}

/// CAST, which ALTER TABLE does, makes of a value what would become of it in a row. It has no way from JSON or a Tuple
/// to Map, makes SQL and not JSON of Array, Map and Tuple, pairs Tuples' members by place in some versions, and takes
/// the numbers of an Enum for its values.
bool CastsAsRowsDo(const Type& from, const Type& to) {
  const Type &a = Bare(from), &b = Bare(to);
  const bool same_kind = a.kind == b.kind;
  switch (b.kind) {
    case Type::Kind::kArray: return same_kind && std::ranges::equal(a.elements, b.elements, CastsAsRowsDo);
    case Type::Kind::kMap: return same_kind && std::ranges::equal(a.elements, b.elements, CastsAsRowsDo);
    case Type::Kind::kTuple:
      return same_kind && a.names == b.names && std::ranges::equal(a.elements, b.elements, CastsAsRowsDo);
    case Type::Kind::kEnum: return !same_kind || KeepsNumbers(a, b);
    case Type::Kind::kString:
      return a.kind != Type::Kind::kArray && a.kind != Type::Kind::kMap && a.kind != Type::Kind::kTuple;
    default: return true;
  }
}

/// Positions, ascending, of a longest part of `values` that ascends.
std::vector<std::size_t> LongestAscending(const std::vector<std::size_t>& values) {
  std::vector<std::size_t> length(values.size(), 1), before(values.size(), values.size());
  std::size_t last = values.size();
  for (std::size_t i = 0; i < values.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (values[j] < values[i] && length[j] + 1 > length[i]) {
        length[i] = length[j] + 1;
        before[i] = j;
      }
    }
    if (last == values.size() || length[i] > length[last]) last = i;
  }
  std::vector<std::size_t> chosen;
  for (std::size_t i = last; i < values.size(); i = before[i]) chosen.push_back(i);
  std::ranges::reverse(chosen);
  return chosen;
}

/// No values of it are stored.
bool IsVirtual(const Column& column) {
  return column.default_kind == DefaultKind::kAlias || column.default_kind == DefaultKind::kEphemeral;
}

class ColumnMigration {
 public:
  ColumnMigration(const Table& from, const Table& to, std::vector<std::string>& copy_for)
      : from_(from), to_(to), copy_for_(copy_for) {
    for (const Column& column : from.columns) there_[column.name] = &column;
  }

  std::vector<AlterStep> Run() && {
    for (const Column& column : to_.columns) {
      if (const Column* old = Old(column)) MigrateType(*old, column);
    }
    Place();
    const SharedDetails shared = DetailsOfBoth(from_, to_);
    for (const Column& column : to_.columns) {
      if (const Column* old = Old(column)) MigrateDetails(*old, column, shared);
    }
    for (const Column& column : from_.columns) {
      if (std::ranges::find(to_.columns, column.name, &Column::name) != to_.columns.end()) continue;
      steps_.push_back(
          {.clause = fmt::format("DROP COLUMN {}", QuotedName(column.name)),
           .comment = IsVirtual(column)
                          ? fmt::format("{} is not among the new columns.", column.name)
                          : fmt::format("{} is not among the new columns; this would delete its values:", column.name),
           .kind = Kind::kKept});
    }
    return std::move(steps_);
  }

 private:
  const Column* Old(const Column& column) const {
    const auto it = there_.find(column.name);
    return it == there_.end() ? nullptr : it->second;
  }

  void Do(std::string clause) { steps_.push_back({.clause = std::move(clause)}); }
  void Hold(std::string clause, std::string why) {
    steps_.push_back({.clause = std::move(clause), .comment = std::move(why), .kind = Kind::kHeld});
  }

  void MigrateType(const Column& old, const Column& column) {
    if (old.type == column.type) return;
    const std::string change = fmt::format("{}: {} to {}", column.name, TypeText(old.type), TypeText(column.type));
    const std::string clause = ModifyType(column.name, column.type);
    const KeyUse use = UseInKeys(from_, column.name);
    const bool same_text = Bare(old.type).kind == Type::Kind::kString &&
                           Bare(column.type).kind == Type::Kind::kString &&
                           IsNullable(old.type) == IsNullable(column.type);
    if (IsStoredAlike(old.type, column.type)) {
      if (!SameZone(old.type, column.type) && IsZoneStored(from_, column.name)) {
        // Queries would look for days in the new zone among those of the old one.
        copy_for_.push_back(
            fmt::format("the time zone of a column of which a key, index or projection is computed ({})", change));
        return;
      }
      types_[column.name] = &column.type;
      Do(clause);
    } else if (use == KeyUse::kInExpression || (use == KeyUse::kAlone && !same_text)) {
      copy_for_.push_back(fmt::format("the type of a column of a key ({})", change));
    } else if (const auto fit = FitType(old.type, column.type, kDefaultServerVersion);
               !CastsAsRowsDo(old.type, column.type)) {
      steps_.push_back({.comment = fmt::format("ALTER TABLE has no safe way from {}.", change), .kind = Kind::kHeld});
    } else if (fit->effect == Effect::kDiffers) {
      types_[column.name] = &column.type;
      Do(clause);
    } else {
      Hold(clause, fmt::format("{}; in what is stored, {}:", change, fit->reason));
    }
  }

  /// After MigrateType().
  const Type& TypeNow(const Column& old) const {
    const auto changed = types_.find(old.name);
    return changed == types_.end() ? old.type : *changed->second;
  }

  static std::string ModifyType(std::string_view name, const Type& type) {
    return fmt::format("MODIFY COLUMN {} {}", QuotedName(name), TypeText(type));
  }

  /// Adds new columns and moves those that are out of order. In one statement: what a DEFAULT is computed of may come
  /// behind it, and ORDER BY takes only columns that come with it.
  void Place() {
    const std::set<std::string_view> moved = OutOfOrder();
    std::vector<std::string> clauses;
    std::string position = "FIRST";
    for (const Column& column : to_.columns) {
      const Column* old = Old(column);
      if (old == nullptr) {
        clauses.push_back(fmt::format("ADD COLUMN {} {}", ColumnSql(column), position));
      } else if (moved.contains(column.name)) {
        clauses.push_back(fmt::format("{} {}", ModifyType(column.name, TypeNow(*old)), position));
      }
      position = fmt::format("AFTER {}", QuotedName(column.name));
    }
    if (IsKeyExtended(from_, to_)) clauses.push_back("MODIFY ORDER BY " + to_.order_by);
    if (!clauses.empty()) Do(fmt::format("{}", fmt::join(clauses, ", ")));
  }

  /// Columns of both tables that have to be moved: as few as can be.
  std::set<std::string_view> OutOfOrder() const {
    std::vector<std::string_view> names;
    std::vector<std::size_t> places;
    for (const Column& column : to_.columns) {
      const auto it = std::ranges::find(from_.columns, column.name, &Column::name);
      if (it == from_.columns.end()) continue;
      names.push_back(column.name);
      places.push_back(static_cast<std::size_t>(it - from_.columns.begin()));
    }
    std::set<std::string_view> moved(names.begin(), names.end());
    for (const std::size_t stays : LongestAscending(places)) moved.erase(names[stays]);
    return moved;
  }

  void MigrateDetails(const Column& old, const Column& column, SharedDetails shared) {
    const std::string modify = fmt::format("MODIFY COLUMN {}", QuotedName(column.name));
    if (shared.codecs && CodecForm(old.codec, old.type) != CodecForm(column.codec, TypeNow(old))) {
      Do(column.codec.empty() ? modify + " REMOVE CODEC" : fmt::format("{} CODEC({})", modify, column.codec));
    }
    if (!shared.others) return;
    MigrateDefault(old, column, modify);
    if (old.comment != column.comment) {
      Do(fmt::format("COMMENT COLUMN {} {}", QuotedName(column.name), QuotedText(column.comment)));
    }
    if (old.ttl == column.ttl) return;
    if (column.ttl.empty()) {
      Do(modify + " REMOVE TTL");
    } else {
      Hold(fmt::format("{} TTL {}", modify, column.ttl),
           fmt::format("The TTL of {}; this empties values that are older:", column.name));
    }
  }

  void MigrateDefault(const Column& old, const Column& column, const std::string& modify) {
    if (old.default_kind == column.default_kind && old.default_expression == column.default_expression) return;
    const std::string wanted = DefaultSql(column);
    const bool was_virtual = IsVirtual(old), is_virtual = IsVirtual(column);
    if (old.default_kind == DefaultKind::kEphemeral || column.default_kind == DefaultKind::kEphemeral ||
        was_virtual != is_virtual) {
      steps_.push_back({.comment = fmt::format("{}: {} to {} needs DROP COLUMN and ADD COLUMN.", column.name,
                                               DefaultSql(old), wanted.empty() ? "a plain column" : wanted),
                        .kind = Kind::kHeld});
    } else if (wanted.empty()) {
      Do(fmt::format("{} REMOVE {}", modify, DefaultWord(old.default_kind)));
    } else {
      Do(fmt::format("{} {}", modify, wanted));
      if (column.default_kind != DefaultKind::kMaterialized || old.default_kind != column.default_kind) return;
      steps_.push_back({.clause = fmt::format("MATERIALIZE COLUMN {}", QuotedName(column.name)),
                        .comment = "Rows that are stored already keep what was computed, until:",
                        .kind = Kind::kHint});
    }
  }

  const Table& from_;
  const Table& to_;
  std::vector<std::string>& copy_for_;
  std::map<std::string_view, const Column*> there_;
  std::map<std::string_view, const Type*> types_;  // of columns whose type is changed
  std::vector<AlterStep> steps_;
};

}  // namespace

std::vector<AlterStep> MigrateColumns(const Table& from, const Table& to, std::vector<std::string>& copy_for) {
  return ColumnMigration(from, to, copy_for).Run();
}

}  // namespace gf_otlp::schema
