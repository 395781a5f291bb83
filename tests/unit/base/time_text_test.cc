#include "base/time_text.h"

#include <doctest/doctest.h>

#include <string>

namespace gf_otlp {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kNow = 1'795'000'000 * kSecond + 7;

std::uint64_t Time(std::string_view text) {
  CAPTURE(text);
  const auto time = ParseTime(text, kNow);
  REQUIRE(time.has_value());
  return *time;
}

std::uint64_t Duration(std::string_view text) {
  CAPTURE(text);
  const auto duration = ParseDuration(text);
  REQUIRE(duration.has_value());
  return *duration;
}

TEST_CASE("calendar times are nanoseconds since 1970 UTC") {
  CHECK(Time("1970-01-01") == 0);
  CHECK(Time("1970-01-01T00:00:01Z") == kSecond);
  CHECK(Time("2026-11-20") == 1'795'132'800 * kSecond);
  CHECK(Time("2026-11-20T08:30:00Z") == 1'795'163'400 * kSecond);
  CHECK(Time("2026-11-20t08:30:00z") == 1'795'163'400 * kSecond);
  CHECK(Time("2026-11-20T08:30:00") == 1'795'163'400 * kSecond);
  CHECK(Time("2026-11-20 08:30:00") == 1'795'163'400 * kSecond);
  CHECK(Time("2026-11-20 08:30") == 1'795'163'400 * kSecond);
  CHECK(Time("2026-11-20T08:30:00+02:00") == 1'795'156'200 * kSecond);
  CHECK(Time("2026-11-20T08:30:00-05:30") == 1'795'183'200 * kSecond);
  CHECK(Time("2026-11-20T00:10+23:59") == (1'795'132'800 + 600 - 86'340) * kSecond);
  CHECK(Time("2026-11-20T08:30:00.5Z") == 1'795'163'400 * kSecond + 500'000'000);
  CHECK(Time("2026-11-20T08:30:00.123456789Z") == 1'795'163'400 * kSecond + 123'456'789);
  CHECK(Time("2024-02-29") == 1'709'164'800 * kSecond);
  CHECK(Time("2554-07-21T23:34:33.709551615Z") == ~std::uint64_t{0});
}

TEST_CASE("a duration is a time before now") {
  CHECK(Time("90s") == kNow - 90 * kSecond);
  CHECK(Time("15m") == kNow - 900 * kSecond);
  CHECK(Time("24h") == kNow - 86'400 * kSecond);
  CHECK(Time("7d") == kNow - 7 * 86'400 * kSecond);
  CHECK(Time("1h30m") == kNow - 5400 * kSecond);
}

TEST_CASE("what is no time is a usage error that shows the forms") {
  for (const char* text : {"",
                           " ",
                           "0",
                           "now",
                           "2026",
                           "2026-11",
                           "2026-11-2",
                           "2026-13-01",
                           "2026-02-29",
                           "2026-11-31",
                           "2026-00-10",
                           "20261120",
                           "2026-11-20T",
                           "2026-11-20T08",
                           "2026-11-20T8:30:00Z",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T08:60:00Z",
                           "2026-11-20T08:30:60Z",
                           "2026-11-20T08:30:00.Z",
                           "2026-11-20T08:30:00.1234567891Z",
                           "2026-11-20T08:30:00+2:00",
                           "2026-11-20T08:30:00+0200",
                           "2026-11-20T08:30:00+24:00",
                           "2026-11-20T08:30:00ZZ",
                           "2026-11-20Z",
                           " 2026-11-20",
                           "2026-11-20 ",
                           "-2026-11-20",
                           "24",
                           "24 h",
                           "-24h",
                           "1h2",
                           "1795132800"}) {
    CAPTURE(text);
    const auto time = ParseTime(text, kNow);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error().code() == Code::kUsage);
    CHECK(time.error().message().find("RFC 3339") != std::string::npos);
  }
}

TEST_CASE("a time that OTLP cannot hold is a usage error") {
  for (const char* text :
       {"1969-12-31", "1970-01-01T00:00:00+00:01", "2554-07-21T23:34:33.709551616Z", "9999-12-31", "200000d"}) {
    CAPTURE(text);
    const auto time = ParseTime(text, kNow);
    REQUIRE_FALSE(time.has_value());
    CHECK(time.error().code() == Code::kUsage);
    CHECK(time.error().message().find("outside") != std::string::npos);
  }
}

TEST_CASE("durations are exact") {
  CHECK(Duration("0") == 0);
  CHECK(Duration("0s") == 0);
  CHECK(Duration("10ns") == 10);
  CHECK(Duration("250us") == 250'000);
  CHECK(Duration("250\u00b5s") == 250'000);
  CHECK(Duration("100ms") == 100'000'000);
  CHECK(Duration("1.5s") == 1'500'000'000);
  CHECK(Duration("0.000000001s") == 1);
  CHECK(Duration("0.10000000000000000s") == 100'000'000);
  CHECK(Duration("1.5m") == 90 * kSecond);
  CHECK(Duration("2h") == 7200 * kSecond);
  CHECK(Duration("1h30m") == 5400 * kSecond);
  CHECK(Duration("1d2h3m4s5ms6us7ns") == 93'784 * kSecond + 5'006'007);
  CHECK(Duration("18446744073709551615ns") == ~std::uint64_t{0});
}

TEST_CASE("what is no duration is a usage error that shows the forms") {
  for (const char* text :
       {"", "5", "1.", "s", ".5s", "1.s", "-1s", "+1s", "1 s", "1S", "1w", "1s ", "0.5ns", "0.0000000001s",
        "18446744073709551616ns", "99999999999999999999ns", "213504d", "18446744073s1s"}) {
    CAPTURE(text);
    const auto duration = ParseDuration(text);
    REQUIRE_FALSE(duration.has_value());
    CHECK(duration.error().code() == Code::kUsage);
    CHECK(duration.error().message().find("100ms") != std::string::npos);
  }
}

}  // namespace
}  // namespace gf_otlp
