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

Result<RecordChoice> RecordChoice::Make(const ChoiceOptions& options, const RowMapper& mapper) {
  GF_UNEXPECTED_IF_ERROR(CheckTables(options.tables, mapper.tables()));
  std::vector<bool> wanted;
  for (const TableInfo& table : mapper.tables()) {
    wanted.push_back(options.tables.empty() || std::ranges::find(options.tables, table.name) != options.tables.end());
  }
  RecordChoice choice(options, std::move(wanted));
  for (int i = 0; i < kRecordKindCount; ++i) {
    choice.kind_wanted_[i] = std::ranges::any_of(mapper.TablesOf(static_cast<RecordKind>(i)),
                                                 [&](std::size_t table) { return choice.table_wanted_[table]; });
  }
  // A metric without data belongs to the tables of all points.
  choice.kind_wanted_[static_cast<int>(RecordKind::kMetricWithoutData)] =
      std::ranges::any_of(kPoints, [&](RecordKind kind) { return choice.kind_wanted_[static_cast<int>(kind)]; });
  if (!options.select.all()) {
    Result<Selection> selection = Selection::Compile(options.select);
    if (!selection) return std::unexpected(std::move(selection.error()));
    choice.selection_ = std::move(*selection);
  }
  return choice;
}

bool RecordChoice::Take(const RequestReader& reader, Counts& counts) {
  ++counts.records_read;
  const auto kind = static_cast<std::size_t>(reader.kind());
  if ((selection_ && !selection_->Matches(reader)) || !kind_wanted_[kind] || limit_reached()) {
    ++counts.records_filtered;
    return false;
  }
  if (disabled_[kind]) {
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
