#ifndef GF_OTLP_CLI_SUMMARY_H_
#define GF_OTLP_CLI_SUMMARY_H_

#include <string>
#include <utility>
#include <vector>

#include "pipeline/conversion.h"

namespace gf_otlp::cli {

/// What a run did, for people and as JSON.
struct Summary {
  Counts counts;
  std::vector<std::pair<std::string, std::uint64_t>> output;  // tables with rows; empty when requests are written
  std::uint64_t files = 0, skipped_files = 0, partial_tails = 0, bytes_in = 0;
  double seconds = 0;
  bool interrupted = false;
  bool kept = true;  // the output is there; else it was discarded, as an unfinished file is
};

/// `names`: of the tables (signals) in the order of their rows; `rows`: rows were written, not requests.
/// `kept`: see Summary.
Summary Summarize(const Conversion& conversion, const std::vector<std::string>& names, bool rows, bool kept,
                  double seconds);

std::string SummaryText(const Summary& summary);
std::string SummaryJson(const Summary& summary);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SUMMARY_H_
