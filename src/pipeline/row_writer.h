#ifndef GF_OTLP_PIPELINE_ROW_WRITER_H_
#define GF_OTLP_PIPELINE_ROW_WRITER_H_

#include "pipeline/request_writer.h"

namespace gf_otlp {

/// Rows as JSONEachRow, a row a line.
class RowWriter final : public RequestWriter {
 public:
  /// `separate`: each table has a stream of its own.
  RowWriter(RowMapper& mapper, bool separate) : mapper_(mapper), separate_(separate) {}
  Status Append(const WireRequest& request, UnitWork& work, Batch& batch) override;
  RowCounts replaced() const override { return mapper_.counts(); }

 private:
  RowMapper& mapper_;
  bool separate_;
  RequestReader reader_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_ROW_WRITER_H_
