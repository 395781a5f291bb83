#include "schema/row_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <string>

#include "base/ascii.h"
#include "base/shown_text.h"
#include "schema/row_type.h"

namespace gf_otlp::schema {
namespace {

constexpr std::int64_t kMostDateTime = 0xffffffff;
/// 1900-01-01 and the end of 2299: what DateTime64 and Date32 can show.
constexpr std::int64_t kLeastSecond = -2208988800, kMostSecond = 10413791999;
constexpr std::int64_t kMostDate = 0xffff;
constexpr std::int64_t kSecondsADay = 86400;
/// Of a time zone from UTC.
constexpr std::int64_t kMostOffset = 15 * 3600;
constexpr int kNanoDigits = 9;
/// In which 64 bits of nanoseconds end.
constexpr int kMostNanoYear = 2262;
/// The server's parser takes no more digits behind the point.
constexpr std::size_t kMostFraction = 19;

/// Reads so many digits.
bool Digits(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!IsDigit(text[i])) return false;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(count);
  return true;
}
bool Char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

std::int64_t PowerOfTen(int exponent) {
  std::int64_t power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

/// The fraction's first digits as a number of that many digits.
std::int64_t Ticks(std::string_view fraction, int digits) {
  std::int64_t ticks = 0;
  for (int i = 0; i < digits; ++i) {
    const auto at = static_cast<std::size_t>(i);
    ticks = ticks * 10 + (at < fraction.size() ? fraction[at] - '0' : 0);
  }
  return ticks;
}

bool HasMoreThan(std::string_view fraction, int digits) {
  const auto kept = std::min(fraction.size(), static_cast<std::size_t>(digits));
  return fraction.find_first_not_of('0', kept) != std::string_view::npos;
}

/// Of a time without its fraction: what the server does with it.
/// `zoned`: known to be in UTC.
bool JudgeRange(RowText& row, const RowType& type, const char* at, std::int64_t seconds, std::string_view fraction,
                std::string_view text, bool zoned) {
  if (type.kind == RowType::Kind::kDateTime) {
    if (!zoned && type.local && (std::abs(seconds) < kMostOffset || std::abs(seconds - kMostDateTime) < kMostOffset)) {
      row.Warn(RowRule::kNotJudged, at,
               [&] { return ShownPart(text) + " is near the ends of DateTime: its time zone counts"; });
      return true;
    }
    if (seconds < 0 || seconds > kMostDateTime) {
      row.Warn(RowRule::kTimeChanged, at,
               [&] { return ShownPart(text) + " is outside 1970..2106, stored as another time"; });
      return true;
    }
    if (HasMoreThan(fraction, 0))
      row.Warn(RowRule::kFractionCut, at, [&] { return ShownPart(text) + " is stored without its fraction"; });
    return true;
  }
  if (type.scale == kNanoDigits) {
    constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
    std::int64_t ticks = 0;
    if (__builtin_mul_overflow(seconds, std::int64_t{1000000000}, &ticks) ||
        (seconds > 0 && Ticks(fraction, kNanoDigits) > kMost - ticks)) {
      if (seconds > 0 || type.newer_times) {
        return row.Refuse(RowRule::kValue, at, ShownPart(text) + " is outside what DateTime64(9) holds");
      }
    }
  }
  if ((seconds < kLeastSecond && !type.newer_times) || seconds > kMostSecond) {
    row.Warn(RowRule::kTimeChanged, at,
             [&] { return ShownPart(text) + " is outside 1900..2299, stored as another time"; });
  } else if (HasMoreThan(fraction, type.scale)) {
    row.Warn(RowRule::kFractionCut, at, [&] { return ShownPart(text) + " is stored without its last digits"; });
  }
  return true;
}

/// An integer that is a time so early is most likely one in another unit. `seconds`: since 1970, rounded down.
void JudgeUnit(RowText& row, const char* at, std::int64_t seconds, bool zero, std::string_view text) {
  constexpr std::int64_t kLeastLikely = 94694400;  // 1973
  if (zero || seconds >= kLeastLikely) return;
  row.Warn(RowRule::kTimeUnit, at, [&] {
    const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
    const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
    return fmt::format("{} is stored as a time in {}", ShownPart(text), static_cast<int>(day.year()));
  });
}

/// A text of one of the judged forms.
bool JudgeText(RowText& row, const RowType& type, const char* at, const TimeText& time, std::string_view text) {
  const bool seconds_alone = type.kind == RowType::Kind::kDateTime;
  if (!type.best_effort && (time.has_zone || (seconds_alone && time.has_point))) {
    return row.Refuse(RowRule::kValue, at,
                      ShownPart(text) + (time.has_zone ? " has a time zone" : " has a fraction") +
                          ", which date_time_input_format=basic does not take");
  }
  if (time.fraction.size() > kMostFraction) return row.Refuse(RowRule::kValue, at, "too many digits of a fraction");
  if (time.year == 0 || time.month == 0 || time.day == 0 || !time.IsDay()) {
    if (type.best_effort &&
        (time.month > 12 || (time.year == 0 && !time.has_time) || (time.month > 0 && time.day > 0 && time.year > 0))) {
      return row.Refuse(RowRule::kValue, at, "no such day: " + ShownPart(text));
    }
    // A day behind a month's last is one of the next month; others are 1970-01-01, or with best_effort the first.
    const bool next_month = type.best_effort || (time.month > 0 && time.month <= 12 && time.day > 0 && time.day <= 31);
    if (next_month && time.year > kMostNanoYear && !seconds_alone && type.scale == kNanoDigits) {
      return row.Refuse(RowRule::kValue, at, ShownPart(text) + " is outside what DateTime64(9) holds");
    }
    row.Warn(RowRule::kTimeChanged, at, [&] { return "no such day: " + ShownPart(text) + ", stored as another"; });
    return true;
  }
  if (!time.IsTimeOfDay()) {
    row.Warn(RowRule::kTimeChanged, at,
             [&] { return "no such time of day: " + ShownPart(text) + ", stored as another"; });
    if (!type.best_effort && time.year > kMostNanoYear) {
      row.Warn(RowRule::kNotJudged, at, [&] { return "a time too late, and none of a day: " + ShownPart(text); });
      return true;
    }
    // It may still be refused as too late.
    if (seconds_alone) return true;
  }
  return JudgeRange(row, type, at, time.Seconds(), time.fraction, text, time.has_zone);
}

/// A whole number in quotes.
bool JudgeQuotedInteger(RowText& row, const RowType& type, const char* at, std::string_view text) {
  if (text.starts_with('-') && type.best_effort) return row.Refuse(RowRule::kValue, at, "no time: " + ShownPart(text));
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  std::int64_t value = 0;
  if (digits.size() > kMostFraction) return row.Refuse(RowRule::kValue, at, "no time: " + ShownPart(text));
  for (const char c : digits) {
    if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
        __builtin_add_overflow(value, std::int64_t{c - '0'}, &value)) {
      row.Warn(RowRule::kNotJudged, at, [&] { return "a time in digits: " + ShownPart(text); });
      return true;
    }
  }
  int fraction_digits = 0;  // of `value`
  if (type.best_effort) {
    switch (digits.size()) {
      case 9:
      case 10: break;
      case 13: fraction_digits = 3; break;
      case 16: fraction_digits = 6; break;
      case 19: fraction_digits = 9; break;
      case 1:
      case 2:
      case 4:
      case 6:
      case 8:
      case 14: row.Warn(RowRule::kNotJudged, at, [&] { return "a date in digits: " + ShownPart(text); }); return true;
      default: return row.Refuse(RowRule::kValue, at, "no time: " + ShownPart(text));
    }
  } else {
    constexpr std::size_t kLeastDigits = 5, kMostSeconds = 10;
    const bool seconds_alone = type.kind == RowType::Kind::kDateTime;
    if (text.starts_with('-') ? seconds_alone : digits.size() < kLeastDigits) {
      return row.Refuse(RowRule::kValue, at, "no time: " + ShownPart(text));
    }
    if (text.starts_with('-')) {
      value = -value;
    } else if (digits.size() > kMostSeconds && !seconds_alone) {
      fraction_digits = type.scale;
    }
  }
  const std::int64_t unit = PowerOfTen(fraction_digits);
  if (!text.starts_with('-')) JudgeUnit(row, at, value / unit, value == 0, text);
  const std::string all(digits);
  const std::string_view fraction =
      std::string_view(all).substr(all.size() - std::min(all.size(), static_cast<std::size_t>(fraction_digits)));
  return JudgeRange(row, type, at, value / unit, fraction, text, true);
}

/// A bare number: seconds in a DateTime, ticks in a DateTime64, where newer servers take seconds too.
bool JudgeBareNumber(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  WholeNumber number;
  if (!ReadWholeNumber(row, number)) return false;
  const std::string_view text(begin, row.at());
  if (!number.digits && !row.TakeNothing(begin)) return false;
  std::int64_t seconds = 0;
  bool wrapped = number.too_large || number.magnitude > std::uint64_t{1} << 63 ||
                 (!number.negative && number.magnitude == std::uint64_t{1} << 63);
  const auto value = static_cast<std::int64_t>(number.negative ? 0 - number.magnitude : number.magnitude);
  if (type.kind == RowType::Kind::kDateTime) {
    seconds = value;
    wrapped |= seconds < 0 || seconds > kMostDateTime;
  } else {
    const std::int64_t ticks = PowerOfTen(type.scale), unit = type.newer_times ? 1 : ticks;
    std::int64_t ignored = 0;
    if (type.newer_times && (wrapped || __builtin_mul_overflow(value, ticks, &ignored))) {
      return row.Refuse(RowRule::kValue, begin, ShownPart(text) + " is more seconds than the DateTime64 holds");
    }
    seconds = value / unit - (value % unit < 0 ? 1 : 0);
    wrapped |= (seconds < kLeastSecond && !type.newer_times) || seconds > kMostSecond;
  }
  if (wrapped) {
    row.Warn(RowRule::kTimeChanged, begin, [&] {
      return ShownPart(text) + (type.kind == RowType::Kind::kDateTime
                                    ? " is more seconds than DateTime holds, stored as another time"
                                    : " is outside what DateTime64 holds, stored as another time");
    });
  } else {
    JudgeUnit(row, begin, seconds, value == 0, text);
  }
  return true;
}

}  // namespace

