#ifndef GF_OTLP_PIPELINE_RECORD_CHOICE_H_
#define GF_OTLP_PIPELINE_RECORD_CHOICE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gf_otlp/records.h"
#include "gf_otlp/rows.h"
#include "otlp/select.h"
#include "pipeline/counts.h"

namespace gf_otlp {

/// Which records a run writes.
struct ChoiceOptions {
  std::vector<std::string> tables;  // only records of these; empty: all
  SelectOptions select;
  std::optional<std::uint64_t> limit;             // records to write
  std::array<bool, kRecordKindCount> disabled{};  // kinds that the configuration leaves out
  bool metrics_without_data = false;              // are written too
};

/// kUsage if one of `names` is none of `tables`: lists them.
Status CheckTables(const std::vector<std::string>& names, const std::vector<TableInfo>& tables);

/// Says of each record whether it is written, and counts it. One per worker.
class RecordChoice {
 public:
  /// kUsage for options that make no sense (unknown table, conditions).
  static Result<RecordChoice> Make(const ChoiceOptions& options, const RowMapper& mapper);

  /// Whether the reader's record is to be written.
  bool Take(const RequestReader& reader, Counts& counts);
  bool WritesTable(std::size_t table) const { return table_wanted_[table]; }

  /// All records that the limit allows are written.
  bool limit_reached() const { return records_left_ == std::uint64_t{0}; }
  /// To take back what a bad unit took.
  std::optional<std::uint64_t> records_left() const { return records_left_; }
  void set_records_left(std::optional<std::uint64_t> left) { records_left_ = left; }

 private:
  RecordChoice(const ChoiceOptions& options, std::vector<bool> table_wanted)
      : disabled_(options.disabled),
        without_data_(options.metrics_without_data),
        records_left_(options.limit),
        table_wanted_(std::move(table_wanted)) {}

  std::array<bool, kRecordKindCount> disabled_;
  bool without_data_;
  std::optional<std::uint64_t> records_left_;
  std::vector<bool> table_wanted_;
  std::array<bool, kRecordKindCount> kind_wanted_{};
  std::optional<Selection> selection_;  // nothing: all records
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_RECORD_CHOICE_H_
