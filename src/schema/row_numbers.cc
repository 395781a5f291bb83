#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "base/ascii.h"
#include "base/shown_text.h"
#include "schema/row_type.h"

namespace gf_otlp::schema {
namespace {

/// Reads a number between quotes or without; `read` reads what is in them.
template <class Read>
bool MaybeQuoted(RowText& row, Read read) {
  const char* const begin = row.at();
  const bool quoted = row.Take('"');
  const char first = row.Peek();
  if (first == 't' || first == 'f') {
    if (!row.TakeWord(first == 't' ? "true" : "false")) return false;
  } else if (!read()) {
    return false;
  }
  if (quoted && !row.Take('"')) {
    return row.Refuse(RowRule::kValue, begin, "no number: " + ShownPart(row.rest().substr(0, row.rest().find(','))));
  }
  return true;
}

// Decimal digits of the largest and the smallest numbers.
constexpr std::string_view kInt128 = "170141183460469231731687303715884105727";
constexpr std::string_view kUInt128 = "340282366920938463463374607431768211455";
constexpr std::string_view kInt256 = "57896044618658097711785492504343953926634992332820282019728792003956564819967";
constexpr std::string_view kUInt256 = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

constexpr int kSafeDigits = 19;  // fit into 64 bits

/// Powers of ten, each the nearest number.
constexpr int kLeastPower = -400, kMostPower = 400;
const auto kPowers = [] {
  std::array<long double, kMostPower - kLeastPower + 1> powers{};
  for (int i = kLeastPower; i <= kMostPower; ++i) {
    const std::string text = fmt::format("1e{}", i);
    std::from_chars(text.data(), text.data() + text.size(), powers[static_cast<std::size_t>(i - kLeastPower)]);
  }
  return powers;
}();

long double Power(int exponent) {
  if (exponent < kLeastPower) return 0;
  if (exponent > kMostPower) return std::numeric_limits<long double>::infinity();
  return kPowers[static_cast<std::size_t>(exponent - kLeastPower)];
}

/// Up to `most` digits as a number; gives how many there were in all.
int TakeDigits(const char*& p, const char* end, int most, std::uint64_t& value) {
  int count = 0;
  for (; p < end && IsDigit(*p); ++p, ++count) {
    if (count < most) value = value * 10 + static_cast<unsigned>(*p - '0');
  }
  return count;
}

/// What the server makes of a number without sign. It is faster than exact: the last digit may differ.
template <class T>
T ServersNumber(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  std::uint64_t whole = 0, fraction = 0, power = 0;
  const int whole_digits = TakeDigits(p, end, kSafeDigits, whole);
  T value =
      whole_digits > kSafeDigits
          ? static_cast<T>(static_cast<double>(static_cast<long double>(whole) * Power(whole_digits - kSafeDigits)))
          : static_cast<T>(whole);
  if (p < end && *p == '.') {
    const char* const point = ++p;
    while (p < end && *p == '0') ++p;
    const int zeros = static_cast<int>(p - point);
    const int digits = std::min(TakeDigits(p, end, kSafeDigits, fraction), kSafeDigits);
    if (fraction != 0) {
      value += static_cast<T>(static_cast<double>(static_cast<long double>(fraction) * Power(-digits - zeros)));
    }
  }
  if (p < end && (*p | 0x20) == 'e') {
    const bool negative = ++p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+')) ++p;
    TakeDigits(p, end, 4, power);
    const int exponent = negative ? -static_cast<int>(power) : static_cast<int>(power);
    if (exponent != 0) value *= static_cast<T>(Power(exponent));
  }
  return value;
}

/// A number without sign, exactly read.
template <class T>
T NearestNumber(std::string_view text, bool& in_range) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  in_range = error != std::errc::result_out_of_range;
  return value;
}

/// `text` is digits alone, and T neither holds the number nor is printed as it.
template <class T>
bool LosesDigits(std::string_view text, T nearest) {
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  const std::string_view significant = text.substr(0, text.find_last_not_of('0') + 1);
  if (significant.size() <= std::numeric_limits<T>::digits10 || fmt::format("{:.0f}", nearest) == text) return false;
  std::array<char, 64> shortest;
  const auto end =
      std::to_chars(shortest.data(), shortest.data() + shortest.size(), nearest, std::chars_format::scientific);
  std::string printed;
  for (const char* p = shortest.data(); p < end.ptr && *p != 'e'; ++p) {
    if (*p != '.') printed += *p;
  }
  return printed != significant;
}

template <class T>
void CompareFloat(RowText& row, std::string_view text, const char* begin) {
  // Fewer digits than any T holds, without fraction and exponent.
  const bool whole = text.find_first_not_of("0123456789") == std::string_view::npos;
  if (whole && text.size() <= std::numeric_limits<T>::digits10) return;
  bool in_range = true;
  const T nearest = NearestNumber<T>(text, in_range);
  const T stored = ServersNumber<T>(text);
  const bool lost =
      std::isinf(stored) ||
      (stored == 0 && text.substr(0, text.find_first_of("eE")).find_first_of("123456789") != std::string_view::npos);
  if (!in_range || lost || (nearest != 0 && nearest < std::numeric_limits<T>::min())) {
    row.Warn(RowRule::kNumberRange, begin,
             [&] { return fmt::format("{} is stored as {}", ShownPart(text), stored < 1 ? "0 or nearly" : "inf"); });
  } else if (whole && LosesDigits(text, nearest)) {
    row.Warn(RowRule::kDigitsLost, begin,
             [&] { return fmt::format("{} is stored as {:.0f}", ShownPart(text), stored); });
  } else if (stored != nearest) {
    row.Warn(RowRule::kLastDigit, begin, [&] { return fmt::format("{} is stored as {}", ShownPart(text), stored); });
  }
}

bool ReadFloat(RowText& row, const RowType& type) {
  const char* begin = row.at();
  if (!row.SkipNumber()) return false;
  std::string_view text(begin, row.at());
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || (!IsDigit(text[0]) && (text[0] != '.' || text.size() < 2 || !IsDigit(text[1])))) {
    // NaN and Infinity have letters.
    return (!text.empty() && text[0] != '.' && (text[0] | 0x20) != 'e') || row.TakeNothing(begin);
  }
  if (!IsDigit(text.back()) && text.back() != '.' && (text[0] == '.' || IsDigit(text[0]))) {
    row.Warn(RowRule::kNumberRange, begin, "an exponent without digits is passed over");
  }
  if (type.size == 64) {
    CompareFloat<double>(row, text, begin);
  } else if (type.size == 32) {
    CompareFloat<float>(row, text, begin);
  }
  return true;
}

}  // namespace

