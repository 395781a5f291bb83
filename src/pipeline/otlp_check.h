#ifndef GF_OTLP_PIPELINE_OTLP_CHECK_H_
#define GF_OTLP_PIPELINE_OTLP_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/rows.h"
#include "input/unit_decoder.h"
#include "otlp/record_check.h"
#include "pipeline/findings.h"
#include "pipeline/unit_converter.h"

namespace gf_otlp {

struct OtlpCheckOptions {
  /// What the data is to be loaded as.
  RowOptions rows;
  std::uint64_t now = 0;  // nanoseconds since 1970
  /// Examples of a rule that may be shown.
  std::size_t max_examples = 0;
  /// Batches have the spans for a ParentCheck.
  bool cross = false;
};

/// Finds what is wrong with units of OTLP: findings of OtlpRules() go to a batch's first stream. A unit that cannot be
/// read is a finding too, so that no data is an error.
class OtlpCheck final : public UnitConverter {
 public:
  /// kUsage for rows that cannot be (schema version).
  static Result<std::unique_ptr<UnitConverter>> Make(const OtlpCheckOptions& options, const CaptureOptions& capture);

  std::vector<std::string> stream_names() const override { return {"findings", "spans"}; }
  bool keeps_chunks() const override { return true; }
  Status Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& batch, std::string* dead_letters,
                 Counts& counts) override;
  void Finish(Batch& batch) override { writer_.Finish(batch); }
  void Release() override { decoder_.Release(); }
  bool limit_reached() const override { return false; }

 private:
  class Findings;

  OtlpCheck(const OtlpCheckOptions& options, const RecordCheckOptions& record_options, const CaptureOptions& capture)
      : options_(options), decoder_(capture), checker_(record_options), writer_(kOtlpRuleCount, options.max_examples) {}
  /// False if it cannot be read to its end. Counts in `records`, which are the unit's.
  bool CheckRequest(const WireRequest& request, const Unit& unit, std::uint64_t& records, Findings& findings,
                    Batch& batch, Counts& counts);
  void CheckJson(const Unit& unit, bool bad_text, Findings& findings);

  const OtlpCheckOptions options_;
  UnitDecoder decoder_;
  RecordChecker checker_;
  RequestReader reader_;
  FindingWriter writer_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_OTLP_CHECK_H_
