// A report as workflow commands: GitHub shows them as annotations of the files.
#include <fmt/format.h>

#include "base/utf8.h"
#include "cli/report_text.h"

namespace gf_otlp::cli {
namespace {

/// `special` and what would end the line, each as % and two hex digits.
std::string Escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8Length(text, at);
    if (length == 0) {
      out += kReplacementCharacter;
    } else if (length == 1 && special.find(text[at]) != special.npos) {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(text[at]));
    } else {
      out += text.substr(at, length);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return out;
}

std::string Message(std::string_view text) { return Escaped(text, "%\r\n"); }
std::string Property(std::string_view text) { return Escaped(text, "%\r\n:,"); }

std::string_view Command(const ReportGroup& group, const Report& report) {
  const std::size_t index = SeverityIndex(group.severity, report);
  if (index + 1 == report.severities.size()) return "error";
  return index == 0 ? "notice" : "warning";
}

std::string ItemCommand(std::string_view command, const ReportItem& item) {
  std::string place;
  if (!item.file.empty()) place = fmt::format("file={},", Property(item.file));
  if (!item.file.empty() && item.line != 0) place += fmt::format("line={},", item.line);
  std::string text = item.message;
  for (const std::string& more : {ComparedText(item), item.file.empty() || item.line == 0 ? PlaceText(item) : ""}) {
    if (!more.empty()) text += fmt::format("{}{}", text.empty() ? "" : "\n", more);
  }
  if (!item.subject.empty()) text.insert(0, item.subject + ": ");
  return fmt::format("::{} {}title={}::{}\n", command, place, Property(item.rule), Message(text));
}

}  // namespace

std::string RenderGithub(const Report& report) {
  std::string out;
  for (const ReportGroup& group : Groups(report)) {
    const std::string_view command = Command(group, report);
    for (const ReportItem* item : group.items) out += ItemCommand(command, *item);
    if (group.count > group.items.size()) {
      out += fmt::format("::{} title={}::{}\n", command, Property(group.rule->id),
                         Message(fmt::format("{} (found: {})", group.rule->explanation, CountText(group))));
    }
  }
  // Not a command: a line of the log.
  return out + Printable(fmt::format("{}: {}: {}", report.title, report.subject, CountsText(report))) + "\n";
}

}  // namespace gf_otlp::cli
