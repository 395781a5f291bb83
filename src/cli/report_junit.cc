// A report for the test views of CI servers: a test case a rule.
#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "cli/report_text.h"

namespace gf_otlp::cli {
namespace {

/// As character data or within an attribute; what XML 1.0 cannot hold becomes U+FFFD.
std::string Escaped(std::string_view text) {
  std::string xml;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = Utf8Length(text, at);
    const std::string_view character = text.substr(at, std::max<std::size_t>(length, 1));
    at += character.size();
    const char c = character.front();
    const bool control = static_cast<unsigned char>(c) < 0x20;
    if (c == '&') {
      xml += "&amp;";
    } else if (c == '<') {
      xml += "&lt;";
    } else if (c == '>') {
      xml += "&gt;";
    } else if (c == '"') {
      xml += "&quot;";
    } else if (c == '\n' || c == '\r' || c == '\t') {
      // Else an attribute's would be read as spaces.
      xml += fmt::format("&#{};", static_cast<int>(c));
    } else if (length == 0 || control || character == "\xef\xbf\xbe" || character == "\xef\xbf\xbf") {
      xml += kReplacementCharacter;
    } else {
      xml += character;
    }
  }
  return xml;
}

/// A line an item, between the lines of the element's tags.
std::string ItemLines(const std::vector<ReportGroup>& groups) {
  std::string lines;
  for (const ReportGroup& group : groups) {
    for (const ReportItem* item : group.items) {
      std::string line(group.severity);
      for (const std::string& text : {item->subject, item->message, ComparedText(*item), PlaceText(*item)}) {
        if (!text.empty()) line += ": " + text;
      }
      lines += Escaped(line) + "\n";
    }
  }
  return lines;
}

std::string Message(const ReportRule& rule, const std::vector<ReportGroup>& groups) {
  std::uint64_t count = 0;
  for (const ReportGroup& group : groups) count += group.count;
  return Escaped(fmt::format("{} ({} found)", rule.explanation.empty() ? rule.id : rule.explanation, count));
}

}  // namespace

std::string RenderJunit(const Report& report) {
  std::string cases;
  std::size_t failures = 0;
  for (const ReportRule& rule : report.rules) {
    const std::vector<ReportGroup> groups = GroupsOf(rule, report);
    cases += fmt::format("    <testcase classname=\"{}\" name=\"{}\"", Escaped(report.title), Escaped(rule.id));
    const auto failing = std::ranges::find_if(groups, [&](const ReportGroup& group) { return Fails(group, report); });
    if (groups.empty()) {
      cases += "/>\n";
    } else if (failing == groups.end()) {
      cases += fmt::format(">\n      <system-out>\n{}</system-out>\n    </testcase>\n", ItemLines(groups));
    } else {
      ++failures;
      cases += fmt::format(">\n      <failure type=\"{}\" message=\"{}\">\n{}</failure>\n    </testcase>\n",
                           Escaped(failing->severity), Message(rule, groups), ItemLines(groups));
    }
  }
  std::string properties = fmt::format("      <property name=\"subject\" value=\"{}\"/>\n", Escaped(report.subject));
  for (const auto& [name, value] : report.facts) {
    properties += fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", Escaped(name), Escaped(value));
  }
  const std::string counts = fmt::format("name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\"", Escaped(report.title),
                                         report.rules.size(), failures);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites {0}>\n  <testsuite {0} skipped=\"0\">\n    <properties>\n{1}    </properties>\n{2}"
      "  </testsuite>\n</testsuites>\n",
      counts, properties, cases);
}

}  // namespace gf_otlp::cli
