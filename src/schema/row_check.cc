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
    {"row-syntax", Severity::kError, "a row that is not an object as the server reads it: refused", kFormat},
    {"row-value", Severity::kError, "a value that its column does not take: the row is refused", kFormat},
    {"row-duplicate-key", Severity::kError, "a column given twice: the row is refused", kFormat},
    {"row-array-lengths", Severity::kError, "arrays of one Nested column that differ in length: the row is refused",
     "ClickHouse: Nested data structures"},
    {"row-json-value", Severity::kError, "an object that its JSON column does not take: the row is refused",
     "ClickHouse: JSON data type"},
    {"row-nested-dropped", Severity::kError, "an object for columns with dots in their names: it is lost",
     "ClickHouse: input_format_import_nested_json"},
    {"row-unknown-column", Severity::kError,
     "a column that the table does not have, or that was filled already: the value is lost",
     "ClickHouse: input_format_skip_unknown_fields"},
    {"row-integer-wrapped", Severity::kError, "an integer too large for its column: another one is stored", kFormat},
    {"row-null-to-default", Severity::kError, "null in a column that is not Nullable: the default is stored",
     "ClickHouse: input_format_null_as_default"},
    {"row-empty-to-zero", Severity::kError, "text without digits in a column of numbers: 0 is stored", kFormat},
    {"row-time-changed", Severity::kError, "a time that its column cannot hold: another one is stored", kTimes},
    {"row-number-range", Severity::kError, "a number beyond its column's range: infinity or 0 is stored", kFormat},
    {"row-no-table", Severity::kError, "a row of which no table has a column: a row of defaults is stored", kFormat},
    {"row-escape-changed", Severity::kWarning, "an escape that JSON does not have: it is read as something else",
     kFormat},
    {"row-fraction-cut", Severity::kWarning, "digits behind the point that the column does not keep", kFormat},
    {"row-digits-lost", Severity::kWarning, "an integer with more digits than a floating column keeps", kFormat},
    {"row-null-to-empty", Severity::kWarning, "null in an array, a map or a JSON column: it is stored as empty",
     "ClickHouse: input_format_null_as_default"},
    {"row-taken-as-text", Severity::kWarning, "a number, an object or the like that is stored as text",
     "ClickHouse: input_format_json_read_numbers_as_strings"},
    {"row-computed-column", Severity::kWarning, "a value for a computed column: it is skipped",
     "ClickHouse: CREATE TABLE, default values"},
    {"row-json-changed", Severity::kWarning, "a value in a JSON column that comes back otherwise",
     "ClickHouse: JSON data type"},
    {"row-json-time", Severity::kWarning, "text in a JSON column that is taken for a time and comes back otherwise",
     "ClickHouse: input_format_try_infer_datetimes"},
    {"row-time-unit", Severity::kWarning,
     "an integer in a column of times that is a time before 1973: likely in another unit", kTimes},
    {"row-not-judged", Severity::kWarning, "a value or a line of which it is not known what the server makes of it",
     kFormat},
    {"row-last-digit", Severity::kNote, "a number that the server reads fast: its last digit may differ", kFormat},
    {"row-name-case", Severity::kNote, "a column's name in another case: servers before 26.5 skip the value",
     "ClickHouse: input_format_column_name_matching_mode"},
    {"row-type-not-judged", Severity::kNote, "a value in a column of a type that is not judged", kFormat},
};
static_assert(std::size(kRules) == kRowRules);

/// So many different lists of keys are remembered.
constexpr std::size_t kMostKeyLists = 4096;

}  // namespace

std::span<const Rule> RowRules() { return kRules; }

struct RowChecker::State {
  std::size_t Choose(std::string_view line) const;
  bool JudgeLine(std::size_t table);
  bool JudgeRows(std::size_t table);
  bool Judge(std::string_view line);

  std::vector<std::string> names;
  std::vector<RowTable> tables;
  RowText text;
  std::size_t table = 0;  // of the row before
  std::size_t rows = 0;   // that began in the line
  bool comma = false;     // stood behind the last one
  /// The table of rows by their keys, for each table that they were judged by.
  std::vector<std::unordered_map<std::uint64_t, std::size_t>> chosen;
};

