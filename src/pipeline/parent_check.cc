#include "pipeline/parent_check.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/swar.h"
#include "otlp/id_check.h"

namespace gf_otlp {
namespace {

/// Bits of Span.flags (trace.proto, SpanFlags).
constexpr std::uint32_t kParentIsRemote = 0x100 | 0x200;  // it is known, it is so

constexpr std::size_t kFewChildren = 65'536;

std::uint64_t Mix(std::uint64_t a, std::uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// Never 0.
std::uint64_t HashOf(std::string_view trace_id, std::string_view span_id) {
  const std::uint64_t trace =
      Mix(LoadWord(trace_id.data()) ^ 0x9e3779b97f4a7c15u, LoadWord(trace_id.data() + 8) ^ 0xd1b54a32d192ed03u);
  return std::max<std::uint64_t>(Mix(trace ^ 0x8cb92ba72f3d8dd7u, LoadWord(span_id.data()) ^ 0xaef17502108ef2d9u), 1);
}

}  // namespace

HashSet::HashSet(std::size_t max_bytes)
    : max_slots_(std::bit_floor(std::max<std::size_t>(max_bytes / sizeof(std::uint64_t) >> kPieceBits, 2))),
      pieces_(std::size_t{1} << kPieceBits) {}

/// The slot of the hash, or the free one where it belongs.
std::size_t HashSet::Find(const Piece& piece, std::uint64_t hash) {
  const std::size_t mask = piece.slots.size() - 1;
  std::size_t at = hash & mask;
  while (piece.slots[at] != 0 && piece.slots[at] != hash) at = (at + 1) & mask;
  return at;
}

bool HashSet::Grow(Piece& piece) const {
  constexpr std::size_t kFirst = 16;
  if (piece.slots.size() >= max_slots_) return false;
  Piece larger{.slots = std::vector<std::uint64_t>(std::min(std::max(kFirst, 2 * piece.slots.size()), max_slots_)),
               .used = piece.used};
  for (const std::uint64_t hash : piece.slots) {
    if (hash != 0) larger.slots[Find(larger, hash)] = hash;
  }
  piece = std::move(larger);
  return true;
}

HashSet::Added HashSet::Add(std::uint64_t hash) {
  Piece& piece = pieces_[PieceOf(hash)];
  const auto is_full = [&] { return 4 * (piece.used + 1) > 3 * piece.slots.size(); };
  if (is_full() && Contains(hash)) return Added::kThereBefore;
  if (is_full() && (!Grow(piece) || is_full())) return Added::kFull;
  std::uint64_t& slot = piece.slots[Find(piece, hash)];
  if (slot == hash) return Added::kThereBefore;
  slot = hash;
  ++piece.used;
  return Added::kNew;
}

bool HashSet::Contains(std::uint64_t hash) const {
  const Piece& piece = pieces_[PieceOf(hash)];
  return !piece.slots.empty() && piece.slots[Find(piece, hash)] == hash;
}

/// A span as it stands in the stream.
struct ParentCheck::SpanIds {
  std::uint64_t id = 0, parent = 0;  // hashes; a root has no parent
  std::uint64_t span_id = 0, parent_id = 0;
  std::uint32_t unit = 0, record = 0, offset = 0;
  bool remote = false;  // the parent is
};

ParentCheck::ParentCheck(std::size_t max_examples, const Limits& limits)
    : max_examples_(max_examples),
      limits_(limits),
      ids_(limits.id_bytes),
      drop_at_(std::min(kFewChildren, limits.children)) {}

void ParentCheck::Append(const Span& span, std::uint32_t unit, std::uint32_t record, std::uint32_t offset,
                         Batch& batch) {
  if (IdState(span.trace_id) != Id::kGood || IdState(span.span_id) != Id::kGood) return;
  SpanIds ids{.id = HashOf(span.trace_id, span.span_id), .span_id = LoadWord(span.span_id.data())};
  if (IdState(span.parent_span_id) == Id::kGood) {
    ids.parent = HashOf(span.trace_id, span.parent_span_id);
    ids.parent_id = LoadWord(span.parent_span_id.data());
  }
  ids.unit = unit;
  ids.record = record;
  ids.offset = offset;
  ids.remote = (span.flags & kParentIsRemote) == kParentIsRemote;
  char bytes[sizeof ids];
  std::memcpy(bytes, &ids, sizeof ids);
  batch.streams[kStream].Append(std::string_view(bytes, sizeof bytes));
}

void ParentCheck::Add(const Batch& batch) {
  const auto* const chunk = static_cast<const Chunk*>(batch.origin.get());
  if (files_.empty() || files_.back() != chunk->file) files_.push_back(chunk->file);
  const std::string_view stream = batch.streams[kStream].view();
  for (std::size_t at = 0; at < stream.size(); at += sizeof(SpanIds)) {
    SpanIds span;
    std::memcpy(&span, stream.data() + at, sizeof span);
    AddSpan(span, *chunk);
  }
}

void ParentCheck::AddSpan(const SpanIds& span, const Chunk& chunk) {
  ++spans_;
  switch (ids_.Add(span.id)) {
    case HashSet::Added::kNew: break;
    case HashSet::Added::kFull: ids_complete_ = false; break;
    case HashSet::Added::kThereBefore:
      if (duplicates_.count++ < max_examples_) {
        const std::string_view id(reinterpret_cast<const char*>(&span.span_id), sizeof span.span_id);
        const Unit& unit = chunk.units[span.unit];
        duplicates_.examples.push_back({.file = chunk.file->name,
                                        .unit = unit.number,
                                        .offset = unit.offset + span.offset,
                                        .record = span.record,
                                        .detail = "span " + HexText(id)});
      }
  }
  if (span.parent != 0 && !ids_.Contains(span.parent)) AddChild(span, chunk);
}

void ParentCheck::AddChild(const SpanIds& span, const Chunk& chunk) {
  if (children_.size() >= drop_at_ && spans_ >= drop_after_) DropResolved();
  if (children_.size() >= limits_.children) {
    ++not_judged_;
    return;
  }
  const Unit& unit = chunk.units[span.unit];
  children_.push_back({.parent = span.parent,
                       .parent_id = span.parent_id,
                       .unit = unit.number,
                       .offset = unit.offset + span.offset,
                       .file = static_cast<std::uint32_t>(files_.size() - 1),
                       .record = span.record,
                       .remote = span.remote});
}

/// Next when there are twice as many as are left, but not before as many spans came as half of what has to be looked
/// through.
void ParentCheck::DropResolved() {
  std::erase_if(children_, [&](const Child& child) { return ids_.Contains(child.parent); });
  const std::size_t twice = std::max(2 * children_.size(), std::min(kFewChildren, limits_.children));
  drop_at_ = std::min(twice, limits_.children);
  drop_after_ = spans_ + children_.size() / 2;
}

void ParentCheck::Finish() {
  DropResolved();
  if (!ids_complete_) {
    // Any of the parents may be among the ids that did not fit.
    not_judged_ += children_.size();
    return;
  }
  for (const Child& child : children_) {
    RuleFindings& missing = child.remote ? missing_remote_ : missing_;
    if (missing.count++ >= max_examples_) continue;
    const std::string_view id(reinterpret_cast<const char*>(&child.parent_id), sizeof child.parent_id);
    missing.examples.push_back({.file = files_[child.file]->name,
                                .unit = child.unit,
                                .offset = child.offset,
                                .record = child.record,
                                .detail = "parent " + HexText(id)});
  }
}

}  // namespace gf_otlp
