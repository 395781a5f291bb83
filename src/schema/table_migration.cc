#include "schema/table_migration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "schema/column_migration.h"
#include "schema/ddl_writer.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"

namespace gf_otlp::schema {

namespace {

using Kind = MigrationStep::Kind;

/// ALTER TABLE ... MODIFY SETTING does not take it.
bool IsFixedSetting(std::string_view name) {
  static constexpr std::string_view kNames[] = {"index_granularity", "index_granularity_bytes",
                                                "enable_mixed_granularity_parts", "share_nested_offsets", "table_disk"};
  return std::ranges::find(kNames, name) != std::end(kNames) || name.starts_with("add_minmax_index_for_");
}

class TableMigration {
 public:
  /// REQUIRES: `to` names the table as it is to be called: database, cluster
  TableMigration(const Table& from, const Table& to, std::vector<std::string> copy_for)
      : from_(from),
        to_(to),
        name_(QualifiedName(to.database, to.name)),
        on_cluster_(OnCluster(to.cluster)),
        copy_for_(std::move(copy_for)) {}

  std::vector<MigrationStep> Run() && {
    const bool knows_all = !from_.columns_only && !to_.columns_only;
    if (knows_all && EngineForm(from_.engine) != EngineForm(to_.engine)) {
      copy_for_.push_back(fmt::format("the engine ({} to {})", ShownEngine(from_.engine), ShownEngine(to_.engine)));
    }
    if (!knows_all || IsMergeTree(from_.engine)) Alter(knows_all);
    if (!copy_for_.empty()) AddCopy();
    return std::move(steps_);
  }

 private:
  void Alter(bool knows_all) {
    if (knows_all) DropParts();
    for (const AlterStep& step : MigrateColumns(from_, to_, copy_for_)) {
      Add(step.kind, step.comment, step.clause);
    }
    if (!knows_all) return;
    MigrateKeys();
    AddParts();
    MigrateSettings();
    MigrateTtl();  // its volumes may be of a storage policy that is new
    if (from_.comment != to_.comment) Do(fmt::format("MODIFY COMMENT {}", QuotedText(to_.comment)));
  }

  std::string Statement(std::string_view clause) const {
    return fmt::format("ALTER TABLE {}{} {};\n", name_, on_cluster_, clause);
  }
  void Add(Kind kind, std::string_view comment, std::string_view clause) {
    steps_.push_back({.kind = kind, .comment = std::string(comment), .sql = clause.empty() ? "" : Statement(clause)});
  }
  void Do(std::string_view clause) { Add(Kind::kDo, "", clause); }

  /// For each of `list` that `other` does not have in the same form.
  template <class Part, class Form, class Act>
  static void ForMissing(const std::vector<Part>& list, const std::vector<Part>& other, Form form, Act act) {
    for (const Part& part : list) {
      const auto same = std::ranges::find(other, part.name, &Part::name);
      if (same == other.end() || form(*same) != form(part)) act(part);
    }
  }
  static const std::string& SqlOf(const NamedSql& part) { return part.sql; }

  /// In one statement: each rewrites what is stored. What the new table has another of goes; what it has nothing of
  /// may be somebody's own.
  void DropParts() {
    std::vector<std::string> clauses, held;
    const auto drop = [&](std::string_view kind, const auto& new_parts) {
      return [&, kind](const auto& part) {
        const bool replaced =
            std::ranges::any_of(new_parts, [&](const auto& other) { return other.name == part.name; });
        (replaced ? clauses : held).push_back(fmt::format("DROP {} {}", kind, QuotedName(part.name)));
      };
    };
    ForMissing(from_.indexes, to_.indexes, IndexForm, drop("INDEX", to_.indexes));
    ForMissing(from_.projections, to_.projections, SqlOf, drop("PROJECTION", to_.projections));
    ForMissing(from_.constraints, to_.constraints, SqlOf, drop("CONSTRAINT", to_.constraints));
    if (!clauses.empty()) Do(fmt::format("{}", fmt::join(clauses, ", ")));
    if (!held.empty()) Add(Kind::kKept, "Not among the new ones:", fmt::format("{}", fmt::join(held, ", ")));
  }

