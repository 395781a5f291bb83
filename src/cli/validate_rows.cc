#include "cli/validate_rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "cli/schema_source.h"
#include "pipeline/row_check.h"
#include "schema/row_check.h"
#include "schema/shape_schema.h"

namespace gf_otlp::cli {

void RowCheckFlags::Bind(CLI::App& sub) {
  sub.add_flag("--rows", rows, "Inputs are rows (one JSON object a line): what would ClickHouse do with them?")
      ->group("Rows");
  sub.add_option("--table", table, "The table of all rows (default: found by their columns)")
      ->type_name("TABLE")
      ->group("Rows");
  sub.add_option("--ddl", ddl, "Tables to judge rows by (default: those of --shape)")->type_name("FILE")->group("Rows");
  sub.add_option("--server-version", server_version, "Release of ClickHouse whose rules hold")
      ->type_name("V")
      ->capture_default_str()
      ->group("Rows");
}

Status RowCheckFlags::Read(const RowFlags& tables, const InputFlags& input, std::size_t max_examples,
                           ConversionOptions& conversion) const {
  if (!input.input_format.empty() && input.input_format != "json") {
    return UsageError("--input-format: rows are JSON, one object a line");
  }
  conversion.capture.format = InputFormat::kLines;
  Result<std::vector<schema::Table>> candidates = Tables(tables);
  if (!candidates) return std::move(candidates.error());
  const Result<schema::ServerVersion> server = ReadServerVersion(server_version);
  if (!server) return server.error();
  auto maker =
      MakeRowCheck(std::move(*candidates), schema::RowCheckOptions{.server = *server, .max_examples = max_examples});
  if (!maker) return std::move(maker.error());
  conversion.make_converter = std::move(*maker);
  return {};
}

Result<std::vector<schema::Table>> RowCheckFlags::Tables(const RowFlags& tables) const {
  std::vector<schema::Table> found;
  if (!ddl.empty()) {
    Result<SchemaSource> source = ReadSchemaFile(ddl);
    if (!source) return std::unexpected(std::move(source.error()));
    found = std::move(source->schema.tables);
  } else {
    schema::ShapeSchemaOptions options;
    GF_UNEXPECTED_IF_ERROR(tables.Read(options.rows));
    Result<std::vector<schema::Table>> made = RowTables(options);
    if (!made) return std::unexpected(std::move(made.error()));
    found = std::move(*made);
  }
  if (table.empty()) return found;
  // What DESCRIBE says of a table is without its name.
  if (found.size() == 1 && found.front().name.empty()) return found;
  const auto is_meant = [&](const schema::Table& t) { return t.name == table || t.database + "." + t.name == table; };
  std::vector<std::string> names;
  for (const schema::Table& t : found) names.push_back(t.name);
  std::erase_if(found, [&](const schema::Table& t) { return !is_meant(t); });
  if (!found.empty()) return found;
  return std::unexpected(
      UsageError(fmt::format("--table {}: no such table; there are {}", table, fmt::join(names, ", "))));
}

}  // namespace gf_otlp::cli
