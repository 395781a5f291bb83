#ifndef GF_OTLP_OTLP_REWRITE_H_
#define GF_OTLP_OTLP_REWRITE_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gf_otlp/signal.h"

namespace gf_otlp {

/// Gives every trace id and span id another one, as a permutation that the seed chooses: equal ids stay equal,
/// different ones different, whatever record, request or thread they stand in; all-zero ids stay as they are.
class IdMapping {
 public:
  explicit IdMapping(std::uint64_t seed);
  /// In place. REQUIRES: kTraceIdSize (kSpanIdSize) bytes
  void MapTraceId(std::span<char> id) const;
  void MapSpanId(std::span<char> id) const;

 private:
  std::array<std::uint64_t, 6> keys_{};
};

/// What a replay changes in records.
struct Rewriting {
  /// Added to every time that is not 0 (0 means unknown): of spans, their events, logs (both times), data points (both
  /// times) and exemplars. Nanoseconds.
  std::int64_t shift = 0;
  /// Of spans, parents, links, logs and exemplars.
  std::optional<IdMapping> ids;

  bool any() const { return shift != 0 || ids.has_value(); }
};

/// Rewrites a request where it stands: everything that is changed has a fixed size on the wire. A time that would leave
/// the range of 1 to 2^64-1 becomes the nearest end of it; gives how many did.
/// REQUIRES: RequestReader walked it to its end with an ok status.
std::uint64_t RewriteInPlace(Signal signal, const Rewriting& rewriting, std::span<char> request);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_REWRITE_H_
