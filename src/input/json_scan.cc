#include "input/json_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace gf_otlp {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// A mask with the high bit set in each byte of `word` that equals `c`. A false hit can only stand behind a true one.
constexpr std::uint64_t BytesEqual(std::uint64_t word, char c) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const std::uint64_t x = word ^ (kOnes * static_cast<std::uint8_t>(c));
  return (x - kOnes) & ~x & kHigh;
}

/// The next quote, backslash or line break; the text's size if there is none.
std::size_t FindInString(std::string_view text, std::size_t pos) {
  static_assert(std::endian::native == std::endian::little);
  for (; pos + 8 <= text.size(); pos += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + pos, sizeof word);
    const std::uint64_t hits = BytesEqual(word, '"') | BytesEqual(word, '\\') | BytesEqual(word, '\n');
    if (hits != 0) return pos + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
  }
  while (pos < text.size() && text[pos] != '"' && text[pos] != '\\' && text[pos] != '\n') ++pos;
  return pos;
}

constexpr std::array<bool, 256> Characters(std::string_view set) {
  std::array<bool, 256> in{};
  for (const char c : set) in[static_cast<std::uint8_t>(c)] = true;
  return in;
}

constexpr std::array<bool, 256> kStops = Characters("{}[]\"\n");
/// Beside the punctuation: numbers, true, false, null, NaN, Infinity.
constexpr std::array<bool, 256> kOutsideStrings = Characters("{}[]:,\" \t\r\n+-.0123456789eEtrufalsnNIity");

std::size_t FindOutside(std::string_view text, std::size_t pos) {
  while (pos < text.size() && !kStops[static_cast<std::uint8_t>(text[pos])]) ++pos;
  return pos;
}

}  // namespace

/// kWhole: the string ended.
JsonScanner::Outcome JsonScanner::ScanString(std::string_view text) {
  for (;;) {
    pos_ = FindInString(text, pos_);
    if (pos_ == text.size()) return Outcome::kMore;
    if (text[pos_] == '\n') return Outcome::kBroken;
    if (text[pos_] == '"') {
      ++pos_;
      in_string_ = false;
      return Outcome::kWhole;
    }
    if (pos_ + 1 == text.size()) return Outcome::kMore;
    pos_ += text[pos_ + 1] == '\n' ? 1 : 2;
  }
}

JsonScanner::Outcome JsonScanner::Scan(std::string_view text, bool ended) {
  for (;;) {
    if (in_string_) {
      if (const Outcome outcome = ScanString(text); outcome != Outcome::kWhole) return outcome;
    }
    pos_ = FindOutside(text, pos_);
    if (pos_ == text.size()) return Outcome::kMore;
    switch (text[pos_]) {
      case '{':
      case '[':
        ++depth_;
        break;
      case '}':
      case ']':
        if (--depth_ == 0) {
          ++pos_;
          return Outcome::kWhole;
        }
        break;
      case '"':
        in_string_ = true;
        break;
      default: {
        const RequestStart next = BeginsRequest(text.substr(pos_ + 1));
        if (next == RequestStart::kYes) return Outcome::kBroken;
        if (next == RequestStart::kTooShort && !ended) return Outcome::kMore;
        multiline_ = true;
      }
    }
    ++pos_;
  }
}

RequestStart BeginsRequest(std::string_view text) {
  constexpr std::string_view kStart = "{\"resource";
  constexpr std::string_view kNext = "SLMP_";  // Spans, Logs, Metrics, Profiles; snake case
  const std::size_t n = std::min(text.size(), kStart.size());
  if (text.substr(0, n) != kStart.substr(0, n)) return RequestStart::kNo;
  if (text.size() <= kStart.size()) return RequestStart::kTooShort;
  return kNext.find(text[kStart.size()]) != std::string_view::npos ? RequestStart::kYes : RequestStart::kNo;
}

std::size_t SpaceBefore(std::string_view text) {
  std::size_t at = 0;
  for (;;) {
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    if (!text.substr(at).starts_with(kByteOrderMark)) return at;
    at += kByteOrderMark.size();
  }
}

bool MayBeByteOrderMark(std::string_view text) {
  return !text.empty() && text.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(text);
}

bool LooksLikeJson(std::string_view text) {
  text = text.substr(0, kLooksBytes);
  text.remove_prefix(SpaceBefore(text));
  if (!text.starts_with('{')) return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n", 1);
  if (first == std::string_view::npos) return true;
  if (text[first] != '"' && text[first] != '}') return false;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c < 0x20) return false;
      if (c == '\\') ++i;
    } else if (!kOutsideStrings[c]) {
      return false;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return true;
    }
  }
  return true;
}

}  // namespace gf_otlp
