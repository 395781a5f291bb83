#ifndef GF_OTLP_CLI_REPLAY_PLAN_H_
#define GF_OTLP_CLI_REPLAY_PLAN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "cli/replay_endpoint.h"
#include "cli/replay_flags.h"
#include "pipeline/conversion.h"
#include "pipeline/message_writer.h"
#include "pipeline/time_scan.h"
#include "sink/otlp_sink.h"
#include "sink/pacer.h"
#include "sink/retry.h"

namespace gf_otlp::cli {

/// How a replay moves the times of records.
struct ShiftPlan {
  std::string to;       // the first record is to be there, see ReadTarget(); empty: `by` counts
  std::int64_t by = 0;  // nanoseconds

  /// In nanoseconds, when the records happened in that range and a pass begins now. kUsage if it is farther than times
  /// reach.
  Result<std::int64_t> For(const TimeRange& range, std::uint64_t now) const;
};

/// All that a replay needs, read from the command line.
struct ReplayPlan {
  ReplayEndpoint where;
  /// Index of a route: Signal. `rewriting` is that of a pass, set when it begins.
  MessageOptions messages;
  /// Without `messages`, as the plan may move.
  ConversionOptions conversion;
  ShiftPlan shift;
  bool new_ids = false;
  double speed = 0;  // 0: as fast as can be
  SendRate rate;
  RetryOptions retry;
  unsigned concurrency = 1, passes = 1;
};

/// kUsage that names the flag.
Result<ReplayPlan> MakeReplayPlan(const ReplayFlags& flags);

/// Nanoseconds since 1970.
std::uint64_t Now();

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPLAY_PLAN_H_
