#ifndef GF_OTLP_SCHEMA_SQL_LEXER_H_
#define GF_OTLP_SCHEMA_SQL_LEXER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gf_otlp::schema {

/// A word of ClickHouse's SQL. `text` is a view of what was read, quotes and all.
struct SqlToken {
  enum class Kind : std::uint8_t {
    kName,        // also a keyword
    kQuotedName,  // `x` or "x"
    kString,      // 'x', $$x$$, $tag$x$tag$
    kNumber,      // 12, 0x1F, 1.5e-3; without a sign
    kSymbol,      // an operator or punctuation: "::", "->", "("
    kBad,         // what cannot be read, up to the end
    kEnd,         // empty, behind the last
  };
  Kind kind = Kind::kEnd;
  std::size_t offset = 0;
  std::string_view text;

  bool Is(std::string_view symbol) const { return kind == Kind::kSymbol && text == symbol; }
  /// A name without quotes that is `word` in any case.
  bool IsWord(std::string_view word) const;
  bool IsName() const { return kind == Kind::kName || kind == Kind::kQuotedName; }
  std::size_t end() const { return offset + text.size(); }
};

/// The tokens of a text without white space and comments, ended by kEnd (behind a kBad too).
std::vector<SqlToken> ReadSqlTokens(std::string_view sql);

/// What a kName, kQuotedName or kString stands for, without quotes and escapes.
std::string TokenValue(const SqlToken& token);

/// What a kNumber says if it is a whole number of 64 bits.
std::optional<std::uint64_t> WholeNumber(const SqlToken& token);

/// For messages: "')'", "the end", "a string that is not closed".
std::string DescribeToken(const SqlToken& token);

/// What is wrong with a text, and where.
struct SqlError {
  std::size_t offset = 0;
  std::string message;
};

/// The same in any case of ASCII letters.
bool SameWord(std::string_view a, std::string_view b);

/// A place among the tokens of a text. Copies are cheap: to look ahead, and to come back.
class TokenCursor {
 public:
  explicit TokenCursor(const std::vector<SqlToken>& tokens) : token_(tokens.data()), last_(&tokens.back()) {}

  /// The token `ahead` of the current one, or the last.
  const SqlToken& Peek(std::size_t ahead = 0) const {
    return static_cast<std::size_t>(last_ - token_) > ahead ? token_[ahead] : *last_;
  }
  const SqlToken& Take() { return token_ == last_ ? *last_ : *token_++; }
  bool AtEnd() const { return token_->kind == SqlToken::Kind::kEnd; }

  bool TakeSymbol(std::string_view symbol) { return TakeIf(Peek().Is(symbol)); }
  bool TakeWord(std::string_view word) { return TakeIf(Peek().IsWord(word)); }
  /// All of them or none: TakeWords("IF NOT EXISTS").
  bool TakeWords(std::string_view words);
  bool SeesWords(std::string_view words) const { return TokenCursor(*this).TakeWords(words); }

  /// "expected `what`, found ...", at the current token.
  SqlError Expected(std::string_view what) const;

 private:
  bool TakeIf(bool yes) {
    if (yes) Take();
    return yes;
  }

  const SqlToken* token_;
  const SqlToken* last_;
};

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_SQL_LEXER_H_
