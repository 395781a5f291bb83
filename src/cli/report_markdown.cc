// A report for a comment on a merge request, or a page.
#include <fmt/format.h>

#include <cctype>

#include "cli/report_text.h"

namespace gf_otlp::cli {
namespace {

/// As text in the cell of a table: nothing in it is markup.
std::string Cell(std::string_view text) {
  std::string cell;
  const std::string line = Printable(text);
  const auto in_word = [&](std::size_t at) {
    return at < line.size() && std::isalnum(static_cast<unsigned char>(line[at])) != 0;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool underscore_of_name = line[i] == '_' && i > 0 && in_word(i - 1) && in_word(i + 1);
    if (std::string_view("\\`*_[]<>|&~#").find(line[i]) != std::string_view::npos && !underscore_of_name) cell += '\\';
    cell += line[i];
  }
  return cell;
}

/// As code in the cell of a table. A bar ends the cell even there, so it is escaped; backticks need a longer fence.
std::string Code(std::string_view text) {
  if (text.empty()) return {};
  std::string code;
  std::size_t run = 0, longest = 0;
  for (const char c : Printable(text)) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
    if (c == '|') code += '\\';
    code += c;
  }
  if (longest == 0) return fmt::format("`{}`", code);
  const std::string fence(longest + 1, '`');
  return fmt::format("{0} {1} {0}", fence, code);
}

}  // namespace

std::string RenderMarkdown(const Report& report) {
  std::string out = fmt::format("## {}: {}\n\n**{}**: {}\n", Cell(report.title), Cell(report.subject),
                                Failed(report) ? "failed" : "passed", Cell(CountsText(report)));
  const std::vector<ReportGroup> groups = Groups(report);
  if (!groups.empty()) {
    out += "\n| severity | rule | found | what it means |\n| --- | --- | ---: | --- |\n";
    for (const ReportGroup& group : groups) {
      out += fmt::format("| {} | {} | {} | {} |\n", Cell(group.severity), Code(group.rule->id), group.count,
                         Cell(group.rule->explanation));
    }
  }
  if (!report.items.empty()) {
    out +=
        "\n| severity | rule | subject | finding | expected | found | place |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n";
    for (const ReportGroup& group : groups) {
      for (const ReportItem* item : group.items) {
        out += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", Cell(group.severity), Code(item->rule),
                           Code(item->subject), Cell(item->message), Code(item->expected), Code(item->found),
                           Cell(PlaceText(*item)));
      }
    }
  }
  if (!report.facts.empty()) out += "\n";
  for (const auto& [name, value] : report.facts) out += fmt::format("- {}: {}\n", Cell(name), Cell(value));
  return out;
}

}  // namespace gf_otlp::cli
