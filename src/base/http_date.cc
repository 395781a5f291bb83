#include "base/http_date.h"

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

int Number(std::string_view digits) {
  int number = 0;
  for (const char c : digits) number = number * 10 + (c - '0');
  return number;
}

}  // namespace

std::optional<std::int64_t> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kForm = "aaa, 00 aaa 0000 00:00:00 GMT";  // a: letter, 0: digit
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (kForm[i] == '0' ? !IsDigit(text[i]) : kForm[i] != 'a' && text[i] != kForm[i]) return std::nullopt;
  }
  const int month = IndexOf(text.substr(8, 3), "JanFebMarAprMayJunJulAugSepOctNovDec");
  if (month < 0 || IndexOf(text.substr(0, 3), "MonTueWedThuFriSatSun") < 0) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(Number(text.substr(12, 4))),
                                         std::chrono::month(static_cast<unsigned>(month) + 1),
                                         std::chrono::day(static_cast<unsigned>(Number(text.substr(5, 2)))));
  const int hour = Number(text.substr(17, 2)), minute = Number(text.substr(20, 2)), second = Number(text.substr(23, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;  // 60: a leap second
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return ((days * 24 + hour) * 60 + minute) * 60 + second;
}

}  // namespace gf_otlp
