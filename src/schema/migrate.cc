#include "schema/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "schema/compare.h"
#include "schema/ddl_writer.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"
#include "schema/table_migration.h"

namespace gf_otlp::schema {

namespace {

using Kind = MigrationStep::Kind;

/// Where the tables of `from` are, for those that only `to` has.
void SettleIn(const Schema& from, std::string& database, std::string& cluster) {
  if (from.tables.empty()) return;
  if (database.empty()) database = from.tables.front().database;
  if (cluster.empty()) cluster = from.tables.front().cluster;
}

MigrationStep MigrateView(const View& from, const View& to, std::string_view what) {
  const std::string name = QualifiedName(to.database, to.name);
  if (what == "query") {
    return {.sql = fmt::format("ALTER TABLE {}{} MODIFY QUERY {};\n", name, OnCluster(to.cluster), to.query)};
  }
  return {.kind = Kind::kHeld,
          .comment = fmt::format("{} moves rows to {}, not to {}. Rows that come between these two are not moved:",
                                 name, from.target, to.target),
          .sql = fmt::format("DROP VIEW {}{};\n{}", name, OnCluster(to.cluster), ViewSql(to))};
}

/// What only the old schema has.
MigrationStep Stays(std::string_view kind, std::string_view database, std::string_view name) {
  return {.kind = Kind::kKept,
          .comment = fmt::format("{} {} is not among the new ones and stays.", kind, QualifiedName(database, name)),
          .sql = ""};
}

void MigrateViews(const Schema& from, const Schema& to, std::vector<MigrationStep>& steps) {
  for (View view : to.views) {
    SettleIn(from, view.database, view.cluster);
    const auto old = std::ranges::find(from.views, view.name, &View::name);
    if (old == from.views.end()) {
      steps.push_back({.sql = ViewSql(view)});
      continue;
    }
    if (!old->database.empty()) view.database = old->database;
    const Schema wanted{.tables = to.tables, .views = {view}}, there{.tables = from.tables, .views = {*old}};
    for (const Difference& difference : CompareViews(wanted, there)) {
      steps.push_back(MigrateView(*old, view, difference.column));
    }
  }
  for (const View& view : from.views) {
    if (std::ranges::find(to.views, view.name, &View::name) == to.views.end()) {
      steps.push_back(Stays("View", view.database, view.name));
    }
  }
}

}  // namespace

std::vector<MigrationStep> MigrationSteps(const Schema& from, const Schema& to) {
  std::vector<MigrationStep> steps;
  for (Table table : to.tables) {
    if (const auto old = std::ranges::find(from.tables, table.name, &Table::name); old != from.tables.end()) {
      std::ranges::move(MigrateTable(*old, table), std::back_inserter(steps));
    } else {
      SettleIn(from, table.database, table.cluster);
      if (!from.tables.empty()) {
        table.engine = ReplicatedAs(table.engine, from.tables.front().engine, "_" + table.name);
      }
      steps.push_back({.sql = TableSql(table)});
    }
  }
  for (const Table& table : from.tables) {
    if (std::ranges::find(to.tables, table.name, &Table::name) == to.tables.end()) {
      steps.push_back(Stays("Table", table.database, table.name));
    }
  }
  MigrateViews(from, to, steps);
  return steps;
}

std::string MigrationSql(const Schema& from, const Schema& to) {
  std::string sql;
  for (const MigrationStep& step : MigrationSteps(from, to)) {
    sql += AsComment(step.comment);
    sql += step.kind == Kind::kDo ? step.sql : AsComment(step.sql);
  }
  return sql;
}

}  // namespace gf_otlp::schema
