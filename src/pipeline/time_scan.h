#ifndef GF_OTLP_PIPELINE_TIME_SCAN_H_
#define GF_OTLP_PIPELINE_TIME_SCAN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gf_otlp/status.h"
#include "pipeline/conversion.h"
#include "pipeline/counts.h"

namespace gf_otlp {

/// When the records of a run happened.
struct TimeRange {
  /// Of RecordTime(), nanoseconds since 1970; those of 0 do not count. Nothing if there is no other.
  std::optional<std::uint64_t> first, last;

  void Add(std::uint64_t time);
  void Add(const TimeRange& other);
};

/// Reads a run's whole input once before the run, and writes nothing.
class TimeScan {
 public:
  /// Of the records that `options.records.choice` takes; with `options.dead_letters` units that cannot be read are
  /// passed over and counted. kUsage and kIo as Conversion::Make().
  static Result<std::unique_ptr<TimeScan>> Make(const ConversionOptions& options);

  /// To skip units, to stop it early, to ask how far it is.
  Conversion& conversion() { return *conversion_; }
  /// As Conversion::Run(). REQUIRES: called once
  Status Run();
  /// After Run(); of a scan that was stopped, what was read.
  const TimeRange& range() const { return range_; }
  /// As the run's will be, except that no record is too large here and nothing is written.
  const Counts& counts() const { return conversion_->counts(); }

 private:
  TimeScan() = default;

  std::vector<std::shared_ptr<TimeRange>> found_;  // by each worker
  std::unique_ptr<Conversion> conversion_;
  TimeRange range_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_TIME_SCAN_H_
