#ifndef GF_OTLP_PIPELINE_OTLP_WRITER_H_
#define GF_OTLP_PIPELINE_OTLP_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "otlp/slice.h"
#include "pipeline/request_writer.h"

namespace gf_otlp {

/// Requests again: as OTLP-JSON, one a line, or as protobuf, each behind its length (u32 big-endian).
class OtlpWriter final : public RequestWriter {
 public:
  /// `separate`: each signal has a stream of its own.
  OtlpWriter(bool json, bool separate) : json_(json), separate_(separate) {}
  Status Append(const WireRequest& request, UnitWork& work, Batch& batch) override;
  RowCounts replaced() const override { return replaced_; }

 private:
  bool json_, separate_;
  RequestReader reader_;
  Slicer slicer_;
  std::vector<std::uint32_t> chosen_;
  std::string slice_;
  RowCounts replaced_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_OTLP_WRITER_H_
