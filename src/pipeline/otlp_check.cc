#include "pipeline/otlp_check.h"

#include <algorithm>
#include <utility>

#include "base/shown_text.h"
#include "pipeline/parent_check.h"

namespace gf_otlp {
namespace {

/// Whether the times of metrics are rows' values of type DateTime: of seconds, until 2106.
bool HasMetricDateTime(const RowMapper& mapper) {
  const std::span<const std::size_t> tables = mapper.TablesOf(RecordKind::kSum);
  return std::ranges::any_of(tables, [&](std::size_t table) {
    return std::ranges::count(mapper.tables()[table].columns, "DateTime", &ColumnInfo::type) != 0;
  });
}

/// Where in the unit's file a byte of the unit stands, from where the unit begins there. 0 for what is elsewhere: the
/// unit was decompressed or transcoded.
std::uint32_t OffsetOf(const Unit& unit, const char* at) {
  const char* const begin = unit.bytes.data();
  if (at < begin || at > begin + unit.bytes.size()) return 0;
  const std::uint64_t framing = unit.length - std::min<std::uint64_t>(unit.length, unit.bytes.size());
  return static_cast<std::uint32_t>(framing + static_cast<std::uint64_t>(at - begin));
}

OtlpRule RuleOfBadId(std::size_t size) {
  if (size == 0) return OtlpRule::kUnreadable;
  return size == kTraceIdSize ? OtlpRule::kTraceIdLength : OtlpRule::kSpanIdLength;
}

/// Of JsonToWire::Beyond, in its order.
constexpr OtlpRule kJsonRules[] = {
    OtlpRule::kJsonSnakeCase,     OtlpRule::kJsonDeprecatedName, OtlpRule::kJsonUnknownField,
    OtlpRule::kJsonRepeatedField, OtlpRule::kJsonSeveralValues,  OtlpRule::kJsonEnumName,
    OtlpRule::kJsonNullElement,   OtlpRule::kJsonBase64Id,       OtlpRule::kJsonSeveralSignals,
};
static_assert(std::size(kJsonRules) == std::tuple_size_v<JsonToWire::Uses>);

}  // namespace

/// Adds the place to what is found.
class OtlpCheck::Findings final : public RecordFindings {
 public:
  Findings(FindingWriter& writer, Batch& batch, std::uint32_t unit) : writer_(writer), batch_(batch), unit_(unit) {}

  void set_place(std::uint32_t record, std::uint32_t offset) {
    record_ = record;
    offset_ = offset;
  }
  std::uint32_t unit() const { return unit_; }

  bool NeedsDetail(OtlpRule rule) const override { return writer_.needs_detail(static_cast<std::size_t>(rule)); }
  void Add(OtlpRule rule, std::string_view detail) override { Add(rule, detail, 1); }
  void Add(OtlpRule rule, std::string_view detail, std::uint64_t count) {
    writer_.Add({.rule = static_cast<std::uint16_t>(rule),
                 .unit = unit_,
                 .record = record_,
                 .offset = offset_,
                 .count = count,
                 .detail = detail},
                batch_);
  }

 private:
  FindingWriter& writer_;
  Batch& batch_;
  std::uint32_t unit_, record_ = kNoRecord, offset_ = 0;
};

Result<std::unique_ptr<UnitConverter>> OtlpCheck::Make(const OtlpCheckOptions& options, const CaptureOptions& capture) {
  const Result<RowMapper> mapper = RowMapper::Make(options.rows);
  if (!mapper) return std::unexpected(mapper.error());
  const RecordCheckOptions record_options{.now = options.now,
                                          .json_columns = options.rows.shape == Shape::kClickHouseJson,
                                          .metric_datetime = HasMetricDateTime(*mapper)};
  return std::unique_ptr<UnitConverter>(new OtlpCheck(options, record_options, capture));
}

Status OtlpCheck::Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& batch,
                          std::string* /*dead_letters*/, Counts& counts) {
  const Unit& unit = chunk.units[index];
  Findings findings(writer_, batch, static_cast<std::uint32_t>(index));
  const std::uint64_t bad_text_before = decoder_.counts().bad_text;
  Result<std::vector<WireRequest>*> requests = decoder_.Decode(*chunk.file, unit, large.wait_for_turn);
  CheckJson(unit, decoder_.counts().bad_text != bad_text_before, findings);
  if (!requests) {
    // Which signal it is, if that is what is not clear, only the user can tell.
    if (requests.error().code() != Code::kBadData) return std::move(requests.error());
    ++counts.units;
    ++counts.bad_units;
    counts.given_up += unit.rest_given_up;
    findings.Add(RuleOfBadId(decoder_.bad_id_size()), requests.error().message());
    return {};
  }
  std::uint64_t records = 0;
  bool good = true;
  for (const WireRequest& request : **requests) good &= CheckRequest(request, unit, records, findings, batch, counts);
  if (good && records == 0) {
    findings.Add(unit.bytes.empty() ? OtlpRule::kUnitEmpty : OtlpRule::kUnitWithoutRecords, {});
  }
  ++counts.units;
  counts.bad_units += !good;
  counts.records_read += records;
  return {};
}

bool OtlpCheck::CheckRequest(const WireRequest& request, const Unit& unit, std::uint64_t& records, Findings& findings,
                             Batch& batch, Counts& counts) {
  const std::uint64_t before = records;
  reader_.Start(request.signal, request.wire);
  reader_.set_on_empty([&](RequestReader::Level level) {
    findings.set_place(kNoRecord, 0);
    checker_.CheckEmpty(level, request.signal, reader_, findings);
  });
  while (reader_.Next()) {
    const auto record = static_cast<std::uint32_t>(records++);
    const std::uint32_t offset = OffsetOf(unit, reader_.record_bytes().data());
    findings.set_place(record, offset);
    checker_.Check(reader_, findings);
    if (options_.cross && reader_.kind() == RecordKind::kSpan) {
      ParentCheck::Append(reader_.span(), findings.unit(), record, offset, batch);
    }
  }
  reader_.set_on_empty(nullptr);
  counts.signal_records[static_cast<std::size_t>(request.signal)] += records - before;
  findings.set_place(kNoRecord, 0);
  if (reader_.status().ok()) return true;
  findings.Add(RuleOfBadId(reader_.bad_id_size()), reader_.status().message());
  return false;
}

void OtlpCheck::CheckJson(const Unit& unit, bool bad_text, Findings& findings) {
  if (bad_text) findings.Add(OtlpRule::kJsonBadText, {});
  const JsonToWire::Uses* const uses = decoder_.json_uses();
  if (uses == nullptr) return;
  for (std::size_t i = 0; i < uses->size(); ++i) {
    const JsonToWire::Use& use = (*uses)[i];
    if (use.count == 0) continue;
    findings.set_place(kNoRecord, OffsetOf(unit, use.at));
    findings.Add(kJsonRules[i], ShownText(use.text), use.count);
  }
  findings.set_place(kNoRecord, 0);
}

}  // namespace gf_otlp
