#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "schema/ddl_reader.h"
#include "schema/sql_lexer.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"

namespace gf_otlp::schema {
namespace {

using Json = nlohmann::json;
using Row = std::vector<std::string>;

/// What DESCRIBE TABLE says of a column, in this order if no names say another.
constexpr std::array<std::string_view, 7> kFields{
    "name", "type", "default_type", "default_expression", "comment", "codec_expression", "ttl_expression"};
enum Field : std::size_t { kName, kType, kDefaultType, kDefault, kComment, kCodec, kTtl };
constexpr std::string_view kSubcolumn = "is_subcolumn";  // the last field, if it was asked for
/// The one field of an answer that is statements: of SHOW CREATE TABLE, and in system.tables.
constexpr std::array<std::string_view, 2> kStatements{"statement", "create_table_query"};

/// The rows of an answer of the server, and the names of its fields where it has them.
struct Answer {
  Row names;
  std::vector<Row> rows;
};

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  const std::size_t begin = std::min(text.find_first_not_of(kSpace), text.size());
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

std::vector<std::string_view> Split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// ---- texts with tabs

/// \t, \n, \\ and the like as what they stand for.
std::string Unescaped(std::string_view text) {
  constexpr std::string_view kLetters = "bfrnt0", kBytes("\b\f\r\n\t\0", 6);
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      const std::size_t letter = kLetters.find(text[++i]);
      out += letter == std::string_view::npos ? text[i] : kBytes[letter];
    } else {
      out += text[i];
    }
  }
  return out;
}

Answer ReadTsv(std::string_view text) {
  Answer answer;
  for (std::string_view line : Split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    Row row;
    for (const std::string_view field : Split(line, '\t')) row.push_back(Unescaped(field));
    answer.rows.push_back(std::move(row));
  }
  return answer;
}

/// "a","b""c" of CSV; lines end within quotes too.
Answer ReadCsv(std::string_view text) {
  Answer answer;
  bool quoted = false, begins = true;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (begins) answer.rows.emplace_back(1);
    begins = false;
    if (c == '"') {
      if (quoted && i + 1 < text.size() && text[i + 1] == '"') {
        answer.rows.back().back() += text[++i];
      } else {
        quoted = !quoted;
      }
    } else if (c == ',' && !quoted) {
      answer.rows.back().emplace_back();
    } else if (c == '\n' && !quoted) {
      begins = true;
    } else if (c != '\r' || quoted) {
      answer.rows.back().back() += c;
    }
  }
  return answer;
}

// ---- JSON

std::string FieldText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// A row as an object or as an array. Of an object the fields that are known here.
void AddRow(const Json& value, Answer& answer) {
  Row row;
  if (!value.is_object()) {
    for (const Json& field : value) row.push_back(FieldText(field));
  } else if (const auto* statement = std::ranges::find_if(kStatements, [&](auto name) { return value.contains(name); });
             statement != kStatements.end()) {
    answer.names = {std::string(*statement)};
    row.push_back(FieldText(value[*statement]));
  } else {
    answer.names.assign(kFields.begin(), kFields.end());
    answer.names.emplace_back(kSubcolumn);
    for (const std::string& name : answer.names) row.push_back(value.contains(name) ? FieldText(value[name]) : "");
  }
  answer.rows.push_back(std::move(row));
}

Status NoJson(std::size_t line) { return BadData(fmt::format("line {}: no JSON that can be read", line)); }

/// JSON and JSONCompact: one document with "data"; else a row a line.
Result<Answer> ReadJson(std::string_view text) {
  Answer answer;
  if (const Json whole = Json::parse(text, nullptr, /*allow_exceptions=*/false);
      whole.is_object() && whole.contains("data") && whole["data"].is_array()) {
    if (whole.contains("meta") && whole["meta"].is_array()) {
      for (const Json& field : whole["meta"])
        answer.names.push_back(field.is_object() && field.contains("name") ? FieldText(field["name"]) : "");
    }
    for (const Json& row : whole["data"]) AddRow(row, answer);
    return answer;
  }
  std::size_t number = 0;
  for (const std::string_view line : Split(text, '\n')) {
    ++number;
    if (Trimmed(line).empty()) continue;
    const Json row = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!row.is_object() && !row.is_array()) return std::unexpected(NoJson(number));
    AddRow(row, answer);
  }
  return answer;
}

Result<Answer> ReadAnswer(std::string_view text) {
  text = Trimmed(text);
  if (text.starts_with('{') || text.starts_with('[')) return ReadJson(text);
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.find('\t') == std::string_view::npos && line.starts_with('"') ? ReadCsv(text) : ReadTsv(text);
}

/// Takes a row of names off, and one of their types, where the answer begins with them.
void TakeNames(Answer& answer) {
  if (!answer.names.empty() || answer.rows.empty()) return;
  const Row& first = answer.rows[0];
  if (first.size() < 2 || first[kName] != kFields[kName] || first[kType] != kFields[kType]) return;
  answer.names = first;
  answer.rows.erase(answer.rows.begin());
  const auto is_string = [](const std::string& type) { return type == "String" || type == "UInt8"; };
  if (!answer.rows.empty() && answer.rows[0].size() > 2 && std::ranges::all_of(answer.rows[0], is_string))
    answer.rows.erase(answer.rows.begin());
}

