// schema apply: make a server's tables what they should be.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "cli/clickhouse_client.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/rollup_fill.h"
#include "cli/schema_flags.h"
#include "cli/schema_report.h"
#include "cli/schema_server.h"
#include "cli/sql_runner.h"
#include "schema/compare.h"
#include "schema/ddl_writer.h"
#include "schema/migrate.h"
#include "schema/shape_schema.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"

namespace gf_otlp::cli {
namespace {

using schema::MigrationStep;
using schema::Rollup;
using schema::Schema;
using schema::Table;
using schema::View;

/// Filling a rollup from years of rows takes its time: milliseconds.
constexpr int kQueryTimeoutMs = 24 * 3600 * 1000;

/// The command line as it stands.
struct ApplyFlags {
  std::string clickhouse;
  ConnectionFlags connection;
  ShapeSchemaFlags shape;
  bool dry_run = false;
  std::vector<std::string> rebuild;
};

class Apply {
 public:
  Apply(const ApplyFlags& flags, ClickHouseClient& clickhouse, SchemaSource found, bool has_database, const Env& env)
      : flags_(flags),
        found_(std::move(found)),
        has_database_(has_database),
        runner_(clickhouse, flags.dry_run, env),
        fill_(runner_, clickhouse, found_) {}

  /// REQUIRES: the options name the database
  Status Run(const schema::ShapeSchemaOptions& options);

 private:
  /// A table whose statement cannot be read must not look like one that is not there.
  Status CheckReadable() const;
  /// --rebuild names rollups.
  Status CheckRebuild() const;
  /// What is for the owners of the tables that are there to say: comments, and the TTL if nobody asks for one.
  void Align();
  Status Do(const std::vector<MigrationStep>& steps);
  Status DoTables();
  /// ALTER TABLE does not reach tables that hold no rows: those of the engine Kafka.
  Status LeaveHolder(const Table& found, const Table& wanted);
  /// Which rollups are to be filled.
  Status ChooseFills();
  Status DoFills();
  Status DoViews();
  Status DoTtls();

