#include "sink/retry.h"

#include <doctest/doctest.h>

namespace gf_otlp {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

constexpr RetryOptions kOptions{.first = 1s, .longest = 10s, .give_up_after = 300s};

TEST_CASE("a time that nanoseconds do not hold is a long one") {
  std::minstd_rand random(1);
  RetryOptions options = kOptions;
  options.give_up_after = std::chrono::milliseconds::max();
  const auto wait = WaitBeforeRetry(options, 1, {}, 1s, random);
  REQUIRE(wait);
  CHECK(*wait <= 1s);
  CHECK(WaitBeforeRetry(options, 1, 24h * 365, 1s, random));
}

TEST_CASE("waits double up to the longest one, and of each a random part of at least a half is waited") {
  std::minstd_rand random(1);
  constexpr nanoseconds kFull[] = {1s, 2s, 4s, 8s, 10s, 10s, 10s};
  for (unsigned tries = 1; tries <= std::size(kFull); ++tries) {
    CAPTURE(tries);
    nanoseconds least = 1h, most = 0s;
    for (int i = 0; i < 200; ++i) {
      const auto wait = WaitBeforeRetry(kOptions, tries, {}, 0s, random);
      REQUIRE(wait);
      least = std::min(least, *wait);
      most = std::max(most, *wait);
    }
    const nanoseconds full = kFull[tries - 1];
    CHECK(least >= full / 2);
    CHECK(least < full * 6 / 10);
    CHECK(most > full * 9 / 10);
    CHECK(most <= full);
  }
  CHECK(WaitBeforeRetry(kOptions, 4'000'000'000, {}, 0s, random));
}

TEST_CASE("equal seeds give equal waits") {
  std::minstd_rand one(7), other(7);
  for (unsigned tries = 1; tries < 9; ++tries) {
    CHECK(WaitBeforeRetry(kOptions, tries, {}, 0s, one) == WaitBeforeRetry(kOptions, tries, {}, 0s, other));
  }
}

TEST_CASE("what the server asks for is waited, and little more") {
  std::minstd_rand random(1);
  for (int i = 0; i < 100; ++i) {
    const auto wait = WaitBeforeRetry(kOptions, 5, 20s, 0s, random);
    REQUIRE(wait);
    CHECK(*wait >= 20s);
    CHECK(*wait <= 22s);
  }
  // At once is no wish: backing off is still right.
  CHECK(*WaitBeforeRetry(kOptions, 1, 0s, 0s, random) >= 500ms);
}

TEST_CASE("the last wait ends when the request is to be given up, and none follows") {
  std::minstd_rand random(1);
  CHECK(WaitBeforeRetry(kOptions, 9, {}, 299s, random) == 1s);
  CHECK_FALSE(WaitBeforeRetry(kOptions, 9, {}, 300s, random));
  CHECK(WaitBeforeRetry(kOptions, 1, 10s, 290s, random) == 10s);
  CHECK_FALSE(WaitBeforeRetry(kOptions, 1, 10s, 290s + 1ns, random));
  CHECK_FALSE(WaitBeforeRetry(kOptions, 1, 24h, 0s, random));
  CHECK_FALSE(WaitBeforeRetry({.give_up_after = 0s}, 1, {}, 0s, random));
}

}  // namespace
}  // namespace gf_otlp
