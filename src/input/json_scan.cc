#include "input/json_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

constexpr std::size_t kBlockBytes = 64;

/// A bit for each byte of a block.
struct BlockMasks {
  std::uint64_t quote = 0, backslash = 0, line_break = 0, open = 0, close = 0;
};

#ifdef __SSE2__
BlockMasks MasksOf(const char* block) {
  constexpr int kStep = 16;
  BlockMasks masks;
  for (int shift = 0; shift < static_cast<int>(kBlockBytes); shift += kStep) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + shift));
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));  // makes [ ] the same as { }
    const auto equal = [shift](__m128i some, char c) {
      const int bits = _mm_movemask_epi8(_mm_cmpeq_epi8(some, _mm_set1_epi8(c)));
      return static_cast<std::uint64_t>(bits) << shift;
    };
    masks.quote |= equal(bytes, '"');
    masks.backslash |= equal(bytes, '\\');
    masks.line_break |= equal(bytes, '\n');
    masks.open |= equal(lower, '{');
    masks.close |= equal(lower, '}');
  }
  return masks;
}
#else
BlockMasks MasksOf(const char* block) {
  BlockMasks masks;
  for (std::size_t i = 0; i < kBlockBytes; ++i) {
    const auto lower = static_cast<char>(block[i] | 0x20);
    masks.quote |= static_cast<std::uint64_t>(block[i] == '"') << i;
    masks.backslash |= static_cast<std::uint64_t>(block[i] == '\\') << i;
    masks.line_break |= static_cast<std::uint64_t>(block[i] == '\n') << i;
    masks.open |= static_cast<std::uint64_t>(lower == '{') << i;
    masks.close |= static_cast<std::uint64_t>(lower == '}') << i;
  }
  return masks;
}
#endif

/// Each bit of the result is the parity of the bits up to it: from quotes to what stands between them.
constexpr std::uint64_t PrefixXor(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
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
    while (pos_ + kBlockBytes < text.size() && SkipBlock(text)) {
    }
    const std::size_t end = std::min(pos_ + kBlockBytes, text.size());
    const Outcome outcome = ScanTo(end, text, ended);
    if (outcome != Outcome::kMore || pos_ < end || end == text.size()) return outcome;
  }
}

/// Passes over a block at once; false if something stands in it that must be looked at more closely: an escape, a line
/// break in a string or before a brace, perhaps the document's end.
bool JsonScanner::SkipBlock(std::string_view text) {
  const BlockMasks masks = MasksOf(text.data() + pos_);
  const std::uint64_t in_string = PrefixXor(masks.quote) ^ (in_string_ ? ~std::uint64_t{0} : 0);
  if (masks.backslash != 0 || (masks.line_break & in_string) != 0) return false;
  for (std::uint64_t rest = masks.line_break; rest != 0; rest &= rest - 1) {
    if (text[pos_ + static_cast<std::size_t>(std::countr_zero(rest)) + 1] == '{') return false;
  }
  const auto opens = static_cast<std::size_t>(std::popcount(masks.open & ~in_string));
  const auto closes = static_cast<std::size_t>(std::popcount(masks.close & ~in_string));
  if (closes >= depth_) return false;
  depth_ += opens - closes;
  multiline_ |= masks.line_break != 0;
  in_string_ = in_string >> 63 != 0;
  pos_ += kBlockBytes;
  return true;
}

/// kMore at `end` as well.
JsonScanner::Outcome JsonScanner::ScanTo(std::size_t end, std::string_view text, bool ended) {
  while (pos_ < end) {
    if (in_string_) {
      if (const Outcome outcome = ScanString(text); outcome != Outcome::kWhole) return outcome;
    }
    pos_ = FindOutside(text, pos_);
    if (pos_ == text.size()) break;
    switch (text[pos_]) {
      case '{':
      case '[': ++depth_; break;
      case '}':
      case ']':
        if (--depth_ == 0) {
          ++pos_;
          return Outcome::kWhole;
        }
        break;
      case '"': in_string_ = true; break;
      default: {
        const RequestStart next = BeginsRequest(text.substr(pos_ + 1));
        if (next == RequestStart::kYes) return Outcome::kBroken;
        if (next == RequestStart::kTooShort && !ended) return Outcome::kMore;
        multiline_ = true;
      }
    }
    ++pos_;
  }
  return Outcome::kMore;
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
