#ifndef GF_OTLP_PIPELINE_RECORD_CONVERTER_H_
#define GF_OTLP_PIPELINE_RECORD_CONVERTER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gf_otlp/rows.h"
#include "input/unit_decoder.h"
#include "pipeline/message_writer.h"
#include "pipeline/record_choice.h"
#include "pipeline/request_writer.h"
#include "pipeline/unit_converter.h"

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

/// Writes units' records: as rows, requests or messages.
class RecordConverter final : public UnitConverter {
 public:
  /// kUsage for options that make no sense (unknown table, schema version, conditions).
  static Result<std::unique_ptr<UnitConverter>> Make(const RecordOptions& options, const CaptureOptions& capture);

  /// The names of the tables, or of the signals when requests are written.
  std::vector<std::string> stream_names() const override;
  bool keeps_chunks() const override { return messages_; }

  /// What can go wrong behind output that was drained is a message that is too large.
  Status Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& batch, std::string* dead_letters,
                 Counts& counts) override;
  void Finish(Batch& batch) override { writer_->Finish(batch); }
  void Release() override { decoder_->Release(); }
  /// All records that the limit allows are written.
  bool limit_reached() const override { return choice_->limit_reached(); }

 private:
  RecordConverter() = default;
  Status ConvertRequests(const std::vector<WireRequest>& requests, UnitWork& work, Batch& batch);

  OutputForm form_ = OutputForm::kRows;
  bool messages_ = false;
  std::unique_ptr<UnitDecoder> decoder_;
  std::unique_ptr<RowMapper> mapper_;
  std::unique_ptr<RecordChoice> choice_;
  std::unique_ptr<RequestWriter> writer_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_RECORD_CONVERTER_H_
