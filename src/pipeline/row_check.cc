#include "pipeline/row_check.h"

namespace gf_otlp {

Status RowLineCheck::Convert(const Chunk& chunk, std::size_t index, const LargeUnit& /*large*/, Batch& batch,
                             std::string* /*dead_letters*/, Counts& counts) {
  const Unit& unit = chunk.units[index];
  bool refused = false;
  std::string subject;
  const auto add = [&](const schema::RowFinding& finding) {
    refused |= finding.refused;
    if (writer_.needs_detail(finding.rule)) {
      subject = finding.table;
      if (!finding.table.empty() && !finding.column.empty()) subject += '.';
      subject += finding.column;
    }
    writer_.Add({.rule = static_cast<std::uint16_t>(finding.rule),
                 .unit = static_cast<std::uint32_t>(index),
                 .record = kNoRecord,
                 .offset = static_cast<std::uint32_t>(finding.offset),
                 .count = finding.count,
                 .subject = subject,
                 .detail = finding.detail},
                batch);
  };
  ++counts.units;
  if (unit.error.empty()) {
    counts.records_read += checker_.Check(unit.bytes, add);
  } else {
    ++counts.records_read;
    counts.given_up += unit.rest_given_up;
    add({.rule = schema::kUnreadableRow, .refused = true, .detail = unit.error});
  }
  counts.bad_units += refused;
  return {};
}

Result<std::function<Result<std::unique_ptr<UnitConverter>>()>> MakeRowCheck(std::vector<schema::Table> tables,
                                                                             const schema::RowCheckOptions& options) {
  if (Result<schema::RowChecker> tried = schema::RowChecker::Make(tables, options); !tried) {
    return std::unexpected(std::move(tried.error()));
  }
  return [tables = std::move(tables), options]() -> Result<std::unique_ptr<UnitConverter>> {
    Result<schema::RowChecker> checker = schema::RowChecker::Make(tables, options);
    if (!checker) return std::unexpected(std::move(checker.error()));
    return std::make_unique<RowLineCheck>(std::move(*checker), options.max_examples);
  };
}

}  // namespace gf_otlp
