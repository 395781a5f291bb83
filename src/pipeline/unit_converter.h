#ifndef GF_OTLP_PIPELINE_UNIT_CONVERTER_H_
#define GF_OTLP_PIPELINE_UNIT_CONVERTER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gf_otlp/rows.h"
#include "input/unit_decoder.h"
#include "pipeline/counts.h"
#include "pipeline/message_writer.h"
#include "pipeline/record_choice.h"
#include "pipeline/request_writer.h"
#include "sink/batch.h"

namespace gf_otlp {

/// What is done with each record.
struct RecordOptions {
  RowOptions rows;
  OutputForm form = OutputForm::kRows;
  ChoiceOptions choice;
  /// Output goes to a stream for each table (of requests: each signal) instead of to one.
  bool separate_streams = false;
  /// If set, output is messages, each in a form of its own, in one stream. Outlives the run; max_bytes may be set until
  /// it begins.
  const MessageOptions* messages = nullptr;
};

/// What a converter does while a unit is large, so that only one such unit is held at a time.
struct LargeUnit {
  /// Waits until all output before the unit's is written.
  std::function<void()> wait_for_turn;
  /// Takes what is in the batch: it is empty afterwards. Waits as above.
  std::function<Status(Batch&)> drain;
};

/// Turns units into output, one after the other. One per worker.
class UnitConverter {
 public:
  /// kUsage for options that make no sense (unknown table, schema version, conditions).
  static Result<UnitConverter> Make(const RecordOptions& options, const CaptureOptions& capture);

  /// The names of the tables, or of the signals when requests are written.
  std::vector<std::string> stream_names() const;

  /// Appends the output of the chunk's unit number `index` to `batch` and what was done to `counts`; nothing of both
  /// after an error: kBadData, or kUsage where only the user can tell (an ambiguous signal). Output that grows large is
  /// drained, once all of the unit is checked: what can go wrong behind that is a message that is too large.
  /// `dead_letters` takes lines of records that alone cannot be written; if it is null, one such record is an error.
  Status Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& batch, std::string* dead_letters,
                 Counts& counts);

  /// Makes the batch ready to leave.
  void Finish(Batch& batch) { writer_->Finish(batch); }

  /// Gives back the memory that a large unit took.
  void Release() { decoder_->Release(); }

  /// All records that the limit allows are written.
  bool limit_reached() const { return choice_->limit_reached(); }

 private:
  UnitConverter() = default;
  Status ConvertRequests(const std::vector<WireRequest>& requests, UnitWork& work, Batch& batch);

  OutputForm form_ = OutputForm::kRows;
  std::unique_ptr<UnitDecoder> decoder_;
  std::unique_ptr<RowMapper> mapper_;
  std::unique_ptr<RecordChoice> choice_;
  std::unique_ptr<RequestWriter> writer_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_UNIT_CONVERTER_H_