bool ReadWholeNumber(RowText& row, WholeNumber& number) {
  const char* const begin = row.at();
  const bool sign = row.Take('+') || (number.negative = row.Take('-'));
  const char* p = row.at();
  std::uint64_t value = 0;
  for (; IsDigit(*p) && p < row.at() + row.rest().size(); ++p) {
    const auto digit = static_cast<unsigned>(*p - '0');
    std::uint64_t next = 0;
    if (p - row.at() >= kSafeDigits) [[unlikely]] {
      number.too_large |= __builtin_mul_overflow(value, std::uint64_t{10}, &next) ||
                          __builtin_add_overflow(next, std::uint64_t{digit}, &next);
    }
    value = value * 10 + digit;
  }
  number.magnitude = value;
  number.digits = p != row.at();
  row.MoveTo(p);
  return number.digits || !sign || row.Refuse(RowRule::kValue, begin, "a sign without a number");
}

bool JudgeInteger(RowText& row, const RowType& type) {
  return MaybeQuoted(row, [&] {
    const char* const begin = row.at();
    WholeNumber number;
    if (!type.is_signed && row.Peek() == '-') return row.Refuse(RowRule::kValue, begin, "an unsigned type and a minus");
    if (!ReadWholeNumber(row, number)) return false;
    if (!number.digits && !row.TakeNothing(begin)) return false;
    const int bits = type.is_signed ? type.size - 1 : type.size;
    const std::uint64_t most = ~std::uint64_t{0} >> (64 - bits);
    if (number.too_large || number.magnitude > most + (number.negative ? 1 : 0)) [[unlikely]] {
      const std::uint64_t wrapped = number.negative ? 0 - number.magnitude : number.magnitude;
      const int shift = 64 - type.size;
      const std::string_view written(begin, row.at());
      row.Warn(RowRule::kIntegerWrapped, begin, [&] {
        return type.is_signed ? fmt::format("{} is stored as {}", ShownPart(written),
                                            static_cast<std::int64_t>(wrapped << shift) >> shift)
                              : fmt::format("{} is stored as {}", ShownPart(written), (wrapped << shift) >> shift);
      });
    }
    return true;
  });
}

