#include "schema/ddl_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <span>
#include <utility>

#include "schema/sql_lexer.h"
#include "schema/sql_list.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"
#include "schema/type_reader.h"

namespace gf_otlp::schema {
namespace {

/// What can follow a column's type, and what of it needs to stand behind the word so that it is no name.
enum class Next : std::uint8_t { kAnything, kString, kBracket };
struct ClauseWord {
  std::string_view words;
  Next next = Next::kAnything;
};

constexpr std::array kColumnClauses{ClauseWord{"COMMENT", Next::kString},
                                    ClauseWord{"CODEC", Next::kBracket},
                                    ClauseWord{"STATISTICS", Next::kBracket},
                                    ClauseWord{"SETTINGS", Next::kBracket},
                                    ClauseWord{"PRIMARY KEY"},
                                    ClauseWord{"TTL"}};
constexpr std::array kTableClauses{
    ClauseWord{"ENGINE"},      ClauseWord{"PARTITION BY"}, ClauseWord{"ORDER BY"}, ClauseWord{"SAMPLE BY"},
    ClauseWord{"PRIMARY KEY"}, ClauseWord{"TTL"},          ClauseWord{"SETTINGS"}, ClauseWord{"COMMENT", Next::kString},
    ClauseWord{"AS"},          ClauseWord{"CREATE"},       ClauseWord{"ATTACH"}};
constexpr std::array kIndexWords{ClauseWord{"TYPE"}, ClauseWord{"GRANULARITY"}};
constexpr std::array kNextStatements{ClauseWord{"CREATE"}, ClauseWord{"ATTACH"}};
constexpr std::array kInsteadOfColumns{
    ClauseWord{"ENGINE"},      ClauseWord{"PARTITION BY"}, ClauseWord{"ORDER BY"}, ClauseWord{"SAMPLE BY"},
    ClauseWord{"PRIMARY KEY"}, ClauseWord{"TTL"},          ClauseWord{"SETTINGS"}, ClauseWord{"COMMENT", Next::kString},
    ClauseWord{"AS"},          ClauseWord{"CLONE"},        ClauseWord{"EMPTY"}};
constexpr std::array kTakenStatements{ClauseWord{"CREATE TABLE"}, ClauseWord{"CREATE MATERIALIZED VIEW"},
                                      ClauseWord{"ATTACH TABLE"}, ClauseWord{"ATTACH MATERIALIZED VIEW"}};
constexpr std::array<ClauseWord, 0> kNoClauses{};

/// So many skipped statements are named.
constexpr std::size_t kShownSkips = 5;

/// Nullable, Array.
Type Around(Type::Kind kind, Type element) {
  Type type;
  type.kind = kind;
  type.elements.push_back(std::move(element));
  return type;
}

/// A key of one expression without the tuple around it: "tuple(a)" is "a" as a key.
std::string KeyText(std::string key) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(key);
  if (!tokens[0].IsWord("tuple") || !tokens[1].Is("(")) return key;
  int depth = 0;
  for (std::size_t i = 1; i + 2 < tokens.size(); ++i) {
    depth += tokens[i].Is("(") ? 1 : tokens[i].Is(")") ? -1 : 0;
    if (depth == 0) return key;  // something follows
  }
  const std::string_view inner =
      std::string_view(key).substr(tokens[1].end(), tokens.end()[-2].offset - tokens[1].end());
  return SplitSqlList(inner).size() == 1 ? NormalSql(inner) : key;
}

bool Opens(const SqlToken& token) { return token.Is("(") || token.Is("[") || token.Is("{"); }
bool Closes(const SqlToken& token) { return token.Is(")") || token.Is("]") || token.Is("}"); }

/// Reads the statements of a text. Functions that give bool give false when something is wrong, which error() says.
class DdlReader {
 public:
  DdlReader(std::string_view text, DdlSource source)
      : text_(text), source_(source), tokens_(ReadSqlTokens(text)), cursor_(tokens_) {}

