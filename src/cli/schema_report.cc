#include "cli/schema_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "schema/type_fit.h"

namespace gf_otlp::cli {
namespace {

/// The type with the zone where it says none.
schema::Type WithZone(schema::Type type, const std::string& time_zone) {
  const bool has_zone = type.kind == schema::Type::Kind::kDateTime || type.kind == schema::Type::Kind::kDateTime64;
  if (has_zone && type.time_zone.empty()) type.time_zone = time_zone;
  for (schema::Type& element : type.elements) element = WithZone(std::move(element), time_zone);
  return type;
}

}  // namespace

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

void TakeComments(const schema::Table& from, schema::Table& to) {
  to.comment = from.comment;
  for (schema::Column& column : to.columns) {
    const auto there = std::ranges::find(from.columns, column.name, &schema::Column::name);
    if (there != from.columns.end()) column.comment = there->comment;
  }
}

std::optional<schema::Difference> ServerZone(const schema::Schema& expected, const schema::Schema& found,
                                             const std::string& time_zone, schema::ServerVersion server) {
  std::vector<std::string> columns;
  for (const schema::Table& table : expected.tables) {
    const auto there = std::ranges::find(found.tables, table.name, &schema::Table::name);
    if (there == found.tables.end()) continue;
    for (const schema::Column& column : table.columns) {
      const auto at = std::ranges::find(there->columns, column.name, &schema::Column::name);
      if (column.default_kind != schema::DefaultKind::kNone || at == there->columns.end()) continue;
      const auto fit = schema::FitType(column.type, WithZone(at->type, time_zone), server);
      if (fit && fit->time_zone && WithZone(at->type, time_zone) != at->type) {
        columns.push_back(fmt::format("{}.{}", table.name, column.name));
      }
    }
  }
  if (columns.empty()) return std::nullopt;
  return schema::Difference{
      .id = "time-zone",
      .effect = schema::Effect::kBreaks,
      .expected = "UTC",
      .found = time_zone,
      .message = fmt::format("the server's time zone is {}: times without a zone are shifted, in: {}", time_zone,
                             fmt::join(columns, ", "))};
}

schema::Difference TableMissing(schema::Effect effect, std::string table, std::string message) {
  return {.id = "table-missing", .effect = effect, .table = std::move(table), .message = std::move(message)};
}

}  // namespace gf_otlp::cli
