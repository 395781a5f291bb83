#ifndef GF_OTLP_BASE_JSON_READER_H_
#define GF_OTLP_BASE_JSON_READER_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "gf_otlp/padded_buffer.h"

namespace gf_otlp {

/// Walks one JSON document from token to token, without building anything. simdjson's first stage (with the kernel of
/// the running processor) finds where tokens begin, and that every string is closed; the walk checks the rest. Every
/// function below gives false after a failure, which error() and error_offset() describe.
///
///   if (!reader.Start(json) || !reader.BeginObject(more)) ...
///   while (more) {
///     if (!reader.Key(key) || !reader.Double(value) || !reader.NextMember(more)) ...
///   }
///   if (!reader.Finish()) ...
///
/// Views are valid until the next Start(), those of String() until the next String().
class JsonReader {
 public:
  /// Deepest nesting that Skip() passes over.
  static constexpr int kMaxSkipDepth = 1024;

  JsonReader();
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// `json` is followed by PaddedBuffer::kPadding readable bytes. Strings may hold bytes that are not UTF-8, as the
  /// Collector's JSON does: they are given as they are.
  bool Start(std::string_view json);
  /// Nothing but white space follows.
  bool Finish();
  /// Gives memory back that documents of more than `keep` bytes took. What was read is void.
  void Release(std::size_t keep);

  /// The document holds bytes that are not UTF-8, or a surrogate escape without its other half (it becomes U+FFFD).
  bool bad_text() const { return bad_text_; }

  const std::string& error() const { return error_; }
  std::size_t error_offset() const { return error_at_; }
  /// The first failure is the one that counts. `at`: an offset in the document. Gives false.
  [[gnu::cold]] bool Fail(std::string why, std::size_t at);
  [[gnu::cold]] bool Fail(std::string why) { return Fail(std::move(why), position()); }

  /// Where the current token begins.
  std::size_t position() const { return *token_; }
  /// Its first character.
  char token() const { return text_[*token_]; }

  /// Then `more` says whether there is a member, which Key() and then one of the value functions read.
  bool BeginObject(bool& more) { return Begin('{', '}', "an object is needed", more); }
  bool NextMember(bool& more) { return Next('}', "a comma or } is missing", more); }
  /// The key as it stands, without the quotes.
  bool Key(std::string_view& raw) {
    if (!RawString(raw)) return false;
    if (token() != ':') [[unlikely]]
      return Fail("a colon is missing");
    return Advance();
  }

  /// Then `more` says whether there is an element, which one of the value functions reads.
  bool BeginArray(bool& more) { return Begin('[', ']', "an array is needed", more); }
  bool NextElement(bool& more) { return Next(']', "a comma or ] is missing", more); }

  /// A string as it stands, without the quotes, escapes and all.
  bool RawString(std::string_view& raw) {
    const std::uint32_t open = *token_;
    if (text_[open] != '"') [[unlikely]]
      return Fail("a string is needed");
    // Between the closing quote and the next token there is only white space.
    std::size_t close = token_[1] - 1;
    while (close > open && text_[close] != '"') --close;
    if (close == open) [[unlikely]]
      return Fail("a string is not closed");
    raw = std::string_view(text_ + open + 1, close - open - 1);
    ++token_;
    return true;
  }
  /// Whether a string that was just read has escapes. To be asked in the order of the document.
  bool HasEscapes(std::string_view raw) {
    const char* const end = raw.data() + raw.size();
    if (next_backslash_ >= end) [[likely]]
      return false;
    if (next_backslash_ < raw.data()) next_backslash_ = FindBackslash(raw.data());
    return next_backslash_ < end;
  }
  /// Resolves the escapes of a raw string to UTF-8 at `out`, which has room for raw.size() + kUnescapeSlack bytes.
  /// Gives the end, null after a failure.
  char* Unescape(std::string_view raw, char* out);
  static constexpr std::size_t kUnescapeSlack = 8;
  /// A string with its escapes resolved.
  bool String(std::string_view& text) { return RawString(text) && Resolve(text); }
  /// Makes a raw string or key that was just read what String() gives.
  bool Resolve(std::string_view& raw) { return !HasEscapes(raw) || UnescapeToScratch(raw); }

  /// Passes over a null, if one stands here; a failure if it only looks like one.
  bool TryNull(bool& null) {
    null = token() == 'n';
    return !null || Literal("null");
  }
  bool Bool(bool& value) {
    value = token() == 't';
    return token() == 't' || token() == 'f' ? Literal(value ? "true" : "false") : Fail("true or false is needed");
  }
  /// From a number or a string that holds one; exact. Exponents and fractions are read too if the value is an integer.
  template <std::integral T>
  bool Integer(T& value) {
    Magnitude read;
    const std::size_t at = position();
    return ReadMagnitude(read) && (ToInteger(read, value) || Fail("integer out of range", at));
  }
  /// The same from text.
  template <std::integral T>
  bool IntegerOf(std::string_view text, T& value, std::size_t at) {
    Magnitude read;
    return ReadMagnitudeOf(text, at, read) && (ToInteger(read, value) || Fail("integer out of range", at));
  }
  /// From a number or a string that holds one or NaN, Infinity or -Infinity.
  bool Double(double& value);
  /// Passes over a value of any kind, checked.
  bool Skip();

 private:
  struct Stage1;
  struct Magnitude {
    std::uint64_t value = 0;
    bool negative = false;
  };

  template <std::integral T>
  static bool ToInteger(Magnitude read, T& value) {
    constexpr std::uint64_t kMost = std::numeric_limits<T>::max();
    const std::uint64_t least = std::is_signed_v<T> ? kMost + 1 : 0;
    if (read.value > (read.negative ? least : kMost)) return false;
    value = static_cast<T>(read.negative ? 0 - read.value : read.value);
    return true;
  }

  /// Steps to a token that has to be there.
  bool Advance() {
    if (++token_ >= end_) [[unlikely]]
      return Fail("the document ends early");
    return true;
  }
  bool Begin(char open, char close, const char* why, bool& more) {
    if (token() != open) [[unlikely]]
      return Fail(why);
    if (!Advance()) return false;
    more = token() != close;
    token_ += more ? 0 : 1;
    return true;
  }
  bool Next(char close, const char* why, bool& more) {
    if (token_ >= end_) [[unlikely]]
      return Fail("the document ends early");
    more = token() == ',';
    if (more) [[likely]]
      return Advance();
    if (token() != close) [[unlikely]]
      return Fail(why);
    ++token_;
    return true;
  }

  bool FindTokens();
  std::size_t FirstControlCharacter() const;
  const char* FindBackslash(const char* from) const;
  bool UnescapeToScratch(std::string_view& text);
  bool Literal(std::string_view word);
  bool ReadMagnitude(Magnitude& value);
  bool ReadMagnitudeOf(std::string_view text, std::size_t at, Magnitude& value);
  bool NumberToken(std::string_view& number);
  bool SkipScalar();

  std::unique_ptr<Stage1> stage1_;
  const char* text_ = nullptr;
  const char* text_end_ = nullptr;
  const std::uint32_t* token_ = nullptr;
  const std::uint32_t* end_ = nullptr;  // some offsets of text_end_ follow
  const char* next_backslash_ = nullptr;
  bool bad_text_ = false;
  bool failed_ = false;
  std::size_t error_at_ = 0;
  std::string error_;
  PaddedBuffer scratch_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_JSON_READER_H_
