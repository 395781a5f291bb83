#ifndef GF_OTLP_BASE_NUMBER_TEXT_H_
#define GF_OTLP_BASE_NUMBER_TEXT_H_

#include <charconv>
#include <concepts>
#include <cstddef>

namespace gf_otlp {

/// Room that WriteInteger() and WriteDouble() may need.
inline constexpr std::size_t kIntegerRoom = 20;
inline constexpr std::size_t kDoubleRoom = 32;
/// Room that WritePlainDouble() may need: 5e-324 has 324 digits behind the point, and a sign.
inline constexpr std::size_t kPlainDoubleRoom = 400;

template <std::integral T>
char* WriteInteger(char* out, T value) {
  return std::to_chars(out, out + kIntegerRoom, value).ptr;
}

/// The shortest decimal that reads back as `value`, as ECMAScript and Go's encoding/json write it: plain notation for
/// 1e-6 <= |value| < 1e21, else an exponent with sign and without leading zeros; -0 is "-0". REQUIRES: finite.
char* WriteDouble(char* out, double value);

/// The same digits, never with an exponent (Go's strconv 'f', -1). REQUIRES: finite.
char* WritePlainDouble(char* out, double value);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_NUMBER_TEXT_H_
