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
  std::string rule;             // "column-missing"
  std::string severity;         // of Report::severities
  std::string subject;          // "otel_traces.Duration"; empty: none
  std::string message;          // a sentence
  std::string expected, found;  // texts to compare; empty: none
  /// Where it is: a file, a line or an offset, a record. Line and offset 0: none.
  std::string file;
  std::uint64_t line = 0, offset = 0;
  std::optional<std::uint64_t> record;  // from 0
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
  std::vector<ReportRule> rules;        // all that were looked for; those with count 0 are passed test cases
  std::vector<ReportItem> items;        // in the order in which they are shown
  std::vector<std::pair<std::string, std::string>> facts;  // closing figures: {"records", "1200"}
  bool failed = false;                                     // the answer is negative (exit code 1)
};

enum class ReportFormat : std::uint8_t { kTable, kJson, kJunit, kMarkdown, kGithub };
inline constexpr std::string_view kReportFormats = "table|json|junit|markdown|github";
std::optional<ReportFormat> ParseReportFormat(std::string_view word);

/// The report as text, ending in a newline. `width`: columns of the terminal for kTable, 0: no limit.
std::string RenderReport(const Report& report, ReportFormat format, std::size_t width);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPORT_H_
