#ifndef GF_OTLP_SCHEMA_ROW_TIMES_H_
#define GF_OTLP_SCHEMA_ROW_TIMES_H_

#include <chrono>
#include <cstdint>
#include <string_view>

namespace gf_otlp::schema {

/// "2024-01-02", "2024-01-02 03:04:05", "2024-01-02T03:04:05.123+02:00": digits as they stand, not looked at.
struct TimeText {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  bool has_time = false, has_point = false, has_zone = false;
  std::string_view fraction;  // digits
  int offset_minutes = 0;     // east of UTC

  /// False if the text has another form.
  bool Parse(std::string_view text);

  /// There is such a day.
  bool IsDay() const {
    return std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                       std::chrono::day(static_cast<unsigned>(day)))
        .ok();
  }
  bool IsTimeOfDay() const { return hour < 24 && minute < 60 && second < 60; }
  /// Days since 1970. REQUIRES: IsDay()
  std::int64_t Days() const;
  /// Since 1970 UTC, the fraction left out. REQUIRES: IsDay()
  std::int64_t Seconds() const { return Days() * 86400 + hour * 3600 + (minute - offset_minutes) * 60 + second; }
};

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_ROW_TIMES_H_
