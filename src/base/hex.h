#ifndef GF_OTLP_BASE_HEX_H_
#define GF_OTLP_BASE_HEX_H_

#include <array>
#include <cstddef>
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
inline constexpr auto kHexDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(0xff);
  for (std::uint8_t i = 0; i < 10; ++i) digits['0' + i] = i;
  for (std::uint8_t i = 0; i < 6; ++i) digits['a' + i] = digits['A' + i] = static_cast<std::uint8_t>(10 + i);
  return digits;
}();
}  // namespace internal

inline bool IsHexDigit(char c) { return internal::kHexDigits[static_cast<std::uint8_t>(c)] < 16; }

/// Writes two lower-case digits a byte; gives the end.
inline char* WriteHex(char* out, std::string_view bytes) {
  for (const char c : bytes) {
    std::memcpy(out, internal::kHexPairs[static_cast<std::uint8_t>(c)].data(), 2);
    out += 2;
  }
  return out;
}

/// Writes half as many bytes as there are characters, in either case; false if one is no digit.
/// REQUIRES: an even number of them.
inline bool ReadHex(std::string_view hex, char* out) {
  std::uint8_t bad = 0;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    const std::uint8_t high = internal::kHexDigits[static_cast<std::uint8_t>(hex[i])];
    const std::uint8_t low = internal::kHexDigits[static_cast<std::uint8_t>(hex[i + 1])];
    bad |= high | low;
    *out++ = static_cast<char>(high << 4 | low);
  }
  return bad < 16;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_HEX_H_