  void AddParts() {
    std::vector<std::string> clauses, built;
    ForMissing(to_.indexes, from_.indexes, IndexForm, [&](const Index& index) {
      clauses.push_back("ADD " + IndexSql(index));
      built.push_back(fmt::format("MATERIALIZE INDEX {}", QuotedName(index.name)));
    });
    ForMissing(to_.projections, from_.projections, SqlOf, [&](const NamedSql& projection) {
      clauses.push_back(fmt::format("ADD PROJECTION {} {}", QuotedName(projection.name), projection.sql));
      built.push_back(fmt::format("MATERIALIZE PROJECTION {}", QuotedName(projection.name)));
    });
    ForMissing(to_.constraints, from_.constraints, SqlOf, [&](const NamedSql& constraint) {
      clauses.push_back(fmt::format("ADD CONSTRAINT {} {}", QuotedName(constraint.name), constraint.sql));
    });
    if (!clauses.empty()) Do(fmt::format("{}", fmt::join(clauses, ", ")));
    if (built.empty()) return;
    Add(Kind::kHint, "Of rows that are stored already they are built when parts are merged, or by:",
        fmt::format("{}", fmt::join(built, ", ")));
  }

  void MigrateKeys() {
    const auto needs_copy = [&](std::string_view what, std::string_view old, std::string_view wanted) {
      copy_for_.push_back(
          fmt::format("{} ({} to {})", what, old.empty() ? "none" : old, wanted.empty() ? "none" : wanted));
    };
    if (KeyForm(from_.partition_by) != KeyForm(to_.partition_by)) {
      needs_copy("PARTITION BY", from_.partition_by, to_.partition_by);
    }
    if (IsKeyShortened(from_, to_)) {
      Do(fmt::format("MODIFY ORDER BY {}", to_.order_by));
    } else if (KeyForm(from_.order_by) != KeyForm(to_.order_by) && !IsKeyExtended(from_, to_)) {
      needs_copy("ORDER BY", from_.order_by, to_.order_by);
    }
    if (PrimaryKeyForm(from_) != PrimaryKeyForm(to_)) {
      needs_copy("PRIMARY KEY", PrimaryKeyForm(from_), PrimaryKeyForm(to_));
    }
    if (from_.sample_by != to_.sample_by) {
      Do(to_.sample_by.empty() ? "REMOVE SAMPLE BY" : fmt::format("MODIFY SAMPLE BY {}", to_.sample_by));
    }
  }

  void MigrateTtl() {
    if (from_.ttl == to_.ttl) return;
    if (to_.ttl.empty()) return Add(Kind::kTtl, "There is no TTL; without it rows stay for ever:", "REMOVE TTL");
    Add(Kind::kTtl, "A TTL; this deletes rows that are older:", fmt::format("MODIFY TTL {}", to_.ttl));
  }

  void MigrateSettings() {
    const auto old = SettingsForm(from_), wanted = SettingsForm(to_);
    for (const auto& [name, value] : wanted) {
      const auto it = old.find(name);
      if (it != old.end() && it->second == value) continue;
      if (IsFixedSetting(name)) {
        copy_for_.push_back(fmt::format("the setting {}", name));
      } else {
        Do(fmt::format("MODIFY SETTING {} = {}", name, value));
      }
    }
    for (const auto& [name, value] : old) {
      if (!wanted.contains(name)) {
        Add(Kind::kKept, "A setting that is the default there:", fmt::format("RESET SETTING {}", name));
      }
    }
  }

  /// Adds those of `old` whose names `parts` does not have.
  template <class Part>
  static void AddOthers(const std::vector<Part>& old, std::vector<Part>& parts) {
    for (const Part& part : old) {
      if (std::ranges::find(parts, part.name, &Part::name) == parts.end()) parts.push_back(part);
    }
  }

