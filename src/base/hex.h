#ifndef GF_OTLP_BASE_HEX_H_
#define GF_OTLP_BASE_HEX_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace gf_otlp {

namespace internal {
inline constexpr auto kHexPairs = [] {
  std::array<std::array<char, 2>, 256> pairs{};
  for (unsigned i = 0; i < 256; ++i) pairs[i] = {"0123456789abcdef"[i >> 4], "0123456789abcdef"[i & 15]};
  return pairs;
}();
}  // namespace internal

/// Writes two lower-case digits a byte; gives the end.
inline char* WriteHex(char* out, std::string_view bytes) {
  for (const char c : bytes) {
    std::memcpy(out, internal::kHexPairs[static_cast<std::uint8_t>(c)].data(), 2);
    out += 2;
  }
  return out;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_HEX_H_