bool JudgeWideInteger(RowText& row, const RowType& type) {
  return MaybeQuoted(row, [&] {
    const char* const begin = row.at();
    if (!type.is_signed && row.Peek() == '-') return row.Refuse(RowRule::kValue, begin, "an unsigned type and a minus");
    WholeNumber number;
    if (!ReadWholeNumber(row, number)) return false;
    if (!number.digits && !row.TakeNothing(begin)) return false;
    std::string_view digits(begin, row.at());
    digits.remove_prefix(std::min(digits.find_first_of("123456789"), digits.size()));
    std::string most(type.size == 128 ? (type.is_signed ? kInt128 : kUInt128) : (type.is_signed ? kInt256 : kUInt256));
    if (number.negative) ++most.back();  // ends with 7
    if (digits.size() > most.size() || (digits.size() == most.size() && digits > most)) {
      row.Warn(RowRule::kIntegerWrapped, begin, [&] { return ShownPart(digits) + " is stored as another number"; });
    }
    return true;
  });
}

bool JudgeFloat(RowText& row, const RowType& type) {
  return MaybeQuoted(row, [&] { return ReadFloat(row, type); });
}

bool JudgeDecimal(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  const bool quoted = row.Take('"');
  const char* const number = row.at();
  if (!row.Take('-')) row.Take('+');
  int whole = 0, fraction = 0, fraction_used = 0, exponent = 0;
  bool leading = true, digits = false;
  const auto take = [&](int& count, int* used) {
    for (; IsDigit(row.Peek()); row.Step()) {
      digits = true;
      if (used != nullptr) {
        ++count;
        if (row.Peek() != '0') *used = count;
        if (row.Peek() != '0') leading = false;
      } else {
        leading = leading && row.Peek() == '0';
        if (!leading) ++count;
      }
    }
  };
  take(whole, nullptr);
  if (row.Take('.')) take(fraction, &fraction_used);
  if (row.Peek() == '.') {
    row.Warn(RowRule::kNumberRange, begin, "several points: another number is stored");
    while (row.Take('.')) take(fraction, &fraction_used);
  }
  const std::string_view mantissa(number, row.at());
  if (digits && (row.Peek() == 'e' || row.Peek() == 'E')) {
    row.Step();
    WholeNumber power;
    if (!ReadWholeNumber(row, power)) return false;
    if (!power.digits) row.Warn(RowRule::kNumberRange, begin, "an exponent without digits is passed over");
    exponent = static_cast<int>(std::min<std::uint64_t>(power.magnitude, 100000));
    if (power.negative) exponent = -exponent;
  }
  if (!digits && !row.TakeNothing(begin)) return false;
  if (quoted && !row.Take('"')) return row.Refuse(RowRule::kValue, begin, "no decimal number");
  // 0.0012 has -2 digits before its point.
  int before = whole;
  if (whole == 0) {
    const std::size_t point = mantissa.find('.');
    const std::size_t first = point == std::string_view::npos ? point : mantissa.find_first_of("123456789", point);
    if (first == std::string_view::npos) return true;  // 0
    before = -static_cast<int>(first - point - 1);
  }
  if (before + exponent > type.size - type.scale) {
    return row.Refuse(RowRule::kValue, begin, "more digits than the decimal type has");
  }
  int last = fraction_used;  // of the last digit that counts, behind the point
  if (last == 0) {
    const std::string_view integer = mantissa.substr(0, mantissa.find('.'));
    last = -static_cast<int>(integer.size() - 1 - integer.find_last_of("123456789"));
  }
  if (last - exponent > type.scale) row.Warn(RowRule::kFractionCut, begin, "digits behind the type's last are cut off");
  return true;
}

}  // namespace gf_otlp::schema