Result<RowChecker> RowChecker::Make(std::vector<Table> tables, const RowCheckOptions& options) {
  if (tables.empty()) return std::unexpected(UsageError("there is no table to judge rows by"));
  auto state = std::make_unique<State>();
  state->text = RowText(options.max_examples);
  for (Table& table : tables) {
    state->tables.emplace_back(table, options.server);
    state->names.push_back(std::move(table.name));
  }
  state->chosen.resize(tables.size());
  return RowChecker(std::move(state));
}

RowChecker::RowChecker(std::unique_ptr<State> state) : state_(std::move(state)) {}
RowChecker::RowChecker(RowChecker&&) noexcept = default;
RowChecker& RowChecker::operator=(RowChecker&&) noexcept = default;
RowChecker::~RowChecker() = default;

/// The table that has most of the row's keys; of those the smallest one; of those the first.
std::size_t RowChecker::State::Choose(std::string_view line) const {
  const std::vector<std::string> keys = RowKeys(line);
  std::size_t best = 0, most = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::size_t known = tables[i].Known(keys);
    if (known > most || (known == most && tables[i].size() < tables[best].size())) {
      most = known;
      best = i;
    }
  }
  return best;
}

/// Rows with commas between them or without.
bool RowChecker::State::JudgeRows(std::size_t by) {
  do {
    ++rows;
    if (!tables[by].Judge(text)) return false;
    text.set_column({});
    text.SkipSpace();
    comma = text.Take(',');
    text.SkipSpace();
  } while (text.Peek() == '{');
  return true;
}

/// What a line is: rows, an array of them, or a piece of a row or an array that takes several lines.
bool RowChecker::State::JudgeLine(std::size_t by) {
  rows = 0;
  text.SkipSpace();
  if (text.Take('[')) {
    text.SkipSpace();
    if (text.AtEnd()) return text.EndsEarly();
    comma = false;
    if (text.Peek() != ']' && !JudgeRows(by)) return false;
    if (comma || !text.Take(']')) {
      return text.Refuse(RowRule::kSyntax, text.at(), comma ? "a row is missing" : "a comma or ] is missing");
    }
    text.SkipSpace();
  } else if (std::string_view("]},\"").find(text.Peek()) != std::string_view::npos) {
    text.Warn(RowRule::kNotJudged, text.at(), "the line begins inside a row or an array of rows");
    return true;
  } else {
    if (!JudgeRows(by)) return false;
    if (text.Peek() == ']') {
      text.Warn(RowRule::kNotJudged, text.at(), "the end of an array of rows");
      return true;
    }
  }
  if (text.AtEnd()) return true;
  if (text.Peek() == ';') {
    text.Warn(RowRule::kNotJudged, text.at(), "what ends the rows for the server, behind a row");
    return true;
  }
  return text.Refuse(RowRule::kSyntax, text.at(), "something follows the row");
}

/// Finds the line's table, and judges by it.
bool RowChecker::State::Judge(std::string_view line) {
  text.Start(line);
  const bool taken = JudgeLine(table);
  if (tables.size() == 1 || rows == 0) return taken;
  // The keys of a row that is refused were not all seen.
  const std::uint64_t hash = taken ? tables[table].keys_hash() : KeysHash(line);
  auto& known = chosen[table];
  if (known.size() >= kMostKeyLists) known.clear();
  const auto [found, is_new] = known.try_emplace(hash);
  if (is_new) found->second = Choose(line);
  if (found->second == table) return taken;
  table = found->second;
  text.Start(line);
  return JudgeLine(table);
}

std::size_t RowChecker::Check(std::string_view line, const std::function<void(const RowFinding&)>& found) {
  State& state = *state_;
  RowText& text = state.text;
  const bool taken = state.Judge(line);
  const RowTable& table = state.tables[state.table];
  const bool no_table = taken && state.rows > 0 && table.keys() > 0 && table.unknown() == table.keys();
  if (no_table) {
    text.Start(line);
    text.Warn(RowRule::kNoTable, line.data(), "none of the row's keys is a column: all columns get their defaults");
  }
  for (RowFinding& finding : text.found()) {
    if (state.rows > 0 && !no_table) finding.table = state.names[state.table];
    found(finding);
  }
  return state.rows;
}

}  // namespace gf_otlp::schema
