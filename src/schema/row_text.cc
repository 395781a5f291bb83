#include "schema/row_text.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/ascii.h"
#include "base/hex.h"
#include "base/shown_text.h"
#include "base/swar.h"

namespace gf_otlp::schema {
namespace {

/// input_format_json_max_depth.
constexpr int kMaxDepth = 1000;

/// Of four characters; what is no digit counts as 0xff, as the server has it.
unsigned FourHex(const char* p) {
  unsigned code = 0;
  for (int i = 0; i < 4; ++i) code = code << 4 | internal::kHexDigits[static_cast<std::uint8_t>(p[i])];
  return code & 0xffff;
}
bool AreHex(const char* p) { return std::all_of(p, p + 4, IsHexDigit); }

bool IsHigh(unsigned code) { return (code & 0xfc00) == 0xd800; }
bool IsLow(unsigned code) { return (code & 0xfc00) == 0xdc00; }

void AppendUtf8(unsigned code, std::string& out) {
  const auto put = [&](unsigned byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

char UnescapedLetter(char letter) {
  switch (letter) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return letter;
  }
}

/// `text` begins with `lower`, in any case.
bool BeginsWithWord(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (std::size_t i = 0; i < lower.size(); ++i) {
    if ((text[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

}  // namespace

bool RowText::Refuse(RowRule rule, const char* at, std::string detail) {
  if (at == end_ && (rule == RowRule::kSyntax || rule == RowRule::kValue)) return EndsEarly();
  found_.push_back({.rule = static_cast<std::size_t>(rule),
                    .refused = true,
                    .offset = static_cast<std::size_t>(at - begin_),
                    .column = column_,
                    .detail = std::move(detail)});
  return false;
}

bool RowText::EndsEarly() {
  Warn(RowRule::kNotJudged, end_, "the line ends inside a row or an array of rows");
  return false;
}

RowFinding* RowText::Add(RowRule rule, const char* at) {
  const auto index = static_cast<std::size_t>(rule);
  Kept& kept = kept_[index];
  if (kept.count == most_) {
    ++found_[kept.last].count;
    return nullptr;
  }
  ++kept.count;
  kept.last = found_.size();
  return &found_.emplace_back(
      RowFinding{.rule = index, .offset = static_cast<std::size_t>(at - begin_), .column = column_});
}

void RowText::Forget() {
  found_.clear();
  kept_ = {};
}

bool RowText::String(std::string_view& raw, bool& escaped) {
  escaped = false;
  const char* const open = at_;
  if (!Take('"')) return Refuse(RowRule::kSyntax, at_, "a quote is missing");
  while (at_ < end_) {
    const std::uint64_t word = LoadWord(at_);
    const std::uint64_t hits =
        (ZeroBytes(word ^ RepeatByte('"')) | ZeroBytes(word ^ RepeatByte('\\'))) & RepeatByte(0x80);
    if (hits == 0) {
      at_ += sizeof word;
      continue;
    }
    at_ += std::countr_zero(hits) / 8;
    if (at_ >= end_) break;
    if (*at_ == '"') {
      raw = std::string_view(open + 1, at_);
      ++at_;
      return true;
    }
    escaped = true;
    if (!Escape()) return false;
  }
  at_ = end_;
  return EndsEarly();
}

/// One escape sequence.
bool RowText::Escape() {
  const char* const p = at_;
  const std::ptrdiff_t left = end_ - p;
  if (left < 2) return EndsEarly();
  if (p[1] != 'u') {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    if (kLetters.find(p[1]) == std::string_view::npos) {
      Warn(RowRule::kEscapeChanged, p,
           [&] { return "no such escape, read as what follows the backslash: " + ShownPart({p, 2}); });
    }
    at_ += 2;
    return true;
  }
  constexpr std::ptrdiff_t kOne = 6;
  if (left < kOne) return Refuse(RowRule::kSyntax, p, "the row ends inside an escape");
  const unsigned code = FourHex(p + 2);
  at_ += kOne;
  if (!AreHex(p + 2)) {
    if (IsHigh(code)) return Refuse(RowRule::kValue, p, "no hexadecimal digits behind \\u");
    Warn(RowRule::kEscapeChanged, p, [&] { return "no hexadecimal digits behind \\u: " + ShownPart({p, kOne}); });
  } else if (IsHigh(code)) {
    if (left < 2 * kOne || p[6] != '\\' || p[7] != 'u' || !IsLow(FourHex(p + 8))) {
      return Refuse(RowRule::kValue, p, "half of a surrogate pair: " + ShownPart({p, kOne}));
    }
    at_ += kOne;
  } else if (IsLow(code)) {
    Warn(RowRule::kEscapeChanged, p,
         [&] { return "half of a surrogate pair, kept as no valid UTF-8: " + ShownPart({p, kOne}); });
  }
  return true;
}

bool RowText::Unescaped(std::string_view& text) {
  bool escaped = false;
  if (!String(text, escaped)) return false;
  if (!escaped) return true;
  scratch_.clear();
  for (const char* p = text.data(); p < text.data() + text.size(); ++p) {
    if (*p != '\\') {
      scratch_ += *p;
    } else if (*++p != 'u') {
      scratch_ += UnescapedLetter(*p);
    } else {
      unsigned code = FourHex(p + 1);
      p += 4;
      if (IsHigh(code)) {
        code = 0x10000 + ((code - 0xd800) << 10) + (FourHex(p + 3) - 0xdc00);
        p += 6;
      }
      AppendUtf8(code, scratch_);
    }
  }
  text = scratch_;
  return true;
}

bool RowText::SkipNumber() {
  const char* const begin = at_;
  if (Peek() == '-' || Peek() == '+') ++at_;
  const char* const digits = at_;
  while (IsDigit(Peek())) ++at_;
  if (at_ > digits && Peek() < '.') return true;
  if (Take('.')) {
    while (IsDigit(Peek())) ++at_;
  }
  if (Peek() == 'e' || Peek() == 'E') {
    ++at_;
    if (AtEnd()) return Refuse(RowRule::kSyntax, begin, "the row ends inside a number");
    if (Peek() == '-' || Peek() == '+') ++at_;
    while (IsDigit(Peek())) ++at_;
  }
  if (at_ > digits) return true;
  const char first = static_cast<char>(Peek() | 0x20);
  if (first != 'i' && first != 'n') return true;
  for (const std::string_view word : {"infinity", "inf", "nan"}) {
    if (BeginsWithWord(rest(), word)) {
      at_ += word.size();
      return true;
    }
  }
  return Refuse(RowRule::kValue, begin, "no such value");
}

bool RowText::TakeNothing(const char* begin) {
  if (std::string_view(":,}]\" \t\r\n").find(Peek()) == std::string_view::npos) {
    return Refuse(RowRule::kValue, begin, "no number: " + ShownPart(rest().substr(0, rest().find_first_of(",}]"))));
  }
  Warn(RowRule::kEmptyToZero, begin, "no digits, stored as 0");
  return true;
}

bool RowText::SkipBrackets(std::string_view& text) {
  const char* const begin = at_;
  const char open = *at_;
  const char close = open == '{' ? '}' : ']';
  int balance = 0;
  bool quoted = false;
  for (; at_ < end_; ++at_) {
    const char c = *at_;
    if (c == '"') {
      quoted = !quoted;
    } else if (c == '\\') {
      ++at_;
    } else if (!quoted && c == open) {
      ++balance;
    } else if (!quoted && c == close && --balance == 0) {
      ++at_;
      text = std::string_view(begin, at_);
      return true;
    }
  }
  at_ = end_;
  return EndsEarly();
}

bool RowText::SkipValue(int depth) {
  if (depth > kMaxDepth) return Refuse(RowRule::kSyntax, at_, "nested too deeply");
  std::string_view ignored;
  bool escaped = false;
  switch (Peek()) {
    case '"': return String(ignored, escaped);
    case 'n': return TakeWord("null");
    case 't': return TakeWord("true");
    case 'f': return TakeWord("false");
    case '[': {
      Step();
      SkipSpace();
      if (Take(']')) return true;
      while (true) {
        if (!SkipValue(depth + 1)) return false;
        SkipSpace();
        if (Take(']')) return true;
        if (!Take(',')) return Refuse(RowRule::kSyntax, at_, "a comma or ] is missing");
        SkipSpace();
      }
    }
    case '{': {
      Step();
      SkipSpace();
      while (!Take('}')) {
        if (Peek() != '"') return Refuse(RowRule::kSyntax, at_, "a key or } is missing");
        if (!String(ignored, escaped)) return false;
        SkipSpace();
        if (!Take(':')) return Refuse(RowRule::kSyntax, at_, "a colon is missing");
        SkipSpace();
        if (!SkipValue(depth + 1)) return false;
        SkipSpace();
        if (Take(',')) SkipSpace();
      }
      return true;
    }
    default: break;
  }
  if (!IsDigit(Peek()) && Peek() != '-' && Peek() != '+' && Peek() != '.') {
    return Refuse(RowRule::kSyntax, at_, "no such value");
  }
  return SkipNumber();
}

}  // namespace gf_otlp::schema
