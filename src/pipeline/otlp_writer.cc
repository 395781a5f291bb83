#include "pipeline/otlp_writer.h"

#include <fmt/format.h>

#include <limits>

#include "otlp/wire_to_json.h"

namespace gf_otlp {
namespace {

void AppendFramed(std::string_view request, PaddedBuffer& out) {
  const auto size = static_cast<std::uint32_t>(request.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.Append(static_cast<char>(size >> shift & 0xff));
  out.Append(request);
}

}  // namespace

Status OtlpWriter::Append(const WireRequest& request, UnitWork& work, Batch& batch) {
  chosen_.clear();
  std::uint32_t records = 0;
  reader_.Start(request.signal, request.wire);
  while (reader_.Next()) {
    if (work.choice.Take(reader_, work.counts)) chosen_.push_back(records);
    ++records;
  }
  GF_RETURN_IF_ERROR(reader_.status());
  std::string_view wire = request.wire;
  if (chosen_.size() < records) {
    if (chosen_.empty()) return {};
    slice_.clear();
    slicer_.Start(request.signal, request.wire);
    slicer_.Append(chosen_, slice_);
    wire = slice_;
  }
  PaddedBuffer& stream = batch.streams[separate_ ? static_cast<std::size_t>(request.signal) : 0];
  if (json_) {
    GF_RETURN_IF_ERROR(WireToJson(request.signal, wire, stream, replaced_.replaced_bytes));
    stream.Append('\n');
    return {};
  }
  if (wire.size() > std::numeric_limits<std::uint32_t>::max()) {
    return BadData(fmt::format("a request of {} bytes does not fit a 32-bit length", wire.size()));
  }
  AppendFramed(wire, stream);
  return {};
}

}  // namespace gf_otlp
