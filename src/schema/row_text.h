#ifndef GF_OTLP_SCHEMA_ROW_TEXT_H_
#define GF_OTLP_SCHEMA_ROW_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/row_check.h"

namespace gf_otlp::schema {

/// Index into RowRules().
enum class RowRule : std::uint8_t {
  kSyntax,
  kValue,
  kDuplicateKey,
  kArrayLengths,
  kJsonValue,
  kNestedDropped,
  kUnknownColumn,
  kIntegerWrapped,
  kNullToDefault,
  kEmptyToZero,
  kTimeChanged,
  kNumberRange,
  kNoTable,
  kEscapeChanged,
  kFractionCut,
  kDigitsLost,
  kNullToEmpty,
  kTakenAsText,
  kComputedColumn,
  kJsonChanged,
  kJsonTime,
  kNotJudged,
  kLastDigit,
  kNameCase,
};

/// Reads a row from byte to byte as ClickHouse's parser does, which takes less and more than JSON: numbers like 01, no
/// comma between members of an object that is skipped. Functions give false when the server refuses the row; the
/// finding that says why is then the last one. kPadding bytes behind the row can be read.
class RowText {
 public:
  void Start(std::string_view row) {
    begin_ = at_ = row.data();
    end_ = row.data() + row.size();
    found_.clear();
    column_ = {};
  }

  /// The byte that stands here; 0 at the end.
  char Peek() const { return at_ < end_ ? *at_ : '\0'; }
  bool AtEnd() const { return at_ >= end_; }
  const char* at() const { return at_; }
  std::string_view rest() const { return {at_, end_}; }
  void MoveTo(const char* at) { at_ = at; }
  void Step() { ++at_; }
  void SkipSpace() {
    while (at_ < end_ && IsSpace(*at_)) ++at_;
  }
  bool Take(char c) {
    if (Peek() != c) return false;
    ++at_;
    return true;
  }
  /// A word such as null that has to stand here; what follows it is looked at by who comes next.
  bool TakeWord(std::string_view word) {
    if (!rest().starts_with(word)) return Refuse(RowRule::kValue, at_, "no such value");
    at_ += word.size();
    return true;
  }

  /// A string in quotes; `raw` is what stands between them.
  bool String(std::string_view& raw, bool& escaped);
  /// The same with its escapes resolved, in `text` (valid until the next call) as the server stores it.
  bool Unescaped(std::string_view& text);
  /// A value of any kind as the server passes over it.
  bool SkipValue(int depth = 0);
  /// An object or an array, by its brackets alone.
  bool SkipBrackets(std::string_view& text);
  /// A number's characters as far as the server reads them: sign, digits, fraction, exponent, inf, nan.
  bool SkipNumber();

  /// A number without digits is taken as 0, with a finding, if nothing else stands in its place.
  bool TakeNothing(const char* begin);

  /// Adds a finding, and gives false.
  [[gnu::cold]] bool Refuse(RowRule rule, const char* at, std::string detail);
  /// Adds a finding about a row that is taken.
  [[gnu::cold]] void Warn(RowRule rule, const char* at, std::string detail);
  /// What follows is of this column.
  void set_column(std::string_view column) { column_ = column; }
  const std::vector<RowFinding>& found() const { return found_; }

 private:
  static bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  bool Escape();

  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::string_view column_;
  std::vector<RowFinding> found_;
  std::string scratch_;
};

/// A piece of a row for people: its first bytes.
std::string Shown(std::string_view text);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_ROW_TEXT_H_
