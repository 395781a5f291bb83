#include "pipeline/unit_converter.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/guard.h"
#include "otlp/wire_to_json.h"

namespace gf_otlp {
namespace {

/// A stream is drained when it is this large: more than a chunk of ordinary records gives.
constexpr std::size_t kDrainBytes = 8 << 20;

Result<std::vector<bool>> WantedTables(const std::vector<std::string>& names, const std::vector<TableInfo>& tables) {
  std::vector<bool> wanted(tables.size(), names.empty());
  for (const std::string& name : names) {
    const auto found = std::ranges::find(tables, name, &TableInfo::name);
    if (found == tables.end()) {
      std::string known;
      for (const TableInfo& table : tables) known += (known.empty() ? "" : ", ") + table.name;
      return std::unexpected(UsageError(fmt::format("--table {}: there is no such table; there are: {}", name, known)));
    }
    wanted[static_cast<std::size_t>(found - tables.begin())] = true;
  }
  return wanted;
}

void AppendFramed(std::string_view request, PaddedBuffer& out) {
  const auto size = static_cast<std::uint32_t>(request.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.Append(static_cast<char>(size >> shift & 0xff));
  out.Append(request);
}

}  // namespace

Result<UnitConverter> UnitConverter::Make(const RecordOptions& options, const CaptureOptions& capture) {
  Result<RowMapper> mapper = RowMapper::Make(options.rows);
  if (!mapper) return std::unexpected(std::move(mapper.error()));
  Result<std::vector<bool>> wanted = WantedTables(options.tables, mapper->tables());
  if (!wanted) return std::unexpected(std::move(wanted.error()));
  UnitConverter converter(options, capture, std::move(*mapper));
  converter.table_wanted_ = std::move(*wanted);
  converter.metrics_wanted_ =
      converter.WritesTableOf(RecordKind::kGauge) || converter.WritesTableOf(RecordKind::kSum) ||
      converter.WritesTableOf(RecordKind::kHistogram) || converter.WritesTableOf(RecordKind::kExponentialHistogram) ||
      converter.WritesTableOf(RecordKind::kSummary);
  if (!options.select.all()) {
    Result<Selection> selection = Selection::Compile(options.select);
    if (!selection) return std::unexpected(std::move(selection.error()));
    converter.selection_ = std::move(*selection);
  }
  return converter;
}

UnitConverter::UnitConverter(const RecordOptions& options, const CaptureOptions& capture, RowMapper mapper)
    : form_(options.form),
      separate_(options.separate_streams),
      records_left_(options.limit),
      decoder_(std::make_unique<UnitDecoder>(capture)),
      mapper_(std::move(mapper)) {}

std::vector<std::string> UnitConverter::stream_names() const {
  std::vector<std::string> names;
  if (form_ == OutputForm::kRows) {
    for (const TableInfo& table : mapper_.tables()) names.push_back(table.name);
  } else {
    for (int i = 0; i < kSignalCount; ++i) names.emplace_back(SignalName(static_cast<Signal>(i)));
  }
  return names;
}

Status UnitConverter::Convert(const InputFile& file, const Unit& unit, const LargeUnit& large, Streams& streams,
                              Counts& counts) {
  marks_.clear();
  for (const PaddedBuffer& stream : streams) marks_.push_back(stream.size());
  counts_ = Counts();
  counts_.rows.resize(mapper_.tables().size());
  counts_.units = 1;
  checked_ = false;
  replaced_in_json_ = 0;
  const std::optional<std::uint64_t> records_left = records_left_;
  const RowCounts rows_before = mapper_.counts();
  const DecodeCounts decode_before = decoder_->counts();

  Status status = Guard([&]() -> Status {
    Result<std::vector<WireRequest>*> requests = decoder_->Decode(file, unit, large.wait_for_turn);
    return requests ? ConvertRequests(**requests, large, streams) : std::move(requests.error());
  });
  if (!status.ok()) {
    for (std::size_t i = 0; i < marks_.size(); ++i) streams[i].Resize(std::min(marks_[i], streams[i].size()));
    records_left_ = records_left;
    return status;
  }
  counts_.replaced_bytes = mapper_.counts().replaced_bytes - rows_before.replaced_bytes + replaced_in_json_;
  counts_.clamped_times = mapper_.counts().clamped_times - rows_before.clamped_times;
  counts_.bad_text_documents = decoder_->counts().bad_text - decode_before.bad_text;
  counts_.deprecated_names = decoder_->counts().deprecated_names - decode_before.deprecated_names;
  counts.Add(counts_);
  return {};
}

Status UnitConverter::ConvertRequests(const std::vector<WireRequest>& requests, const LargeUnit& large,
                                      Streams& streams) {
  for (const WireRequest& request : requests) {
    ++counts_.requests;
    GF_RETURN_IF_ERROR(form_ == OutputForm::kRows ? AppendRows(requests, request, large, streams)
                                                  : AppendRequest(request, streams));
  }
  return {};
}

/// Nothing of a unit may leave before all of it is known to be good.
Status UnitConverter::CheckAndDrain(const std::vector<WireRequest>& requests, const LargeUnit& large,
                                    Streams& streams) {
  if (!checked_) {
    RequestReader checker;
    for (const WireRequest& request : requests) {
      checker.Start(request.signal, request.wire);
      while (checker.Next()) {
      }
      GF_RETURN_IF_ERROR(checker.status());
    }
    checked_ = true;
  }
  return large.drain(streams);
}

bool UnitConverter::WritesTableOf(RecordKind kind) const {
  if (kind == RecordKind::kMetricWithoutData) return metrics_wanted_;
  return std::ranges::any_of(mapper_.TablesOf(kind), [&](std::size_t table) { return table_wanted_[table]; });
}

/// Whether the reader's record is to be written; counts it if not.
bool UnitConverter::Take() {
  ++counts_.records_read;
  const bool without_data = reader_.kind() == RecordKind::kMetricWithoutData;
  if ((selection_ && !selection_->Matches(reader_)) || !WritesTableOf(reader_.kind()) || limit_reached()) {
    ++counts_.records_filtered;
    return false;
  }
  if (without_data && form_ == OutputForm::kRows) {
    ++counts_.records_without_data;
    return false;
  }
  ++counts_.records_written;
  if (records_left_) --*records_left_;
  return true;
}

Status UnitConverter::AppendRows(const std::vector<WireRequest>& requests, const WireRequest& request,
                                 const LargeUnit& large, Streams& streams) {
  reader_.Start(request.signal, request.wire);
  while (reader_.Next()) {
    if (!Take()) continue;
    for (const std::size_t table : mapper_.TablesOf(reader_.kind())) {
      if (!table_wanted_[table]) continue;
      PaddedBuffer& stream = streams[separate_ ? table : 0];
      mapper_.Append(table, reader_, stream);
      ++counts_.rows[table];
      if (stream.size() >= kDrainBytes) GF_RETURN_IF_ERROR(CheckAndDrain(requests, large, streams));
    }
  }
  return reader_.status();
}

Status UnitConverter::AppendRequest(const WireRequest& request, Streams& streams) {
  keep_.clear();
  reader_.Start(request.signal, request.wire);
  while (reader_.Next()) keep_.push_back(Take());
  GF_RETURN_IF_ERROR(reader_.status());
  std::string_view chosen = request.wire;
  if (std::ranges::find(keep_, 0) != keep_.end()) {
    if (std::ranges::find(keep_, 1) == keep_.end()) return {};
    slice_.clear();
    slicer_.Slice(request.signal, request.wire, keep_, slice_);
    chosen = slice_;
  }
  PaddedBuffer& stream = streams[separate_ ? static_cast<std::size_t>(request.signal) : 0];
  if (form_ == OutputForm::kOtlpJson) {
    GF_RETURN_IF_ERROR(WireToJson(request.signal, chosen, stream, replaced_in_json_));
    stream.Append('\n');
    return {};
  }
  if (chosen.size() > std::numeric_limits<std::uint32_t>::max()) {
    return BadData(fmt::format("a request of {} bytes does not fit a 32-bit length", chosen.size()));
  }
  AppendFramed(chosen, stream);
  return {};
}

}  // namespace gf_otlp
