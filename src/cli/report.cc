#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/utf8.h"
#include "cli/common_flags.h"
#include "cli/human.h"
#include "cli/report_text.h"

namespace gf_otlp::cli {

std::vector<ReportGroup> GroupsOf(const ReportRule& rule, const Report& report) {
  std::vector<ReportGroup> groups;
  for (const ReportItem& item : report.items) {
    if (item.rule != rule.id) continue;
    auto group = std::ranges::find(groups, item.severity, &ReportGroup::severity);
    if (group == groups.end()) group = groups.insert(group, {&rule, item.severity, {}, 0});
    group->items.push_back(&item);
    ++group->count;
  }
  if (groups.empty() && rule.count > 0) groups.push_back({&rule, rule.severity, {}, 0});
  // Of several severities all items are there.
  if (groups.size() == 1) groups.front().count = std::max(groups.front().count, rule.count);
  return groups;
}

std::vector<ReportGroup> Groups(const Report& report) {
  std::vector<ReportGroup> groups;
  for (const ReportRule& rule : report.rules) {
    for (ReportGroup& group : GroupsOf(rule, report)) groups.push_back(std::move(group));
  }
  std::ranges::stable_sort(groups, std::greater(),
                           [&](const ReportGroup& group) { return SeverityIndex(group.severity, report); });
  return groups;
}

std::size_t SeverityIndex(std::string_view severity, const Report& report) {
  const auto at = std::ranges::find(report.severities, severity) - report.severities.begin();
  return std::min(static_cast<std::size_t>(at), report.severities.size() - 1);
}

bool Fails(const ReportGroup& group, const Report& report) {
  return !report.fail_on.empty() && SeverityIndex(group.severity, report) >= SeverityIndex(report.fail_on, report);
}

bool Failed(const Report& report) {
  return std::ranges::any_of(Groups(report), [&](const ReportGroup& group) { return Fails(group, report); });
}

std::string CountsText(const Report& report) {
  std::string text;
  const std::vector<ReportGroup> groups = Groups(report);
  for (auto group = groups.begin(); group != groups.end();) {
    std::uint64_t count = 0;
    const std::string_view severity = group->severity;
    for (; group != groups.end() && group->severity == severity; ++group) count += group->count;
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", severity, HumanCount(count));
  }
  return text.empty() ? "nothing found" : text;
}

std::string PlaceText(const ReportItem& item) {
  std::string text = item.file;
  if (item.line != 0) text += fmt::format("{}{}", text.empty() ? "line " : ":", item.line);
  const auto add = [&](std::string_view what, const std::optional<std::uint64_t>& number) {
    if (number) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, *number);
  };
  add("offset", item.offset);
  add("record", item.record);
  return text;
}

std::string ComparedText(const ReportItem& item) {
  if (item.expected.empty() && item.found.empty()) return {};
  const auto text = [](const std::string& side) { return side.empty() ? "nothing" : std::string_view(side); };
  return fmt::format("expected {}, found {}", text(item.expected), text(item.found));
}

std::string CountText(const ReportGroup& group) {
  std::string text = HumanCount(group.count);
  if (group.count > group.items.size() && !group.items.empty()) {
    text += fmt::format(", of which {} {} shown", group.items.size(), group.items.size() == 1 ? "is" : "are");
  }
  return text;
}

std::string Printable(std::string_view text) {
  std::string line;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8Length(text, at);
    const auto byte = static_cast<unsigned char>(text[at]);
    // The control characters behind ASCII are two bytes: C2 80 to C2 9F.
    const bool control =
        byte < 0x20 || byte == 0x7f || (length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[at + 1]) < 0xa0);
    if (length == 0) {
      line += kReplacementCharacter;
    } else if (!control) {
      line += text.substr(at, length);
    } else if (byte == '\n') {
      line += "\\n";
    } else if (byte == '\t') {
      line += "\\t";
    } else {
      line += fmt::format("\\x{:02x}", length == 2 ? static_cast<unsigned char>(text[at + 1]) : byte);
    }
    at += std::max<std::size_t>(length, 1);
  }
  return line;
}

std::optional<ReportFormat> ParseReportFormat(std::string_view word) {
  const std::optional<std::size_t> index = WordIndex(kReportFormats, word);
  if (!index) return std::nullopt;
  return static_cast<ReportFormat>(*index);
}

std::string RenderReport(const Report& report, ReportFormat format, std::size_t width) {
  switch (format) {
    case ReportFormat::kTable: return RenderTable(report, width);
    case ReportFormat::kJson: return RenderJson(report);
    case ReportFormat::kJunit: return RenderJunit(report);
    case ReportFormat::kMarkdown: return RenderMarkdown(report);
    case ReportFormat::kGithub: break;
  }
  return RenderGithub(report);
}

}  // namespace gf_otlp::cli