  bool Run() {
    while (true) {
      while (cursor_.TakeSymbol(";")) {
      }
      if (cursor_.AtEnd()) break;
      if (!Statement()) return false;
    }
    if (skips_ > kShownSkips) result_.skipped.push_back(fmt::format("{} more are skipped", skips_ - kShownSkips));
    return true;
  }
  SchemaText& result() { return result_; }
  /// "line 3, column 14: expected a data type, found ')'".
  std::string error() {
    const std::string_view before = text_.substr(0, error_.offset);
    const std::size_t line_begin = before.rfind('\n') + 1;  // 0 if there is none
    const auto column = std::ranges::count_if(before.substr(line_begin), [](char c) { return (c & 0xC0) != 0x80; });
    return fmt::format("line {}, column {}: {}", LineOf(error_.offset), column + 1, error_.message);
  }

 private:
  bool Expected(std::string_view what) {
    error_ = cursor_.Expected(what);
    return false;
  }
  bool TakeSymbol(std::string_view symbol) {
    return cursor_.TakeSymbol(symbol) || Expected(fmt::format("'{}'", symbol));
  }
  bool TakeWord(std::string_view word) { return cursor_.TakeWord(word) || Expected(word); }

  /// Counts on from the last call. REQUIRES: `offset` is not before that of the last call.
  std::size_t LineOf(std::size_t offset) {
    line_ += static_cast<std::size_t>(std::ranges::count(text_.substr(line_offset_, offset - line_offset_), '\n'));
    line_offset_ = offset;
    return line_;
  }

  bool Statement() {
    statement_ = cursor_;
    if (cursor_.Peek().kind != SqlToken::Kind::kName) return Expected("a statement");
    const bool attach = cursor_.TakeWord("ATTACH");
    if (attach || cursor_.TakeWord("CREATE")) {
      cursor_.TakeWords("OR REPLACE");
      cursor_.TakeWord("TEMPORARY");
      if (cursor_.TakeWord("TABLE")) return ReadTable();
      if (cursor_.TakeWords("MATERIALIZED VIEW")) return ReadView();
    }
    return Skip("");
  }

  /// Passes over the statement and says so. One that makes something ends where a table begins, as tables do.
  bool Skip(std::string_view why) {
    cursor_ = statement_;
    const std::size_t line = LineOf(cursor_.Peek().offset);
    const bool makes = IsClause(cursor_, kNextStatements) && cursor_.Peek(1).kind == SqlToken::Kind::kName;
    const bool makes_database = makes && cursor_.Peek(1).IsWord("DATABASE");
    std::string name(cursor_.Peek().text);
    if (makes) name += fmt::format(" {}{}", cursor_.Peek(1).text, cursor_.Peek(2).IsWord("VIEW") ? " VIEW" : "");
    do {
      if (cursor_.Peek().kind == SqlToken::Kind::kBad) return Expected("';'");
      cursor_.Take();
    } while (!cursor_.AtEnd() && !cursor_.Peek().Is(";") && !(makes && IsClause(cursor_, kTakenStatements)));
    if (!makes_database && ++skips_ <= kShownSkips)
      result_.skipped.push_back(fmt::format("line {}: {} is skipped{}", line, name, why));
    return true;
  }

  // ---- what tables and views share

  static bool IsClause(const TokenCursor& cursor, std::span<const ClauseWord> clauses) {
    return std::ranges::any_of(clauses, [&](const ClauseWord& clause) {
      TokenCursor look = cursor;
      if (!look.TakeWords(clause.words)) return false;
      return clause.next == Next::kAnything ||
             (clause.next == Next::kString && look.Peek().kind == SqlToken::Kind::kString) ||
             (clause.next == Next::kBracket && look.Peek().Is("("));
    });
  }

  /// What stands up to a clause, a semicolon, a closing bracket, or, if `comma`, a comma; brackets within it count. At
  /// least one token, for a word of a clause may be a name too.
  bool TakeSql(std::span<const ClauseWord> clauses, bool comma, std::string_view& sql) {
    const char* const begin = cursor_.Peek().text.data();
    std::size_t depth = 0;
    for (bool operand = false;; cursor_.Take()) {
      const SqlToken& token = cursor_.Peek();
      if (token.kind == SqlToken::Kind::kBad || (depth > 0 && cursor_.AtEnd())) return Expected("')'");
      const bool ends = cursor_.AtEnd() || token.Is(";") || Closes(token) || (comma && token.Is(","));
      if (depth == 0 && (ends || (operand && IsClause(cursor_, clauses)))) break;
      if (Opens(token)) ++depth;
      if (Closes(token)) --depth;
      operand = token.kind != SqlToken::Kind::kSymbol || Closes(token);
    }
    sql = {begin, cursor_.Peek().text.data()};
    return begin != sql.end() || Expected("an expression");
  }

