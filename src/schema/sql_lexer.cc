#include "schema/sql_lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>
#include <utility>

#include "base/ascii.h"

namespace gf_otlp::schema {
namespace {

constexpr std::array<std::string_view, 13> kLongSymbols{"<=>", "::", "->", "<=", ">=", "!=", "<>",
                                                        "==",  "||", ".:", ".^", "=>", ".*"};
constexpr std::string_view kSymbols = "()[]{},;.+-*/%=<>?:!@^|&";

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNameByte(char c) { return IsLetter(c) || IsDigit(c) || c == '$'; }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }
char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
int HexDigit(char c) {
  if (IsDigit(c)) return c - '0';
  const char upper = Upper(c);
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  std::vector<SqlToken> Run() {
    while (SkipBlanks()) {
      const std::size_t begin = at_;
      const SqlToken::Kind kind = Read();
      if (kind == SqlToken::Kind::kBad) at_ = sql_.size();
      tokens_.push_back({kind, begin, sql_.substr(begin, at_ - begin)});
    }
    tokens_.push_back({SqlToken::Kind::kEnd, sql_.size(), sql_.substr(sql_.size())});
    return std::move(tokens_);
  }

 private:
  char Byte(std::size_t ahead = 0) const { return at_ + ahead < sql_.size() ? sql_[at_ + ahead] : '\0'; }
  bool Sees(std::string_view text) const { return sql_.substr(at_).starts_with(text); }
  /// White space and comments. False at the end. Stops at a comment that is not closed.
  bool SkipBlanks() {
    while (at_ < sql_.size()) {
      if (IsSpace(sql_[at_])) {
        ++at_;
      } else if (Sees("\xef\xbb\xbf")) {  // a byte order mark
        at_ += 3;
      } else if (Sees("--") || Sees("//") || Sees("# ") || Sees("#!")) {
        at_ = std::min(sql_.find('\n', at_), sql_.size());
      } else if (!Sees("/*") || !SkipLongComment()) {
        return true;
      }
    }
    return false;
  }

  bool SkipLongComment() {
    std::size_t depth = 0, at = at_;
    do {
      at = sql_.find_first_of("/*", at);
      if (at == std::string_view::npos) return false;
      const std::string_view two = sql_.substr(at, 2);
      if (two == "/*") ++depth;
      if (two == "*/") --depth;
      at += two == "/*" || two == "*/" ? 2 : 1;
    } while (depth > 0);
    at_ = at;
    return true;
  }

  SqlToken::Kind Read() {
    const char c = Byte();
    if (Sees("/*")) return SqlToken::Kind::kBad;
    if (c == '\'') return Quoted(SqlToken::Kind::kString);
    if (c == '`' || c == '"') return Quoted(SqlToken::Kind::kQuotedName);
    if (c == '$' && Sees(HeredocTag()) && !HeredocTag().empty()) return Heredoc();
    if (IsNameByte(c)) return NameOrNumber();
    for (const std::string_view symbol : kLongSymbols) {
      if (!Sees(symbol)) continue;
      at_ += symbol.size();
      return SqlToken::Kind::kSymbol;
    }
    if (kSymbols.find(c) == std::string_view::npos) return SqlToken::Kind::kBad;
    ++at_;
    return SqlToken::Kind::kSymbol;
  }

  SqlToken::Kind Quoted(SqlToken::Kind kind) {
    const char quote = Byte();
    const char stops[] = {quote, '\\', '\0'};
    ++at_;
    while ((at_ = sql_.find_first_of(stops, at_)) < sql_.size()) {
      const bool pair = sql_[at_] == '\\' || Byte(1) == quote;
      at_ += pair ? 2 : 1;
      if (!pair) return kind;
    }
    return SqlToken::Kind::kBad;
  }

  /// "$$" or "$tag$" here; empty if there is none.
  std::string_view HeredocTag() const {
    std::size_t size = 1;
    while (IsLetter(Byte(size)) || IsDigit(Byte(size))) ++size;
    return Byte(size) == '$' ? sql_.substr(at_, size + 1) : std::string_view();
  }

  SqlToken::Kind Heredoc() {
    const std::string_view tag = HeredocTag();
    const std::size_t close = sql_.find(tag, at_ + tag.size());
    if (close == std::string_view::npos) return SqlToken::Kind::kBad;
    at_ = close + tag.size();
    return SqlToken::Kind::kString;
  }

  /// A word that begins with a digit is a number if it is nothing but one: `1a` is a name.
  SqlToken::Kind NameOrNumber() {
    const std::size_t begin = at_;
    while (IsNameByte(Byte())) ++at_;
    const std::string_view word = sql_.substr(begin, at_ - begin);
    if (!IsDigit(word.front())) return SqlToken::Kind::kName;
    if (word.size() > 1 && word[0] == '0' && Upper(word[1]) == 'X') return Digits(word.substr(2), 16);
    if (word.size() > 1 && word[0] == '0' && Upper(word[1]) == 'B') return Digits(word.substr(2), 2);
    return Decimal(begin);
  }

  static SqlToken::Kind Digits(std::string_view digits, int base) {
    const bool good =
        !digits.empty() && std::ranges::all_of(digits, [&](char c) { return HexDigit(c) >= 0 && HexDigit(c) < base; });
    return good ? SqlToken::Kind::kNumber : SqlToken::Kind::kName;
  }

  SqlToken::Kind Decimal(std::size_t begin) {
    const std::size_t word_end = at_;
    at_ = begin;
    while (IsDigit(Byte()) || (Byte() == '_' && IsDigit(Byte(1)))) ++at_;
    // Behind a point stands an index into a tuple: a.1.2 is no fraction.
    const bool index = !tokens_.empty() && tokens_.back().Is(".");
    if (!index && Byte() == '.') {
      ++at_;
      while (IsDigit(Byte())) ++at_;
    }
    if (!index && Upper(Byte()) == 'E') {
      const std::size_t sign = Byte(1) == '+' || Byte(1) == '-' ? 1 : 0;
      if (IsDigit(Byte(1 + sign))) {
        at_ += 1 + sign;
        while (IsDigit(Byte())) ++at_;
      }
    }
    if (at_ >= word_end && !IsNameByte(Byte())) return SqlToken::Kind::kNumber;
    at_ = std::max(at_, word_end);
    while (IsNameByte(Byte())) ++at_;
    return SqlToken::Kind::kName;
  }

  std::string_view sql_;
  std::size_t at_ = 0;
  std::vector<SqlToken> tokens_;
};

/// What \c stands for; 0: itself, behind its backslash.
char Unescaped(char c) {
  switch (c) {
    case 'a': return '\a';
    case 'b': return '\b';
    case 'e': return '\x1b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '/':
    case '=': return c;
    default: return '\0';
  }
}

/// Appends what the escape at `at` (its backslash) stands for and gives what follows it.
std::size_t AppendEscape(std::string_view text, std::size_t at, std::string& out) {
  if (at + 1 >= text.size()) {
    out += '\\';
    return at + 1;
  }
  const char c = text[at + 1];
  if (c == '0') {
    out += '\0';
  } else if (c == 'x' && at + 3 < text.size() && HexDigit(text[at + 2]) >= 0 && HexDigit(text[at + 3]) >= 0) {
    out += static_cast<char>(HexDigit(text[at + 2]) * 16 + HexDigit(text[at + 3]));
    return at + 4;
  } else if (const char value = Unescaped(c); value != '\0') {
    out += value;
  } else {
    out += '\\';
    out += c;
  }
  return at + 2;
}

}  // namespace