  /// The new table, with what is its owner's of the old one: replicas, where rows are stored and how long, and what the
  /// new one has nothing of.
  Table Copy() const {
    Table copy = to_.columns_only ? from_ : to_;
    copy.database = to_.database;
    copy.cluster = to_.cluster;
    copy.name += "_new";
    if (IsMergeTree(from_.engine) && IsMergeTree(copy.engine)) {
      copy.engine = ReplicatedAs(copy.engine, from_.engine, "_new");
      copy.ttl = from_.ttl;
      for (const auto& setting : from_.settings) {
        const auto same = [&](const auto& other) { return other.first == setting.first; };
        if (std::ranges::none_of(copy.settings, same)) copy.settings.push_back(setting);
      }
    }
    copy.columns = to_.columns;
    const SharedDetails shared = DetailsOfBoth(from_, to_);
    for (Column& column : copy.columns) {
      const auto old = std::ranges::find(from_.columns, column.name, &Column::name);
      if (old == from_.columns.end()) continue;
      if (!shared.codecs) column.codec = old->codec;
      if (shared.others) continue;
      column.default_kind = old->default_kind;
      column.default_expression = old->default_expression;
      column.comment = old->comment;
      column.ttl = old->ttl;
    }
    AddOthers(from_.columns, copy.columns);
    AddOthers(from_.indexes, copy.indexes);
    AddOthers(from_.projections, copy.projections);
    AddOthers(from_.constraints, copy.constraints);
    return copy;
  }

  /// How to get what ALTER TABLE cannot do.
  void AddCopy() {
    std::string comment = fmt::format("{}: ALTER TABLE cannot change\n", name_);
    for (const std::string& what : copy_for_) comment += fmt::format("  {}\n", what);
    comment += "A new table can, with a copy of the rows, while nothing is written:";
    const Table copy = Copy();
    const std::string copy_name = QualifiedName(copy.database, copy.name);
    std::vector<std::string> columns;
    for (const Column& column : copy.columns) {
      const auto old = std::ranges::find(from_.columns, column.name, &Column::name);
      const bool is_stored = column.default_kind == DefaultKind::kNone || column.default_kind == DefaultKind::kDefault;
      if (is_stored && old != from_.columns.end() && old->default_kind != DefaultKind::kEphemeral) {
        columns.push_back(QuotedName(column.name));
      }
    }
    const std::string list = fmt::format("{}", fmt::join(columns, ", "));
    // After EXCHANGE the old table has this name: rows must not go into that.
    steps_.push_back({.kind = Kind::kHeld,
                      .comment = std::move(comment),
                      .sql = TableSql(copy, "CREATE TABLE") +
                             fmt::format("INSERT INTO {} ({}) SELECT {} FROM {};\n", copy_name, list, list, name_) +
                             fmt::format("EXCHANGE TABLES {} AND {}{};\n", copy_name, name_, on_cluster_)});
  }

  const Table& from_;
  const Table& to_;
  const std::string name_, on_cluster_;
  std::vector<std::string> copy_for_;  // what needs a copy of the table
  std::vector<MigrationStep> steps_;
};

/// `from` with arrays for each Nested column that is to become such: a copy reads them from either. ALTER TABLE cannot
/// have both at a time, which is added to `copy_for`. An array more than the new ones would make rows be refused.
Table WithArrays(Table from, const Table& to, std::vector<std::string>& copy_for) {
  std::vector<Column> columns;
  for (Column& column : from.columns) {
    const auto is_part = [&](const Column& other) { return NestedGroup(other) == column.name; };
    if (!IsNested(column.type) || std::ranges::none_of(to.columns, is_part)) {
      columns.push_back(std::move(column));
      continue;
    }
    copy_for.push_back(fmt::format("{}: {} to arrays", column.name, TypeText(column.type)));
    for (Column& array : ArraysOf(column)) {
      if (std::ranges::find(to.columns, array.name, &Column::name) != to.columns.end()) {
        columns.push_back(std::move(array));
      } else {
        copy_for.back() += fmt::format("; {} is not among them, its values are lost", array.name);
      }
    }
  }
  from.columns = std::move(columns);
  return from;
}

}  // namespace

std::vector<MigrationStep> MigrateTable(const Table& from, const Table& to) {
  Table wanted = to;
  if (!from.database.empty()) wanted.database = from.database;
  if (wanted.cluster.empty()) wanted.cluster = from.cluster;
  std::vector<std::string> copy_for;
  const Table flat = WithArrays(from, wanted, copy_for);
  return TableMigration(flat, wanted, std::move(copy_for)).Run();
}

}  // namespace gf_otlp::schema