bool TimeText::Parse(std::string_view text) {
  if (!Digits(text, 4, year) || !Char(text, '-') || !Digits(text, 2, month) || !Char(text, '-') ||
      !Digits(text, 2, day)) {
    return false;
  }
  if (text.empty()) return true;
  if (!Char(text, ' ') && !Char(text, 'T')) return false;
  has_time = true;
  if (!Digits(text, 2, hour) || !Char(text, ':') || !Digits(text, 2, minute) || !Char(text, ':') ||
      !Digits(text, 2, second)) {
    return false;
  }
  if (Char(text, '.')) {
    has_point = true;
    std::size_t digits = 0;
    while (digits < text.size() && IsDigit(text[digits])) ++digits;
    fraction = text.substr(0, digits);
    text.remove_prefix(digits);
  }
  if (text.empty()) return true;
  has_zone = true;
  if (Char(text, 'Z')) return text.empty();
  const bool west = text[0] == '-';
  int hours = 0, minutes = 0;
  if (!Char(text, '+') && !Char(text, '-')) return false;
  if (!Digits(text, 2, hours) || !Char(text, ':') || !Digits(text, 2, minutes)) return false;
  offset_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
  return text.empty();
}

std::int64_t TimeText::Days() const {
  return std::chrono::sys_days(std::chrono::year(year) / month / day).time_since_epoch().count();
}

