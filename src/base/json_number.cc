#include "base/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "base/ascii.h"
#include "base/swar.h"

namespace gf_otlp {
namespace {

bool AreDigits(std::uint64_t word) {
  return ((word & RepeatByte(0xf0)) | (((word + RepeatByte(0x06)) & RepeatByte(0xf0)) >> 4)) == RepeatByte(0x33);
}

/// The number that eight digits mean, the first of them in the lowest byte: adds up neighbours, then pairs, then fours.
std::uint64_t EightDigits(std::uint64_t word) {
  word -= RepeatByte('0');
  word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
  word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
  return (word * 10'000 + (word >> 32)) & 0xffffffff;
}

/// An integer without fraction and exponent; false if it has them, is no number or is too large.
bool PlainInteger(std::string_view text, std::uint64_t& value) {
  constexpr std::size_t kMaxDigits = 20;
  const std::size_t size = text.size();
  if (size == 0 || size > kMaxDigits || (text[0] == '0' && size > 1)) return false;
  std::size_t i = 0;
  std::uint64_t sum = 0;
  for (; i + 8 <= size; i += 8) {
    const std::uint64_t word = LoadWord(text.data() + i);
    if (!AreDigits(word)) return false;
    sum = sum * 100'000'000 + EightDigits(word);
  }
  for (; i < size; ++i) {
    if (!IsDigit(text[i])) return false;
    const auto digit = static_cast<std::uint64_t>(text[i] - '0');
    if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, digit, &sum)) return false;
  }
  value = sum;
  return true;
}

/// The same of any JSON number without sign.
IntegerText ExactInteger(std::string_view number, std::uint64_t& value) {
  std::string digits;
  std::size_t i = 0;
  for (; i < number.size() && IsDigit(number[i]); ++i) digits += number[i];
  long point = static_cast<long>(digits.size());  // the value is 0.digits times 10^point
  if (i < number.size() && number[i] == '.') {
    for (++i; i < number.size() && IsDigit(number[i]); ++i) digits += number[i];
  }
  digits.erase(digits.find_last_not_of('0') + 1);
  const std::size_t zeros = std::min(digits.find_first_not_of('0'), digits.size());
  digits.erase(0, zeros);
  point -= static_cast<long>(zeros);
  value = 0;
  if (digits.empty()) return IntegerText::kInteger;
  if (i < number.size()) {
    const bool negative = number[++i] == '-';
    if (negative || number[i] == '+') ++i;
    constexpr long kHuge = 1'000'000'000;  // beyond it no document has digits enough to make up for it
    long exponent = 0;
    for (; i < number.size(); ++i) exponent = std::min(kHuge * 10, exponent * 10 + (number[i] - '0'));
    point += negative ? -exponent : exponent;
  }
  constexpr long kMaxDigits = 20;
  if (point < static_cast<long>(digits.size())) return IntegerText::kOther;
  if (point > kMaxDigits) return IntegerText::kTooLarge;
  digits.append(static_cast<std::size_t>(point) - digits.size(), '0');
  return PlainInteger(digits, value) ? IntegerText::kInteger : IntegerText::kTooLarge;
}

}  // namespace

const char* JsonNumberEnd(const char* p, const char* end) {
  const auto digits = [&] {
    const char* const begin = p;
    while (p != end && IsDigit(*p)) ++p;
    return p != begin;
  };
  if (p != end && *p == '-') ++p;
  if (p != end && *p == '0') {
    ++p;
  } else if (!digits()) {
    return nullptr;
  }
  if (p != end && *p == '.') {
    ++p;
    if (!digits()) return nullptr;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    if (!digits()) return nullptr;
  }
  return p;
}

bool IsJsonNumber(std::string_view text) {
  const char* const end = text.data() + text.size();
  return JsonNumberEnd(text.data(), end) == end && !text.empty();
}

IntegerText ParseJsonInteger(std::string_view text, std::uint64_t& value) {
  if (PlainInteger(text, value)) [[likely]]
    return IntegerText::kInteger;
  return IsJsonNumber(text) && !text.starts_with('-') ? ExactInteger(text, value) : IntegerText::kOther;
}

bool ParseJsonDouble(std::string_view number, double& value) {
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc()) [[likely]]
    return true;
  value = std::strtod(std::string(number).c_str(), nullptr);
  return std::isfinite(value);
}

}  // namespace gf_otlp
