#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gf_otlp/rows.h"
#include "rows/shapes.h"

namespace gf_otlp {

std::string_view ShapeName(Shape shape) {
  constexpr std::string_view kNames[] = {"clickhouse", "clickhouse-json", "glassflow", "glassflow-flat", "agents"};
  return kNames[static_cast<int>(shape)];
}

std::optional<Shape> ParseShape(std::string_view name) {
  for (const Shape shape : kShapes) {
    if (ShapeName(shape) == name) return shape;
  }
  return std::nullopt;
}

std::vector<std::string_view> SchemaVersions(Shape shape) {
  if (shape == Shape::kClickHouse || shape == Shape::kClickHouseJson) return {"0.149", "0.161"};
  return {};
}

struct RowMapper::State {
  RowCounts counts;
  std::vector<TableInfo> tables;
  std::vector<std::unique_ptr<TableWriter>> writers;
  std::array<std::vector<std::size_t>, kRecordKindCount> tables_of;
};

RowMapper::RowMapper(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowMapper::RowMapper(RowMapper&&) noexcept = default;
RowMapper& RowMapper::operator=(RowMapper&&) noexcept = default;
RowMapper::~RowMapper() = default;

Result<RowMapper> RowMapper::Make(const RowOptions& options) {
  const auto versions = SchemaVersions(options.shape);
  if (!options.schema_version.empty() && std::ranges::find(versions, options.schema_version) == versions.end()) {
    const std::string known =
        versions.empty() ? "the shape has no versions" : fmt::format("known are: {}", fmt::join(versions, ", "));
    return std::unexpected(UsageError(fmt::format("schema version {} of shape {} is not known; {}",
                                                  options.schema_version, ShapeName(options.shape), known)));
  }
  if (options.shape == Shape::kAgents) GF_UNEXPECTED_IF_ERROR(CheckAgentOptions(options));
  auto state = std::make_unique<State>();
  Tables declared = options.shape == Shape::kGlassFlow       ? GlassFlowTables(options, state->counts)
                    : options.shape == Shape::kGlassFlowFlat ? GlassFlowFlatTables(options, state->counts)
                    : options.shape == Shape::kAgents        ? AgentTables(options, state->counts)
                                                             : ClickHouseTables(options, state->counts);
  for (TableDeclaration& table : declared) {
    for (const RecordKind kind : table.info.kinds)
      state->tables_of[static_cast<int>(kind)].push_back(state->tables.size());
    state->tables.push_back(std::move(table.info));
    state->writers.push_back(std::move(table.writer));
  }
  return RowMapper(std::move(state));
}

const std::vector<TableInfo>& RowMapper::tables() const { return state_->tables; }

std::span<const std::size_t> RowMapper::TablesOf(RecordKind kind) const {
  return state_->tables_of[static_cast<int>(kind)];
}

bool RowMapper::HasRows(std::size_t table, const RequestReader& reader) const {
  return state_->writers[table]->HasRows(reader);
}

std::size_t RowMapper::Append(std::size_t table, const RequestReader& reader, PaddedBuffer& rows) {
  return state_->writers[table]->Append(reader, rows);
}

const RowCounts& RowMapper::counts() const { return state_->counts; }

}  // namespace gf_otlp
