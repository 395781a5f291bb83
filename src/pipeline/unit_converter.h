#ifndef GF_OTLP_PIPELINE_UNIT_CONVERTER_H_
#define GF_OTLP_PIPELINE_UNIT_CONVERTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/rows.h"
#include "input/unit_decoder.h"
#include "otlp/select.h"
#include "otlp/slice.h"
#include "pipeline/counts.h"

namespace gf_otlp {

/// What is written of the records that are chosen.
enum class OutputForm : std::uint8_t {
  kRows,       // JSONEachRow, a row a line
  kOtlpJson,   // requests as OTLP-JSON, one a line
  kOtlpProto,  // requests as protobuf, each behind its length (u32 big-endian)
};

/// What is done with each record.
struct RecordOptions {
  RowOptions rows;
  OutputForm form = OutputForm::kRows;
  std::vector<std::string> tables;  // only records of these; empty: all
  SelectOptions select;
  std::optional<std::uint64_t> limit;  // records to write
  /// Output goes to a stream for each table (of requests: each signal) instead of to one.
  bool separate_streams = false;
};

/// Text of each stream.
using Streams = std::vector<PaddedBuffer>;

/// What a converter does while a unit is large, so that only one such unit is held at a time.
struct LargeUnit {
  /// Waits until all output before the unit's is written.
  std::function<void()> wait_for_turn;
  /// Takes what is in the streams: they are empty afterwards. Waits as above.
  std::function<Status(Streams&)> drain;
};

/// Turns units into output, one after the other. One per worker.
class UnitConverter {
 public:
  /// kUsage for options that make no sense (unknown table, schema version, conditions).
  static Result<UnitConverter> Make(const RecordOptions& options, const CaptureOptions& capture);

  /// The names of the tables, or of the signals when requests are written.
  std::vector<std::string> stream_names() const;

  /// Appends the unit's output to `streams` and what was done to `counts`; nothing of both after an error: kBadData, or
  /// kUsage where only the user can tell (an ambiguous signal). Output that grows large is drained, once all of the
  /// unit is checked.
  Status Convert(const InputFile& file, const Unit& unit, const LargeUnit& large, Streams& streams, Counts& counts);

  /// Gives back the memory that a large unit took.
  void Release() { decoder_->Release(); }

  /// All records that --limit allows are written.
  bool limit_reached() const { return records_left_ == std::uint64_t{0}; }

 private:
  UnitConverter(const RecordOptions& options, const CaptureOptions& capture, RowMapper mapper);

  Status ConvertRequests(const std::vector<WireRequest>& requests, const LargeUnit& large, Streams& streams);
  Status CheckAndDrain(const std::vector<WireRequest>& requests, const LargeUnit& large, Streams& streams);
  /// `request` is one of the unit's `requests`.
  Status AppendRows(const std::vector<WireRequest>& requests, const WireRequest& request, const LargeUnit& large,
                    Streams& streams);
  Status AppendRequest(const WireRequest& request, Streams& streams);
  bool Take();
  bool WritesTableOf(RecordKind kind) const;

  OutputForm form_;
  bool separate_;
  std::optional<std::uint64_t> records_left_;
  std::unique_ptr<UnitDecoder> decoder_;
  RowMapper mapper_;
  std::optional<Selection> selection_;  // nothing: all records
  std::vector<bool> table_wanted_;
  bool metrics_wanted_ = true;  // any table of data points
  bool checked_ = false;        // all of the unit under way is known to be good
  RequestReader reader_;
  Counts counts_;                   // of the unit under way
  std::vector<std::size_t> marks_;  // the streams' sizes before it

  Slicer slicer_;
  std::vector<std::uint8_t> keep_;
  std::string slice_;
  std::uint64_t replaced_in_json_ = 0;  // of the unit under way
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_UNIT_CONVERTER_H_
