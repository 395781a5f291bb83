#include "schema/sql_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "base/number_text.h"
#include "schema/sql_lexer.h"
#include "schema/type_reader.h"

namespace gf_otlp::schema {
namespace {

constexpr int kMaxDepth = 200;  // of brackets and operators

/// How tightly operators bind; what is between brackets, names and literals are kPrimary.
enum Level : std::uint8_t {
  kSequence,  // no expression: "a DESC", "SELECT a FROM b"
  kLambda,
  kTernary,
  kOr,
  kAnd,
  kNot,
  kBetween,
  kIsNull,
  kComparison,
  kConcat,
  kSum,
  kProduct,
  kNegation,
  kPrimary,
};

struct Operator {
  std::string_view word, sql;
  Level level;
};

constexpr Operator kOperators[] = {
    {"OR", "OR", kOr},
    {"AND", "AND", kAnd},
    {"=", "=", kComparison},
    {"==", "=", kComparison},
    {"!=", "!=", kComparison},
    {"<>", "!=", kComparison},
    {"<", "<", kComparison},
    {"<=", "<=", kComparison},
    {">", ">", kComparison},
    {">=", ">=", kComparison},
    {"<=>", "<=>", kComparison},
    {"LIKE", "LIKE", kComparison},
    {"ILIKE", "ILIKE", kComparison},
    {"NOT LIKE", "NOT LIKE", kComparison},
    {"NOT ILIKE", "NOT ILIKE", kComparison},
    {"REGEXP", "REGEXP", kComparison},
    {"IN", "IN", kComparison},
    {"NOT IN", "NOT IN", kComparison},
    {"GLOBAL IN", "GLOBAL IN", kComparison},
    {"GLOBAL NOT IN", "GLOBAL NOT IN", kComparison},
    {"+", "+", kSum},
    {"-", "-", kSum},
    {"*", "*", kProduct},
    {"/", "/", kProduct},
    {"%", "%", kProduct},
    {"MOD", "%", kProduct},
};

/// An expression follows these; they are no names where one does.
constexpr std::array<std::string_view, 14> kLeadingWords{"SELECT", "FROM",  "WHERE",  "PREWHERE", "HAVING",
                                                         "BY",     "LIMIT", "OFFSET", "AS",       "JOIN",
                                                         "ON",     "USING", "UNION",  "WITH"};
/// These are keywords where an expression stands before them.
constexpr std::array<std::string_view, 27> kTrailingWords{
    "DESC",  "NULLS",  "FIRST", "LAST",       "FINAL", "GROUP", "ORDER",  "SETTINGS", "TO",
    "DISK",  "VOLUME", "SET",   "RECOMPRESS", "INNER", "LEFT",  "RIGHT",  "FULL",     "CROSS",
    "OUTER", "ANY",    "ALL",   "ASOF",       "SEMI",  "ANTI",  "GLOBAL", "ARRAY",    "OVER"};
/// What else is no name within an expression.
constexpr std::array<std::string_view, 21> kOtherWords{
    "DISTINCT", "NOT",  "AND",  "OR",   "IN",   "LIKE", "ILIKE", "REGEXP", "MOD",      "DIV",   "IS",
    "BETWEEN",  "CASE", "WHEN", "THEN", "ELSE", "END",  "ASC",   "DELETE", "INTERVAL", "GLOBAL"};
constexpr std::array<std::string_view, 11> kUnits{
    "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour", "Day", "Week", "Month", "Quarter", "Year"};

/// "day", "DAYS" -> "Day".
std::optional<std::string_view> Unit(std::string_view word) {
  if (!word.empty() && SameWord(word.substr(word.size() - 1), "s")) word.remove_suffix(1);
  const auto* unit = std::ranges::find_if(kUnits, [&](std::string_view known) { return SameWord(known, word); });
  return unit == kUnits.end() ? std::nullopt : std::optional(*unit);
}

std::string_view FindWord(auto& words, const SqlToken& token) {
  const auto word = std::ranges::find_if(words, [&](std::string_view known) { return token.IsWord(known); });
  return word == words.end() ? std::string_view() : *word;
}

/// Of one form for equal numbers: "0x1F" -> "31", "1.50" -> "1.5", "1e3" -> "1000.".
std::string NumberText(const SqlToken& token) {
  if (const std::optional<std::uint64_t> whole = WholeNumber(token)) return fmt::to_string(*whole);
  std::string digits(token.text);
  std::erase(digits, '_');
  double value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || rest != end) return digits;
  char text[kDoubleRoom];
  digits.assign(text, WriteDouble(text, value));
  if (digits.find_first_of(".e") == std::string::npos) digits += '.';
  return digits;
}

/// `text` between `quote`s, with escapes as ClickHouse writes them.
std::string Quoted(std::string_view text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    constexpr std::string_view kEscaped("\b\f\r\n\t\0", 6), kLetters = "bfrnt0";
    const std::size_t escape = kEscaped.find(c);
    if (c == quote || c == '\\' || escape != std::string_view::npos) out += '\\';
    out += escape == std::string_view::npos ? c : kLetters[escape];
  }
  out += quote;
  return out;
}

