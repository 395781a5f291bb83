#include "base/time_write.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <ctime>
#include <limits>
#include <random>
#include <string>

namespace gf_otlp {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::string Nanoseconds(TimeWriter& writer, std::int64_t time) {
  char text[kTimeRoom];
  return {text, writer.WriteNanoseconds(text, time)};
}
std::string Rfc3339(TimeWriter& writer, std::int64_t time) {
  char text[kTimeRoom];
  return {text, writer.WriteRfc3339(text, time)};
}

TEST_CASE("times of the whole 64-bit range") {
  TimeWriter writer;
  CHECK(Nanoseconds(writer, 0) == "1970-01-01 00:00:00.000000000");
  CHECK(Nanoseconds(writer, 1'700'000'000'123'456'789) == "2023-11-14 22:13:20.123456789");
  CHECK(Nanoseconds(writer, -1) == "1969-12-31 23:59:59.999999999");
  // As clickhouse-go reads 2^63 and 2^63 - 1 (golden rows logs-edge-numbers).
  CHECK(Nanoseconds(writer, std::numeric_limits<std::int64_t>::min()) == "1677-09-21 00:12:43.145224192");
  CHECK(Nanoseconds(writer, std::numeric_limits<std::int64_t>::max()) == "2262-04-11 23:47:16.854775807");
  CHECK(Nanoseconds(writer, 951'782'400 * kSecond) == "2000-02-29 00:00:00.000000000");
}

TEST_CASE("RFC 3339 has a fraction without trailing zeros") {
  TimeWriter writer;
  CHECK(Rfc3339(writer, 0) == "1970-01-01T00:00:00Z");
  CHECK(Rfc3339(writer, 1'700'000'000'123'456'790) == "2023-11-14T22:13:20.12345679Z");
  CHECK(Rfc3339(writer, 100'000'000) == "1970-01-01T00:00:00.1Z");
}

TEST_CASE("seconds agree with the C library") {
  std::mt19937_64 random(5);
  TimeWriter writer;
  for (int i = 0; i < 20'000; ++i) {
    // Up to the end of DateTime, and a day's neighbours, so that the remembered date is used and left.
    const std::int64_t seconds =
        static_cast<std::int64_t>(random() % (std::int64_t{1} << 32)) / (i % 2 == 0 ? 1 : 40'000);
    const std::time_t time = seconds;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char expected[kTimeRoom], text[kTimeRoom];
    const std::size_t size = std::strftime(expected, sizeof expected, "%Y-%m-%d %H:%M:%S", &parts);
    CHECK(std::string(text, writer.WriteSeconds(text, seconds)) == std::string(expected, size));
  }
}

}  // namespace
}  // namespace gf_otlp
