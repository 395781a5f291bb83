#include "sink/pacer.h"

#include <doctest/doctest.h>

namespace gf_otlp {
namespace {

using std::chrono::milliseconds;

const auto kStart = Pacer::Clock::time_point(std::chrono::hours(1));

TEST_CASE("messages are spread by their number, by their size, or by what is slower") {
  Pacer by_number({.items = 100, .bytes = 0});
  CHECK(by_number.has_limit());
  auto last = kStart;
  for (int i = 0; i < 1000; ++i) last = by_number.Next(1, 1, kStart);
  CHECK(last - kStart >= milliseconds(9900));
  CHECK(last - kStart <= milliseconds(10000));

  Pacer by_size({.items = 0, .bytes = 1e6});
  for (int i = 0; i < 1000; ++i) last = by_size.Next(1, 10000, kStart);
  CHECK(last - kStart >= milliseconds(9900));
  CHECK(last - kStart <= milliseconds(10000));

  Pacer by_both({.items = 10, .bytes = 1e6});
  by_both.Next(1, 1, kStart);
  CHECK(by_both.Next(1, 1, kStart) - kStart >= milliseconds(49));
  CHECK_FALSE(Pacer({}).has_limit());
}

TEST_CASE("what would be due behind the clock's end is due there") {
  Pacer pacer({.items = 1, .bytes = 0});
  for (int i = 0; i < 10; ++i) pacer.Next(std::size_t{1} << 31, 1, kStart);
  CHECK(pacer.Next(1, 1, kStart) == Pacer::Clock::time_point::max());

  auto now = kStart;
  Timeline timeline(1e-20);
  for (int pass = 0; pass < 12; ++pass) {
    timeline.Restart();
    timeline.Due(1, now);
    const auto due = timeline.Due(1'000'000'000, now);
    CHECK(due >= now);
    now = due;
  }
  CHECK(now == Pacer::Clock::time_point::max());
}

TEST_CASE("time that passed unused is not caught up with at once") {
  Pacer pacer({.items = 1000, .bytes = 0});
  pacer.Next(1, 1, kStart);
  const auto later = kStart + std::chrono::seconds(100);
  int at_once = 0;
  while (pacer.Next(1, 1, later) <= later) ++at_once;
  CHECK(at_once >= 50);
  CHECK(at_once <= 52);
}

}  // namespace
}  // namespace gf_otlp
