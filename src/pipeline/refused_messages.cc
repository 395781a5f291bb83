#include "pipeline/refused_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gf_otlp {

RefusedMessages::RefusedMessages(const CaptureOptions& capture, DeadLetterWriter dead_letters)
    : decoder_(capture), dead_letters_(std::move(dead_letters)) {}

Status RefusedMessages::Handle(const Batch& batch, std::span<const RecordPlace> places, Code code,
                               std::string_view reason) {
  const auto chunk = std::static_pointer_cast<const Chunk>(batch.origin);
  if (!dead_letters_) {
    const RecordPlace& first = places.front();
    const std::string others = places.size() == 1 ? "" : fmt::format(" and {} more of its message", places.size() - 1);
    return Status::Error(code, fmt::format("{}, record {}{}: {}", UnitName(*chunk->file, chunk->units[first.unit]),
                                           first.record + 1, others, reason));
  }
  lines_.clear();
  for (const RecordPlace& place : places) {
    GF_RETURN_IF_ERROR(Find(chunk, place.unit));
    const auto request = std::ranges::find_if(
        requests_, [&](const Request& r) { return place.record >= r.begin && place.record < r.end; });
    if (request == requests_.end()) return InternalError("a message speaks of a record that its unit does not have");
    const std::uint32_t record[] = {place.record - request->begin};
    slice_.clear();
    request->slicer->Append(record, slice_);
    AppendDeadRecord(*chunk->file, chunk->units[place.unit], place.record, request->wire.signal, slice_, reason,
                     lines_);
  }
  GF_RETURN_IF_ERROR(dead_letters_(lines_));
  records_ += places.size();
  return {};
}

/// Messages are mostly refused one after the other: the unit of the last one is kept.
Status RefusedMessages::Find(const std::shared_ptr<const Chunk>& chunk, std::uint32_t unit) {
  if (chunk == chunk_ && unit == unit_) return {};
  requests_.clear();
  decoder_.Release();
  chunk_ = chunk;
  unit_ = unit;
  const Result<std::vector<WireRequest>*> decoded = decoder_.Decode(*chunk->file, chunk->units[unit]);
  if (!decoded) return decoded.error();
  std::uint32_t begin = 0;
  for (const WireRequest& wire : **decoded) {
    Request& request = requests_.emplace_back(Request{.wire = wire, .begin = begin});
    request.slicer = std::make_unique<Slicer>();
    request.slicer->Start(wire.signal, wire.wire);
    request.end = begin += static_cast<std::uint32_t>(request.slicer->record_count());
  }
  return {};
}

}  // namespace gf_otlp
