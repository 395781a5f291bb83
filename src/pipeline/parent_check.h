#ifndef GF_OTLP_PIPELINE_PARENT_CHECK_H_
#define GF_OTLP_PIPELINE_PARENT_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "gf_otlp/records.h"
#include "input/source.h"
#include "pipeline/findings.h"
#include "sink/batch.h"

namespace gf_otlp {

/// A set of 64-bit hashes that takes no more than a given memory. Grows piece by piece, so that growing takes little
/// more than what is there.
class HashSet {
 public:
  enum class Added : std::uint8_t { kNew, kThereBefore, kFull };

  explicit HashSet(std::size_t max_bytes);
  Added Add(std::uint64_t hash);
  bool Contains(std::uint64_t hash) const;

 private:
  static constexpr int kPieceBits = 6;
  struct Piece {
    std::vector<std::uint64_t> slots;  // 0: free
    std::size_t used = 0;
  };
  static std::size_t PieceOf(std::uint64_t hash) { return hash >> (64 - kPieceBits); }
  static std::size_t Find(const Piece& piece, std::uint64_t hash);
  bool Grow(Piece& piece) const;

  std::size_t max_slots_;  // of a piece
  std::vector<Piece> pieces_;
};

/// What is between the spans of a capture: parents that are nowhere in it, ids that several spans have. Memory is
/// bounded: what does not fit is counted as not judged, and never found to be wrong. Ids are kept as hashes of 64 bits:
/// among 50 million spans the odds that two have the same are 1 to 10,000.
class ParentCheck {
 public:
  struct Limits {
    std::size_t id_bytes = std::size_t{512} << 20;  // of some 50 million spans
    std::size_t children = 3'000'000;               // whose parents did not come yet
  };

  explicit ParentCheck(std::size_t max_examples) : ParentCheck(max_examples, Limits()) {}
  ParentCheck(std::size_t max_examples, const Limits& limits);

  /// Appends what is needed of a span to a batch's stream number `kStream`; nothing if it has no ids.
  static constexpr std::size_t kStream = 1;
  static void Append(const Span& span, std::uint32_t unit, std::uint32_t record, std::uint32_t offset, Batch& batch);

  /// Takes the spans of a batch. REQUIRES: batches come in the order of the input and have a Chunk as their origin
  void Add(const Batch& batch);
  /// REQUIRES: last call
  void Finish();

  /// Those that are not known to be of another process, and those that are (Span.flags).
  const RuleFindings& missing_parents() const { return missing_; }
  const RuleFindings& missing_remote_parents() const { return missing_remote_; }
  const RuleFindings& duplicate_ids() const { return duplicates_; }
  /// Spans with ids; those of them of which it is not known whether they have a parent.
  std::uint64_t spans() const { return spans_; }
  std::uint64_t not_judged() const { return not_judged_; }

 private:
  struct SpanIds;
  /// A span whose parent did not come yet.
  struct Child {
    std::uint64_t parent = 0;     // hash
    std::uint64_t parent_id = 0;  // its bytes
    std::uint64_t unit = 0, offset = 0;
    std::uint32_t file = 0;  // index into files_
    std::uint32_t record = 0;
    bool remote = false;
  };

  void AddSpan(const SpanIds& span, const Chunk& chunk);
  void AddChild(const SpanIds& span, const Chunk& chunk);
  void DropResolved();

  const std::size_t max_examples_;
  const Limits limits_;
  HashSet ids_;
  bool ids_complete_ = true;
  std::vector<Child> children_;   // in the order of the input
  std::size_t drop_at_;           // when there are so many children, they are looked through,
  std::uint64_t drop_after_ = 0;  // but only after so many spans
  std::vector<std::shared_ptr<const InputFile>> files_;
  RuleFindings missing_, missing_remote_, duplicates_;
  std::uint64_t spans_ = 0, not_judged_ = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_PARENT_CHECK_H_
