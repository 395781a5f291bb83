// schema diff: what changes from one schema to another?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/nearest_word.h"
#include "cli/report_flags.h"
#include "cli/schema_report.h"
#include "cli/schema_server.h"
#include "cli/schema_source.h"
#include "schema/compare.h"
#include "schema/migrate.h"
#include "schema/shape_schema.h"
#include "schema/storage_form.h"

namespace gf_otlp::cli {
namespace {

using schema::Schema;
using schema::Table;

/// The command line as it stands.
struct DiffFlags {
  std::string from, to, database, cluster, server_version;
  ConnectionFlags connection;
  std::vector<std::string> tables;
  bool migrate = false, quiet = false;
  ReportFlags report;
};

Status UnknownSource(const std::string& word) {
  std::vector<std::string> names;
  for (const ShapeVariant& variant : ShapeVariants()) {
    if (!variant.rows.keep_all) names.push_back(variant.name);
  }
  const auto distance = [&](const std::string& name) { return EditDistance(word, name); };
  const std::string nearest = std::ranges::min(names, {}, distance);
  return UsageError(fmt::format("{}: no such file, and no shape{}; shapes are: {}", word,
                                distance(nearest) <= 3 ? fmt::format(" (did you mean {}?)", nearest) : "",
                                fmt::join(names, ", ")));
}

/// The database of a server whose URL names none: where the other one's tables are, if that is a shape.
std::string DatabaseBeside(const std::string& other, const DiffFlags& flags) {
  const std::optional<ShapeVariant> variant = ParseShapeVariant(other);
  if (!flags.database.empty() || !variant) return flags.database;
  return std::string(schema::DefaultDatabase(variant->rows.shape));
}

Result<SchemaSource> ReadSource(const std::string& word, const std::string& other, const DiffFlags& flags,
                                schema::ServerVersion server) {
  if (IsUrl(word)) return ReadServer(word, DatabaseBeside(other, flags), flags.connection);
  if (const std::optional<ShapeVariant> variant = ParseShapeVariant(word)) {
    Result<Schema> schema = schema::ShapeSchema({.rows = variant->rows, .server = server});
    if (!schema) return std::unexpected(std::move(schema.error()));
    return SchemaSource{.name = variant->name, .is_shape = true, .schema = std::move(*schema)};
  }
  std::error_code ignored;
  if (word != "-" && !std::filesystem::exists(word, ignored)) return std::unexpected(UnknownSource(word));
  return ReadSchemaFile(word);
}

/// Which of a text's tables is meant, and which a DESCRIBE tells of.
Status Settle(const DiffFlags& flags, const SchemaSource& other, SchemaSource& source) {
  if (!NameTheNameless(flags.tables, other.schema.tables, source)) {
    return UsageError(fmt::format("{}: it does not say of which table it is: --table TABLE does", source.name));
  }
  return ChooseDatabase(flags.database, NamesOf(other.schema.tables), source);
}

/// Only the tables that were asked for, and the views that fill them.
void KeepTables(const std::vector<std::string>& names, Schema& schema) {
  const auto unwanted = [&](std::string_view name) { return std::ranges::find(names, name) == names.end(); };
  std::erase_if(schema.tables, [&](const Table& table) { return unwanted(table.name); });
  std::erase_if(schema.views, [&](const schema::View& view) { return unwanted(schema::TargetTable(view)); });
}

Status ChooseTables(const DiffFlags& flags, SchemaSource& from, SchemaSource& to) {
  GF_RETURN_IF_ERROR(Settle(flags, to, from));
  GF_RETURN_IF_ERROR(Settle(flags, from, to));
  if (flags.tables.empty()) return {};
  for (const std::string& name : flags.tables) {
    if (!HasTable(from.schema.tables, name) && !HasTable(to.schema.tables, name)) {
      return UsageError(fmt::format("--table {}: neither {} nor {} has such a table", name, from.name, to.name));
    }
  }
  KeepTables(flags.tables, from.schema);
  KeepTables(flags.tables, to.schema);
  return {};
}

/// A table whose statement cannot be read must not look like one that is not there.
Status CheckReadable(const SchemaSource& source, const SchemaSource& other) {
  for (const auto& [name, why] : source.unreadable) {
    if (!HasTable(other.schema.tables, name)) continue;
    return BadData(fmt::format("{}: {}: {}", source.name, name, why));
  }
  return {};
}

/// As --database and --on-cluster say.
void Place(const DiffFlags& flags, Schema& schema) {
  const auto place = [&](auto& what) {
    if (!flags.database.empty()) what.database = flags.database;
    if (!flags.cluster.empty()) what.cluster = flags.cluster;
  };
  std::ranges::for_each(schema.tables, place);
  std::ranges::for_each(schema.views, place);
}

/// Gives the tables of a shape, if one of the two is one, the comments that the other's have.
void AlignComments(SchemaSource& from, SchemaSource& to) {
  if (from.is_shape == to.is_shape) return;
  const std::vector<Table>& there = (from.is_shape ? to : from).schema.tables;
  for (Table& table : (from.is_shape ? from : to).schema.tables) {
    const auto same = std::ranges::find(there, table.name, &Table::name);
    if (same != there.end()) TakeComments(*same, table);
  }
}

void FillReport(const SchemaSource& from, const SchemaSource& to, schema::ServerVersion server, Report& report) {
  report.subject = fmt::format("{} to {}", from.name, to.name);
  std::vector<schema::Difference> differences = schema::CompareSchemas(to.schema, from.schema, server);
  if (to.is_shape) {
    if (auto zone = ServerZone(to.schema, from.schema, from.time_zone, server)) differences.push_back(std::move(*zone));
  }
  AddDifferences(differences, from.file, report);
  std::vector<std::string> gone = NamesOf(from.schema.tables);
  std::erase_if(gone, [&](const std::string& name) { return HasTable(to.schema.tables, name); });
  report.facts.emplace_back("server version", fmt::format("{}.{}", server.year, server.month));
  report.facts.emplace_back(fmt::format("only in {}", from.name),
                            gone.empty() ? "none" : fmt::to_string(fmt::join(gone, ", ")));
}

/// Options that do nothing together with others.
Status CheckOptions(const DiffFlags& flags, const CLI::App& sub) {
  static constexpr const char* kOfReports[] = {"--format", "--fail-on"};
  static constexpr const char* kOfMigrations[] = {"--on-cluster"};
  if (flags.migrate) GF_RETURN_IF_ERROR(RefuseOptions(sub, kOfReports, "with --migrate"));
  if (!flags.migrate) GF_RETURN_IF_ERROR(RefuseOptions(sub, kOfMigrations, "without --migrate"));
  return IsUrl(flags.from) || IsUrl(flags.to) ? Status() : RefuseOptions(sub, kConnectionOptions, "without a server");
}

Status RunDiff(DiffFlags& flags, const CLI::App& sub, const Env& env) {
  Report report{.title = "schema diff"};
  GF_RETURN_IF_ERROR(flags.report.Read(report));
  GF_RETURN_IF_ERROR(CheckOptions(flags, sub));
  if (flags.from == "-" && flags.to == "-") {
    return UsageError("OLD and NEW cannot both be standard input");
  }
  // What a server is decides how shapes look there: it comes first.
  Result<schema::ServerVersion> server = schema::kDefaultServerVersion;
  if (!flags.server_version.empty()) server = ReadServerVersion(flags.server_version);
  if (!server) return std::move(server.error());
  SchemaSource from, to;
  const bool new_first = IsUrl(flags.to);
  for (const bool is_new : {new_first, !new_first}) {
    Result<SchemaSource> source =
        ReadSource(is_new ? flags.to : flags.from, is_new ? flags.from : flags.to, flags, *server);
    if (!source) return std::move(source.error());
    if (source->server && flags.server_version.empty()) server = *source->server;
    (is_new ? to : from) = std::move(*source);
  }
  GF_RETURN_IF_ERROR(ChooseTables(flags, from, to));
  GF_RETURN_IF_ERROR(CheckReadable(from, to));
  GF_RETURN_IF_ERROR(CheckReadable(to, from));
  if (!flags.quiet) {
    for (const SchemaSource* source : {&from, &to}) {
      for (const std::string& note : source->notes) env.Say(note);
    }
  }
  AlignComments(from, to);
  if (flags.migrate) {
    Place(flags, from.schema);
    Place(flags, to.schema);
    return flags.report.output.Write(schema::MigrationSql(from.schema, to.schema), env);
  }
  FillReport(from, to, *server, report);
  return flags.report.Finish(report, flags.quiet, env);
}

}  // namespace

Action BindSchemaDiff(CLI::App& sub) {
  auto flags = std::make_shared<DiffFlags>();
  DiffFlags& f = *flags;
  sub.footer(
      "Examples:\n"
      "  gf-otlp schema diff clickhouse@0.149 clickhouse@0.161\n"
      "  gf-otlp schema diff http://ch:8123/otel clickhouse --migrate\n"
      "Manual: gf-otlp-schema(1)");
  constexpr const char* kSource = "A shape (clickhouse@0.161), a DDL file, -, or the URL of a server's database";
  sub.add_option("OLD", f.from, kSource)->required()->type_name("SCHEMA");
  sub.add_option("NEW", f.to, "The same")->required()->type_name("SCHEMA");
  sub.add_flag("--migrate", f.migrate, "Print the SQL that makes OLD's tables into NEW's; nothing is executed")
      ->group("Output");
  sub.add_option("--table", f.tables, "Only this table (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group("Tables");
  sub.add_option("--database", f.database,
                 "Of a server, if its URL names none, or of text; with --migrate in front of names")
      ->type_name("DB")
      ->group("Tables");
  sub.add_option("--server-version", f.server_version, "Release of ClickHouse (default: the server's own, or 26.5)")
      ->type_name("V")
      ->group("Tables");
  sub.add_option("--on-cluster", f.cluster, "With --migrate: statements for all servers of a cluster")
      ->type_name("CLUSTER")
      ->group("Tables");
  f.report.Bind(sub, kSchemaFailOn, "never");
  sub.add_flag("-q,--quiet", f.quiet, "No closing line, no notes")->group("Output");
  f.connection.Bind(sub);
  return [flags, &sub](const Env& env) { return RunDiff(*flags, sub, env); };
}

}  // namespace gf_otlp::cli
