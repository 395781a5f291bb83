#ifndef GF_OTLP_SINK_OTLP_DRY_RUN_H_
#define GF_OTLP_SINK_OTLP_DRY_RUN_H_

#include <chrono>
#include <vector>

#include "sink/pacer.h"
#include "sink/sink.h"
#include "sink/topic_stats.h"

namespace gf_otlp {

/// Stands in for OtlpSink: counts the requests of each signal and how long pacing would have them wait, and sends none.
class OtlpDryRun final : public Sink {
 public:
  /// See OtlpSinkOptions.
  OtlpDryRun(SendRate rate, double speed);

  Status Write(Batch& batch) override;
  Status Close() override { return {}; }
  /// See OtlpSink.
  void BeginPass() { timeline_.Restart(); }

  /// Of each Signal.
  const std::vector<TopicStats>& signals() const { return counter_.topics(); }
  /// From the first request to the last one, if sending took no time.
  std::chrono::nanoseconds duration() const { return now_ - Pacer::Clock::time_point(); }

 private:
  Pacer pacer_;
  Timeline timeline_;
  TopicCounter counter_;
  Pacer::Clock::time_point now_;  // of a clock that only pacing moves
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_OTLP_DRY_RUN_H_
