#include <fmt/format.h>

#include <memory>

#include "cli/commands.h"
#include "cli/common_flags.h"
#include "cli/report_flags.h"
#include "cli/schema_source.h"
#include "schema/ddl_writer.h"
#include "schema/schema_json.h"
#include "schema/schema_markdown.h"
#include "schema/shape_schema.h"

namespace gf_otlp::cli {
namespace {

using schema::Schema;
using schema::ShapeSchemaOptions;

constexpr std::string_view kFormats = "sql|json|markdown";

/// The command line as it stands.
struct PrintFlags {
  RowFlags rows;
  TableNameFlags table_names;
  OutputFlags output;
  ShapeSchemaOptions schema;  // what needs no reading
  std::vector<std::string> kafka_topics;
  std::string server_version = "26.5", format = "sql";
};

/// "TABLE=TOPIC".
Status ReadTopics(const std::vector<std::string>& flags, ShapeSchemaOptions& options) {
  for (const std::string& flag : flags) {
    const std::size_t equals = flag.find('=');
    if (equals == std::string::npos) return UsageError(fmt::format("--kafka-topic {}: write TABLE=TOPIC", flag));
    options.kafka_topics[flag.substr(0, equals)] = flag.substr(equals + 1);
  }
  return {};
}

Result<ShapeSchemaOptions> ReadFlags(const PrintFlags& flags) {
  ShapeSchemaOptions options = flags.schema;
  GF_UNEXPECTED_IF_ERROR(flags.rows.Read(options.rows));
  GF_UNEXPECTED_IF_ERROR(ParseWord("--server-version", flags.server_version, "releases such as 26.5 and 25.8.1.1",
                                   schema::ParseServerVersion, options.server));
  GF_UNEXPECTED_IF_ERROR(ReadTopics(flags.kafka_topics, options));
  if (flags.table_names.renames.empty()) return options;
  Result<std::vector<std::string>> names = TableNames(options);
  if (!names) return std::unexpected(std::move(names.error()));
  Result<std::map<std::string, std::string>> renamed = flags.table_names.NewNames(*names);
  if (!renamed) return std::unexpected(std::move(renamed.error()));
  options.names = std::move(*renamed);
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

/// The whole text: what it is, what to know of it, the tables.
std::string Render(const PrintFlags& flags, const ShapeSchemaOptions& options, const Schema& printed) {
  if (flags.format == "json") return schema::SchemaJson(printed);
  const bool sql = flags.format == "sql";
  std::string text = fmt::format("{} {}\n", sql ? "--" : "#", Title(flags, options));
  for (const std::string& note : schema::SchemaNotes(options)) text += sql ? "-- " + note + "\n" : "\n" + note + "\n";
  return text + "\n" + (sql ? schema::SchemaSql(printed) : schema::SchemaMarkdown(printed));
}

Status RunPrint(const PrintFlags& flags, const Env& env) {
  std::size_t format = 0;
  GF_RETURN_IF_ERROR(ParseWordIndex("--format", flags.format, kFormats, format));
  Result<ShapeSchemaOptions> options = ReadFlags(flags);
  if (!options) return std::move(options.error());
  GF_RETURN_IF_ERROR(flags.output.Check());
  Result<Schema> made = schema::ShapeSchema(*options);
  if (!made) return std::move(made.error());
  return flags.output.Write(Render(flags, *options, *made), env);
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
  f.rows.BindTables(sub);
  f.table_names.Bind(sub);
  sub.add_option("--table", f.schema.tables, "Only this table (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group("Rows");

  const auto add = [&](const char* name, std::string& value, const char* what, const char* type, const char* group) {
    return sub.add_option(name, value, what)->type_name(type)->group(group);
  };
  add("--database", f.schema.database, "Database of the tables (default: the session's)", "NAME", "Storage");
  add("--on-cluster", f.schema.cluster, "Make the tables on all servers of a cluster", "CLUSTER", "Storage");
  add("--engine", f.schema.engine, "Table engine: of the MergeTree family, or Null (default: MergeTree)", "ENGINE",
      "Storage");
  add("--ttl", f.schema.ttl, "How long rows stay, and where: 30d, or '30d to volume slow, 180d' (default: for ever)",
      "TIERS", "Storage");
  add("--server-version", f.server_version, "Release of ClickHouse that is to take it", "VERSION", "Storage")
      ->capture_default_str();

  CLI::Option* kafka =
      add("--kafka", f.schema.kafka_brokers, "Also tables that read from these brokers, and views", "BROKERS", "Kafka");
  sub.add_option("--kafka-topic", f.kafka_topics, "Topic of a table (default: publish's)")
      ->type_name("TABLE=TOPIC")
      ->allow_extra_args(false)
      ->needs(kafka)
      ->group("Kafka");
  add("--kafka-group", f.schema.kafka_group, "Consumer group of all tables (default: gf-otlp-TABLE)", "NAME", "Kafka")
      ->needs(kafka);

  add("--format", f.format, "What to print", "sql|json|markdown", "Output")->capture_default_str();
  f.output.Bind(sub, "the tables");
  return [flags](const Env& env) { return RunPrint(*flags, env); };
}

}  // namespace gf_otlp::cli