  bool TakeNormal(std::span<const ClauseWord> clauses, bool comma, std::string& normal) {
    std::string_view sql;
    if (!TakeSql(clauses, comma, sql)) return false;
    normal = NormalSql(sql);
    return true;
  }

  /// What stands between brackets, which come now.
  bool TakeBrackets(std::string_view& sql) {
    if (!TakeSymbol("(")) return false;
    if (cursor_.TakeSymbol(")")) {
      sql = {};
      return true;
    }
    return TakeSql(kNoClauses, /*comma=*/false, sql) && TakeSymbol(")");
  }

  bool TakeName(std::string& name, std::string_view what) {
    if (!cursor_.Peek().IsName()) return Expected(what);
    name = TokenValue(cursor_.Take());
    return true;
  }
  bool TakeText(std::string& text) {
    if (cursor_.Peek().kind != SqlToken::Kind::kString) return Expected("a string");
    text = TokenValue(cursor_.Take());
    return true;
  }

  /// [IF NOT EXISTS] [database.]name [UUID '...'] [ON CLUSTER c].
  bool TakeHead(std::string& database, std::string& name, std::string& cluster) {
    cursor_.TakeWords("IF NOT EXISTS");
    if (!TakeName(name, "a name")) return false;
    if (cursor_.TakeSymbol(".")) {
      database = std::move(name);
      if (!TakeName(name, "a name")) return false;
    }
    std::string ignored;
    if (cursor_.TakeWord("UUID") && !TakeText(ignored)) return false;
    if (!cursor_.TakeWords("ON CLUSTER")) return true;
    return cursor_.Peek().kind == SqlToken::Kind::kString ? TakeText(cluster)
                                                          : TakeName(cluster, "the name of a cluster");
  }

  bool AtStatementEnd() const {
    return cursor_.AtEnd() || cursor_.Peek().Is(";") || IsClause(cursor_, kNextStatements);
  }

  // ---- tables

  bool ReadTable() {
    Table table;
    keys_.clear();
    if (!TakeHead(table.database, table.name, table.cluster)) return false;
    if (IsClause(cursor_, kInsteadOfColumns)) return Skip(": its columns are not written down");
    if (!TakeSymbol("(")) return false;
    while (!cursor_.Peek().Is(")")) {
      if (!ReadElement(table)) return false;
      if (!cursor_.TakeSymbol(",") && !cursor_.Peek().Is(")")) return Expected("',' or ')'");
    }
    if (table.columns.empty()) return Expected("a column");
    cursor_.Take();
    while (!AtStatementEnd()) {
      if (!ReadClause(table)) return false;
    }
    for (std::string* key : {&table.partition_by, &table.primary_key, &table.order_by}) *key = KeyText(std::move(*key));
    if (table.order_by.empty()) table.order_by = table.primary_key;
    result_.schema.tables.push_back(std::move(table));
    return true;
  }

  /// A column, an index, ...: words that begin the others may be names of columns too.
  bool ReadElement(Table& table) {
    if (!cursor_.Peek().IsName()) return Expected("a column");
    const SqlToken& word = cursor_.Peek();
    const SqlToken& third = cursor_.Peek(2);
    if (word.IsWord("INDEX") && IsIndex()) return ReadIndex(table);
    if (word.IsWord("PROJECTION") &&
        (cursor_.Peek(3).IsWord("SELECT") || cursor_.Peek(3).IsWord("WITH") || third.IsWord("INDEX")))
      return ReadProjection(table);
    if (word.IsWord("CONSTRAINT") && (third.IsWord("CHECK") || third.IsWord("ASSUME"))) return ReadConstraint(table);
    if (cursor_.TakeWords("PRIMARY KEY")) return TakeNormal(kNoClauses, /*comma=*/true, table.primary_key);
    return ReadColumn(table);
  }

  /// A column "index" has no TYPE behind it.
  bool IsIndex() {
    const TokenCursor begin = cursor_;
    std::string_view ignored;
    cursor_.Take();
    cursor_.Take();
    const bool found = TakeSql(kIndexWords, /*comma=*/true, ignored) && cursor_.Peek().IsWord("TYPE");
    cursor_ = begin;
    return found;
  }

