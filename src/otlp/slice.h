#ifndef GF_OTLP_OTLP_SLICE_H_
#define GF_OTLP_OTLP_SLICE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/signal.h"

namespace gf_otlp {

/// Cuts chosen records out of export requests, as valid requests: once indexed, a request can be cut into many. Records
/// go by their RequestReader::record_index(), metrics without data among them. One per worker: buffers are used again.
class Slicer {
 public:
  /// Indexes `request`, whose bytes must outlive the calls below.
  /// REQUIRES: RequestReader walked it to its end with an ok status.
  void Start(Signal signal, std::string_view request);

  std::size_t record_count() const { return records_.size(); }

  /// Appends to `out` the request with only these records, in ascending order. Resources, scopes and metrics without
  /// one of them are left out. Everything else is copied byte for byte, in its order: unknown fields too, but not a
  /// metric's data that a later member of the oneof replaced; data that came in pieces becomes one. Takes time by the
  /// size of what it appends, not by that of the request.
  void Append(std::span<const std::uint32_t> records, std::string& out);

  /// Where to cut a request of these records in two: between two resources, else two scopes, else two metrics, else two
  /// records, as near to the middle of the bytes as can be. Gives how many records come before the cut, at least one
  /// and not all. REQUIRES: at least two records, in ascending order.
  std::size_t CutInTwo(std::span<const std::uint32_t> records) const;

 private:
  static constexpr std::uint32_t kNone = ~0u;

  /// Neighbouring fields that are neither records nor containers of records, of one container: a list.
  struct Piece {
    std::string_view bytes;
    std::uint32_t next;
  };

  /// The request or a resource, scope, metric or metric's data, with records in it. In the order of the request, each
  /// behind the one that it stands in.
  struct Container {
    const char* begin;     // where its field stands, of data in pieces the first
    std::uint32_t tag;     // its field's
    std::uint32_t parent;  // of the request: itself
    std::uint32_t first_piece = kNone, last_piece = kNone;
    std::size_t piece_bytes = 0;
    std::size_t size = 0;              // in Append(): of the content to be written
    std::uint32_t next_piece = kNone;  // in Append(): the next to be written
  };

  struct Record {
    std::string_view field;  // tag and length too
    std::uint32_t container;
  };

  void IndexResource(const char* begin, std::string_view content);
  void IndexScope(std::uint32_t resource, std::uint32_t tag, const char* begin, std::string_view content);
  void IndexMetric(std::uint32_t scope, std::string_view field, std::string_view content);
  template <class Child>
  void IndexContainer(std::uint32_t parent, std::uint32_t tag, const char* begin, std::string_view content,
                      Child child);
  template <class Child>
  void IndexFields(std::uint32_t container, std::string_view fields, Child child);
  std::uint32_t AddContainer(std::uint32_t parent, std::uint32_t tag, const char* begin);
  void AddPiece(std::uint32_t container, std::string_view field);
  void Truncate(std::size_t containers, std::size_t pieces);

  std::uint32_t Common(std::uint32_t a, std::uint32_t b) const;
  template <class Enter, class Take, class Leave>
  void Visit(std::span<const std::uint32_t> records, Enter enter, Take take, Leave leave);

  Signal signal_ = Signal::kTraces;
  std::vector<Container> containers_;
  std::vector<Piece> pieces_;
  std::vector<Record> records_;
  std::vector<std::string_view> data_;  // of the metric that is being indexed: the data that counts
};

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_SLICE_H_