struct Expression {
  enum class Kind : std::uint8_t { kOther, kNumber, kLiteral, kName, kCall, kConcat };
  std::string text;
  Level level = kPrimary;
  Kind kind = Kind::kOther;
};

/// Puts brackets where ClickHouse's formatter does: around operators within operators.
std::string Operand(Expression e, bool brackets) {
  return brackets ? "(" + std::move(e.text) + ")" : std::move(e.text);
}
std::string Operand(Expression e) {
  const bool brackets = e.level < kPrimary;
  return Operand(std::move(e), brackets);
}

/// Reads expressions, and what stands between them, and writes them down again. Any function may find that it cannot
/// read what there is; what it gives is of no use then (ok()).
class Normalizer {
 public:
  explicit Normalizer(const std::vector<SqlToken>& tokens) : cursor_(tokens) {}

  std::string Run() {
    std::vector<Expression> parts = List();
    if (!cursor_.AtEnd()) ok_ = false;
    return Joined(parts);
  }
  bool ok() const { return ok_; }

 private:
  using Kind = Expression::Kind;

  Expression Fail() {
    ok_ = false;
    return {};
  }
  void Need(bool there) { ok_ = ok_ && there; }

  static std::string Joined(const std::vector<Expression>& parts) {
    std::string text;
    for (const Expression& part : parts) {
      if (&part != parts.data()) text += ", ";
      text += part.text;
    }
    return text;
  }

  bool AtPartEnd() const {
    const SqlToken& token = cursor_.Peek();
    return cursor_.AtEnd() || token.Is(",") || token.Is(")") || token.Is("]");
  }

  /// Parts that commas divide, up to a closing bracket or the end. A comma behind the last is passed over.
  std::vector<Expression> List() {
    std::vector<Expression> parts;
    trailing_comma_ = false;
    while (ok_ && !AtPartEnd()) {
      parts.push_back(Part());
      trailing_comma_ = cursor_.TakeSymbol(",");
      if (!trailing_comma_) break;
    }
    return parts;
  }

  /// An expression, or several things with white space between them: "a DESC", "SELECT a".
  Expression Part() {
    Expression all;
    bool after_expression = false;
    for (std::size_t items = 0; ok_ && !AtPartEnd(); ++items) {
      if (after_expression && (cursor_.Peek().IsWord("ASC") || cursor_.Peek().IsWord("DELETE"))) {  // as it is anyway
        cursor_.Take();
        continue;
      }
      Expression item;
      if (const std::string_view word = Keyword(after_expression); !word.empty()) {
        cursor_.Take();
        item = {std::string(word), kSequence};
        after_expression = std::ranges::find(kTrailingWords, word) != kTrailingWords.end();
      } else {
        const bool quoted = cursor_.Peek().kind == SqlToken::Kind::kQuotedName;
        const std::string name = quoted ? TokenValue(cursor_.Peek()) : "";
        item = Read(kLambda);
        // "a (b)" would be a call, "a (-b)" without brackets a difference, and a name without its quotes a keyword.
        Need(!after_expression || item.text.find_first_of("([-") != 0);
        Need(!after_expression ||
             !std::ranges::any_of(kTrailingWords, [&](auto known) { return SameWord(known, name); }));
        after_expression = true;
      }
      if (items == 0) {
        all = std::move(item);
      } else {
        all.text += ' ';
        all.text += item.text;
        all.level = kSequence;
      }
    }
    return all;
  }

