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

/// Where the tables of `from` are, for those that only `to` has.
void SettleIn(const Schema& from, std::string& database, std::string& cluster) {
  if (from.tables.empty()) return;
  if (database.empty()) database = from.tables.front().database;
  if (cluster.empty()) cluster = from.tables.front().cluster;
}

std::string MigrateView(const View& from, const View& to, std::string_view what) {
  const std::string name = QualifiedName(to.database, to.name);
  if (what == "query") {
    return fmt::format("ALTER TABLE {}{} MODIFY QUERY {};\n", name, OnCluster(to.cluster), to.query);
  }
  return AsComment(
      fmt::format("{} moves rows to {}, not to {}. Rows that come between these two are not moved:\n"
                  "DROP VIEW {}{};\n{}",
                  name, from.target, to.target, name, OnCluster(to.cluster), ViewSql(to)));
}

std::string MigrateViews(const Schema& from, const Schema& to) {
  std::string sql;
  for (View view : to.views) {
    SettleIn(from, view.database, view.cluster);
    const auto old = std::ranges::find(from.views, view.name, &View::name);
    if (old == from.views.end()) {
      sql += ViewSql(view);
      continue;
    }
    if (!old->database.empty()) view.database = old->database;
    const Schema wanted{.tables = to.tables, .views = {view}}, there{.tables = from.tables, .views = {*old}};
    for (const Difference& difference : CompareViews(wanted, there)) {
      sql += MigrateView(*old, view, difference.column);
    }
  }
  for (const View& view : from.views) {
    if (std::ranges::find(to.views, view.name, &View::name) == to.views.end()) {
      sql += fmt::format("-- View {} is not among the new ones and stays.\n", QualifiedName(view.database, view.name));
    }
  }
  return sql;
}

}  // namespace

std::string MigrationSql(const Schema& from, const Schema& to) {
  std::string sql;
  for (Table table : to.tables) {
    if (const auto old = std::ranges::find(from.tables, table.name, &Table::name); old != from.tables.end()) {
      sql += TableMigrationSql(*old, table);
    } else {
      SettleIn(from, table.database, table.cluster);
      if (!from.tables.empty()) {
        table.engine = ReplicatedAs(table.engine, from.tables.front().engine, "_" + table.name);
      }
      sql += TableSql(table);
    }
  }
  for (const Table& table : from.tables) {
    if (std::ranges::find(to.tables, table.name, &Table::name) == to.tables.end()) {
      sql +=
          fmt::format("-- Table {} is not among the new ones and stays.\n", QualifiedName(table.database, table.name));
    }
  }
  return sql + MigrateViews(from, to);
}

}  // namespace gf_otlp::schema
