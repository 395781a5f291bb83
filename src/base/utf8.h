#ifndef GF_OTLP_BASE_UTF8_H_
#define GF_OTLP_BASE_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/swar.h"

namespace gf_otlp {

/// U+FFFD, what takes the place of each byte that is not UTF-8 (as Go's range over a string does).
inline constexpr std::string_view kReplacementCharacter = "\xef\xbf\xbd";

/// The length (1 to 4) of the well-formed character at `text[at]`; 0 if that byte begins none.
/// Well-formed as in Unicode table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
inline std::size_t Utf8Length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[at + i]); };
  const std::uint8_t first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t rest = text.size() - at;
  const auto continues = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  if (first >= 0xc2 && first <= 0xdf) return rest >= 2 && continues(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (rest < 3 || !continues(1) || !continues(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;
    if (first == 0xed && byte(1) > 0x9f) return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (rest < 4 || !continues(1) || !continues(2) || !continues(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

inline bool IsAscii(std::string_view text) {
  constexpr std::uint64_t kHighBits = RepeatByte(0x80);
  const char* const p = text.data();
  const std::size_t size = text.size();
  if (size >= 8) {
    std::uint64_t all = LoadWord(p + size - 8);
    for (std::size_t i = 0; i + 8 < size; i += 8) all |= LoadWord(p + i);
    return (all & kHighBits) == 0;
  }
  if (size >= 4) return ((LoadWord<std::uint32_t>(p) | LoadWord<std::uint32_t>(p + size - 4)) & kHighBits) == 0;
  std::uint8_t all = 0;
  for (const char c : text) all |= static_cast<std::uint8_t>(c);
  return all < 0x80;
}

bool IsUtf8(std::string_view text);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_UTF8_H_
