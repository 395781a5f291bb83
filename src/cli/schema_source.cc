#include "cli/schema_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "base/file.h"
#include "schema/ddl_reader.h"

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
