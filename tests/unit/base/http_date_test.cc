#include "base/http_date.h"

#include <doctest/doctest.h>

namespace gf_otlp {
namespace {

std::optional<std::int64_t> ParseHttpDate(std::string_view text) {
  return gf_otlp::ParseHttpDate(text, 1'795'219'200);  // 2026-11-21
}

TEST_CASE("dates of HTTP are seconds since 1970") {
  CHECK(ParseHttpDate("Thu, 01 Jan 1970 00:00:00 GMT") == 0);
  CHECK(ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT") == 784'111'777);
  CHECK(ParseHttpDate("Thu, 29 Feb 2024 23:59:59 GMT") == 1'709'251'199);
  CHECK(ParseHttpDate("Fri, 31 Dec 9999 23:59:59 GMT") == 253'402'300'799);
}

TEST_CASE("the older forms of dates are read, too") {
  CHECK(ParseHttpDate("Sunday, 06-Nov-94 08:49:37 GMT") == 784'111'777);
  CHECK(ParseHttpDate("Sun Nov  6 08:49:37 1994") == 784'111'777);
  CHECK(ParseHttpDate("Thu Feb 29 23:59:59 2024") == 1'709'251'199);
  CHECK(ParseHttpDate("Thursday, 29-Feb-24 23:59:59 GMT") == 1'709'251'199);
  CHECK(ParseHttpDate("Wednesday, 01-Jan-76 00:00:00 GMT") == 3'345'062'400);  // 2076: 50 years ahead
  CHECK(ParseHttpDate("Saturday, 01-Jan-77 00:00:00 GMT") == 220'924'800);     // 1977
}

TEST_CASE("other texts are no dates") {
  for (const char* text :
       {"", "3", "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 1994 GMT", "Sun Nov _6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 GMT ", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT",
        "Fri, 29 Feb 2023 00:00:00 GMT", "Sun, 06 nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseHttpDate(text));
  }
}

}  // namespace
}  // namespace gf_otlp