bool JudgeDateTime(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  if (row.Peek() != '"') return JudgeBareNumber(row, type);
  std::string_view text;
  bool escaped = false;
  if (!row.String(text, escaped)) return false;
  if (escaped) {
    row.Warn(RowRule::kNotJudged, begin, [&] { return "a time with a backslash: " + ShownPart(text); });
    return true;
  }
  TimeText time;
  if (time.Parse(text)) return JudgeText(row, type, begin, time, text);
  if (text.empty()) return row.Refuse(RowRule::kValue, begin, "an empty text is no time");
  const std::size_t other = text.find_first_not_of("0123456789", text.starts_with('-') ? 1 : 0);
  if (other == std::string_view::npos && text != "-") return JudgeQuotedInteger(row, type, begin, text);
  row.Warn(RowRule::kNotJudged, begin, [&] { return "a time of another form: " + ShownPart(text); });
  return true;
}

bool JudgeDate(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  const bool wide = type.kind == RowType::Kind::kDate32;
  const std::int64_t least = wide ? kLeastSecond / kSecondsADay : 0;
  const std::int64_t most = wide ? kMostSecond / kSecondsADay : kMostDate;
  if (row.Peek() != '"') {
    WholeNumber number;
    if (row.Peek() == 't' || row.Peek() == 'f') {
      row.Warn(RowRule::kTimeChanged, begin, "true and false are stored as dates");
      return row.TakeWord(row.Peek() == 't' ? "true" : "false");
    }
    if (!wide && row.Peek() == '-') return row.Refuse(RowRule::kValue, begin, "a date before 1970");
    if (!ReadWholeNumber(row, number)) return false;
    if (!number.digits && !row.TakeNothing(begin)) return false;
    const std::int64_t limit = number.negative ? -least : most;
    if (number.too_large || number.magnitude > static_cast<std::uint64_t>(limit)) {
      row.Warn(RowRule::kTimeChanged, begin,
               [&] { return ShownPart({begin, row.at()}) + " days are stored as another date"; });
    }
    return true;
  }
  std::string_view text;
  bool escaped = false;
  if (!row.String(text, escaped)) return false;
  if (escaped) return row.Refuse(RowRule::kValue, begin, "no escapes are taken in dates");
  constexpr std::size_t kFull = 10, kLeast = 8;
  TimeText date;
  if (!date.Parse(text.substr(0, kFull)) || text.size() < kFull) {
    if (text.size() < kLeast) return row.Refuse(RowRule::kValue, begin, "no date: " + ShownPart(text));
    row.Warn(RowRule::kNotJudged, begin, [&] { return "a date of another form: " + ShownPart(text); });
    return true;
  }
  if (text.size() > kFull)
    return row.Refuse(RowRule::kValue, begin, ShownPart(text) + " has a time, the column is a date");
  if (date.year == 0 || !date.IsDay() || date.Days() < least || date.Days() > most) {
    row.Warn(RowRule::kTimeChanged, begin, [&] { return ShownPart(text) + " is stored as another date"; });
  }
  return true;
}

}  // namespace gf_otlp::schema
