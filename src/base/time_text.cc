#include "base/time_text.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/ascii.h"

namespace gf_otlp {
namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

/// Takes what it knows from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }
  bool AtDigit() const { return !rest_.empty() && IsDigit(rest_.front()); }

  bool Take(std::string_view one_of) {
    if (rest_.empty() || one_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  /// REQUIRES: AtDigit()
  std::uint32_t TakeDigit() {
    const auto digit = static_cast<std::uint32_t>(rest_.front() - '0');
    rest_.remove_prefix(1);
    return digit;
  }
  /// A number of exactly that many digits, at most `max`.
  std::optional<std::uint32_t> TakeNumber(int digits, std::uint32_t max) {
    std::uint32_t number = 0;
    for (int i = 0; i < digits; ++i) {
      if (!AtDigit()) return std::nullopt;
      number = number * 10 + TakeDigit();
    }
    if (number > max) return std::nullopt;
    return number;
  }

 private:
  std::string_view rest_;
};

/// 1 to 9 digits behind the point, in nanoseconds.
std::optional<std::uint32_t> TakeFraction(Scanner& in) {
  if (!in.AtDigit()) return std::nullopt;
  std::uint32_t nanos = 0;
  for (std::uint32_t weight = kNanosPerSecond / 10; in.AtDigit(); weight /= 10) {
    if (weight == 0) return std::nullopt;
    nanos += in.TakeDigit() * weight;
  }
  return nanos;
}

struct TimeOfDay {
  std::int64_t seconds = 0;  // from midnight UTC: negative or more than a day with an offset
  std::uint32_t nanos = 0;
};

/// hh:mm[:ss[.fraction]] and a zone, which may be missing.
std::optional<TimeOfDay> TakeTimeOfDay(Scanner& in) {
  TimeOfDay time;
  const auto hours = in.TakeNumber(2, 23);
  if (!hours || !in.Take(":")) return std::nullopt;
  const auto minutes = in.TakeNumber(2, 59);
  if (!minutes) return std::nullopt;
  time.seconds = *hours * 3600 + *minutes * 60;
  if (in.Take(":")) {
    const auto seconds = in.TakeNumber(2, 59);
    if (!seconds) return std::nullopt;
    time.seconds += *seconds;
    if (in.Take(".")) {
      const auto nanos = TakeFraction(in);
      if (!nanos) return std::nullopt;
      time.nanos = *nanos;
    }
  }
  if (in.AtEnd() || in.Take("Zz")) return time;

  const bool east = in.Take("+");
  if (!east && !in.Take("-")) return std::nullopt;
  const auto offset_hours = in.TakeNumber(2, 23);
  if (!offset_hours || !in.Take(":")) return std::nullopt;
  const auto offset_minutes = in.TakeNumber(2, 59);
  if (!offset_minutes) return std::nullopt;
  const std::int64_t offset = *offset_hours * 3600 + *offset_minutes * 60;
  time.seconds += east ? -offset : offset;
  return time;
}

struct CalendarTime {
  std::int64_t seconds = 0;  // since 1970
  std::uint32_t nanos = 0;
};

std::optional<CalendarTime> ParseCalendar(std::string_view text) {
  Scanner in(text);
  const auto year = in.TakeNumber(4, 9999);
  if (!year || !in.Take("-")) return std::nullopt;
  const auto month = in.TakeNumber(2, 12);
  if (!month || !in.Take("-")) return std::nullopt;
  const auto day = in.TakeNumber(2, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                         std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;

  TimeOfDay time;
  if (in.Take("Tt ")) {
    const auto taken = TakeTimeOfDay(in);
    if (!taken) return std::nullopt;
    time = *taken;
  }
  if (!in.AtEnd()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return CalendarTime{days * 86'400 + time.seconds, time.nanos};
}

/// Behind the number: the unit in nanoseconds.
std::optional<std::uint64_t> TakeUnit(Scanner& in) {
  struct Unit {
    std::string_view name;
    std::uint64_t nanos;
  };
  // What another one begins with stands behind that one.
  constexpr Unit kUnits[] = {
      {"ns", 1},
      {"us", 1000},
      {"\u00b5s", 1000},
      {"ms", 1'000'000},
      {"s", kNanosPerSecond},
      {"m", 60 * kNanosPerSecond},
      {"h", 3600 * kNanosPerSecond},
      {"d", 86'400 * kNanosPerSecond},
  };
  for (const Unit& unit : kUnits) {
    if (in.TakeWord(unit.name)) return unit.nanos;
  }
  return std::nullopt;
}

bool AddProduct(std::uint64_t a, std::uint64_t b, std::uint64_t& sum) {
  std::uint64_t product;
  return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(sum, product, &sum);
}

/// One number with its unit, added to `sum`.
bool TakePart(Scanner& in, std::uint64_t& sum) {
  if (!in.AtDigit()) return false;
  std::uint64_t whole = 0;
  while (in.AtDigit()) {
    std::uint64_t tens = 0;
    if (!AddProduct(whole, 10, tens) || !AddProduct(in.TakeDigit(), 1, tens)) return false;
    whole = tens;
  }
  std::string fraction;
  if (in.Take(".")) {
    if (!in.AtDigit()) return false;
    while (in.AtDigit()) fraction += static_cast<char>(in.TakeDigit());
  }
  const auto unit = TakeUnit(in);
  if (!unit || !AddProduct(whole, *unit, sum)) return false;
  std::uint64_t weight = *unit;
  for (const char digit : fraction) {
    if (digit != 0 && weight % 10 != 0) return false;  // finer than a nanosecond
    weight /= 10;
    if (!AddProduct(static_cast<std::uint64_t>(digit), weight, sum)) return false;
  }
  return true;
}

std::optional<std::uint64_t> DurationOf(std::string_view text) {
  if (text == "0") return 0;
  Scanner in(text);
  std::uint64_t sum = 0;
  do {
    if (!TakePart(in, sum)) return std::nullopt;
  } while (!in.AtEnd());
  return sum;
}

std::unexpected<Status> BadTime(std::string_view text) {
  return std::unexpected(UsageError(
      fmt::format("'{}' is no time: give RFC 3339 (2026-11-20T08:30:00.5Z, 2026-11-20T08:30:00+02:00), a date "
                  "(2026-11-20), a date and a time in UTC (2026-11-20 08:30:00), or how long ago (90s, 15m, "
                  "24h, 7d)",
                  text)));
}

std::unexpected<Status> OutOfRange(std::string_view text) {
  return std::unexpected(UsageError(fmt::format("time '{}' is outside 1970-01-01 to 2554-07-21", text)));
}

}  // namespace

Result<std::uint64_t> ParseTime(std::string_view text, std::uint64_t now) {
  if (const auto ago = DurationOf(text); ago && text != "0") {
    if (*ago > now) return OutOfRange(text);
    return now - *ago;
  }
  const auto time = ParseCalendar(text);
  if (!time) return BadTime(text);
  std::uint64_t nanos = time->nanos;
  if (time->seconds < 0 || !AddProduct(static_cast<std::uint64_t>(time->seconds), kNanosPerSecond, nanos)) {
    return OutOfRange(text);
  }
  return nanos;
}

Result<std::uint64_t> ParseDuration(std::string_view text) {
  if (const auto nanos = DurationOf(text)) return *nanos;
  return std::unexpected(UsageError(
      fmt::format("'{}' is no duration: give numbers with units (ns, us, ms, s, m, h, d) of up to 584 years, such as "
                  "100ms, 1.5s, 1h30m",
                  text)));
}

}  // namespace gf_otlp
