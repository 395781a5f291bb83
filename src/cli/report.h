#ifndef GF_OTLP_CLI_REPORT_H_
#define GF_OTLP_CLI_REPORT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp::cli {

/// What a check found, to be shown to people and to programs. `schema check`, `schema diff` and `validate` fill one.
struct ReportItem {
  std::string rule;             // "column-missing"; of Report::rules
  std::string severity;         // of Report::severities
  std::string subject;          // "otel_traces.Duration"; empty: none
  std::string message;          // a sentence
  std::string expected, found;  // texts to compare; empty: none
  /// Where it is: a file, a line (0: none) or an offset, a record (from 0).
  std::string file;
  std::uint64_t line = 0;
  std::optional<std::uint64_t> offset, record;
};

/// How often a rule was broken, the items being examples of it.
struct ReportRule {
  std::string id, severity, explanation, source;
  std::uint64_t count = 0;
};

struct Report {
  std::string title;                    // "schema check"
  std::string subject;                  // what was checked: "deployed.sql against clickhouse@0.161"
  std::vector<std::string> severities;  // from the mildest to the worst: {"differs", "loses", "breaks"}
  std::string fail_on;                  // of severities: it and what is worse makes the answer negative; empty: nothing
  std::vector<ReportRule> rules;        // all that were looked for; those with count 0 are passed test cases
  std::vector<ReportItem> items;        // in the order in which those of one rule are shown
  std::vector<std::pair<std::string, std::string>> facts;  // closing figures: {"records", "1200"}
};

/// Whether anything was found that makes the answer negative (exit code 1).
bool Failed(const Report& report);

/// "breaks: 2, differs: 5", the worst first; "nothing found".
std::string CountsText(const Report& report);

enum class ReportFormat : std::uint8_t { kTable, kJson, kJunit, kMarkdown, kGithub };
inline constexpr std::string_view kReportFormats = "table|json|junit|markdown|github";
std::optional<ReportFormat> ParseReportFormat(std::string_view word);

/// The report as text, ending in a newline; UTF-8, whatever the texts in it are. `width`: columns of the terminal for
/// kTable, 0: no limit.
std::string RenderReport(const Report& report, ReportFormat format, std::size_t width);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPORT_H_
