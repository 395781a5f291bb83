#ifndef GF_OTLP_CLI_SUMMARY_H_
#define GF_OTLP_CLI_SUMMARY_H_

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/env.h"
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

/// Warns of files that were skipped and torn ends that were left out.
void SayWhatWasLeftOut(const Conversion& conversion, const Env& env);

std::string SummaryText(const Summary& summary);
/// "; 3 bytes not UTF-8, replaced" and the like: what is worth a word, of what was read.
void AddNotes(const Summary& summary, std::string& text);
/// The members of SummaryJson() on files and units, and those on what was put right in the data.
void AddInputCounts(const Summary& summary, nlohmann::ordered_json& json);
void AddTextCounts(const Summary& summary, nlohmann::ordered_json& json);
std::string SummaryJson(const Summary& summary);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SUMMARY_H_
