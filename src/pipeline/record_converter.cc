#include "pipeline/record_converter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/guard.h"
#include "pipeline/dead_letter.h"
#include "pipeline/otlp_writer.h"
#include "pipeline/row_writer.h"

namespace gf_otlp {
namespace {

/// How much of a batch was there before a unit was begun.
class BatchMark {
 public:
  explicit BatchMark(const Batch& batch)
      : messages_(batch.messages.size()),
        keys_(batch.keys.size()),
        places_(batch.places.size()),
        repeated_places_(batch.repeated_places),
        times_(batch.times.size()) {
    for (const PaddedBuffer& stream : batch.streams) streams_.push_back(stream.size());
  }
  /// Takes back what came later. A batch that left meanwhile is empty, and stays so.
  void Rewind(Batch& batch) const {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      batch.streams[i].Resize(std::min(streams_[i], batch.streams[i].size()));
    }
    batch.messages.resize(std::min(messages_, batch.messages.size()));
    batch.keys.Resize(std::min(keys_, batch.keys.size()));
    batch.places.resize(std::min(places_, batch.places.size()));
    batch.repeated_places = std::min(repeated_places_, batch.repeated_places);
    batch.times.resize(std::min(times_, batch.times.size()));
  }

 private:
  std::vector<std::size_t> streams_;
  std::size_t messages_, keys_, places_, repeated_places_, times_;
};

/// Nothing of a unit may leave before all of it is known to be good.
Status CheckAll(const std::vector<WireRequest>& requests) {
  RequestReader checker;
  for (const WireRequest& request : requests) {
    checker.Start(request.signal, request.wire);
    while (checker.Next()) {
    }
    GF_RETURN_IF_ERROR(checker.status());
  }
  return {};
}

std::unique_ptr<RequestWriter> MakeWriter(const RecordOptions& options, RowMapper& mapper) {
  if (options.messages != nullptr) return std::make_unique<MessageWriter>(*options.messages, mapper);
  if (options.form == OutputForm::kRows) return std::make_unique<RowWriter>(mapper, options.separate_streams);
  return std::make_unique<OtlpWriter>(options.form == OutputForm::kOtlpJson, options.separate_streams);
}

}  // namespace

Result<std::unique_ptr<UnitConverter>> RecordConverter::Make(const RecordOptions& options,
                                                             const CaptureOptions& capture) {
  Result<RowMapper> mapper = RowMapper::Make(options.rows);
  if (!mapper) return std::unexpected(std::move(mapper.error()));
  std::unique_ptr<RecordConverter> made(new RecordConverter);
  RecordConverter& converter = *made;
  converter.messages_ = options.messages != nullptr;
  converter.form_ = options.form;
  converter.decoder_ = std::make_unique<UnitDecoder>(capture);
  converter.mapper_ = std::make_unique<RowMapper>(std::move(*mapper));
  Result<RecordChoice> choice = RecordChoice::Make(options.choice, options.rows.shape, *converter.mapper_);
  if (!choice) return std::unexpected(std::move(choice.error()));
  converter.choice_ = std::make_unique<RecordChoice>(std::move(*choice));
  converter.writer_ = MakeWriter(options, *converter.mapper_);
  return made;
}

std::vector<std::string> RecordConverter::stream_names() const {
  std::vector<std::string> names;
  if (form_ == OutputForm::kRows) {
    for (const TableInfo& table : mapper_->tables()) names.push_back(table.name);
  } else {
    for (int i = 0; i < kSignalCount; ++i) names.emplace_back(SignalName(static_cast<Signal>(i)));
  }
  return names;
}

Status RecordConverter::Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& batch,
                                std::string* dead_letters, Counts& counts) {
  const InputFile& file = *chunk.file;
  const Unit& unit = chunk.units[index];
  const BatchMark mark(batch);
  const std::optional<std::uint64_t> records_left = choice_->records_left();
  const RowCounts replaced_before = writer_->replaced();
  const DecodeCounts decode_before = decoder_->counts();
  Counts done;
  done.rows.resize(mapper_->tables().size());
  done.units = 1;
  std::string letters;

  const std::vector<WireRequest>* requests = nullptr;
  bool checked = false;
  UnitWork work{.choice = *choice_,
                .counts = done,
                .unit = static_cast<std::uint32_t>(index),
                .element = file.format == InputFormat::kProto,
                .bytes = unit.bytes};
  Counts left;  // what was done when the batch left early
  work.make_room = [&](Batch& full) -> Status {
    if (!checked) GF_RETURN_IF_ERROR(CheckAll(*requests));
    checked = true;
    left = done;
    return large.drain(full);
  };
  if (dead_letters != nullptr) {
    work.refuse = [&](std::uint32_t record, Signal signal, std::string_view wire, std::string_view reason) {
      AppendDeadRecord(file, unit, record, signal, wire, reason, letters);
    };
  }

  const Status status = Guard([&]() -> Status {
    Result<std::vector<WireRequest>*> decoded = decoder_->Decode(file, unit, large.wait_for_turn);
    if (!decoded) return std::move(decoded.error());
    requests = *decoded;
    return ConvertRequests(*requests, work, batch);
  });
  if (!status.ok()) {
    mark.Rewind(batch);
    choice_->set_records_left(records_left);
    left.units = 0;
    counts.Add(left);
    return status;
  }
  if (dead_letters != nullptr) *dead_letters += letters;
  done.replaced_bytes = writer_->replaced().replaced_bytes - replaced_before.replaced_bytes;
  done.clamped_times = writer_->replaced().clamped_times - replaced_before.clamped_times;
  done.unread_numbers = writer_->replaced().unread_numbers - replaced_before.unread_numbers;
  done.bad_text_documents = decoder_->counts().bad_text - decode_before.bad_text;
  done.deprecated_names = decoder_->counts().deprecated_names - decode_before.deprecated_names;
  counts.Add(done);
  return {};
}

Status RecordConverter::ConvertRequests(const std::vector<WireRequest>& requests, UnitWork& work, Batch& batch) {
  for (const WireRequest& request : requests) {
    ++work.counts.requests;
    const std::uint64_t read_before = work.counts.records_read;
    GF_RETURN_IF_ERROR(writer_->Append(request, work, batch));
    work.record += static_cast<std::uint32_t>(work.counts.records_read - read_before);
  }
  return {};
}

}  // namespace gf_otlp
