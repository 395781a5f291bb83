#include "base/json_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/ascii.h"
#include "base/json_number.h"
#include "base/swar.h"

namespace gf_otlp {
namespace {

/// simdjson's offsets are 32 bits wide.
constexpr std::size_t kMaxDocument = 0xffffff00;
constexpr std::size_t kMinCapacity = std::size_t{64} << 10;
constexpr std::size_t kExactCapacity = std::size_t{64} << 20;
/// Offsets of the document's end behind the last token: RawString() looks one token ahead.
constexpr std::size_t kEndTokens = 4;

constexpr auto kEndsScalar = [] {
  std::array<bool, 256> ends{};
  for (const char c : std::string_view(" \t\n\r,:[]{}")) ends[static_cast<std::uint8_t>(c)] = true;
  return ends;
}();

bool EndsScalar(char c) { return kEndsScalar[static_cast<std::uint8_t>(c)]; }
/// -1 if they are not four hexadecimal digits.
int FourHexDigits(const char* p) {
  int value = 0;
  const auto [end, error] = std::from_chars(p, p + 4, value, 16);
  return error == std::errc() && end == p + 4 && *p != '-' ? value : -1;
}

char* WriteUtf8(char* out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return out;
}

char UnescapedLetter(char letter) {
  switch (letter) {
    case '"':
    case '\\':
    case '/': return letter;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return 0;
  }
}

constexpr bool IsHighSurrogate(int code) { return (code & 0xfc00) == 0xd800; }
constexpr bool IsLowSurrogate(int code) { return (code & 0xfc00) == 0xdc00; }

}  // namespace

/// The tokens' offsets are a public member of simdjson's parser implementation. Its on-demand front end would run on
/// the fallback kernel in a program that is compiled for any processor.
struct JsonReader::Stage1 {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
};

JsonReader::JsonReader() : stage1_(std::make_unique<Stage1>()) {}
JsonReader::~JsonReader() = default;

bool JsonReader::Fail(std::string why, std::size_t at) {
  if (!failed_) {
    failed_ = true;
    error_ = std::move(why);
    error_at_ = std::min(at, static_cast<std::size_t>(text_end_ - text_));
  }
  return false;
}

bool JsonReader::Start(std::string_view json) {
  text_ = json.data();
  text_end_ = text_ + json.size();
  bad_text_ = failed_ = false;
  error_.clear();
  if (!FindTokens()) return false;
  next_backslash_ = FindBackslash(text_);
  return true;
}

bool JsonReader::FindTokens() {
  const std::size_t size = static_cast<std::size_t>(text_end_ - text_);
  if (size > kMaxDocument) return Fail("the document is larger than 4 GiB", kMaxDocument);
  auto& parser = stage1_->parser;
  simdjson::error_code error = simdjson::SUCCESS;
  if (parser == nullptr) {
    error = simdjson::get_active_implementation()->create_dom_parser_implementation(kMinCapacity, 1, parser);
  }
  if (error == simdjson::SUCCESS && parser->capacity() < size + kEndTokens) {
    const std::size_t spare = size < kExactCapacity ? size / 2 : 0;
    error = parser->set_capacity(std::min(size + spare + kEndTokens, kMaxDocument + kEndTokens));
  }
  if (error != simdjson::SUCCESS) throw std::bad_alloc();
  error = parser->stage1(reinterpret_cast<const std::uint8_t*>(text_), size, simdjson::stage1_mode::regular);
  // Said when all tokens are found: what is not UTF-8 is for those who use the text to replace.
  bad_text_ = error == simdjson::UTF8_ERROR;
  std::uint32_t* const tokens = parser->structural_indexes.get();
  token_ = tokens;
  end_ = tokens + parser->n_structural_indexes;
  switch (error) {
    case simdjson::SUCCESS:
    case simdjson::UTF8_ERROR:
      std::fill_n(tokens + parser->n_structural_indexes, kEndTokens, static_cast<std::uint32_t>(size));
      return true;
    case simdjson::EMPTY: return Fail("an empty document", 0);
    case simdjson::UNCLOSED_STRING: return Fail("the document ends inside a string", size);
    case simdjson::UNESCAPED_CHARS: return Fail("control character in a string", FirstControlCharacter());
    default: return Fail(simdjson::error_message(error), 0);
  }
}

std::size_t JsonReader::FirstControlCharacter() const {
  bool in_string = false;
  for (const char* p = text_; p < text_end_; ++p) {
    if (*p == '"') in_string = !in_string;
    if (!in_string) continue;
    if (static_cast<std::uint8_t>(*p) < 0x20) return static_cast<std::size_t>(p - text_);
    if (*p == '\\') ++p;
  }
  return 0;
}

const char* JsonReader::FindBackslash(const char* from) const {
  const void* found = std::memchr(from, '\\', static_cast<std::size_t>(text_end_ - from));
  return found ? static_cast<const char*>(found) : text_end_;
}

void JsonReader::Release(std::size_t keep) {
  scratch_.Shrink(keep);
  if (stage1_->parser != nullptr && stage1_->parser->capacity() > keep) stage1_->parser.reset();
}

bool JsonReader::Finish() {
  if (token_ != end_) return Fail(token_ < end_ ? "something follows the document" : "the document ends early");
  return true;
}

char* JsonReader::Unescape(std::string_view raw, char* out) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  const auto fail = [&](const char* why) {
    Fail(why, static_cast<std::size_t>(p - text_));
    return nullptr;
  };
  while (p < end) {
    const std::uint64_t word = LoadWord(p);
    std::memcpy(out, &word, sizeof word);
    const std::uint64_t other = word ^ RepeatByte('\\');
    const std::uint64_t hits = ZeroBytes(other) & RepeatByte(0x80);
    const std::ptrdiff_t plain = std::min<std::ptrdiff_t>(std::countr_zero(hits) / 8, end - p);
    p += plain;
    out += plain;
    if (p == end || plain == sizeof word) continue;
    if (end - p < 2) return fail("unfinished escape");
    if (p[1] != 'u') {
      *out = UnescapedLetter(p[1]);
      if (*out++ == 0) return fail("no such escape");
      p += 2;
      continue;
    }
    int code = end - p >= 6 ? FourHexDigits(p + 2) : -1;
    if (code < 0) return fail("\\u needs four hexadecimal digits");
    const int low = IsHighSurrogate(code) && end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? FourHexDigits(p + 8) : -1;
    p += 6;
    if (IsLowSurrogate(low)) {
      p += 6;
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (IsHighSurrogate(code) || IsLowSurrogate(code)) {
      bad_text_ = true;
      code = 0xfffd;
    }
    out = WriteUtf8(out, static_cast<std::uint32_t>(code));
  }
  return out;
}

bool JsonReader::UnescapeToScratch(std::string_view& text) {
  scratch_.Clear();
  scratch_.Reserve(text.size() + kUnescapeSlack);
  const char* const end = Unescape(text, scratch_.data());
  if (end == nullptr) return false;
  text = std::string_view(scratch_.data(), end);
  return true;
}

bool JsonReader::Literal(std::string_view word) {
  const char* const p = text_ + *token_;
  const auto left = static_cast<std::size_t>(text_end_ - p);
  const bool is = left >= word.size() && std::string_view(p, word.size()) == word &&
                  (left == word.size() || EndsScalar(p[word.size()]));
  if (!is) return Fail("no such value");
  ++token_;
  return true;
}

bool JsonReader::NumberToken(std::string_view& number) {
  const char* const begin = text_ + *token_;
  const char* const end = JsonNumberEnd(begin, text_end_);
  if (end == nullptr || (end != text_end_ && !EndsScalar(*end))) return Fail("a number is needed");
  number = std::string_view(begin, end);
  ++token_;
  return true;
}

bool JsonReader::ReadMagnitude(Magnitude& value) {
  const std::size_t at = position();
  std::string_view text;
  if (token() == '"') {
    if (!String(text)) return false;
  } else if (!NumberToken(text)) {
    return false;
  }
  return ReadMagnitudeOf(text, at, value);
}

bool JsonReader::ReadMagnitudeOf(std::string_view text, std::size_t at, Magnitude& value) {
  value.negative = text.starts_with('-');
  switch (ParseJsonInteger(text.substr(value.negative ? 1 : 0), value.value)) {
    case IntegerText::kInteger: return true;
    case IntegerText::kOther: return Fail("an integer is needed", at);
    case IntegerText::kTooLarge: break;
  }
  return Fail("integer out of range", at);
}

bool JsonReader::Double(double& value) {
  const std::size_t at = position();
  std::string_view text;
  if (token() == '"') {
    if (!String(text)) return false;
    if (text == "NaN" || text == "Infinity" || text == "-Infinity") {
      value = text[0] == 'N' ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
      if (text[0] == '-') value = -value;
      return true;
    }
    if (!IsJsonNumber(text)) return Fail("a number is needed", at);
  } else if (!NumberToken(text)) {
    return false;
  }
  return ParseJsonDouble(text, value) || Fail("number out of range", at);
}

bool JsonReader::SkipScalar() {
  std::string_view text;
  bool ignored;
  switch (token()) {
    case '"': return String(text);
    case 't':
    case 'f': return Bool(ignored);
    case 'n': return TryNull(ignored);
    default: return token() == '-' || IsDigit(token()) ? NumberToken(text) : Fail("no such value");
  }
}

bool JsonReader::Skip() {
  std::array<bool, kMaxSkipDepth> in_object;
  int depth = 0;
  do {
    const char open = token();
    bool more = false;
    if (open == '{' || open == '[') {
      if (depth == kMaxSkipDepth) return Fail("nested too deeply");
      if (!(open == '{' ? BeginObject(more) : BeginArray(more))) return false;
      if (more) in_object[depth++] = open == '{';
    } else if (!SkipScalar()) {
      return false;
    }
    while (depth > 0 && !more) {
      if (!(in_object[depth - 1] ? NextMember(more) : NextElement(more))) return false;
      if (!more) --depth;
    }
    std::string_view key;
    if (depth > 0 && in_object[depth - 1] && !Key(key)) return false;
  } while (depth > 0);
  return true;
}

}  // namespace gf_otlp