  /// The keyword that stands here; empty if it is a name or something else.
  std::string_view Keyword(bool after_expression) const {
    const SqlToken& next = cursor_.Peek(1);
    const bool leads = next.IsName() || next.kind == SqlToken::Kind::kString || next.kind == SqlToken::Kind::kNumber ||
                       next.Is("(") || next.Is("[") || next.Is("*") || next.Is("-");
    if (leads) {
      if (cursor_.Peek().IsWord("DISTINCT")) return "DISTINCT";
      if (const std::string_view word = FindWord(kLeadingWords, cursor_.Peek()); !word.empty()) return word;
    }
    return after_expression ? FindWord(kTrailingWords, cursor_.Peek()) : std::string_view();
  }

  /// An expression of operators that bind at least as tightly as `least`.
  Expression Read(Level least) {
    if (depth_ >= kMaxDepth) return Fail();
    ++depth_;
    Expression left = Prefix();
    while (ok_ && Infix(left, least)) {
    }
    --depth_;
    return left;
  }

  /// Takes an operator and what is on its right, if there is one.
  bool Infix(Expression& left, Level least) {
    if (least <= kLambda && cursor_.TakeSymbol("->")) {
      Arrow(left);
    } else if (least <= kTernary && cursor_.TakeSymbol("?")) {
      Expression yes = Read(kTernary);
      Need(cursor_.TakeSymbol(":"));
      left = Call("if", {std::move(left), std::move(yes), Read(kTernary)});
    } else if (least <= kBetween && (cursor_.SeesWords("BETWEEN") || cursor_.SeesWords("NOT BETWEEN"))) {
      Between(left);
    } else if (least <= kIsNull && cursor_.TakeWords("IS NULL")) {
      left = {Operand(std::move(left)) + " IS NULL", kIsNull};
    } else if (least <= kIsNull && cursor_.TakeWords("IS NOT NULL")) {
      left = {Operand(std::move(left)) + " IS NOT NULL", kIsNull};
    } else if (least <= kConcat && cursor_.TakeSymbol("||")) {
      Concat(left, Read(kSum));
    } else if (least <= kProduct && cursor_.TakeWord("DIV")) {
      left = Call("intDiv", {std::move(left), Read(kNegation)});
      ok_ = ok_ && ++rewritten_ < kMaxDepth;
    } else {
      const Operator* found = TakeOperator(least);
      if (found == nullptr) return false;
      Binary(left, *found);
    }
    return true;
  }

  const Operator* TakeOperator(Level least) {
    const bool symbol = cursor_.Peek().kind == SqlToken::Kind::kSymbol;
    for (const Operator& known : kOperators) {
      if (known.level >= least && (symbol ? cursor_.TakeSymbol(known.word) : cursor_.TakeWords(known.word)))
        return &known;
    }
    return nullptr;
  }

  void Binary(Expression& left, const Operator& op) {
    const bool in = op.sql.ends_with("IN"), bracket = cursor_.Peek().Is("(");
    Expression right = Read(static_cast<Level>(op.level + 1));
    if (in && right.level == kPrimary && !right.text.starts_with('(') &&
        (bracket || right.kind == Kind::kLiteral || right.kind == Kind::kNumber))
      right = {"(" + right.text + ")"};
    const bool chain = left.level == op.level;  // a + b + c
    left.text = Operand(std::move(left), !chain && left.level < kPrimary);
    left.text += ' ';
    left.text += op.sql;
    left.text += ' ';
    left.text += Operand(std::move(right));
    left.level = op.level;
    left.kind = Kind::kOther;
  }

  void Arrow(Expression& left) {
    Need(left.kind == Kind::kName || left.text.starts_with('(') || left.text == "tuple()");
    left.text += " -> ";
    left.text += Operand(Read(kLambda));
    left.level = kLambda;
    left.kind = Kind::kOther;
  }

