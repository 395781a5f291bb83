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
