#ifndef GF_OTLP_OTLP_SELECT_TEXT_H_
#define GF_OTLP_OTLP_SELECT_TEXT_H_

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
#include "gf_otlp/status.h"

namespace re2 {
class RE2;
}

namespace gf_otlp {

/// The operators of a condition: = != ~ >= <=.
enum class SelectOp : std::uint8_t { kEqual, kNotEqual, kMatch, kAtLeast, kAtMost };

std::optional<SelectOp> ParseSelectOp(std::string_view text);

/// Whether `order` of a left and a right side is what `op` asks for; != is asked as =.
bool Ordered(SelectOp op, std::partial_ordering order);

/// A decimal number; two integers compare exactly, anything else as doubles.
struct Decimal {
  bool is_integer = false;
  std::int64_t integer = 0;
  double real = 0;

  static Decimal Of(std::int64_t value) { return {true, value, static_cast<double>(value)}; }
  static Decimal Of(double value) { return {false, 0, value}; }
  /// The whole text as a number: no sign but '-', neither "nan" nor "inf".
  static std::optional<Decimal> Parse(std::string_view text);

  std::partial_ordering operator<=>(const Decimal& other) const {
    return is_integer && other.is_integer ? std::partial_ordering(integer <=> other.integer) : real <=> other.real;
  }
};

/// OP VALUE, for texts. != is asked as =.
class TextTest {
 public:
  TextTest();
  TextTest(TextTest&&) noexcept;
  TextTest& operator=(TextTest&&) noexcept;
  ~TextTest();

  /// kUsage if it is a bad regular expression.
  static Result<TextTest> Compile(SelectOp op, const std::string& value);

  bool Holds(std::string_view text) const;
  /// Of the value's text, which is made in a buffer that is used again.
  bool Holds(const Value& value);

 private:
  SelectOp op_ = SelectOp::kEqual;
  std::string value_;
  std::optional<Decimal> number_;  // for >= and <=
  std::unique_ptr<re2::RE2> pattern_;
  PaddedBuffer text_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_SELECT_TEXT_H_
