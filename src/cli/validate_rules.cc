#include "cli/validate_rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/nearest_word.h"

namespace gf_otlp::cli {
namespace {

constexpr Rule kInputRules[] = {
    {"file-skipped", Severity::kWarning, "a file of a directory that is of no known form: it is not checked",
     "gf-otlp: see gf-otlp-formats(5)"},
    {"no-records", Severity::kWarning, "the inputs hold nothing to check", "gf-otlp: a wrong path, or an empty file"},
    {"interrupted", Severity::kError, "a signal ended the run: the rest of the inputs is not checked",
     "gf-otlp: SIGINT, SIGTERM, SIGHUP"},
};

/// What says that something was not checked.
constexpr std::string_view kAlwaysLookedFor[] = {"unreadable",   "trace-id-length", "span-id-length", "row-syntax",
                                                 "file-skipped", "no-records",      "interrupted"};

bool IsAlwaysLookedFor(std::string_view id) {
  return std::ranges::find(kAlwaysLookedFor, id) != std::end(kAlwaysLookedFor);
}

/// Sets the rules that the words mean to `value`.
Status Mark(std::string_view flag, const std::vector<std::string>& words, std::span<const Rule> rules, bool value,
            std::vector<bool>& chosen) {
  for (const std::string& word : words) {
    bool any = false;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (!MeansRule(word, rules[i].id)) continue;
      any = true;
      if (value || word == rules[i].id || !IsAlwaysLookedFor(rules[i].id)) chosen[i] = value;
    }
    if (any) continue;
    const Rule& nearest = std::ranges::min(rules, {}, [&](const Rule& rule) { return EditDistance(word, rule.id); });
    return UsageError(
        fmt::format("{} {}: no such rule; the nearest is {} (--list-rules prints them all)", flag, word, nearest.id));
  }
  return {};
}

}  // namespace

std::span<const Rule> InputRules() { return kInputRules; }

std::string_view SeverityName(Severity severity) {
  constexpr std::string_view kNames[] = {"note", "warning", "error"};
  return kNames[static_cast<std::size_t>(severity)];
}

bool MeansRule(std::string_view word, std::string_view id) {
  return word.ends_with('*') ? id.starts_with(word.substr(0, word.size() - 1)) : id == word;
}

Result<std::vector<bool>> ChooseRules(std::span<const Rule> rules, const std::vector<std::string>& only,
                                      const std::vector<std::string>& ignored) {
  std::vector<bool> chosen;
  for (const Rule& rule : rules) chosen.push_back(only.empty() || IsAlwaysLookedFor(rule.id));
  GF_UNEXPECTED_IF_ERROR(Mark("--rule", only, rules, true, chosen));
  GF_UNEXPECTED_IF_ERROR(Mark("--ignore", ignored, rules, false, chosen));
  return chosen;
}

std::string RuleList(std::span<const Rule> rules) {
  std::size_t width = 0;
  for (const Rule& rule : rules) width = std::max(width, rule.id.size());
  std::string text;
  for (const Rule& rule : rules) {
    text += fmt::format("{:<{}}  {:<7}  {} [{}]\n", rule.id, width, SeverityName(rule.severity), rule.explanation,
                        rule.source);
  }
  return text;
}

void AddFindings(std::span<const Rule> rules, const std::vector<bool>& chosen, const std::vector<RuleFindings>& found,
                 bool lines, Report& report) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (!chosen[i]) continue;
    const Rule& rule = rules[i];
    report.rules.push_back({.id = std::string(rule.id),
                            .severity = std::string(SeverityName(rule.severity)),
                            .explanation = std::string(rule.explanation),
                            .source = std::string(rule.source),
                            .count = found[i].count});
    for (const Finding& finding : found[i].examples) {
      ReportItem& item = report.items.emplace_back();
      item.rule = rule.id;
      item.severity = SeverityName(rule.severity);
      if (lines) {
        item.line = finding.unit;
        item.subject = finding.subject;
      } else if (finding.unit != 0) {
        item.subject = fmt::format("unit {}", finding.unit);
      }
      item.message = finding.detail.empty() ? std::string(rule.explanation) : finding.detail;
      item.file = finding.file;
      if (finding.unit != 0) item.offset = finding.offset;
      item.record = finding.record;
    }
  }
}

}  // namespace gf_otlp::cli
