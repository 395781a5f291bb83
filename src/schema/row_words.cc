#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/hex.h"
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

/// Four numbers up to 255 of one to three digits.
bool IsIpv4(std::string_view text) {
  int parts = 0;
  while (parts < 4) {
    std::size_t digits = 0;
    int value = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 3) {
      value = value * 10 + (text[digits++] - '0');
    }
    if (digits == 0 || value > 255) return false;
    text.remove_prefix(digits);
    if (++parts < 4) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
  }
  return text.empty();
}

bool IsIpv6(std::string_view text) {
  in6_addr address{};
  in_addr mapped{};
  const std::string terminated(text);
  return inet_pton(AF_INET6, terminated.c_str(), &address) == 1 || inet_pton(AF_INET, terminated.c_str(), &mapped) == 1;
}

}  // namespace

bool JudgeUuid(RowText& row) {
  const char* const begin = row.at();
  std::string_view text;
  return PlainString(row, text) && (IsUuid(text) || row.Refuse(RowRule::kValue, begin, "no UUID: " + Shown(text)));
}

bool JudgeIp(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  std::string_view text;
  if (!PlainString(row, text)) return false;
  const bool is = type.kind == RowType::Kind::kIpv4 ? IsIpv4(text) : IsIpv6(text);
  return is || row.Refuse(RowRule::kValue, begin, "no such address: " + Shown(text));
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
    row.Warn(RowRule::kIntegerWrapped, begin, fmt::format("stored as the value of number {}", stored));
  }
  return true;
}

}  // namespace gf_otlp::schema
