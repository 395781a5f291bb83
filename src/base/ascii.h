#ifndef GF_OTLP_BASE_ASCII_H_
#define GF_OTLP_BASE_ASCII_H_

#include <algorithm>
#include <string>
#include <string_view>

namespace gf_otlp {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

constexpr char AsciiLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Letters of ASCII count as equal in either case, as in header names.
constexpr bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return AsciiLower(x) == AsciiLower(y); });
}

inline std::string InLowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), AsciiLower);
  return lower;
}

/// The name of a header or its like (RFC 9110, token).
constexpr bool IsToken(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    const char lower = AsciiLower(c);
    return (lower >= 'a' && lower <= 'z') || IsDigit(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

/// Without the characters of `space` at both ends; by default those of HTTP's optional white space.
constexpr std::string_view Trimmed(std::string_view text, std::string_view space = " \t") {
  text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
  return text.substr(0, text.find_last_not_of(space) + 1);
}

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_ASCII_H_
