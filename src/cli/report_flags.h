#ifndef GF_OTLP_CLI_REPORT_FLAGS_H_
#define GF_OTLP_CLI_REPORT_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "cli/env.h"
#include "cli/report.h"

namespace gf_otlp::cli {

/// Where a command's output goes.
struct OutputFlags {
  std::string output;
  bool overwrite = false;

  /// `what`: "the report".
  void Bind(CLI::App& sub, std::string_view what);
  /// kUsage if the file is there and is not to be replaced: for before the work.
  Status Check() const;
  bool ToStandardOutput() const { return output.empty() || output == "-"; }
  Status Write(std::string_view text, const Env& env) const;
};

/// How a command shows what it found, and when that makes its answer negative.
struct ReportFlags {
  std::string format = "table", fail_on;
  OutputFlags output;

  /// `fail_on_words`: severities from the worst to the mildest, and never: "error|warning|note|never".
  void Bind(CLI::App& sub, std::string_view fail_on_words, std::string_view fail_on_default);
  /// kUsage for words that are none. Sets the report's severities and fail_on.
  Status Read(Report& report);
  /// Writes the report; then says in a line what was found (unless `quiet`), by kNegative if that is the answer.
  Status Finish(const Report& report, bool quiet, const Env& env) const;

 private:
  std::string fail_on_words_;
  ReportFormat format_ = ReportFormat::kTable;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPORT_FLAGS_H_