  void Between(Expression& left) {
    constexpr std::size_t kShort = 256;  // what stands there twice then
    const bool negated = cursor_.TakeWord("NOT");
    cursor_.Take();
    const std::string low = Operand(Read(kIsNull));
    Need(cursor_.TakeWord("AND"));
    const std::string high = Operand(Read(kIsNull));
    const bool is_long = left.text.size() > kShort;
    const bool chain = !is_long && left.level == kComparison;  // a = b < low
    const std::string value = Operand(std::move(left), !chain && left.level < kPrimary);
    if (is_long) {
      left = {fmt::format("{} {}BETWEEN {} AND {}", value, negated ? "NOT " : "", low, high), kBetween};
    } else if (negated) {
      left = {fmt::format("({0} < {1}) OR ({0} > {2})", value, low, high), kOr};
    } else {
      left = {fmt::format("({0} >= {1}) AND ({0} <= {2})", value, low, high), kAnd};
    }
  }

  void Concat(Expression& left, Expression right) {
    if (left.kind == Kind::kConcat) {
      left.text.back() = ',';
      left.text += ' ';
      left.text += right.text;
      left.text += ')';
    } else {
      left = Call("concat", {std::move(left), std::move(right)});
      left.kind = Kind::kConcat;
    }
  }

  static Expression Call(std::string_view name, const std::vector<Expression>& arguments) {
    return {fmt::format("{}({})", name, Joined(arguments)), kPrimary, Kind::kCall};
  }

  Expression Prefix() {
    if (cursor_.TakeWord("NOT")) {
      return {"NOT " + Operand(Read(kNot)), kNot};
    }
    if (cursor_.Peek().Is("-")) return Negation();
    if (cursor_.TakeSymbol("+")) return Read(kNegation);
    const std::size_t begin = cursor_.Peek().offset;
    const char* const text = cursor_.Peek().text.data();
    Expression e = Primary();
    Postfix(e, begin, text);
    return e;
  }

  Expression Negation() {
    const SqlToken& minus = cursor_.Take();
    if (cursor_.Peek().kind == SqlToken::Kind::kNumber) {
      Expression e{"-" + NumberText(cursor_.Take()), kPrimary, Kind::kNumber};
      Postfix(e, minus.offset, minus.text.data());
      return e;
    }
    Expression e = Read(kNegation);
    if (e.kind == Kind::kNumber && !e.text.starts_with('-')) return {"-" + e.text, kPrimary, Kind::kNumber};
    const bool brackets = e.level < kPrimary || e.text.starts_with('-');
    return {"-" + Operand(std::move(e), brackets), kNegation};
  }

  Expression Primary() {
    const SqlToken& token = cursor_.Peek();
    switch (token.kind) {
      case SqlToken::Kind::kNumber: return {NumberText(cursor_.Take()), kPrimary, Kind::kNumber};
      case SqlToken::Kind::kString: return {QuotedText(TokenValue(cursor_.Take())), kPrimary, Kind::kLiteral};
      case SqlToken::Kind::kQuotedName: return QuotedWord();
      case SqlToken::Kind::kName: return Word();
      default: break;
    }
    if (cursor_.TakeSymbol("(")) return Brackets();
    if (cursor_.TakeSymbol("[")) return Array();
    if (cursor_.TakeSymbol("*")) return {"*"};
    return Fail();
  }

  /// A name that keeps its quotes where it would be a keyword without them.
  Expression QuotedWord() {
    const SqlToken& token = cursor_.Take();
    const std::string value = TokenValue(token);
    const auto is = [&](std::string_view word) { return SameWord(word, value); };
    if (cursor_.TakeSymbol("(")) return Function(token);
    const bool keyword = std::ranges::any_of(kLeadingWords, is) || std::ranges::any_of(kOtherWords, is);
    return {keyword ? Quoted(value, '`') : QuotedName(value), kPrimary, Kind::kName};
  }

  /// A name, or a word that begins something.
  Expression Word() {
    const SqlToken& word = cursor_.Take();
    const SqlToken& next = cursor_.Peek();
    if (word.IsWord("INTERVAL") && (next.kind == SqlToken::Kind::kString || next.kind == SqlToken::Kind::kNumber ||
                                    (next.IsName() && Unit(cursor_.Peek(1).text))))
      return Interval();
    if (next.kind == SqlToken::Kind::kString && word.IsWord("DATE")) return Call("toDate", {Primary()});
    if (next.kind == SqlToken::Kind::kString && word.IsWord("TIMESTAMP")) return Call("toDateTime", {Primary()});
    if (word.IsWord("CASE") && !next.Is("(") && !AtPartEnd()) return Case();
    if (next.Is("(")) {
      cursor_.Take();
      return word.IsWord("CAST") ? Cast() : Function(word);
    }
    if (word.IsWord("NULL")) return {"NULL", kPrimary, Kind::kLiteral};
    if (word.IsWord("TRUE")) return {"true", kPrimary, Kind::kLiteral};
    if (word.IsWord("FALSE")) return {"false", kPrimary, Kind::kLiteral};
    return {QuotedName(word.text), kPrimary, Kind::kName};
  }

