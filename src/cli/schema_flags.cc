#include "cli/schema_flags.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "cli/schema_source.h"

namespace gf_otlp::cli {
namespace {

using schema::ShapeSchemaOptions;

/// "TABLE=TOPIC".
Status ReadTopics(const std::vector<std::string>& flags, ShapeSchemaOptions& options) {
  for (const std::string& flag : flags) {
    const std::size_t equals = flag.find('=');
    if (equals == std::string::npos) return UsageError(fmt::format("--kafka-topic {}: write TABLE=TOPIC", flag));
    options.kafka_topics[flag.substr(0, equals)] = flag.substr(equals + 1);
  }
  return {};
}

}  // namespace

void ShapeSchemaFlags::Bind(CLI::App& sub) {
  rows.BindTables(sub);
  table_names.Bind(sub);
  sub.add_option("--table", schema.tables, "Only this table (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group("Rows");

  const auto add = [&](const char* name, std::string& value, const char* what, const char* type, const char* group) {
    return sub.add_option(name, value, what)->type_name(type)->group(group);
  };
  add("--database", schema.database, "Database of the tables (default: the session's; of agents: telemetry)", "NAME",
      "Storage");
  add("--engine", schema.engine, "Table engine: of the MergeTree family, or Null (default: MergeTree)", "ENGINE",
      "Storage");
  add("--ttl", schema.ttl,
      "How long rows stay, and where: 30d, '30d to volume slow, 180d', none (default: none; of agents: 90d)", "TIERS",
      "Storage");
  add("--storage-policy", schema.storage_policy, "Storage policy of the tables (default: the server's)", "NAME",
      "Storage");

  CLI::Option* kafka =
      add("--kafka", schema.kafka_brokers, "Also tables that read from these brokers, and views", "BROKERS", "Kafka");
  sub.add_option("--kafka-topic", kafka_topics, "Topic of a table (default: publish's)")
      ->type_name("TABLE=TOPIC")
      ->allow_extra_args(false)
      ->needs(kafka)
      ->group("Kafka");
  add("--kafka-group", schema.kafka_group, "Consumer group of all tables (default: gf-otlp-TABLE)", "NAME", "Kafka")
      ->needs(kafka);
}

Result<ShapeSchemaOptions> ShapeSchemaFlags::Read() const {
  ShapeSchemaOptions options = schema;
  GF_UNEXPECTED_IF_ERROR(rows.Read(options.rows));
  GF_UNEXPECTED_IF_ERROR(ReadTopics(kafka_topics, options));
  if (options.database.empty()) options.database = schema::DefaultDatabase(options.rows.shape);
  if (table_names.renames.empty()) return options;
  Result<std::vector<std::string>> names = TableNames(options);
  if (!names) return std::unexpected(std::move(names.error()));
  Result<std::map<std::string, std::string>> renamed = table_names.NewNames(*names);
  if (!renamed) return std::unexpected(std::move(renamed.error()));
  options.names = std::move(*renamed);
  return options;
}

}  // namespace gf_otlp::cli
