#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/common_flags.h"
#include "cli/report_flags.h"
#include "cli/schema_flags.h"
#include "schema/agent_users.h"
#include "schema/ddl_writer.h"
#include "schema/schema_json.h"
#include "schema/schema_markdown.h"
#include "schema/shape_schema.h"
#include "schema/storage_policy.h"

namespace gf_otlp::cli {
namespace {

using schema::Schema;
using schema::ShapeSchemaOptions;

constexpr std::string_view kFormats = "sql|json|markdown";

/// The command line as it stands.
struct PrintFlags {
  ShapeSchemaFlags shape;
  OutputFlags output;
  std::string server_version = "26.5", format = "sql";
  bool users = false;
};

Result<ShapeSchemaOptions> ReadFlags(const PrintFlags& flags) {
  Result<ShapeSchemaOptions> options = flags.shape.Read();
  if (!options) return options;
  GF_UNEXPECTED_IF_ERROR(ParseWord("--server-version", flags.server_version, "releases such as 26.5 and 25.8.1.1",
                                   schema::ParseServerVersion, options->server));
  return options;
}

/// "shape clickhouse, schema version 0.161, for ClickHouse 26.5".
std::string Title(const PrintFlags& flags, const ShapeSchemaOptions& options) {
  const auto versions = SchemaVersions(options.rows.shape);
  std::string title = fmt::format("Tables of shape {}", ShapeName(options.rows.shape));
  if (!versions.empty()) {
    title += fmt::format(", schema version {}",
                         options.rows.schema_version.empty() ? versions.back() : options.rows.schema_version);
  }
  return title + fmt::format(", for ClickHouse {}, by gf-otlp", flags.server_version);
}

/// The whole text: what it is, what to know of it, the tables, who may use them.
Result<std::string> Render(const PrintFlags& flags, const ShapeSchemaOptions& options, const Schema& printed) {
  if (flags.format == "json") return schema::SchemaJson(printed);
  const bool sql = flags.format == "sql";
  std::string text = fmt::format("{} {}\n", sql ? "--" : "#", Title(flags, options));
  for (const std::string& note : schema::SchemaNotes(options)) text += sql ? "-- " + note + "\n" : "\n" + note + "\n";
  const Result<std::vector<schema::TtlTier>> tiers = TiersOf(options);
  if (!tiers) return std::unexpected(tiers.error());
  const std::string configuration = schema::StorageConfiguration(*tiers, options.storage_policy);
  if (!configuration.empty()) {
    text += sql ? schema::AsComment(configuration) : fmt::format("\n```xml\n{}```\n", configuration);
  }
  text += "\n" + (sql ? schema::SchemaSql(printed) : schema::SchemaMarkdown(printed));
  if (!flags.users) return text;
  const Result<std::vector<schema::Table>> rows = RowTables(options);
  if (!rows) return std::unexpected(rows.error());
  return text + "\n" + schema::AgentUsersSql(printed, *rows);
}

Status CheckUsers(const PrintFlags& flags, const ShapeSchemaOptions& options) {
  if (!flags.users) return {};
  if (options.rows.shape != Shape::kAgents) return UsageError("--users: only of --shape agents");
  return flags.format == "sql" ? Status() : UsageError("--users: they are made by --format sql");
}

Status RunPrint(const PrintFlags& flags, const Env& env) {
  std::size_t format = 0;
  GF_RETURN_IF_ERROR(ParseWordIndex("--format", flags.format, kFormats, format));
  Result<ShapeSchemaOptions> options = ReadFlags(flags);
  if (!options) return std::move(options.error());
  GF_RETURN_IF_ERROR(CheckUsers(flags, *options));
  GF_RETURN_IF_ERROR(flags.output.Check());
  Result<Schema> made = schema::ShapeSchema(*options);
  if (!made) return std::move(made.error());
  Result<std::string> text = Render(flags, *options, *made);
  if (!text) return std::move(text.error());
  return flags.output.Write(*text, env);
}

}  // namespace

Action BindSchemaPrint(CLI::App& sub) {
  auto flags = std::make_shared<PrintFlags>();
  PrintFlags& f = *flags;
  sub.footer(
      "Examples:\n"
      "  gf-otlp schema print --ttl 30d > schema.sql\n"
      "  gf-otlp schema print --database otel --kafka broker:9092\n"
      "Manual: gf-otlp-schema(1)");
  f.shape.Bind(sub);
  const auto add = [&](const char* name, std::string& value, const char* what, const char* type, const char* group) {
    return sub.add_option(name, value, what)->type_name(type)->group(group);
  };
  add("--on-cluster", f.shape.schema.cluster, "Make the tables on all servers of a cluster", "CLUSTER", "Storage");
  add("--server-version", f.server_version, "Release of ClickHouse that is to take it", "VERSION", "Storage")
      ->capture_default_str();
  sub.add_flag("--users", f.users, "Also who may read and who may insert (agents): profiles, roles, two users")
      ->group("Storage");
  add("--format", f.format, "What to print", "sql|json|markdown", "Output")->capture_default_str();
  f.output.Bind(sub, "the tables");
  return [flags](const Env& env) { return RunPrint(*flags, env); };
}

}  // namespace gf_otlp::cli
