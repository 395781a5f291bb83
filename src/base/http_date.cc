#include "base/http_date.h"

#include <algorithm>
#include <chrono>

#include "base/ascii.h"

namespace gf_otlp {
namespace {

/// Of a name of three letters in a list of them; -1 if it is none.
int IndexOf(std::string_view name, std::string_view names) {
  for (std::size_t at = 0; at < names.size(); at += 3) {
    if (names.substr(at, 3) == name) return static_cast<int>(at / 3);
  }
  return -1;
}

/// A number behind spaces.
int Number(std::string_view text) {
  int number = 0;
  for (const char c : text) number = c == ' ' ? number : number * 10 + (c - '0');
  return number;
}

/// What is behind the weekday. 0: a digit; _: a digit or a space; a: any byte; the rest as it is.
struct Form {
  std::string_view text;
  bool long_weekday;
  std::size_t day, month, year, year_digits, time;

  bool Fits(std::string_view rest) const {
    return rest.size() == text.size() && std::ranges::equal(rest, text, [](char c, char form) {
             if (form == '0' || (form == '_' && c != ' ')) return IsDigit(c);
             return form == 'a' || c == (form == '_' ? ' ' : form);
           });
  }
};
constexpr Form kForms[] = {
    {", 00 aaa 0000 00:00:00 GMT", false, 2, 5, 9, 4, 14},  // IMF-fixdate
    {", 00-aaa-00 00:00:00 GMT", true, 2, 5, 9, 2, 12},     // rfc850-date
    {" aaa _0 00:00:00 0000", false, 5, 1, 17, 4, 8},       // asctime-date
};

bool IsWeekday(std::string_view name, bool long_name) {
  constexpr std::string_view kNames[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  return std::ranges::any_of(kNames,
                             [&](std::string_view day) { return name == (long_name ? day : day.substr(0, 3)); });
}

int FullYear(int two_digits, std::int64_t now) {
  const std::chrono::sys_seconds time{std::chrono::seconds(now)};
  const int this_year =
      static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(time)).year());
  const int year = this_year / 100 * 100 + two_digits;
  return year > this_year + 50 ? year - 100 : year;
}

}  // namespace

std::optional<std::int64_t> ParseHttpDate(std::string_view text, std::int64_t now) {
  const std::size_t name = std::min(text.find_first_of(", "), text.size());
  const std::string_view rest = text.substr(name);
  const auto form = std::ranges::find_if(kForms, [&](const Form& f) { return f.Fits(rest); });
  if (form == std::end(kForms) || !IsWeekday(text.substr(0, name), form->long_weekday)) return std::nullopt;
  const int month = IndexOf(rest.substr(form->month, 3), "JanFebMarAprMayJunJulAugSepOctNovDec");
  if (month < 0) return std::nullopt;
  int year = Number(rest.substr(form->year, form->year_digits));
  if (form->year_digits == 2) year = FullYear(year, now);
  const std::chrono::year_month_day date(std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month) + 1),
                                         std::chrono::day(static_cast<unsigned>(Number(rest.substr(form->day, 2)))));
  const std::string_view time = rest.substr(form->time);
  const int hour = Number(time.substr(0, 2)), minute = Number(time.substr(3, 2)), second = Number(time.substr(6, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;  // 60: a leap second
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

}  // namespace gf_otlp
