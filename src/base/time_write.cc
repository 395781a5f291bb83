#include "base/time_write.h"

#include <array>
#include <chrono>
#include <cstring>

namespace gf_otlp {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

constexpr auto kTwoDigits = [] {
  std::array<char, 200> digits{};
  for (std::size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

void WriteTwo(char* out, unsigned value) { std::memcpy(out, &kTwoDigits[2 * static_cast<std::size_t>(value)], 2); }

void WriteNine(char* out, unsigned value) {
  out[8] = static_cast<char>('0' + value % 10);
  value /= 10;
  for (int at = 6; at >= 0; at -= 2) {
    WriteTwo(out + at, value % 100);
    value /= 100;
  }
}

/// Whole seconds, rounded down, and the nanoseconds above them.
struct Split {
  std::int64_t seconds;
  unsigned nanoseconds;
};

Split SplitSeconds(std::int64_t nanoseconds) {
  std::int64_t seconds = nanoseconds / kNanosecondsPerSecond;
  std::int64_t rest = nanoseconds % kNanosecondsPerSecond;
  if (rest < 0) {
    --seconds;
    rest += kNanosecondsPerSecond;
  }
  return {seconds, static_cast<unsigned>(rest)};
}

}  // namespace

char* TimeWriter::WriteDateAndTime(char* out, std::int64_t seconds, char separator) {
  std::int64_t day = seconds / kSecondsPerDay;
  std::int64_t second = seconds % kSecondsPerDay;
  if (second < 0) {
    --day;
    second += kSecondsPerDay;
  }
  if (day != day_) {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
    WriteTwo(date_, year / 100);
    WriteTwo(date_ + 2, year % 100);
    date_[4] = date_[7] = '-';
    WriteTwo(date_ + 5, static_cast<unsigned>(date.month()));
    WriteTwo(date_ + 8, static_cast<unsigned>(date.day()));
    day_ = day;
  }
  const auto time = static_cast<unsigned>(second);
  std::memcpy(out, date_, sizeof date_);
  out[10] = separator;
  WriteTwo(out + 11, time / 3600);
  out[13] = ':';
  WriteTwo(out + 14, time / 60 % 60);
  out[16] = ':';
  WriteTwo(out + 17, time % 60);
  return out + 19;
}

char* TimeWriter::WriteNanoseconds(char* out, std::int64_t nanoseconds) {
  const Split split = SplitSeconds(nanoseconds);
  out = WriteDateAndTime(out, split.seconds, ' ');
  *out++ = '.';
  WriteNine(out, split.nanoseconds);
  return out + 9;
}

char* TimeWriter::WriteSeconds(char* out, std::int64_t seconds) { return WriteDateAndTime(out, seconds, ' '); }

char* TimeWriter::WriteRfc3339(char* out, std::int64_t nanoseconds) {
  const Split split = SplitSeconds(nanoseconds);
  out = WriteDateAndTime(out, split.seconds, 'T');
  if (split.nanoseconds != 0) {
    *out++ = '.';
    WriteNine(out, split.nanoseconds);
    out += 9;
    while (out[-1] == '0') --out;
  }
  *out++ = 'Z';
  return out;
}

}  // namespace gf_otlp
