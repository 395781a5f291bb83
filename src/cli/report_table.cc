// A report for people at a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "cli/report_text.h"

namespace gf_otlp::cli {
namespace {

constexpr std::size_t kIndent = 2, kGap = 2;
/// Names longer than this have their text on the next line; texts are not made narrower than kMinText.
constexpr std::size_t kMaxName = 40, kMinText = 30;

/// In columns, taking each character to be one wide.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Lines of at most `width` (0: any), divided at spaces only.
std::vector<std::string_view> Wrap(std::string_view text, std::size_t width) {
  std::vector<std::string_view> lines;
  while (width != 0 && Width(text) > width) {
    std::size_t space = 0;
    for (std::size_t at = text.find(' '); at != text.npos; at = text.find(' ', at + 1)) {
      if (space != 0 && Width(text.substr(0, at)) > width) break;
      space = at;
    }
    if (space == 0) break;
    lines.push_back(text.substr(0, space));
    text.remove_prefix(space + 1);
  }
  lines.push_back(text);
  return lines;
}

/// A name, and beside it lines of text, all beginning in the same column.
class Columns {
 public:
  Columns(std::size_t name_width, std::size_t width)
      : indent_(name_width == 0 ? kIndent : kIndent + name_width + kGap) {
    if (width != 0) text_width_ = std::max(kMinText, width - std::min(width, indent_));
  }

  void Add(std::string_view name, const std::vector<std::string>& texts, std::string& out) const {
    std::string margin = fmt::format("{:{}}{}", "", kIndent, name);
    if (kIndent + Width(name) + kGap > indent_ && !name.empty()) {
      out += margin + "\n";
      margin.clear();
    }
    for (const std::string& text : texts) {
      for (const std::string_view line : Wrap(text, text_width_)) {
        margin.append(indent_ - Width(margin), ' ');
        out += fmt::format("{}{}\n", margin, line);
        margin.clear();
      }
    }
  }

 private:
  std::size_t indent_;
  std::size_t text_width_ = 0;
};

std::size_t NameWidth(std::size_t widest, std::string_view name) {
  return Width(name) > kMaxName ? widest : std::max(widest, Width(name));
}

void AddGroup(const ReportGroup& group, std::size_t width, std::string& out) {
  out += fmt::format("\n{}: {} ({})\n", Printable(group.severity), Printable(group.rule->id), CountText(group));
  if (const std::string text = Printable(group.rule->explanation); !text.empty()) {
    for (const std::string_view line : Wrap(text, width)) out += fmt::format("{}\n", line);
  }
  std::size_t widest = 0;
  for (const ReportItem* item : group.items) widest = NameWidth(widest, Printable(item->subject));
  const Columns columns(widest, width);
  for (const ReportItem* item : group.items) {
    std::vector<std::string> texts;
    for (const std::string& text : {item->message, ComparedText(*item), PlaceText(*item)}) {
      if (!text.empty()) texts.push_back(Printable(text));
    }
    columns.Add(Printable(item->subject), texts, out);
  }
}

}  // namespace

std::string RenderTable(const Report& report, std::size_t width) {
  std::string out = Printable(fmt::format("{}: {}", report.title, report.subject)) + "\n";
  const std::vector<ReportGroup> groups = Groups(report);
  for (const ReportGroup& group : groups) AddGroup(group, width, out);
  out += fmt::format("\n{}: {}\n", Failed(report) ? "failed" : "passed", CountsText(report));
  std::size_t widest = 0;
  for (const auto& [name, value] : report.facts) widest = NameWidth(widest, name);
  const Columns columns(widest, width);
  for (const auto& [name, value] : report.facts) columns.Add(Printable(name), {Printable(value)}, out);
  return out;
}

}  // namespace gf_otlp::cli
