#include "cli/schema_report.h"

#include <algorithm>

namespace gf_otlp::cli {

void AddDifferences(const std::vector<schema::Difference>& differences, const std::string& file, Report& report) {
  for (const schema::DifferenceRule& rule : schema::DifferenceRules()) {
    const auto count = std::ranges::count(differences, rule.id, &schema::Difference::id);
    report.rules.push_back({.id = std::string(rule.id),
                            .severity = std::string(schema::EffectName(rule.worst)),
                            .explanation = std::string(rule.explanation),
                            .count = static_cast<std::uint64_t>(count)});
  }
  for (const schema::Difference& difference : differences) {
    std::string subject = difference.table;
    if (!difference.column.empty()) subject += (subject.empty() ? "" : ".") + difference.column;
    report.items.push_back({.rule = std::string(difference.id),
                            .severity = std::string(schema::EffectName(difference.effect)),
                            .subject = std::move(subject),
                            .message = difference.message,
                            .expected = difference.expected,
                            .found = difference.found,
                            .file = file});
  }
}

void DropComments(std::vector<schema::Table>& tables) {
  for (schema::Table& table : tables) {
    table.comment.clear();
    for (schema::Column& column : table.columns) column.comment.clear();
  }
}

schema::Difference TableMissing(schema::Effect effect, std::string table, std::string message) {
  return {.id = "table-missing", .effect = effect, .table = std::move(table), .message = std::move(message)};
}

}  // namespace gf_otlp::cli
