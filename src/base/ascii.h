#ifndef GF_OTLP_BASE_ASCII_H_
#define GF_OTLP_BASE_ASCII_H_

#include <algorithm>
#include <string_view>

namespace gf_otlp {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Letters of ASCII count as equal in either case, as in header names.
constexpr bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return AsciiLower(x) == AsciiLower(y); });
}

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_ASCII_H_
