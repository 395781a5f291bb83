#ifndef GF_OTLP_CLI_REPLAY_SUMMARY_H_
#define GF_OTLP_CLI_REPLAY_SUMMARY_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/summary.h"
#include "gf_otlp/signal.h"
#include "pipeline/time_scan.h"
#include "sink/otlp_sink.h"

namespace gf_otlp::cli {

/// What a run of replay did.
struct ReplaySummary {
  Summary read;  // counts: of all passes
  bool dry_run = false;
  unsigned passes = 0;  // that were begun
  OtlpSink::Totals totals;
  std::uint64_t refused_records = 0;  // of requests that the server refused; dead-lettered
  std::vector<TopicStats> signals;    // of each Signal: what was taken; of a dry run: what would be sent
  std::array<std::string, kSignalCount> partial_messages;
  std::int64_t shift = 0;  // nanoseconds, of the last pass

  // Of a dry run:
  std::optional<TimeRange> range;                 // of the records as they are; nothing: not known
  std::optional<std::chrono::nanoseconds> paced;  // how long pacing takes; nothing: there is none

  /// What came to the sending and was neither taken nor dead-lettered.
  std::uint64_t failed_records() const;
};

/// A line on the whole, then a line a signal.
std::string ReplaySummaryText(const ReplaySummary& summary);
std::string ReplaySummaryJson(const ReplaySummary& summary);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPLAY_SUMMARY_H_
