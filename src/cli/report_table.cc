// A report for people at a terminal.
#include <fmt/format.h>

#include <algorithm>

#include "cli/report_text.h"

namespace gf_otlp::cli {
namespace {

constexpr std::size_t kIndent = 2, kGap = 2;
/// Texts are not made narrower than this.
constexpr std::size_t kMinText = 30;

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

/// Names, and beside each of them lines of text that begin in one column.
class Columns {
 public:
  explicit Columns(std::size_t width) : width_(width) {}

  void Add(std::string name, std::vector<std::string> texts) {
    entries_.emplace_back(std::move(name), std::move(texts));
  }
  void AppendTo(std::string& out) const;

 private:
  /// Longer ones have their text below them.
  std::size_t MaxName() const { return width_ == 0 ? 80 : width_ / 2; }

  std::size_t width_;  // 0: any
  std::vector<std::pair<std::string, std::vector<std::string>>> entries_;
};

void Columns::AppendTo(std::string& out) const {
  std::size_t widest = 0;
  bool named = false;
  for (const auto& [name, texts] : entries_) {
    named = named || !name.empty();
    if (Width(name) <= MaxName()) widest = std::max(widest, Width(name));
  }
  const std::size_t indent = named ? kIndent + widest + kGap : kIndent;
  const std::size_t text_width = width_ == 0 ? 0 : std::max(kMinText, width_ - std::min(width_, indent));
  for (const auto& [name, texts] : entries_) {
    std::string margin = name.empty() ? "" : fmt::format("{:{}}{}", "", kIndent, name);
    if (Width(name) > MaxName() || texts.empty()) {
      out += margin + "\n";
      margin.clear();
    }
    for (const std::string& text : texts) {
      for (const std::string_view line : Wrap(text, text_width)) {
        margin.append(indent - Width(margin), ' ');
        out += fmt::format("{}{}\n", margin, line);
        margin.clear();
      }
    }
  }
}

/// Where an item is, unless that is just the file that the report is about.
std::string TablePlace(const ReportItem& item, const Report& report) {
  const std::string place = PlaceText(item);
  return place == item.file && report.subject.contains(place) ? "" : place;
}

void AddGroup(const ReportGroup& group, const Report& report, std::size_t width, std::string& out) {
  out += fmt::format("\n{}: {} ({})\n", Printable(group.severity), Printable(group.rule->id), CountText(group));
  if (const std::string text = Printable(group.rule->explanation); !text.empty()) {
    for (const std::string_view line : Wrap(text, width)) out += fmt::format("{}\n", line);
  }
  Columns columns(width);
  for (const ReportItem* item : group.items) {
    const std::string place = TablePlace(*item, report);
    const std::string& name = item->subject.empty() ? place : item->subject;
    std::vector<std::string> texts;
    // What the explanation says is not said again.
    for (const std::string& text : {item->message == group.rule->explanation ? "" : item->message, ComparedText(*item),
                                    item->subject.empty() ? "" : place}) {
      if (!text.empty()) texts.push_back(Printable(text));
    }
    columns.Add(Printable(name), std::move(texts));
  }
  columns.AppendTo(out);
}

}  // namespace

std::string RenderTable(const Report& report, std::size_t width) {
  std::string out = Printable(fmt::format("{}: {}", report.title, report.subject)) + "\n";
  const std::vector<ReportGroup> groups = Groups(report);
  for (const ReportGroup& group : groups) AddGroup(group, report, width, out);
  const std::string_view verdict = Failed(report) ? "failed:" : groups.empty() ? "passed:" : "passed, with";
  out += fmt::format("\n{} {}\n", verdict, CountsText(report));
  Columns columns(width);
  for (const auto& [name, value] : report.facts) columns.Add(Printable(name), {Printable(value)});
  columns.AppendTo(out);
  return out;
}

}  // namespace gf_otlp::cli
