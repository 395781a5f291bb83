#ifndef GF_OTLP_SINK_PACER_H_
#define GF_OTLP_SINK_PACER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gf_otlp {

/// At most so many items (Kafka: messages, OTLP: records) or bytes (values and keys, requests) a second; 0: no limit.
struct SendRate {
  double items = 0, bytes = 0;
};

/// So long after `time`, or the clock's end if it does not reach that far.
inline std::chrono::steady_clock::time_point After(std::chrono::steady_clock::time_point time,
                                                   std::chrono::nanoseconds gap) {
  return time + std::min<std::chrono::nanoseconds>(gap, std::chrono::steady_clock::time_point::max() - time);
}

/// Spreads what is sent over time.
class Pacer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Pacer(SendRate rate) : rate_(rate) {}

  bool has_limit() const { return rate_.items > 0 || rate_.bytes > 0; }
  /// When so many items of so many bytes in all may go; time that passed unused is caught up with a little.
  Clock::time_point Next(std::size_t items, std::size_t bytes, Clock::time_point now) {
    due_ = std::max(due_, now - kCatchUp);
    const Clock::time_point due = due_;
    double seconds = 0;
    if (rate_.items > 0) seconds = static_cast<double>(items) / rate_.items;
    if (rate_.bytes > 0) seconds = std::max(seconds, static_cast<double>(bytes) / rate_.bytes);
    due_ = After(due_, std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds)));
    return due;
  }

 private:
  static constexpr std::chrono::milliseconds kCatchUp{50};

  SendRate rate_;
  Clock::time_point due_{};
};

/// Spreads what is sent over time as its records were: at `speed` times their pace; 0: at once.
class Timeline {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Timeline(double speed) : speed_(speed) {}

  /// What is next is another beginning.
  void Restart() { first_ = 0; }
  /// When what begins at `time` (nanoseconds since 1970; 0: unknown, at once) may go: the first one now.
  Clock::time_point Due(std::uint64_t time, Clock::time_point now) {
    if (speed_ <= 0 || time == 0) return now;
    if (first_ == 0) {
      first_ = time;
      begin_ = now;
    }
    if (time <= first_) return now;
    constexpr double kMost = 1e18;  // 30 years: so that an integer holds it
    const double gap = std::min(static_cast<double>(time - first_) / speed_, kMost);
    return After(begin_, std::chrono::nanoseconds(static_cast<std::int64_t>(gap)));
  }

 private:
  double speed_;
  std::uint64_t first_ = 0;
  Clock::time_point begin_{};
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_PACER_H_