  bool ReadIndex(Table& table) {
    Index index;
    cursor_.Take();
    if (!TakeName(index.name, "the name of an index") || !TakeNormal(kIndexWords, /*comma=*/true, index.expression) ||
        !TakeWord("TYPE") || !TakeCall(index.type))
      return false;
    if (cursor_.TakeWord("GRANULARITY")) {
      const std::optional<std::uint64_t> number = WholeNumber(cursor_.Peek());
      if (!number) return Expected("a whole number");
      cursor_.Take();
      index.granularity = *number;
    }
    table.indexes.push_back(std::move(index));
    return true;
  }

  /// name or name(arguments): an engine, a type of index. Nothing between the brackets is as no brackets.
  bool TakeCall(std::string& call) {
    std::string_view arguments;
    if (!TakeName(call, "a name") || !cursor_.Peek().Is("(")) return !call.empty();
    if (!TakeBrackets(arguments)) return false;
    if (const std::string normal = NormalSql(arguments); !normal.empty()) call += fmt::format("({})", normal);
    return true;
  }

  bool ReadProjection(Table& table) {
    NamedSql projection;
    cursor_.Take();
    if (!TakeName(projection.name, "a name") || !TakeNormal(kNoClauses, /*comma=*/true, projection.sql)) return false;
    table.projections.push_back(std::move(projection));
    return true;
  }

  bool ReadConstraint(Table& table) {
    NamedSql constraint;
    cursor_.Take();
    if (!TakeName(constraint.name, "a name")) return false;
    const std::string_view word = cursor_.Take().IsWord("CHECK") ? "CHECK" : "ASSUME";
    if (!TakeNormal(kNoClauses, /*comma=*/true, constraint.sql)) return false;
    constraint.sql = fmt::format("{} {}", word, constraint.sql);
    table.constraints.push_back(std::move(constraint));
    return true;
  }

  bool ReadColumn(Table& table) {
    Column column;
    if (!TakeName(column.name, "the name of a column")) return false;
    if (!SeesDefault()) {
      auto type = ReadType(cursor_);
      if (!type) {
        error_ = std::move(type.error());
        return false;
      }
      column.type = *std::move(type);
    }
    while (!cursor_.Peek().Is(",") && !cursor_.Peek().Is(")")) {
      if (!ReadColumnClause(column, table)) return false;
    }
    column.codec = CodecForm(column.codec, column.type);
    AddColumn(std::move(column), table);
    return true;
  }

  bool SeesDefault() const {
    const SqlToken& word = cursor_.Peek();
    return word.IsWord("DEFAULT") || word.IsWord("MATERIALIZED") || word.IsWord("ALIAS") || word.IsWord("EPHEMERAL");
  }

  bool ReadColumnClause(Column& column, Table& table) {
    std::string_view sql;
    if (SeesDefault()) return ReadDefault(column);
    if (cursor_.TakeWords("NOT NULL")) return true;
    if (cursor_.TakeWord("NULL")) {
      column.type = Around(Type::Kind::kNullable, std::move(column.type));
      return true;
    }
    if (cursor_.TakeWord("COMMENT")) return TakeText(column.comment);
    if (cursor_.TakeWord("CODEC")) {
      if (!TakeBrackets(sql)) return false;
      column.codec = NormalSql(sql);
      return true;
    }
    if (cursor_.TakeWord("STATISTICS") || cursor_.TakeWord("SETTINGS")) return TakeBrackets(sql);
    if (cursor_.TakeWord("TTL")) return TakeNormal(kColumnClauses, /*comma=*/true, column.ttl);
    if (cursor_.TakeWords("PRIMARY KEY")) {
      keys_.push_back(QuotedName(column.name));
      table.primary_key = keys_.size() == 1 ? keys_[0] : fmt::format("({})", fmt::join(keys_, ", "));
      return true;
    }
    return Expected("',' or ')'");
  }

  bool ReadDefault(Column& column) {
    const SqlToken& word = cursor_.Take();
    column.default_kind = word.IsWord("DEFAULT")        ? DefaultKind::kDefault
                          : word.IsWord("MATERIALIZED") ? DefaultKind::kMaterialized
                          : word.IsWord("ALIAS")        ? DefaultKind::kAlias
                                                        : DefaultKind::kEphemeral;
    const SqlToken& next = cursor_.Peek();
    if (word.IsWord("EPHEMERAL") && (next.Is(",") || next.Is(")") || IsClause(cursor_, kColumnClauses))) return true;
    return TakeNormal(kColumnClauses, /*comma=*/true, column.default_expression);
  }