std::optional<DefaultKind> KindOf(std::string_view word) {
  constexpr std::pair<std::string_view, DefaultKind> kKinds[] = {{"", DefaultKind::kNone},
                                                                 {"DEFAULT", DefaultKind::kDefault},
                                                                 {"MATERIALIZED", DefaultKind::kMaterialized},
                                                                 {"ALIAS", DefaultKind::kAlias},
                                                                 {"EPHEMERAL", DefaultKind::kEphemeral}};
  const auto* kind = std::ranges::find(kKinds, word, &std::pair<std::string_view, DefaultKind>::first);
  return kind == std::end(kKinds) ? std::nullopt : std::optional(kind->second);
}

Result<Column> ReadColumn(const Row& row, const std::array<std::size_t, kFields.size()>& places) {
  const auto field = [&](Field f) { return places[f] < row.size() ? row[places[f]] : std::string(); };
  Column column;
  column.name = field(kName);
  Result<Type> type = ParseType(field(kType));
  if (!type) return std::unexpected(std::move(type.error()).At(fmt::format("type of {}", QuotedName(column.name))));
  column.type = *std::move(type);
  const std::optional<DefaultKind> kind = KindOf(field(kDefaultType));
  if (!kind)
    return std::unexpected(BadData(
        fmt::format("column {}: there is no kind of default {}", QuotedName(column.name), field(kDefaultType))));
  column.default_kind = *kind;
  column.default_expression = NormalSql(field(kDefault));
  column.comment = field(kComment);
  column.codec = CodecForm(NormalSql(field(kCodec)), column.type);
  column.ttl = NormalSql(field(kTtl));
  return column;
}

bool IsStatementName(std::string_view text) { return std::ranges::find(kStatements, text) != kStatements.end(); }
bool BeginsStatement(std::string_view text) { return text.starts_with("CREATE ") || text.starts_with("ATTACH "); }

/// The statements in an answer; nothing if there are none.
std::optional<std::string> StatementsOf(const Answer& answer) {
  const bool named = answer.names.size() == 1 && IsStatementName(answer.names[0]);
  std::string statements;
  for (const Row& row : answer.rows) {
    if (row.size() != 1 || (!named && !BeginsStatement(row[0]) && !IsStatementName(row[0]))) return std::nullopt;
    if (BeginsStatement(row[0])) statements += row[0] + ";\n";
  }
  return statements.empty() ? std::nullopt : std::optional(std::move(statements));
}

/// Statements escaped as TSV is: in SQL itself there are backslashes only within quotes.
bool IsEscaped(std::string_view statements) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(statements);
  return std::ranges::any_of(
      tokens, [](const SqlToken& token) { return token.kind == SqlToken::Kind::kBad && token.text.starts_with('\\'); });
}

/// Nothing that SQL begins with: an answer as a server's client has it.
bool LooksLikeAnswer(std::string_view text) {
  if (text.starts_with('{') || text.starts_with('[') || text.starts_with('"')) return true;
  if (BeginsStatement(text)) return IsEscaped(text);
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::vector<std::string_view> fields = Split(line, '\t');
  if (fields.size() == 2) return fields[kType] == kFields[kType] || ParseType(Unescaped(fields[kType])).has_value();
  return IsStatementName(line) || (fields.size() > 2 && fields[kName].find(' ') == std::string_view::npos);
}

/// Pretty, PrettySpace, Vertical, Markdown: what clickhouse-client shows on a terminal.
bool IsForPeople(std::string_view text) {
  constexpr std::array<std::string_view, 6> kBegins{"\u250c", "\u250f", "+-", "name  ", "Row 1:", "| name |"};
  return std::ranges::any_of(kBegins, [&](std::string_view begin) { return text.starts_with(begin); });
}

}  // namespace

Result<Table> ReadDescribe(std::string_view text) {
  if (IsForPeople(Trimmed(text))) return std::unexpected(BadData("this is a format for people: use FORMAT TSV"));
  Result<Answer> answer = ReadAnswer(text);
  if (!answer) return std::unexpected(std::move(answer.error()));
  TakeNames(*answer);
  std::array<std::size_t, kFields.size()> places{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto named = std::ranges::find(answer->names, kFields[i]);
    places[i] = answer->names.empty() ? i : static_cast<std::size_t>(named - answer->names.begin());
  }
  const auto subcolumn = std::ranges::find(answer->names, kSubcolumn);
  const auto flag =
      answer->names.empty() ? kFields.size() : static_cast<std::size_t>(subcolumn - answer->names.begin());
  Table table;
  table.columns_only = true;
  for (const Row& row : answer->rows) {
    if (row.size() < 2) return std::unexpected(BadData("this is no output of DESCRIBE TABLE"));
    if (flag < row.size() && (row[flag] == "1" || row[flag] == "true")) continue;
    Result<Column> column = ReadColumn(row, places);
    if (!column) return std::unexpected(std::move(column.error()));
    table.columns.push_back(*std::move(column));
  }
  if (table.columns.empty()) return std::unexpected(BadData("there is no column in it"));
  return table;
}

Result<SchemaText> ReadSchemaText(std::string_view text) {
  const std::string_view trimmed = Trimmed(text);
  if (!IsForPeople(trimmed)) {
    if (!LooksLikeAnswer(trimmed)) return ReadDdl(text);
    const Result<Answer> answer = ReadAnswer(trimmed);
    if (!answer) return std::unexpected(answer.error());
    if (const std::optional<std::string> statements = StatementsOf(*answer))
      return ReadDdl(*statements, DdlSource::kServer);
    if (BeginsStatement(trimmed)) return ReadDdl(text);
  }
  Result<Table> table = ReadDescribe(trimmed);
  if (!table) return std::unexpected(std::move(table.error()));
  SchemaText schema;
  schema.schema.tables.push_back(*std::move(table));
  return schema;
}

}  // namespace gf_otlp::schema
