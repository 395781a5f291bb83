#include "gf_otlp/wire.h"

#include <algorithm>

namespace gf_otlp {

WireCursor::Long WireCursor::ReadLong(const std::uint8_t* p, const std::uint8_t* end, int max_bytes) {
  std::uint64_t value = 0;
  const auto limit = std::min<std::ptrdiff_t>(max_bytes, end - p);
  for (std::ptrdiff_t i = 0; i < limit; ++i) {
    value |= static_cast<std::uint64_t>(p[i] & 0x7f) << (7 * i);
    if (p[i] < 0x80) return {value, p + i + 1};
  }
  return {0, nullptr};
}

const std::uint8_t* WireCursor::EndOfGroup(const std::uint8_t* p, const std::uint8_t* end, std::uint32_t field) {
  std::uint32_t open[kMaxGroupDepth];
  int depth = 0;
  open[depth++] = field;
  WireCursor cursor({reinterpret_cast<const char*>(p), static_cast<std::size_t>(end - p)});
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag & 7) {
      case kStartGroup:
        if (depth == kMaxGroupDepth) return nullptr;
        open[depth++] = tag >> 3;
        break;
      case kEndGroup:
        if (tag >> 3 != open[depth - 1]) return nullptr;
        if (--depth == 0) return cursor.p_;
        break;
      default: cursor.Skip(tag);
    }
  }
  return nullptr;
}

}  // namespace gf_otlp
