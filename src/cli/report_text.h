#ifndef GF_OTLP_CLI_REPORT_TEXT_H_
#define GF_OTLP_CLI_REPORT_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/report.h"

/// What the forms of a report have in common.
namespace gf_otlp::cli {

/// What was found under one rule, of one severity: a rule's findings may be of several. Points into the report.
struct ReportGroup {
  const ReportRule* rule = nullptr;
  std::string_view severity;
  std::vector<const ReportItem*> items;
  std::uint64_t count = 0;  // at least as many as there are items
};

/// The worst first, then in the order of the rules.
std::vector<ReportGroup> Groups(const Report& report);
/// The same of one rule.
std::vector<ReportGroup> GroupsOf(const ReportRule& rule, const Report& report);
bool Fails(const ReportGroup& group, const Report& report);
/// From the mildest, 0; that of the last one for a word that is none.
std::size_t SeverityIndex(std::string_view severity, const Report& report);

/// "deployed.sql:12, offset 4096, record 3"; empty if the item has no place.
std::string PlaceText(const ReportItem& item);
/// "expected UInt64, found String"; empty if there is nothing to compare.
std::string ComparedText(const ReportItem& item);
/// "2", "1,200, of which 5 are shown".
std::string CountText(const ReportGroup& group);

/// For one line of a terminal: control characters become escapes (\n, \x1b), what is not UTF-8 U+FFFD.
std::string Printable(std::string_view text);

std::string RenderTable(const Report& report, std::size_t width);
std::string RenderJson(const Report& report);
std::string RenderJunit(const Report& report);
std::string RenderMarkdown(const Report& report);
std::string RenderGithub(const Report& report);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPORT_TEXT_H_
