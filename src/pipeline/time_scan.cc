#include "pipeline/time_scan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/guard.h"
#include "gf_otlp/records.h"
#include "gf_otlp/rows.h"
#include "input/unit_decoder.h"
#include "otlp/select.h"
#include "pipeline/record_choice.h"
#include "pipeline/unit_converter.h"
#include "sink/sink.h"

namespace gf_otlp {
namespace {

/// Adds what the records of units say to `found`.
class TimeScanner final : public UnitConverter {
 public:
  /// `mapper` is what the choice was made with.
  TimeScanner(const CaptureOptions& capture, std::unique_ptr<RowMapper> mapper, RecordChoice choice,
              std::shared_ptr<TimeRange> found)
      : decoder_(capture), mapper_(std::move(mapper)), choice_(std::move(choice)), found_(std::move(found)) {}

  std::vector<std::string> stream_names() const override { return {}; }
  bool keeps_chunks() const override { return false; }

  Status Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& /*batch*/,
                 std::string* /*dead_letters*/, Counts& counts) override {
    const std::optional<std::uint64_t> records_left = choice_.records_left();
    Counts done;
    done.units = 1;
    TimeRange range;
    const Status status = Guard([&] { return Scan(*chunk.file, chunk.units[index], large, range, done); });
    if (!status.ok()) {
      choice_.set_records_left(records_left);
      return status;
    }
    found_->Add(range);
    counts.Add(done);
    return {};
  }

  void Finish(Batch& /*batch*/) override {}
  void Release() override { decoder_.Release(); }
  bool limit_reached() const override { return choice_.limit_reached(); }

 private:
  Status Scan(const InputFile& file, const Unit& unit, const LargeUnit& large, TimeRange& range, Counts& counts) {
    const Result<std::vector<WireRequest>*> requests = decoder_.Decode(file, unit, large.wait_for_turn);
    if (!requests) return requests.error();
    for (const WireRequest& request : **requests) {
      ++counts.requests;
      reader_.Start(request.signal, request.wire);
      while (reader_.Next()) {
        if (choice_.Take(reader_, counts)) range.Add(RecordTime(reader_).value_or(0));
      }
      GF_RETURN_IF_ERROR(reader_.status());
    }
    return {};
  }

  UnitDecoder decoder_;
  std::unique_ptr<RowMapper> mapper_;
  RecordChoice choice_;
  RequestReader reader_;
  std::shared_ptr<TimeRange> found_;
};

class NoSink final : public Sink {
 public:
  Status Write(Batch& batch) override {
    batch.Clear(0);
    return {};
  }
  Status Close() override { return {}; }
};

}  // namespace

void TimeRange::Add(std::uint64_t time) {
  if (time == 0) return;
  first = std::min(first.value_or(time), time);
  last = std::max(last.value_or(time), time);
}

void TimeRange::Add(const TimeRange& other) {
  Add(other.first.value_or(0));
  Add(other.last.value_or(0));
}

Result<std::unique_ptr<TimeScan>> TimeScan::Make(const ConversionOptions& options) {
  std::unique_ptr<TimeScan> scan(new TimeScan);
  ConversionOptions scanning = options;
  scanning.records.separate_streams = false;
  scanning.make_converter = [&]() -> Result<std::unique_ptr<UnitConverter>> {
    Result<RowMapper> made = RowMapper::Make(options.records.rows);
    if (!made) return std::unexpected(std::move(made.error()));
    auto mapper = std::make_unique<RowMapper>(std::move(*made));
    Result<RecordChoice> choice = RecordChoice::Make(options.records.choice, options.records.rows.shape, *mapper);
    if (!choice) return std::unexpected(std::move(choice.error()));
    scan->found_.push_back(std::make_shared<TimeRange>());
    return std::make_unique<TimeScanner>(options.capture, std::move(mapper), std::move(*choice), scan->found_.back());
  };
  Result<std::unique_ptr<Conversion>> conversion = Conversion::Make(scanning);
  if (!conversion) return std::unexpected(std::move(conversion.error()));
  scan->conversion_ = std::move(*conversion);
  return scan;
}

Status TimeScan::Run() {
  NoSink sink;
  const Status status = conversion_->Run(sink, [](std::string_view) { return Status(); });
  for (const auto& found : found_) range_.Add(*found);
  return status;
}

}  // namespace gf_otlp