  const ApplyFlags& flags_;
  const SchemaSource found_;
  const bool has_database_;
  SqlRunner runner_;
  RollupFill fill_;
  Schema wanted_;
  std::vector<Rollup> rollups_;
  std::vector<std::pair<const Rollup*, RollupFill::Need>> fills_;
  std::set<std::string> filled_;     // tables and views that fill_ makes
  std::vector<MigrationStep> ttls_;  // for the end: fill_ reads what they delete
};

/// The first line of a statement without what it is made of: "create table a.b", "alter table a.b add column c".
std::string Shown(std::string_view sql) {
  std::string line(sql.substr(0, std::min(sql.find('\n'), sql.size())));
  while (!line.empty() && (line.back() == ';' || line.back() == ' ')) line.pop_back();
  constexpr std::size_t kMax = 160;
  if (line.size() > kMax) line = line.substr(0, kMax) + "...";
  return line;
}

Status Apply::CheckReadable() const {
  for (const auto& [name, why] : found_.unreadable) {
    const bool is_ours =
        HasTable(wanted_.tables, name) || std::ranges::find(wanted_.views, name, &View::name) != wanted_.views.end();
    if (is_ours) return BadData(fmt::format("{}: {}: {}", found_.name, name, why));
  }
  return {};
}

Status Apply::CheckRebuild() const {
  std::vector<std::string> names;
  for (const Rollup& rollup : rollups_) names.push_back(rollup.table.name);
  for (const std::string& name : flags_.rebuild) {
    if (std::ranges::find(names, name) != names.end()) continue;
    return UsageError(fmt::format("--rebuild {}: {}", name,
                                  names.empty() ? "there are no tables that are filled from others to be built again"
                                                : fmt::format("must be one of {}", fmt::join(names, ", "))));
  }
  return {};
}

void Apply::Align() {
  for (Table& table : wanted_.tables) {
    const auto there = std::ranges::find(found_.schema.tables, table.name, &Table::name);
    if (there == found_.schema.tables.end()) continue;
    TakeComments(*there, table);
    if (flags_.shape.schema.ttl.empty()) table.ttl = there->ttl;
  }
}

Status Apply::Do(const std::vector<MigrationStep>& steps) {
  for (const MigrationStep& step : steps) {
    if (step.kind == MigrationStep::Kind::kHeld) {
      GF_RETURN_IF_ERROR(runner_.Leave(step.comment, step.sql));
    } else if (step.kind == MigrationStep::Kind::kHint) {
      GF_RETURN_IF_ERROR(runner_.Note(fmt::format("{}\n{}", step.comment, step.sql)));
    } else if (step.kind == MigrationStep::Kind::kTtl) {
      ttls_.push_back(step);
    } else if (step.kind == MigrationStep::Kind::kDo) {
      GF_RETURN_IF_ERROR(runner_.Run(Shown(step.sql), step.sql));
    }
  }
  return {};
}

Status Apply::LeaveHolder(const Table& found, const Table& wanted) {
  std::vector<schema::Difference> differences = schema::CompareTables(wanted, found, *found_.server);
  // Settings more are somebody's own.
  std::erase_if(differences,
                [](const auto& difference) { return difference.id == "setting" && difference.expected.empty(); });
  if (differences.empty()) return {};
  std::vector<std::string> what;
  for (const schema::Difference& difference : differences) {
    what.push_back(difference.column.empty() ? std::string(difference.id) : difference.column);
  }
  std::string sql;
  for (const View& view : found_.schema.views) {
    if (schema::NamesColumn(view.query, found.name)) {
      sql += fmt::format("DROP VIEW {};\n", schema::QualifiedName(view.database, view.name));
    }
  }
  const std::string name = schema::QualifiedName(found.database, found.name);
  return runner_.Leave(
      fmt::format("{} is another ({}); ALTER TABLE does not change tables of the engine {}. It holds no "
                  "rows: drop it and its views, and run this again",
                  name, fmt::join(what, ", "), schema::EngineFamily(found.engine)),
      fmt::format("{}DROP TABLE {};\n", sql, name));
}

Status Apply::DoTables() {
  if (!has_database_) {
    const std::string name = schema::QuotedName(wanted_.tables.front().database);
    GF_RETURN_IF_ERROR(
        runner_.Run(fmt::format("create database {}", name), fmt::format("CREATE DATABASE IF NOT EXISTS {}", name)));
  }
  for (const Table& table : wanted_.tables) {
    if (filled_.contains(table.name)) continue;
    const auto there = std::ranges::find(found_.schema.tables, table.name, &Table::name);
    if (there == found_.schema.tables.end()) {
      // Beside replicated tables it is one, too.
      Schema others;
      for (const Table& other : wanted_.tables) {
        const auto same = std::ranges::find(found_.schema.tables, other.name, &Table::name);
        if (same != found_.schema.tables.end() && schema::IsMergeTree(same->engine)) others.tables.push_back(*same);
      }
      GF_RETURN_IF_ERROR(Do(schema::MigrationSteps(others, {.tables = {table}, .views = {}})));
    } else if (!schema::IsMergeTree(there->engine) && !schema::IsMergeTree(table.engine)) {
      GF_RETURN_IF_ERROR(LeaveHolder(*there, table));
    } else {
      GF_RETURN_IF_ERROR(
          Do(schema::MigrationSteps({.tables = {*there}, .views = {}}, {.tables = {table}, .views = {}})));
    }
  }
  return {};
}

Status Apply::ChooseFills() {
  for (const Rollup& rollup : rollups_) {
    const bool asked = std::ranges::find(flags_.rebuild, rollup.table.name) != flags_.rebuild.end();
    const Result<RollupFill::Need> need = fill_.NeedOf(rollup, asked);
    if (!need) return need.error();
    if (*need == RollupFill::Need::kNothing) continue;
    fills_.emplace_back(&rollup, *need);
    if (*need == RollupFill::Need::kMake) filled_.insert(rollup.table.name);
    for (const schema::RollupView& view : rollup.views) filled_.insert(rollup.table.name + std::string(view.suffix));
  }
  return {};
}

Status Apply::DoFills() {
  for (const auto& [rollup, need] : fills_) {
    GF_RETURN_IF_ERROR(need == RollupFill::Need::kMake ? fill_.Make(*rollup) : fill_.Rebuild(*rollup));
  }
  return {};
}

Status Apply::DoViews() {
  for (const View& view : wanted_.views) {
    if (filled_.contains(view.name)) continue;
    GF_RETURN_IF_ERROR(
        Do(schema::MigrationSteps({.tables = {}, .views = found_.schema.views}, {.tables = {}, .views = {view}})));
  }
  return {};
}

Status Apply::DoTtls() {
  for (const MigrationStep& step : ttls_) GF_RETURN_IF_ERROR(runner_.Run(Shown(step.sql), step.sql));
  return {};
}

Status Apply::Run(const schema::ShapeSchemaOptions& options) {
  Result<Schema> wanted = schema::ShapeSchema(options);
  if (!wanted) return std::move(wanted.error());
  wanted_ = std::move(*wanted);
  Result<std::vector<Rollup>> rollups = schema::ShapeRollups(options);
  if (!rollups) return std::move(rollups.error());
  rollups_ = std::move(*rollups);
  GF_RETURN_IF_ERROR(CheckRebuild());
  GF_RETURN_IF_ERROR(CheckReadable());
  Align();
  GF_RETURN_IF_ERROR(ChooseFills());
  GF_RETURN_IF_ERROR(DoTables());
  GF_RETURN_IF_ERROR(DoFills());
  GF_RETURN_IF_ERROR(DoViews());
  GF_RETURN_IF_ERROR(DoTtls());
  if (runner_.left() > 0) {
    return Negative(fmt::format("{} left to be done by hand", Counted(runner_.left(), "step")));
  }
  return runner_.done() == 0 ? runner_.Note("nothing was to be done") : Status();
}

Status RunApply(ApplyFlags& flags, const Env& env) {
  GF_RETURN_IF_ERROR(CheckOneDatabase(flags.clickhouse, flags.shape.schema.database));
  Result<schema::ShapeSchemaOptions> options = flags.shape.Read();
  if (!options) return std::move(options.error());
  const std::string database =
      options->database.empty() ? std::string(schema::DefaultDatabase(options->rows.shape)) : options->database;
  Result<ClickHouseClient> clickhouse =
      ClickHouseClient::Make(flags.clickhouse, database, flags.connection, kQueryTimeoutMs);
  if (!clickhouse) return std::move(clickhouse.error());
  options->database = clickhouse->database();
  const auto there = clickhouse->AskRows(
      fmt::format("SELECT count() FROM system.databases WHERE name = {}", schema::QuotedText(options->database)), 1);
  if (!there) return there.error();
  const bool has_database = !there->empty() && there->front().front() != "0";
  Result<SchemaSource> found = has_database ? ReadServer(*clickhouse) : ReadEmptyServer(*clickhouse);
  if (!found) return std::move(found.error());
  options->server = *found->server;
  return Apply(flags, *clickhouse, std::move(*found), has_database, env).Run(*options);
}

}  // namespace

Action BindSchemaApply(CLI::App& sub) {
  auto flags = std::make_shared<ApplyFlags>();
  ApplyFlags& f = *flags;
  sub.footer(
      "Examples:\n"
      "  gf-otlp schema apply --clickhouse http://ch:8123 --shape agents --kafka broker:9092\n"
      "  gf-otlp schema apply --clickhouse http://ch:8123 --shape agents --rebuild cost_minute\n"
      "Manual: gf-otlp-schema(1)");
  sub.add_option("--clickhouse", f.clickhouse, "The server, by its HTTP interface: http://host:8123")
      ->type_name("URL")
      ->required()
      ->group("Server");
  sub.add_flag("-n,--dry-run", f.dry_run, "Print the SQL, change nothing")->group("Server");
  sub.add_option("--rebuild", f.rebuild, "Fill this table again from those that it sums up (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group("Server");
  f.shape.Bind(sub);
  f.connection.Bind(sub);
  return [flags](const Env& env) { return RunApply(*flags, env); };
}

}  // namespace gf_otlp::cli
