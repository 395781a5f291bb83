#include "cli/schema_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <ranges>
#include <set>

#include "base/file.h"
#include "schema/compare.h"
#include "schema/ddl_reader.h"
#include "schema/storage_form.h"

namespace gf_otlp::cli {

std::vector<ShapeVariant> ShapeVariants() {
  std::vector<ShapeVariant> variants;
  for (const Shape shape : kShapes) {
    const std::vector<std::string_view> versions = SchemaVersions(shape);
    for (const std::string_view version : versions | std::views::reverse) {
      variants.push_back({.name = fmt::format("{}@{}", ShapeName(shape), version),
                          .rows = {.shape = shape, .schema_version = std::string(version)}});
    }
    if (versions.empty()) variants.push_back({.name = std::string(ShapeName(shape)), .rows = {.shape = shape}});
    if (shape == Shape::kGlassFlowFlat) {
      variants.push_back(
          {.name = fmt::format("{} --keep-all", ShapeName(shape)), .rows = {.shape = shape, .keep_all = true}});
    }
  }
  return variants;
}

std::optional<ShapeVariant> ParseShapeVariant(std::string_view text) {
  // The first of a shape is its newest.
  for (ShapeVariant& variant : ShapeVariants()) {
    if (text == variant.name || text == ShapeName(variant.rows.shape)) return std::move(variant);
  }
  return std::nullopt;
}

Result<std::vector<std::string>> TableNames(const schema::ShapeSchemaOptions& options) {
  const Result<schema::Schema> made =
      schema::ShapeSchema({.rows = options.rows, .kafka_brokers = options.kafka_brokers});
  if (!made) return std::unexpected(made.error());
  return NamesOf(made->tables);
}

Status ChooseDatabase(const std::string& database, const std::vector<std::string>& names, SchemaSource& source) {
  for (const std::string& name : names) {
    std::set<std::string> databases;
    for (const schema::Table& table : source.schema.tables) {
      if (table.name == name) databases.insert(table.database);
    }
    if (databases.size() < 2) continue;
    if (database.empty() || !databases.contains(database)) {
      std::vector<std::string> full;
      for (const std::string& one : databases) full.push_back(one.empty() ? name : fmt::format("{}.{}", one, name));
      return UsageError(fmt::format("{}: {}: say which is meant, by --database", source.name, fmt::join(full, ", ")));
    }
    std::erase_if(source.schema.tables,
                  [&](const schema::Table& table) { return table.name == name && table.database != database; });
    std::erase_if(source.schema.views, [&](const schema::View& view) {
      return schema::TargetTable(view) == name && view.database != database;
    });
  }
  return {};
}

bool NameTheNameless(const std::vector<std::string>& asked, const std::vector<schema::Table>& others,
                     SchemaSource& source) {
  std::vector<schema::Table>& tables = source.schema.tables;
  if (tables.size() != 1 || !tables.front().name.empty()) return true;
  if (asked.size() == 1) {
    tables.front().name = asked.front();
  } else if (const std::optional<std::size_t> index = schema::NearestTable(tables.front(), others)) {
    tables.front().name = others[*index].name;
  }
  return !tables.front().name.empty();
}

std::vector<std::string> NamesOf(const std::vector<schema::Table>& tables) {
  std::vector<std::string> names;
  for (const schema::Table& table : tables) names.push_back(table.name);
  return names;
}

bool HasTable(const std::vector<schema::Table>& tables, std::string_view name) {
  return std::ranges::find(tables, name, &schema::Table::name) != tables.end();
}

Status RefuseOptions(const CLI::App& sub, std::span<const char* const> names, std::string_view where) {
  for (const char* const name : names) {
    const CLI::Option* const option = sub.get_option(name);
    if (option->count() == 0 || std::getenv(option->get_envname().c_str()) != nullptr) continue;
    return UsageError(fmt::format("{}: it does nothing {}", name, where));
  }
  return {};
}

Result<SchemaSource> ReadSchemaFile(const std::string& path) {
  constexpr std::size_t kMaxBytes = std::size_t{64} << 20;
  const bool is_input = path == "-";
  SchemaSource source{.name = is_input ? "standard input" : path, .file = is_input ? "" : path};
  Result<std::string> text = ReadFile(is_input ? "/dev/stdin" : path, kMaxBytes);
  if (!text) return std::unexpected(std::move(text.error()));
  Result<schema::SchemaText> read = schema::ReadSchemaText(*text);
  if (!read) return std::unexpected(std::move(read.error()).At(source.name));
  source.schema = std::move(read->schema);
  for (const std::string& skipped : read->skipped) source.notes.push_back(fmt::format("{}: {}", source.name, skipped));
  return source;
}

Result<schema::ServerVersion> ReadServerVersion(const std::string& text) {
  const std::optional<schema::ServerVersion> version = schema::ParseServerVersion(text);
  if (!version) return std::unexpected(UsageError(fmt::format("--server-version {}: write it as 26.5", text)));
  return *version;
}

}  // namespace gf_otlp::cli