  /// Behind INTERVAL: 30 DAY, '30' DAY, '30 days', n DAY.
  Expression Interval() {
    Expression value = Primary();
    if (value.kind == Kind::kLiteral) {
      const std::size_t space = value.text.find(' ');
      if (space != std::string::npos) {
        const auto unit = Unit(std::string_view(value.text).substr(space + 1, value.text.size() - space - 2));
        const std::string number = value.text.substr(1, space - 1);
        Need(unit.has_value() && NormalSql(number) == number &&
             number.find_first_not_of("0123456789") == std::string::npos);
        return Call(fmt::format("toInterval{}", unit.value_or("")), {{number}});
      }
    }
    const auto unit = Unit(cursor_.Peek().text);
    Need(unit.has_value() && cursor_.Take().kind == SqlToken::Kind::kName);
    return Call(fmt::format("toInterval{}", unit.value_or("")), {std::move(value)});
  }

  Expression Case() {
    std::vector<Expression> parts;
    std::string_view name = "multiIf";
    if (!cursor_.Peek().IsWord("WHEN")) {
      name = "caseWithExpression";
      parts.push_back(Read(kLambda));
    }
    while (ok_ && cursor_.TakeWord("WHEN")) {
      parts.push_back(Read(kLambda));
      Need(cursor_.TakeWord("THEN"));
      parts.push_back(Read(kLambda));
    }
    parts.push_back(cursor_.TakeWord("ELSE") ? Read(kLambda) : Expression{"NULL"});
    Need(cursor_.TakeWord("END"));
    return Call(name, parts);
  }

  /// Behind "CAST(": x AS T), or x, 'T').
  Expression Cast() {
    Expression value = Read(kLambda);
    if (cursor_.TakeWord("AS")) return CastTo(std::move(value), /*close=*/true);
    Need(cursor_.TakeSymbol(","));
    Expression type = Read(kLambda);
    Need(cursor_.TakeSymbol(")"));
    if (type.kind == Kind::kLiteral && type.text.starts_with('\'')) type.text = TypeLiteral(type.text);
    return Call("CAST", {std::move(value), std::move(type)});
  }

  /// The same type in one form, if it is one.
  static std::string TypeLiteral(const std::string& literal) {
    // Texts within texts, without escapes that would grow with each, could be nested without an end.
    if (literal.find('$') != std::string::npos) return literal;
    const Result<Type> type = ParseType(TokenValue(ReadSqlTokens(literal)[0]));
    return type ? QuotedText(TypeText(*type)) : literal;
  }

  Expression CastTo(Expression value, bool close) {
    const auto type = ReadType(cursor_);
    if (!type || (close && !cursor_.TakeSymbol(")"))) return Fail();
    return Call("CAST", {std::move(value), {QuotedText(TypeText(*type))}});
  }

  /// Behind "name(".
  Expression Function(const SqlToken& name) {
    std::vector<Expression> arguments = List();
    Need(cursor_.TakeSymbol(")"));
    if (name.IsWord("INTERVAL") && arguments.size() == 1) {
      if (const auto unit = Unit(cursor_.Peek().text); unit && cursor_.Peek().kind == SqlToken::Kind::kName) {
        cursor_.Take();
        return Call(fmt::format("toInterval{}", *unit), arguments);
      }
    }
    const std::string word = TokenValue(name);
    if (word == "tuple" && arguments.size() > 1) return {"(" + Joined(arguments) + ")"};
    if (word == "array") return {"[" + Joined(arguments) + "]"};
    if (arguments.empty() && word.ends_with("MergeTree")) return {QuotedName(word)};
    const bool keyword = SameWord(word, "CAST") || SameWord(word, "INTERVAL");  // between quotes: else Cast()
    return Call(keyword && !name.IsWord(word) ? Quoted(word, '`') : QuotedName(word), arguments);
  }

