#ifndef GF_OTLP_BASE_JSON_TEXT_H_
#define GF_OTLP_BASE_JSON_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/swar.h"
#include "gf_otlp/padded_buffer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gf_otlp {

/// How strings stand in JSON. Bytes that are not UTF-8 become U+FFFD in each.
enum class JsonEscapes : std::uint8_t {
  kPlain,   // only what JSON demands: quote, backslash, control characters; U+FFFD as UTF-8
  kGo,      // as Go's encoding/json without HTML escaping: U+2028, U+2029 and U+FFFD (for a bad byte) as \uXXXX too
  kGoHtml,  // as Go's encoding/json by default: < > & as \uXXXX too
};

/// Appends `text` as a JSON string, quotes included; gives how many bytes were replaced by U+FFFD.
template <JsonEscapes kEscapes>
std::uint64_t AppendJsonString(PaddedBuffer& out, std::string_view text);

/// Room that WriteJsonString() needs for `size` bytes of text, and WritePlainText() for its blocks.
constexpr std::size_t JsonStringRoom(std::size_t size) { return 6 * size + 2 + 16; }

/// Writes `text` as a JSON string (kPlain) to where JsonStringRoom() bytes are; gives the end and adds to `replaced`.
char* WriteJsonString(char* out, std::string_view text, std::uint64_t& replaced);
/// The same, for text of which a part is likely to need an escape or repair.
char* WriteEscapedJsonString(char* out, std::string_view text, std::uint64_t& replaced);

namespace internal {

template <class T>
void Store(char* p, T value) {
  std::memcpy(p, &value, sizeof value);
}

/// Not 0 if any byte of the word is not plain: a control character, a quote, a backslash, not ASCII.
inline std::uint64_t NotPlain(std::uint64_t word) {
  return (word | ((word - RepeatByte(0x20)) & ~word) | ZeroBytes(word ^ RepeatByte('"')) |
          ZeroBytes(word ^ RepeatByte('\\'))) &
         RepeatByte(0x80);
}

#ifdef __SSE2__
using Block = __m128i;
inline Block LoadBlock(const char* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
inline void StoreBlock(char* p, Block block) { _mm_storeu_si128(reinterpret_cast<__m128i*>(p), block); }
/// The high bit of each byte that is not plain.
inline Block NotPlain(Block block) {
  const Block control = _mm_cmpeq_epi8(_mm_max_epu8(block, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
  const Block quotes =
      _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')), _mm_cmpeq_epi8(block, _mm_set1_epi8('\\')));
  return _mm_or_si128(_mm_or_si128(control, quotes), block);
}
inline Block Or(Block a, Block b) { return _mm_or_si128(a, b); }
inline bool AnyHighBit(Block block) { return _mm_movemask_epi8(block) != 0; }
#else
struct Block {
  std::uint64_t low, high;
};
inline Block LoadBlock(const char* p) { return {LoadWord(p), LoadWord(p + 8)}; }
inline void StoreBlock(char* p, Block block) {
  Store(p, block.low);
  Store(p + 8, block.high);
}
inline Block NotPlain(Block block) { return {NotPlain(block.low), NotPlain(block.high)}; }
inline Block Or(Block a, Block b) { return {a.low | b.low, a.high | b.high}; }
inline bool AnyHighBit(Block block) { return ((block.low | block.high) & RepeatByte(0x80)) != 0; }
#endif

}  // namespace internal

/// Copies `text` if all of it is ASCII that needs no escape, as almost all text is; else says false and may have
/// written anything within the text's size. Reads no byte outside of `text`: short ones by loads that overlap.
inline bool WritePlainText(char* out, std::string_view text) {
  using internal::Block, internal::LoadBlock, internal::NotPlain, internal::Store;
  const char* p = text.data();
  const std::size_t size = text.size();
  if (size >= 16) {
    Block found = NotPlain(LoadBlock(p + size - 16));
    internal::StoreBlock(out + size - 16, LoadBlock(p + size - 16));
    for (std::size_t i = 0; i + 16 < size; i += 16) {
      const Block block = LoadBlock(p + i);
      internal::StoreBlock(out + i, block);
      found = internal::Or(found, NotPlain(block));
    }
    return !internal::AnyHighBit(found);
  }
  if (size >= 8) {
    const auto first = LoadWord(p), last = LoadWord(p + size - 8);
    Store(out, first);
    Store(out + size - 8, last);
    return (NotPlain(first) | NotPlain(last)) == 0;
  }
  if (size >= 4) {
    const auto first = LoadWord<std::uint32_t>(p), last = LoadWord<std::uint32_t>(p + size - 4);
    Store(out, first);
    Store(out + size - 4, last);
    return NotPlain(first | static_cast<std::uint64_t>(last) << 32) == 0;
  }
  if (size == 0) return true;
  const char first = p[0], middle = p[size / 2], last = p[size - 1];
  out[0] = first;
  out[size / 2] = middle;
  out[size - 1] = last;
  const auto byte = [](char c) { return static_cast<std::uint64_t>(static_cast<std::uint8_t>(c)); };
  return NotPlain(RepeatByte(' ') << 24 | byte(first) | byte(middle) << 8 | byte(last) << 16) == 0;
}

inline char* WriteJsonString(char* out, std::string_view text, std::uint64_t& replaced) {
  if (!WritePlainText(out + 1, text)) [[unlikely]] {
    return WriteEscapedJsonString(out, text, replaced);
  }
  *out = '"';
  out[text.size() + 1] = '"';
  return out + text.size() + 2;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_JSON_TEXT_H_
