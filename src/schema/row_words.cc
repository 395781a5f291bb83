#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/ascii.h"
#include "base/hex.h"
#include "base/shown_text.h"
#include "schema/row_type.h"

namespace gf_otlp::schema {
namespace {

/// A string without escapes: the server reads these types from byte to byte.
bool PlainString(RowText& row, std::string_view& text) {
  const char* const begin = row.at();
  bool escaped = false;
  if (row.Peek() != '"') return row.Refuse(RowRule::kValue, begin, "a string is needed");
  if (!row.String(text, escaped)) return false;
  return !escaped || row.Refuse(RowRule::kValue, begin, "no escapes are taken here");
}

bool IsUuid(std::string_view text) {
  constexpr std::size_t kDigits = 32, kWithDashes = 36;
  std::string digits;
  if (text.size() == kWithDashes) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
      if (dash != (text[i] == '-')) return false;
      if (!dash) digits += text[i];
    }
    text = digits;
  }
  char ignored[kDigits / 2];
  return text.size() == kDigits && ReadHex(text, ignored);
}

/// Four numbers up to 255, each of one to four digits.
bool IsIpv4(std::string_view text) {
  constexpr std::size_t kMostDigits = 4;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
    std::size_t digits = 0;
    int value = 0;
    while (digits < std::min(text.size(), kMostDigits) && IsDigit(text[digits]))
      value = value * 10 + (text[digits++] - '0');
    if (digits == 0 || value > 255) return false;
    text.remove_prefix(digits);
  }
  return text.empty();
}

/// Eight groups of one to four hexadecimal digits, or fewer and one `::`, then also a colon at the end; an IPv4 address
/// stands for the last two.
bool IsIpv6(std::string_view text) {
  constexpr int kGroups = 8;
  constexpr std::size_t kMostDigits = 4;
  // Alone, an IPv4 address begins with no more than one 0.
  if (IsIpv4(text)) return text[0] != '0' || text[1] == '.';
  int groups = 0;
  bool gap = false;
  while (!text.empty() && groups < kGroups) {
    if (text.starts_with("::")) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(2);
      if (text.empty()) break;
    } else if (groups > 0) {
      if (!text.starts_with(':')) return false;
      text.remove_prefix(1);
      if (text.empty() && gap) break;
    }
    if (IsIpv4(text)) {
      groups += 2;
      text = {};
      break;
    }
    std::size_t digits = 0;
    while (digits < std::min(text.size(), kMostDigits) && IsHexDigit(text[digits])) ++digits;
    if (digits == 0) return false;
    ++groups;
    text.remove_prefix(digits);
  }
  return text.empty() && (groups == kGroups || (gap && groups < kGroups));
}

}  // namespace

bool JudgeUuid(RowText& row) {
  const char* const begin = row.at();
  std::string_view text;
  return PlainString(row, text) && (IsUuid(text) || row.Refuse(RowRule::kValue, begin, "no UUID: " + ShownPart(text)));
}

bool JudgeIp(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  std::string_view text;
  if (!PlainString(row, text)) return false;
  const bool is = type.kind == RowType::Kind::kIpv4 ? IsIpv4(text) : IsIpv6(text);
  return is || row.Refuse(RowRule::kValue, begin, "no such address: " + ShownPart(text));
}

bool JudgeEnum(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  std::string_view text;
  WholeNumber number;
  bool is_number = true, quoted = false;
  if (row.Peek() == '"') {
    if (!row.Unescaped(text)) return false;
    const auto named = [&](const auto& value) { return value.first == text; };
    if (std::ranges::any_of(type.values, named)) return true;
    RowText digits;
    digits.Start(text);
    is_number = !text.empty() && ReadWholeNumber(digits, number) && digits.AtEnd();
    quoted = true;
  } else if (!ReadWholeNumber(row, number)) {
    return false;
  }
  const std::uint64_t value = number.negative ? 0 - number.magnitude : number.magnitude;
  const int shift = 64 - type.size;
  const std::int64_t stored = static_cast<std::int64_t>(value << shift) >> shift;
  const auto numbered = [&](const auto& known) { return known.second == stored; };
  const bool wrapped = number.too_large || stored != static_cast<std::int64_t>(value);
  if (!is_number || (quoted && wrapped) || !std::ranges::any_of(type.values, numbered)) {
    return row.Refuse(RowRule::kValue, begin, "not a value of the Enum");
  }
  if (wrapped) {
    row.Warn(RowRule::kIntegerWrapped, begin, [&] { return fmt::format("stored as the value of number {}", stored); });
  }
  return true;
}

}  // namespace gf_otlp::schema
