#include "sink/retry.h"

#include <algorithm>

namespace gf_otlp {

using std::chrono::nanoseconds;

std::optional<nanoseconds> WaitBeforeRetry(const RetryOptions& options, unsigned tries, std::optional<nanoseconds> wish,
                                           nanoseconds elapsed, std::minstd_rand& random) {
  constexpr auto kMost = std::chrono::duration_cast<std::chrono::milliseconds>(nanoseconds::max());
  const nanoseconds left = std::min(options.give_up_after, kMost) - elapsed;
  if (left <= nanoseconds::zero()) return std::nullopt;
  const auto part = [&](double least, double most) { return std::uniform_real_distribution(least, most)(random); };
  if (wish && *wish > nanoseconds::zero()) {
    if (*wish > left) return std::nullopt;
    return *wish + std::min(left - *wish, std::chrono::duration_cast<nanoseconds>(*wish * part(0, 0.1)));
  }
  nanoseconds wait = options.first;
  for (unsigned i = 1; i < tries && wait < options.longest; ++i) wait *= 2;
  wait = std::min<nanoseconds>(wait, options.longest);
  return std::min(left, std::chrono::duration_cast<nanoseconds>(wait * part(0.5, 1)));
}

}  // namespace gf_otlp
