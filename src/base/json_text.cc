#include "base/json_text.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/utf8.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace gf_otlp {
namespace {

template <JsonEscapes kEscapes>
constexpr auto kNeedsEscape = [] {
  std::array<bool, 256> needs{};
  for (int c = 0; c < 0x20; ++c) needs[c] = true;
  needs['"'] = needs['\\'] = true;
  if (kEscapes == JsonEscapes::kGoHtml) needs['<'] = needs['>'] = needs['&'] = true;
  return needs;
}();

char* WriteUnicodeEscape(char* out, unsigned code) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  *out++ = '\\';
  *out++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4) *out++ = kDigits[code >> shift & 15];
  return out;
}

char* WriteEscape(char* out, char c) {
  char letter = 0;
  switch (c) {
    case '"':
    case '\\': letter = c; break;
    case '\b': letter = 'b'; break;
    case '\f': letter = 'f'; break;
    case '\n': letter = 'n'; break;
    case '\r': letter = 'r'; break;
    case '\t': letter = 't'; break;
    default: return WriteUnicodeEscape(out, static_cast<unsigned char>(c));
  }
  *out++ = '\\';
  *out++ = letter;
  return out;
}

/// The high bit of some byte is set if any byte of the word has to be escaped.
template <JsonEscapes kEscapes>
std::uint64_t EscapesInWord(std::uint64_t word) {
  std::uint64_t hits =
      ((word - RepeatByte(0x20)) & ~word) | ZeroBytes(word ^ RepeatByte('"')) | ZeroBytes(word ^ RepeatByte('\\'));
  if constexpr (kEscapes == JsonEscapes::kGoHtml) {
    hits |= ZeroBytes(word ^ RepeatByte('<')) | ZeroBytes(word ^ RepeatByte('>')) | ZeroBytes(word ^ RepeatByte('&'));
  }
  return hits & RepeatByte(0x80);
}

#ifdef __SSE2__
template <JsonEscapes kEscapes>
__m128i EscapesInBlock(__m128i block) {
  const auto equals = [&](char c) { return _mm_cmpeq_epi8(block, _mm_set1_epi8(c)); };
  const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(block, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
  __m128i hits = _mm_or_si128(control, _mm_or_si128(equals('"'), equals('\\')));
  if constexpr (kEscapes == JsonEscapes::kGoHtml) {
    hits = _mm_or_si128(hits, _mm_or_si128(equals('<'), _mm_or_si128(equals('>'), equals('&'))));
  }
  return hits;
}
#endif

/// Writes valid UTF-8 or bytes whose non-ASCII part was not looked at: sets `non_ascii` if there is any.
template <JsonEscapes kEscapes>
char* WriteEscaped(char* out, std::string_view text, bool& non_ascii) {
  const char* p = text.data();
  std::size_t left = text.size();
  unsigned high = 0;
#ifdef __SSE2__
  while (left >= 16) {
    const __m128i block = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out), block);
    high |= static_cast<unsigned>(_mm_movemask_epi8(block));
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(EscapesInBlock<kEscapes>(block)));
    if (hits == 0) [[likely]] {
      p += 16;
      out += 16;
      left -= 16;
      continue;
    }
    const auto clean = static_cast<std::size_t>(std::countr_zero(hits));
    out = WriteEscape(out + clean, p[clean]);
    p += clean + 1;
    left -= clean + 1;
  }
#endif
  std::uint64_t high_words = 0;
  while (left >= 8) {
    std::uint64_t word;
    std::memcpy(&word, p, sizeof word);
    if (EscapesInWord<kEscapes>(word) != 0) break;
    std::memcpy(out, &word, sizeof word);
    high_words |= word;
    p += 8;
    out += 8;
    left -= 8;
  }
  for (; left > 0; ++p, --left) {
    high |= static_cast<std::uint8_t>(*p) & 0x80u;
    if (kNeedsEscape<kEscapes>[static_cast<std::uint8_t>(*p)]) {
      out = WriteEscape(out, *p);
    } else {
      *out++ = *p;
    }
  }
  non_ascii = high != 0 || (high_words & RepeatByte(0x80)) != 0;
  return out;
}

/// The slow way, for text that is not ASCII and not all plain: looks at each character.
template <JsonEscapes kEscapes>
char* WriteRepaired(char* out, std::string_view text, std::uint64_t& replaced) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = Utf8Length(text, i);
    if (length == 1) {
      const char c = text[i];
      if (kNeedsEscape<kEscapes>[static_cast<std::uint8_t>(c)]) {
        out = WriteEscape(out, c);
      } else {
        *out++ = c;
      }
    } else if (length == 0) {
      ++replaced;
      if constexpr (kEscapes == JsonEscapes::kPlain) {
        std::memcpy(out, kReplacementCharacter.data(), kReplacementCharacter.size());
        out += kReplacementCharacter.size();
      } else {
        out = WriteUnicodeEscape(out, 0xfffd);
      }
    } else {
      const std::string_view character = text.substr(i, length);
      if (kEscapes != JsonEscapes::kPlain && (character == "\u2028" || character == "\u2029")) {
        out = WriteUnicodeEscape(out, character == "\u2028" ? 0x2028 : 0x2029);
      } else {
        std::memcpy(out, character.data(), length);
        out += length;
      }
    }
    i += length == 0 ? 1 : length;
  }
  return out;
}

template <JsonEscapes kEscapes>
char* WriteAnyString(char* out, std::string_view text, std::uint64_t& replaced) {
  *out++ = '"';
  bool non_ascii = false;
  char* end = WriteEscaped<kEscapes>(out, text, non_ascii);
  if (non_ascii && (kEscapes != JsonEscapes::kPlain || !IsUtf8(text))) [[unlikely]] {
    end = WriteRepaired<kEscapes>(out, text, replaced);
  }
  *end++ = '"';
  return end;
}

}  // namespace

char* WriteEscapedJsonString(char* out, std::string_view text, std::uint64_t& replaced) {
  return WriteAnyString<JsonEscapes::kPlain>(out, text, replaced);
}

template <JsonEscapes kEscapes>
std::uint64_t AppendJsonString(PaddedBuffer& out, std::string_view text) {
  std::uint64_t replaced = 0;
  out.Reserve(JsonStringRoom(text.size()));
  out.SetEnd(kEscapes == JsonEscapes::kPlain ? WriteJsonString(out.end(), text, replaced)
                                             : WriteAnyString<kEscapes>(out.end(), text, replaced));
  return replaced;
}

template std::uint64_t AppendJsonString<JsonEscapes::kPlain>(PaddedBuffer&, std::string_view);
template std::uint64_t AppendJsonString<JsonEscapes::kGo>(PaddedBuffer&, std::string_view);
template std::uint64_t AppendJsonString<JsonEscapes::kGoHtml>(PaddedBuffer&, std::string_view);

}  // namespace gf_otlp
