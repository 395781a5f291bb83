#include "base/number_text.h"

#include <doctest/doctest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace gf_otlp {
namespace {

std::string Double(double value) {
  char text[kDoubleRoom];
  return {text, WriteDouble(text, value)};
}
std::string Plain(double value) {
  char text[kPlainDoubleRoom];
  return {text, WritePlainDouble(text, value)};
}

TEST_CASE("doubles stand as ECMAScript writes them") {
  // Values and texts of ECMA-262, Number::toString, and of clickhouseexporter's golden rows.
  CHECK(Double(0) == "0");
  CHECK(Double(-0.0) == "-0");
  CHECK(Double(1) == "1");
  CHECK(Double(-1.5) == "-1.5");
  CHECK(Double(0.1) == "0.1");
  CHECK(Double(1e-6) == "0.000001");
  CHECK(Double(1e-7) == "1e-7");
  CHECK(Double(1.5e-10) == "1.5e-10");
  CHECK(Double(1e20) == "100000000000000000000");
  CHECK(Double(1e21) == "1e+21");
  CHECK(Double(123456789012345680000.0) == "123456789012345680000");
  CHECK(Double(9007199254740992) == "9007199254740992");
  CHECK(Double(9007199254740994) == "9007199254740994");
  CHECK(Double(5e-324) == "5e-324");
  CHECK(Double(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
  CHECK(Double(-2.5122339483769644e+115) == "-2.5122339483769644e+115");
}

TEST_CASE("plain doubles have the same digits and no exponent") {
  CHECK(Plain(1e21) == "1000000000000000000000");
  CHECK(Plain(1e-7) == "0.0000001");
  CHECK(Plain(-0.0) == "-0");
  CHECK(Plain(2.5) == "2.5");
  CHECK(Plain(std::numeric_limits<double>::max()) == "17976931348623157" + std::string(292, '0'));
  CHECK(Plain(5e-324) == "0." + std::string(323, '0') + "5");
}

TEST_CASE("doubles read back as they were") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    for (const std::string& text : {Double(value), Plain(value)}) {
      double back = 0;
      std::from_chars(text.data(), text.data() + text.size(), back);
      CHECK(std::bit_cast<std::uint64_t>(back) == std::bit_cast<std::uint64_t>(value));
    }
  }
}

}  // namespace
}  // namespace gf_otlp
