#include "schema/row_check.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "schema/row_table.h"
#include "schema/row_text.h"

namespace gf_otlp::schema {
namespace {

constexpr std::string_view kFormat = "ClickHouse: Formats, JSONEachRow";
constexpr std::string_view kTimes = "ClickHouse: date_time_input_format";

/// In the order of RowRule.
constexpr Rule kRules[] = {
    {"row-syntax", Severity::kError, "The row is not an object as the server reads it: it is refused.", kFormat},
    {"row-value", Severity::kError, "A value that its column does not take: the row is refused.", kFormat},
    {"row-duplicate-key", Severity::kError, "A column is given twice: the row is refused.", kFormat},
    {"row-array-lengths", Severity::kError, "Arrays of one Nested column differ in length: the row is refused.",
     "ClickHouse: Nested data structures"},
    {"row-json-value", Severity::kError, "A JSON column does not take the object: the row is refused.",
     "ClickHouse: JSON data type"},
    {"row-nested-dropped", Severity::kError, "An object stands for columns with dots in their names: it is lost.",
     "ClickHouse: input_format_import_nested_json"},
    {"row-unknown-column", Severity::kError, "The table has no such column, or had it already: the value is lost.",
     "ClickHouse: input_format_skip_unknown_fields"},
    {"row-integer-wrapped", Severity::kError, "An integer is too large for its column: another one is stored.",
     kFormat},
    {"row-null-to-default", Severity::kError, "null in a column that is not Nullable: the default is stored.",
     "ClickHouse: input_format_null_as_default"},
    {"row-empty-to-zero", Severity::kError, "Text without digits in a column of numbers: 0 is stored.", kFormat},
    {"row-time-changed", Severity::kError, "A time that its column cannot hold: another one is stored.", kTimes},
    {"row-number-range", Severity::kError, "A number beyond its column's range: infinity or 0 is stored.", kFormat},
    {"row-no-table", Severity::kError, "No table has the row's columns.", kFormat},
    {"row-escape-changed", Severity::kWarning, "An escape that JSON does not have: it is read as something else.",
     kFormat},
    {"row-fraction-cut", Severity::kWarning, "Digits behind the point that the column does not keep.", kFormat},
    {"row-digits-lost", Severity::kWarning, "An integer with more digits than a floating column keeps.", kFormat},
    {"row-null-to-empty", Severity::kWarning, "null in an array, a map or a JSON column: it is stored as empty.",
     "ClickHouse: input_format_null_as_default"},
    {"row-taken-as-text", Severity::kWarning, "A number, an object or the like is stored as text.",
     "ClickHouse: input_format_json_read_numbers_as_strings"},
    {"row-computed-column", Severity::kWarning, "The column is computed: the value in the row is skipped.",
     "ClickHouse: CREATE TABLE, default values"},
    {"row-json-changed", Severity::kWarning, "A value in a JSON column comes back otherwise.",
     "ClickHouse: JSON data type"},
    {"row-json-time", Severity::kWarning, "Text in a JSON column is taken for a time and comes back otherwise.",
     "ClickHouse: input_format_try_infer_datetimes"},
    {"row-not-judged", Severity::kWarning, "What the server makes of the value is not known here.", kFormat},
    {"row-last-digit", Severity::kNote, "The server reads the number fast: its last digit may differ.", kFormat},
    {"row-name-case", Severity::kNote, "A column's name in another case: older servers skip the value.",
     "ClickHouse: input_format_column_name_matching_mode"},
};
static_assert(std::size(kRules) == static_cast<std::size_t>(RowRule::kNameCase) + 1);

/// So many different lists of keys are remembered.
constexpr std::size_t kMostKeyLists = 4096;

}  // namespace

std::span<const Rule> RowRules() { return kRules; }

struct RowChecker::State {
  std::size_t Choose(std::string_view row) const;
  bool JudgeLine(std::size_t table);

  std::vector<RowTable> tables;
  RowText text;
  std::size_t table = 0;  // of the row before
  /// The table of rows by their keys, for each table that they were judged by.
  std::vector<std::unordered_map<std::uint64_t, std::size_t>> chosen;
};

Result<RowChecker> RowChecker::Make(std::vector<Table> tables, const RowCheckOptions& options) {
  if (tables.empty()) return std::unexpected(UsageError("there is no table to judge rows by"));
  auto state = std::make_unique<State>();
  for (const Table& table : tables) state->tables.emplace_back(table, options.server);
  state->chosen.resize(tables.size());
  return RowChecker(std::move(state));
}

RowChecker::RowChecker(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowChecker::RowChecker(RowChecker&&) noexcept = default;
RowChecker& RowChecker::operator=(RowChecker&&) noexcept = default;
RowChecker::~RowChecker() = default;

/// The table that has most of the row's keys; of those the smallest one; of those the one before.
std::size_t RowChecker::State::Choose(std::string_view row) const {
  const std::vector<std::string> keys = RowKeys(row);
  std::size_t best = table, most = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::size_t known = tables[i].Known(keys);
    if (known > most || (known == most && tables[i].size() < tables[best].size())) {
      most = known;
      best = i;
    }
  }
  return best;
}

/// All rows of a line: one, or several with commas between them or without.
bool RowChecker::State::JudgeLine(std::size_t by) {
  do {
    text.SkipSpace();
    if (!tables[by].Judge(text)) return false;
    text.set_column({});
    text.SkipSpace();
    text.Take(',');
    text.SkipSpace();
  } while (text.Peek() == '{');
  if (text.AtEnd()) return true;
  if (text.Peek() == ';' || text.Peek() == ']') {
    text.Warn(RowRule::kNotJudged, text.at(), "what ends the rows for the server, behind a row");
    return true;
  }
  return text.Refuse(RowRule::kSyntax, text.at(), "something follows the row");
}

std::size_t RowChecker::Check(std::string_view row, const std::function<void(const RowFinding&)>& found) {
  State& state = *state_;
  RowText& text = state.text;
  text.Start(row);
  bool taken = state.JudgeLine(state.table);
  if (state.tables.size() > 1) {
    auto& chosen = state.chosen[state.table];
    const std::uint64_t hash = state.tables[state.table].keys_hash() ^ (taken ? 0 : 1);
    const auto known = chosen.find(hash);
    std::size_t table = known == chosen.end() ? state.Choose(row) : known->second;
    if (known == chosen.end() && taken) {
      if (chosen.size() >= kMostKeyLists) chosen.clear();
      chosen.emplace(hash, table);
    }
    if (table != state.table) {
      state.table = table;
      text.Start(row);
      taken = state.JudgeLine(table);
    }
  }
  const RowTable& table = state.tables[state.table];
  if (taken && table.keys() > 0 && table.unknown() == table.keys()) {
    text.Start(row);
    text.Warn(RowRule::kNoTable, row.data(), "none of the row's keys is a column");
  }
  for (const RowFinding& finding : text.found()) found(finding);
  return state.table;
}

}  // namespace gf_otlp::schema
