#ifndef GF_OTLP_SINK_KAFKA_PACER_H_
#define GF_OTLP_SINK_KAFKA_PACER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace gf_otlp {

/// At most so many messages or bytes (values and keys) a second; 0: no limit.
struct SendRate {
  double messages = 0, bytes = 0;
};

/// Spreads messages over time.
class KafkaPacer {
 public:
  using Clock = std::chrono::steady_clock;

  explicit KafkaPacer(SendRate rate) : rate_(rate) {}

  bool has_limit() const { return rate_.messages > 0 || rate_.bytes > 0; }
  /// When the next message may go, of which `bytes` is the size; time that passed unused is caught up with a little.
  Clock::time_point Next(std::size_t bytes, Clock::time_point now) {
    due_ = std::max(due_, now - kCatchUp);
    const Clock::time_point due = due_;
    double seconds = 0;
    if (rate_.messages > 0) seconds = 1 / rate_.messages;
    if (rate_.bytes > 0) seconds = std::max(seconds, static_cast<double>(bytes) / rate_.bytes);
    due_ += std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
    return due;
  }

 private:
  static constexpr std::chrono::milliseconds kCatchUp{50};

  SendRate rate_;
  Clock::time_point due_{};
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_KAFKA_PACER_H_
