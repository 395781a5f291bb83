#include "schema/ttl.h"

#include <doctest/doctest.h>

namespace gf_otlp::schema {
namespace {

std::string Sql(std::string_view text) {
  const Result<std::vector<TtlTier>> tiers = ParseTtl(text);
  return tiers ? TtlSql(*tiers, "t") : "error: " + tiers.error().message();
}

TEST_CASE("the largest unit that divides counts") {
  CHECK(Sql("30d") == "t + toIntervalDay(30)");
  CHECK(Sql("1w") == "t + toIntervalDay(7)");
  CHECK(Sql("48h") == "t + toIntervalDay(2)");
  CHECK(Sql("36h") == "t + toIntervalHour(36)");
  CHECK(Sql("12h") == "t + toIntervalHour(12)");
  CHECK(Sql("90m") == "t + toIntervalMinute(90)");
  CHECK(Sql("120m") == "t + toIntervalHour(2)");
  CHECK(Sql("45s") == "t + toIntervalSecond(45)");
  CHECK(Sql("1d1s") == "t + toIntervalSecond(86401)");
  CHECK(Sql("50w") == "t + toIntervalDay(350)");
  CHECK(Sql("18250d") == "t + toIntervalDay(18250)");
}

TEST_CASE("tiers move rows before they are deleted") {
  CHECK(Sql("30d to volume slow, 180d") == "t + toIntervalDay(30) TO VOLUME 'slow', t + toIntervalDay(180)");
  CHECK(Sql(" 30d TO Volume `slow` ,90d to disk 'co''ld',180d DELETE ") ==
        "t + toIntervalDay(30) TO VOLUME 'slow', t + toIntervalDay(90) TO DISK 'co\\'ld', t + toIntervalDay(180)");
  CHECK(Sql("1h to disk 'a, b'") == "t + toIntervalHour(1) TO DISK 'a, b'");
}

TEST_CASE("what is wrong with tiers is said") {
  const auto wrong = [](std::string_view text, std::string_view what) {
    CAPTURE(text);
    const Result<std::vector<TtlTier>> tiers = ParseTtl(text);
    REQUIRE_FALSE(tiers);
    CHECK(tiers.error().code() == Code::kUsage);
    CHECK_MESSAGE(tiers.error().message().find(what) != std::string::npos, tiers.error().message());
  };
  for (const char* duration :
       {"", "0d", "30", "d", "-1d", "1.5s", "100ms", "18251d", "2608w", "w", "1.5w", "99999999999999999999w"}) {
    wrong(duration, "is no duration of whole seconds up to 50 years");
  }
  wrong("30d, ", "is no duration");
  wrong("30d to", "'volume' or 'disk'");
  wrong("30d to slow", "'volume' or 'disk'");
  wrong("30d to volume", "expected a name");
  wrong("30d to volume 5", "expected a name");
  wrong("30d to volume slow 180d", "',' or the end");
  wrong("30d keep", "',' or the end");
  wrong("30d, 60d to volume slow", "deleted before");
  wrong("30d, 60d", "deleted before");
  wrong("60d to volume slow, 30d", "must come before");
  wrong("60d to volume slow, 60d", "must come before");
}

}  // namespace
}  // namespace gf_otlp::schema
