#ifndef GF_OTLP_PIPELINE_ROW_CHECK_H_
#define GF_OTLP_PIPELINE_ROW_CHECK_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/findings.h"
#include "pipeline/unit_converter.h"
#include "schema/row_check.h"

namespace gf_otlp {

/// Finds what is wrong with the rows of lines (InputFormat::kLines): findings of schema::RowRules() go to a batch's one
/// stream. A line that cannot be read is a finding too, so that no data is an error.
class RowLineCheck final : public UnitConverter {
 public:
  RowLineCheck(schema::RowChecker checker, std::size_t max_examples)
      : checker_(std::move(checker)), writer_(schema::RowRules().size(), max_examples) {}

  std::vector<std::string> stream_names() const override { return {"findings"}; }
  bool keeps_chunks() const override { return true; }
  Status Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& batch, std::string* dead_letters,
                 Counts& counts) override;
  void Finish(Batch& batch) override { writer_.Finish(batch); }
  void Release() override {}
  bool limit_reached() const override { return false; }

 private:
  schema::RowChecker checker_;
  FindingWriter writer_;
};

/// For ConversionOptions::make_converter. `tables`: see RowChecker. kUsage without tables.
Result<std::function<Result<std::unique_ptr<UnitConverter>>()>> MakeRowCheck(std::vector<schema::Table> tables,
                                                                             const schema::RowCheckOptions& options);

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_ROW_CHECK_H_