  /// Behind "(".
  Expression Brackets() {
    std::vector<Expression> parts = List();
    const bool tuple = trailing_comma_;
    Need(cursor_.TakeSymbol(")"));
    if (parts.empty()) return {"tuple()"};
    if (parts.size() > 1 || parts[0].level == kSequence) return {"(" + Joined(parts) + ")"};
    return tuple ? Call("tuple", parts) : std::move(parts[0]);
  }

  Expression Array() {
    const std::vector<Expression> parts = List();
    Need(cursor_.TakeSymbol("]"));
    return {"[" + Joined(parts) + "]"};
  }

  /// x[1], x.y, x.1, f(x)(y), x::T. `begin` and `text`: where x begins.
  void Postfix(Expression& e, std::size_t begin, const char* text) {
    for (int casts = 0; ok_;) {
      if (cursor_.Peek().Is("[")) {
        cursor_.Take();
        Extend(e, Array().text);
      } else if (cursor_.Peek().Is("(") && e.kind == Kind::kCall) {
        cursor_.Take();
        Extend(e, "(" + Joined(List()) + ")", Kind::kCall);
        Need(cursor_.TakeSymbol(")"));
      } else if (cursor_.TakeSymbol(".*")) {
        Need(e.kind != Kind::kNumber);  // "1.*" would be a fraction
        Extend(e, ".*");
      } else if (cursor_.Peek().Is(".") || cursor_.Peek().Is(".^") || cursor_.Peek().Is(".:")) {
        Need(e.kind != Kind::kNumber);
        const bool name = e.kind == Kind::kName;
        Extend(e, cursor_.Take().text);
        Extend(e, Member(), name ? Kind::kName : Kind::kOther);
      } else if (cursor_.Peek().Is("::")) {
        // What stands before a cast of a number is kept as text, as ClickHouse does.
        const std::size_t size = cursor_.Peek().offset - begin;
        cursor_.Take();
        Need(++casts < kMaxDepth && rewritten_++ < kMaxDepth);
        if (e.kind == Kind::kNumber) {
          std::string_view number(text, size);
          number = number.substr(0, number.find_last_not_of(" \t\r\n") + 1);
          e = {QuotedText(number), kPrimary, Kind::kLiteral};
        }
        e = CastTo(std::move(e), /*close=*/false);
        e.kind = Kind::kOther;
      } else {
        return;
      }
    }
  }

  static void Extend(Expression& e, std::string_view text, Kind kind = Kind::kOther) {
    if (e.level < kPrimary) e.text = "(" + std::move(e.text) + ")";
    e.text += text;
    e.level = kPrimary;
    e.kind = kind;
  }

  /// Behind a point: a name or a number.
  std::string Member() {
    const SqlToken& token = cursor_.Peek();
    if (token.IsName()) return QuotedName(TokenValue(cursor_.Take()));
    const std::optional<std::uint64_t> index = WholeNumber(token);
    Need(index.has_value());
    cursor_.Take();
    return fmt::to_string(index.value_or(0));
  }

  TokenCursor cursor_;
  bool ok_ = true;
  bool trailing_comma_ = false;  // of the last List()
  int depth_ = 0;
  int rewritten_ = 0;  // operators that became calls: each moves all of the text that is there
};

std::string Squeezed(const std::vector<SqlToken>& tokens) {
  std::string text;
  for (const SqlToken& token : tokens) {
    if (!text.empty() && !token.text.empty()) text += ' ';
    text += token.text;
  }
  return text;
}

}  // namespace

std::string NormalSql(std::string_view sql) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(sql);
  Normalizer normalizer(tokens);
  std::string text = normalizer.Run();
  return normalizer.ok() ? text : Squeezed(tokens);
}

std::string QuotedName(std::string_view name) {
  constexpr std::array<std::string_view, 7> kReserved{"all", "distinct", "from", "null", "select", "table", "values"};
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
  };
  const bool reserved = std::ranges::any_of(kReserved, [&](std::string_view word) { return SameWord(word, name); });
  const bool quote =
      name.empty() || (name[0] >= '0' && name[0] <= '9') || !std::ranges::all_of(name, plain) || reserved;
  return quote ? Quoted(name, '`') : std::string(name);
}

std::string QuotedText(std::string_view text) { return Quoted(text, '\''); }

}  // namespace gf_otlp::schema