  /// Nested columns as ClickHouse stores them: an array for each part, in their place.
  void AddColumn(Column column, Table& table) const {
    if (column.type.kind != Type::Kind::kNested || source_ == DdlSource::kServer) {
      table.columns.push_back(std::move(column));
      return;
    }
    std::ranges::move(ArraysOf(column), std::back_inserter(table.columns));
  }

  bool ReadClause(Table& table) {
    struct ExpressionClause {
      std::string_view words;
      std::string Table::* text;
    };
    constexpr ExpressionClause kExpressions[] = {{"PARTITION BY", &Table::partition_by},
                                                 {"ORDER BY", &Table::order_by},
                                                 {"PRIMARY KEY", &Table::primary_key},
                                                 {"SAMPLE BY", &Table::sample_by},
                                                 {"TTL", &Table::ttl}};
    for (const ExpressionClause& clause : kExpressions) {
      if (cursor_.TakeWords(clause.words)) return TakeNormal(kTableClauses, /*comma=*/false, table.*clause.text);
    }
    if (cursor_.TakeWord("ENGINE")) {
      cursor_.TakeSymbol("=");
      return TakeCall(table.engine);
    }
    if (cursor_.TakeWord("COMMENT")) return TakeText(table.comment);
    if (cursor_.TakeWord("SETTINGS")) return ReadSettings(table);
    if (std::string_view query; cursor_.TakeWord("AS")) return TakeSql(kNextStatements, /*comma=*/false, query);
    return Expected("ENGINE, ORDER BY or another clause");
  }

  bool ReadSettings(Table& table) {
    do {
      std::string name, value;
      if (!TakeName(name, "a setting") || !TakeSymbol("=") || !TakeNormal(kTableClauses, /*comma=*/true, value))
        return false;
      table.settings.emplace_back(std::move(name), std::move(value));
    } while (cursor_.TakeSymbol(","));
    return true;
  }

  // ---- views

  bool ReadView() {
    View view;
    std::string_view sql;
    if (!TakeHead(view.database, view.name, view.cluster)) return false;
    while (!cursor_.TakeWord("AS")) {
      if (cursor_.AtEnd() || cursor_.Peek().Is(";") || cursor_.Peek().kind == SqlToken::Kind::kBad)
        return Expected("AS");
      if (view.target.empty() && cursor_.TakeWord("TO")) {
        if (!ReadTarget(view)) return false;
      } else if (cursor_.Peek().Is("(")) {
        if (!TakeBrackets(sql)) return false;
      } else {
        cursor_.Take();
      }
    }
    if (view.target.empty()) return Skip(": it writes TO no table");
    if (!TakeNormal(kNextStatements, /*comma=*/false, view.query)) return false;
    result_.schema.views.push_back(std::move(view));
    return true;
  }

  bool ReadTarget(View& view) {
    std::string name;
    if (!TakeName(name, "the name of a table")) return false;
    view.target = QuotedName(name);
    if (!cursor_.TakeSymbol(".")) return true;
    if (!TakeName(name, "the name of a table")) return false;
    view.target += "." + QuotedName(name);
    return true;
  }

  std::string_view text_;
  DdlSource source_;
  std::vector<SqlToken> tokens_;
  TokenCursor cursor_, statement_{cursor_};
  std::vector<std::string> keys_;           // columns of the current table that are called PRIMARY KEY
  std::size_t line_ = 1, line_offset_ = 0;  // of LineOf()'s last call
  std::size_t skips_ = 0;                   // statements, also those that are not named
  SchemaText result_;
  SqlError error_;
};

}  // namespace

Result<SchemaText> ReadDdl(std::string_view text, DdlSource source) {
  DdlReader reader(text, source);
  if (!reader.Run()) return std::unexpected(BadData(reader.error()));
  const SchemaText& result = reader.result();
  if (result.schema.tables.empty() && result.schema.views.empty())
    return std::unexpected(BadData(fmt::format("there is no CREATE TABLE that can be read{}{}",
                                               result.skipped.empty() ? "" : ": ", fmt::join(result.skipped, "; "))));
  return std::move(reader.result());
}

}  // namespace gf_otlp::schema
