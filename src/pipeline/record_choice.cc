#include "pipeline/record_choice.h"

#include <fmt/format.h>

#include <algorithm>

namespace gf_otlp {
namespace {

constexpr RecordKind kPoints[] = {RecordKind::kGauge, RecordKind::kSum, RecordKind::kHistogram,
                                  RecordKind::kExponentialHistogram, RecordKind::kSummary};

}  // namespace

Status CheckTables(const std::vector<std::string>& names, const std::vector<TableInfo>& tables) {
  for (const std::string& name : names) {
    if (std::ranges::find(tables, name, &TableInfo::name) != tables.end()) continue;
    std::string known;
    for (const TableInfo& table : tables) known += (known.empty() ? "" : ", ") + table.name;
    return UsageError(fmt::format("--table {}: there is no such table; there are: {}", name, known));
  }
  return {};
}

Result<RecordChoice> RecordChoice::Make(const ChoiceOptions& options, Shape shape, const RowMapper& mapper) {
  GF_UNEXPECTED_IF_ERROR(CheckTables(options.tables, mapper.tables()));
  std::vector<bool> wanted;
  for (const TableInfo& table : mapper.tables()) {
    wanted.push_back(options.tables.empty() || std::ranges::find(options.tables, table.name) != options.tables.end());
  }
  RecordChoice choice(options, mapper, std::move(wanted));
  choice.DecideKinds(shape, !options.tables.empty());
  if (!options.select.all()) {
    Result<Selection> selection = Selection::Compile(options.select);
    if (!selection) return std::unexpected(std::move(selection.error()));
    choice.selection_ = std::move(*selection);
  }
  return choice;
}

void RecordChoice::DecideKinds(Shape shape, bool tables_chosen) {
  for (std::size_t i = 0; i < kRecordKindCount; ++i) {
    const auto wanted = [&](std::size_t table) { return table_wanted_[table]; };
    const bool whole = requests_[i] && !tables_chosen;
    kind_wanted_[i] = whole || std::ranges::any_of(mapper_->TablesOf(static_cast<RecordKind>(i)), wanted);
    depends_on_rows_[i] = shape == Shape::kAgents && !whole;
  }
  // A metric without data belongs to the tables of all points.
  constexpr auto kWithoutData = static_cast<std::size_t>(RecordKind::kMetricWithoutData);
  kind_wanted_[kWithoutData] =
      std::ranges::any_of(kPoints, [&](RecordKind kind) { return kind_wanted_[static_cast<std::size_t>(kind)]; });
  depends_on_rows_[kWithoutData] = false;
}

bool RecordChoice::HasWantedRows(const RequestReader& reader) const {
  return std::ranges::any_of(mapper_->TablesOf(reader.kind()), [&](std::size_t table) {
    return table_wanted_[table] && mapper_->HasRows(table, reader);
  });
}

/// Also a record that has rows only in tables that are.
bool RecordChoice::IsDisabled(const RequestReader& reader) const {
  const auto kind = static_cast<std::size_t>(reader.kind());
  if (disabled_[kind] || !any_table_disabled_ || !depends_on_rows_[kind] || requests_[kind]) return disabled_[kind];
  return std::ranges::none_of(mapper_->TablesOf(reader.kind()),
                              [&](std::size_t table) { return WritesTable(table) && mapper_->HasRows(table, reader); });
}

bool RecordChoice::Take(const RequestReader& reader, Counts& counts) {
  ++counts.records_read;
  const auto kind = static_cast<std::size_t>(reader.kind());
  if ((selection_ && !selection_->Matches(reader)) || !kind_wanted_[kind] || limit_reached() ||
      (depends_on_rows_[kind] && !HasWantedRows(reader))) {
    ++counts.records_filtered;
    return false;
  }
  if (IsDisabled(reader)) {
    ++counts.records_disabled[kind];
    return false;
  }
  if (reader.kind() == RecordKind::kMetricWithoutData && !without_data_) {
    ++counts.records_without_data;
    return false;
  }
  ++counts.records_written;
  if (records_left_) --*records_left_;
  return true;
}

}  // namespace gf_otlp
