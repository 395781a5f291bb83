#ifndef GF_OTLP_SCHEMA_ROW_TEXT_H_
#define GF_OTLP_SCHEMA_ROW_TEXT_H_

#include <array>
#include <concepts>
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
  kTimeUnit,
  kNotJudged,
  kLastDigit,
  kNameCase,
  kTypeNotJudged,
};
inline constexpr std::size_t kRowRules = static_cast<std::size_t>(RowRule::kTypeNotJudged) + 1;

/// Reads a row from byte to byte as ClickHouse's parser does, which takes less and more than JSON: numbers like 01, no
/// comma between members of an object that is skipped. Functions give false when the server refuses the row; the
/// finding that says why is then the last one. A few findings of each rule are kept, the others counted. kPadding bytes
/// behind the row can be read.
class RowText {
 public:
  /// `most`: so many findings of a rule are kept of a row, at least one.
  explicit RowText(std::size_t most = 1) : most_(most == 0 ? 1 : most) {}
  void Start(std::string_view row) {
    begin_ = at_ = row.data();
    end_ = row.data() + row.size();
    if (!found_.empty()) Forget();
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

  /// Adds a finding, and gives false. What is missing at the line's end may stand in the next line: then as
  /// EndsEarly().
  [[gnu::cold]] bool Refuse(RowRule rule, const char* at, std::string detail);
  /// The line ends inside a row, which is not judged: gives false.
  [[gnu::cold]] bool EndsEarly();
  /// Adds a finding about a row that is taken. `detail`: a text, or a function that gives it.
  template <class Detail>
  void Warn(RowRule rule, const char* at, const Detail& detail) {
    RowFinding* const finding = Add(rule, at);
    if (finding == nullptr) return;
    if constexpr (std::invocable<const Detail&>) {
      finding->detail = detail();
    } else {
      finding->detail = detail;
    }
  }
  /// What follows is of this column.
  void set_column(std::string_view column) { column_ = column; }
  std::vector<RowFinding>& found() { return found_; }

 private:
  static bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  bool Escape();
  /// Null if enough of the rule's findings are kept.
  [[gnu::cold]] RowFinding* Add(RowRule rule, const char* at);
  [[gnu::cold]] void Forget();

  /// Of one rule.
  struct Kept {
    std::size_t count = 0, last = 0;  // the last one's index in found_
  };

  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  std::string_view column_;
  std::size_t most_;
  std::vector<RowFinding> found_;
  std::array<Kept, kRowRules> kept_{};
  std::string scratch_;
};

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_ROW_TEXT_H_
