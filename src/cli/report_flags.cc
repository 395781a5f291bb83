#include "cli/report_flags.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "base/atomic_file.h"
#include "cli/common_flags.h"

namespace gf_otlp::cli {
namespace {

/// 0: no terminal.
std::size_t TerminalWidth(int fd) {
  winsize size{};
  return ::ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

}  // namespace

void OutputFlags::Bind(CLI::App& sub, std::string_view what) {
  sub.add_option("-o,--output", output, fmt::format("Write {} to FILE", what))->type_name("FILE")->group("Output");
  sub.add_flag("--overwrite", overwrite, "Replace a file that exists")->group("Output");
}

Status OutputFlags::Check() const { return ToStandardOutput() || overwrite ? Status() : CheckAbsent(output); }

Status OutputFlags::Write(std::string_view text, const Env& env) const {
  if (ToStandardOutput()) return WriteAll(env.out, text, "standard output");
  Result<AtomicFile> file = AtomicFile::Create(output, overwrite);
  if (!file) return std::move(file.error());
  GF_RETURN_IF_ERROR(file->Write(text));
  return file->Commit();
}

void ReportFlags::Bind(CLI::App& sub, std::string_view fail_on_words, std::string_view fail_on_default) {
  fail_on_words_ = fail_on_words;
  fail_on = fail_on_default;
  sub.add_option("--format", format, "Form of the report")
      ->type_name(std::string(kReportFormats))
      ->capture_default_str()
      ->group("Output");
  sub.add_option("--fail-on", fail_on, "Exit with 1 if this, or worse, is found")
      ->type_name(fail_on_words_)
      ->capture_default_str()
      ->group("Output");
  output.Bind(sub, "the report");
}

Status ReportFlags::Read(Report& report) {
  GF_RETURN_IF_ERROR(ParseWord("--format", format, kReportFormats, ParseReportFormat, format_));
  std::size_t index = 0;
  GF_RETURN_IF_ERROR(ParseWordIndex("--fail-on", fail_on, fail_on_words_, index));
  GF_RETURN_IF_ERROR(output.Check());
  report.severities = CLI::detail::split(fail_on_words_, '|');
  report.severities.pop_back();  // never
  report.fail_on = index < report.severities.size() ? fail_on : "";
  std::ranges::reverse(report.severities);
  return {};
}

Status ReportFlags::Finish(const Report& report, bool quiet, const Env& env) const {
  const std::size_t width = output.ToStandardOutput() ? TerminalWidth(env.out) : 0;
  const Status written = output.Write(RenderReport(report, format_, width), env);
  // A reader that has seen enough does not change the answer.
  if (!written.ok() && (written.code() != Code::kClosed || !Failed(report))) return written;
  const std::string line = quiet ? "" : fmt::format("{}: {}", report.subject, CountsText(report));
  if (Failed(report)) return Negative(line);
  if (!quiet) env.Say(line);
  return {};
}

}  // namespace gf_otlp::cli
