#ifndef GF_OTLP_CLI_PUBLISH_SUMMARY_H_
#define GF_OTLP_CLI_PUBLISH_SUMMARY_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "cli/summary.h"
#include "sink/topic_stats.h"

namespace gf_otlp::cli {

/// What a run of publish did.
struct PublishSummary {
  Summary read;
  bool dry_run = false;
  std::uint64_t delivered = 0;        // messages acknowledged; of a dry run: that would be sent
  std::uint64_t refused = 0;          // messages dead-lettered
  std::uint64_t failed = 0;           // messages not delivered
  std::uint64_t records = 0;          // all messages of which are delivered
  std::uint64_t refused_records = 0;  // of refused messages
  std::uint64_t failed_records = 0;   // of failed messages, but for these
  std::vector<TopicStats> topics;
  std::set<std::string> request_topics;  // those of them that get requests; the others get rows alone
};

/// A line on the whole, then a line a topic.
std::string PublishSummaryText(const PublishSummary& summary);
std::string PublishSummaryJson(const PublishSummary& summary);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_PUBLISH_SUMMARY_H_
