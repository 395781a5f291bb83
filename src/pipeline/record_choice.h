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
  std::vector<std::string> tables;  // only records that have rows in these; empty: all
  SelectOptions select;
  std::optional<std::uint64_t> limit;             // records to write
  std::array<bool, kRecordKindCount> disabled{};  // kinds that the configuration leaves out
  std::vector<std::size_t> disabled_tables;       // those of RowMapper::tables() that it leaves out
  /// Kinds that are written as requests, not as rows: unless tables are chosen, also records that have no rows.
  std::array<bool, kRecordKindCount> requests{};
  bool metrics_without_data = false;  // are written too
};

/// kUsage if one of `names` is none of `tables`: lists them.
Status CheckTables(const std::vector<std::string>& names, const std::vector<TableInfo>& tables);

/// Says of each record whether it is written, and counts it. One per worker.
class RecordChoice {
 public:
  /// kUsage for options that make no sense (unknown table, conditions). REQUIRES: `mapper` outlives it and is of
  /// `shape`
  static Result<RecordChoice> Make(const ChoiceOptions& options, Shape shape, const RowMapper& mapper);

  /// Whether the reader's record is to be written.
  bool Take(const RequestReader& reader, Counts& counts);
  /// Whether the rows are to be written that such a record has in a table.
  bool WritesTable(std::size_t table) const { return table_wanted_[table] && !table_disabled_[table]; }

  /// All records that the limit allows are written.
  bool limit_reached() const { return records_left_ == std::uint64_t{0}; }
  /// To take back what a bad unit took.
  std::optional<std::uint64_t> records_left() const { return records_left_; }
  void set_records_left(std::optional<std::uint64_t> left) { records_left_ = left; }

 private:
  RecordChoice(const ChoiceOptions& options, const RowMapper& mapper, std::vector<bool> table_wanted)
      : mapper_(&mapper),
        disabled_(options.disabled),
        requests_(options.requests),
        without_data_(options.metrics_without_data),
        records_left_(options.limit),
        table_wanted_(std::move(table_wanted)),
        table_disabled_(table_wanted_.size()),
        any_table_disabled_(!options.disabled_tables.empty()) {
    for (const std::size_t table : options.disabled_tables) table_disabled_[table] = true;
  }

  void DecideKinds(Shape shape, bool tables_chosen);
  bool IsDisabled(const RequestReader& reader) const;
  bool HasWantedRows(const RequestReader& reader) const;

  const RowMapper* mapper_;
  std::array<bool, kRecordKindCount> disabled_, requests_;
  bool without_data_;
  std::optional<std::uint64_t> records_left_;
  std::vector<bool> table_wanted_, table_disabled_;
  bool any_table_disabled_;
  std::array<bool, kRecordKindCount> kind_wanted_{};
  /// Kinds of which some records have no rows in the tables that are wanted.
  std::array<bool, kRecordKindCount> depends_on_rows_{};
  std::optional<Selection> selection_;  // nothing: all records
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_RECORD_CHOICE_H_