bool SameWord(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Upper(x) == Upper(y); });
}

bool SqlToken::IsWord(std::string_view word) const { return kind == Kind::kName && SameWord(text, word); }

std::vector<SqlToken> ReadSqlTokens(std::string_view sql) { return Lexer(sql).Run(); }

std::string TokenValue(const SqlToken& token) {
  std::string_view text = token.text;
  if (token.kind == SqlToken::Kind::kName) return std::string(text);
  if (text.front() == '$') {
    const std::size_t tag = text.find('$', 1) + 1;
    return std::string(text.substr(tag, text.size() - 2 * tag));
  }
  const char quote = text.front();
  text = text.substr(1, text.size() - 2);
  std::string value;
  value.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\\') {
      at = AppendEscape(text, at, value);
    } else {
      value += text[at];
      at += text[at] == quote ? 2 : 1;
    }
  }
  return value;
}

std::optional<std::uint64_t> WholeNumber(const SqlToken& token) {
  if (token.kind != SqlToken::Kind::kNumber) return std::nullopt;
  std::string digits(token.text);
  std::erase(digits, '_');
  int base = 10;
  const char prefix = digits.size() > 1 && digits[0] == '0' ? Upper(digits[1]) : '0';
  if (prefix == 'X' || prefix == 'B') {
    base = prefix == 'X' ? 16 : 2;
    digits.erase(0, 2);
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::string DescribeToken(const SqlToken& token) {
  constexpr std::size_t kShown = 40;
  if (token.kind == SqlToken::Kind::kEnd) return "the end";
  if (token.kind == SqlToken::Kind::kBad) {
    switch (token.text.front()) {
      case '/': return "a comment that is not closed";
      case '`':
      case '"': return "a quoted name that is not closed";
      case '\'':
      case '$': return "a string that is not closed";
      default: return fmt::format("the byte 0x{:02X}", static_cast<unsigned char>(token.text.front()));
    }
  }
  return fmt::format("'{}'{}", token.text.substr(0, kShown), token.text.size() > kShown ? "..." : "");
}

SqlError TokenCursor::Expected(std::string_view what) const {
  return {Peek().offset, fmt::format("expected {}, found {}", what, DescribeToken(Peek()))};
}

bool TokenCursor::TakeWords(std::string_view words) {
  TokenCursor next = *this;
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    if (!next.TakeWord(words.substr(0, space))) return false;
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  *this = next;
  return true;
}

}  // namespace gf_otlp::schema
