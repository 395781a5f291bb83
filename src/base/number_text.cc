#include "base/number_text.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace gf_otlp {
namespace {

/// 0.d1d2d3... times 10^point.
struct Decimal {
  char digits[20];
  int count = 0;
  int point = 0;
};

Decimal ShortestDecimal(double magnitude) {
  char text[kDoubleRoom];
  const char* const end = std::to_chars(text, text + sizeof text, magnitude, std::chars_format::scientific).ptr;
  const char* p = text;
  Decimal decimal;
  for (; *p != 'e'; ++p) {
    if (*p != '.') decimal.digits[decimal.count++] = *p;
  }
  p += p[1] == '+' ? 2 : 1;
  int exponent = 0;
  std::from_chars(p, end, exponent);
  decimal.point = exponent + 1;
  return decimal;
}

char* WriteDigits(char* out, const char* digits, int count) {
  std::memcpy(out, digits, static_cast<std::size_t>(count));
  return out + count;
}

char* WriteZeros(char* out, int count) {
  std::memset(out, '0', static_cast<std::size_t>(count));
  return out + count;
}

char* WritePlain(char* out, const Decimal& d) {
  if (d.point <= 0) {
    *out++ = '0';
    *out++ = '.';
    return WriteDigits(WriteZeros(out, -d.point), d.digits, d.count);
  }
  if (d.point >= d.count) return WriteZeros(WriteDigits(out, d.digits, d.count), d.point - d.count);
  out = WriteDigits(out, d.digits, d.point);
  *out++ = '.';
  return WriteDigits(out, d.digits + d.point, d.count - d.point);
}

char* WriteExponent(char* out, const Decimal& d) {
  *out++ = d.digits[0];
  if (d.count > 1) {
    *out++ = '.';
    out = WriteDigits(out, d.digits + 1, d.count - 1);
  }
  *out++ = 'e';
  const int exponent = d.point - 1;
  *out++ = exponent < 0 ? '-' : '+';
  return WriteInteger(out, std::abs(exponent));
}

/// Writes a sign, zero and whole numbers that fit 2^53; `value` becomes positive. Null if there is more to do.
char* WriteEasy(char*& out, double& value) {
  if (std::signbit(value)) {
    *out++ = '-';
    value = -value;
  }
  constexpr double kExactIntegers = 9007199254740992.0;
  if (value <= kExactIntegers) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return WriteInteger(out, whole);
  }
  return nullptr;
}

}  // namespace

char* WriteDouble(char* out, double value) {
  if (char* end = WriteEasy(out, value)) return end;
  const Decimal decimal = ShortestDecimal(value);
  return value >= 1e-6 && value < 1e21 ? WritePlain(out, decimal) : WriteExponent(out, decimal);
}

char* WritePlainDouble(char* out, double value) {
  if (char* end = WriteEasy(out, value)) return end;
  return WritePlain(out, ShortestDecimal(value));
}

}  // namespace gf_otlp
