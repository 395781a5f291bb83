#ifndef GF_OTLP_SINK_RETRY_H_
#define GF_OTLP_SINK_RETRY_H_

#include <chrono>
#include <optional>
#include <random>

namespace gf_otlp {

/// How long to go on with a request that is not taken for now (OTLP 1.x, Retryable): exponential backoff with jitter,
/// at least what the server asks for.
struct RetryOptions {
  std::chrono::milliseconds first{1'000}, longest{30'000};
  /// From the first try of a request on; 0: only that one.
  std::chrono::milliseconds give_up_after{300'000};
};

/// How long to wait before a request is tried again: behind its first failed try (`tries` is 1) up to `first`, doubled
/// behind each further one up to `longest`, and of that a random part of at least a half; or what the server asked for
/// (`wish`) and up to a tenth more. The last wait ends when the request is to be given up. Nothing: it is given up now,
/// as there is no time left or the server asks for more than that.
std::optional<std::chrono::nanoseconds> WaitBeforeRetry(const RetryOptions& options, unsigned tries,
                                                        std::optional<std::chrono::nanoseconds> wish,
                                                        std::chrono::nanoseconds elapsed, std::minstd_rand& random);

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_RETRY_H_
