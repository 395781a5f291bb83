#include "otlp/select_text.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <charconv>
#include <utility>

#include "otlp/value_text.h"

namespace gf_otlp {
namespace {

template <class T>
std::optional<T> ParseWhole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<SelectOp> ParseSelectOp(std::string_view text) {
  constexpr std::pair<std::string_view, SelectOp> kOps[] = {{"=", SelectOp::kEqual},
                                                            {"!=", SelectOp::kNotEqual},
                                                            {"~", SelectOp::kMatch},
                                                            {">=", SelectOp::kAtLeast},
                                                            {"<=", SelectOp::kAtMost}};
  for (const auto& [name, op] : kOps) {
    if (name == text) return op;
  }
  return std::nullopt;
}

bool Ordered(SelectOp op, std::partial_ordering order) {
  switch (op) {
    case SelectOp::kAtLeast: return std::is_gteq(order);
    case SelectOp::kAtMost: return std::is_lteq(order);
    default: return std::is_eq(order);
  }
}

std::optional<Decimal> Decimal::Parse(std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool number = !digits.empty() && (digits[0] == '.' || (digits[0] >= '0' && digits[0] <= '9'));
  if (!number) return std::nullopt;
  if (const auto integer = ParseWhole<std::int64_t>(text)) return Of(*integer);
  if (const auto real = ParseWhole<double>(text)) return Of(*real);
  return std::nullopt;
}

TextTest::TextTest() = default;
TextTest::TextTest(TextTest&&) noexcept = default;
TextTest& TextTest::operator=(TextTest&&) noexcept = default;
TextTest::~TextTest() = default;

Result<TextTest> TextTest::Compile(SelectOp op, const std::string& value) {
  TextTest test;
  test.op_ = op;
  test.value_ = value;
  if (op == SelectOp::kAtLeast || op == SelectOp::kAtMost) test.number_ = Decimal::Parse(value);
  if (op == SelectOp::kMatch) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    test.pattern_ = std::make_unique<re2::RE2>(value, options);
    if (!test.pattern_->ok()) {
      return std::unexpected(
          UsageError(fmt::format("'{}' is no regular expression (RE2 syntax): {}", value, test.pattern_->error())));
    }
  }
  return test;
}

bool TextTest::Holds(std::string_view text) const {
  switch (op_) {
    case SelectOp::kEqual:
    case SelectOp::kNotEqual: return text == value_;
    case SelectOp::kMatch: return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *pattern_);
    default:
      if (number_) {
        if (const auto number = Decimal::Parse(text)) return Ordered(op_, *number <=> *number_);
      }
      return Ordered(op_, text <=> std::string_view(value_));
  }
}

bool TextTest::Holds(const Value& value) {
  if (value.kind() == Value::Kind::kString) return Holds(value.bytes());
  if (number_ && value.kind() == Value::Kind::kInt) return Ordered(op_, Decimal::Of(value.as_int()) <=> *number_);
  if (number_ && value.kind() == Value::Kind::kDouble) return Ordered(op_, Decimal::Of(value.as_double()) <=> *number_);
  text_.Clear();
  AppendValueText(value, kAsString, text_);
  return Holds(text_.view());
}

}  // namespace gf_otlp
