#ifndef GF_OTLP_OTLP_SLICE_H_
#define GF_OTLP_OTLP_SLICE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gf_otlp/signal.h"

namespace gf_otlp {

/// Cuts chosen records out of export requests, as valid requests. One per worker: buffers are used again.
class Slicer {
 public:
  /// Appends to `out` the request with only the records whose entry in `keep` is not 0; the entries are in the order in
  /// which RequestReader yields the records, metrics without data among them. Resources, scopes and metrics without a
  /// chosen record are left out. Everything else is copied byte for byte, in its order: unknown fields too, but not a
  /// metric's data that a later member of the oneof replaced.
  /// REQUIRES: RequestReader walked `request` to its end with an ok status and yielded keep.size() records.
  void Slice(Signal signal, std::string_view request, std::span<const std::uint8_t> keep, std::string& out);

 private:
  bool SliceResource(std::string_view resource, std::string& out);
  bool SliceScope(std::string_view scope, std::string& out);
  bool SliceMetric(std::string_view metric, std::string& out);
  bool SliceData(std::string_view data, std::string& out);
  bool TakeKeep() { return keep_[next_++] != 0; }

  Signal signal_ = Signal::kTraces;
  std::span<const std::uint8_t> keep_;
  std::size_t next_ = 0;
  std::string resource_, scope_, metric_, data_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_SLICE_H_
