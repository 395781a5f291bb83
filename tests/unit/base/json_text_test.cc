#include "base/json_text.h"

#include <doctest/doctest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

#include "base/utf8.h"

namespace gf_otlp {
namespace {

template <JsonEscapes kEscapes>
std::string Written(std::string_view text, std::uint64_t* replaced = nullptr) {
  PaddedBuffer out;
  const std::uint64_t count = AppendJsonString<kEscapes>(out, text);
  if (replaced != nullptr) *replaced = count;
  return std::string(out.view());
}

/// A copy that ends where its allocation ends, so that a sanitizer sees any read behind it.
std::string WrittenOfExactBytes(std::string_view text) {
  const auto exact = std::make_unique<char[]>(text.size());
  std::copy(text.begin(), text.end(), exact.get());
  return Written<JsonEscapes::kPlain>({exact.get(), text.size()});
}

TEST_CASE("text without anything special is copied, whatever its length") {
  for (std::size_t size = 0; size < 100; ++size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
    CHECK(WrittenOfExactBytes(text) == '"' + text + '"');
  }
}

TEST_CASE("each special byte is found at each place") {
  for (int c = 0; c < 256; ++c) {
    for (std::size_t size = 1; size < 40; ++size) {
      for (const std::size_t at : {std::size_t{0}, size / 3, size / 2, size - 1}) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(c);
        CAPTURE(c);
        CAPTURE(size);
        const std::string expected = c < 0x80 ? text : text.substr(0, at) + "\xef\xbf\xbd" + text.substr(at + 1);
        CHECK(nlohmann::json::parse(WrittenOfExactBytes(text)).get<std::string>() == expected);
      }
    }
  }
}

TEST_CASE("escapes are those of JSON, short where there is a short one") {
  CHECK(Written<JsonEscapes::kPlain>("\"\\\b\f\n\r\t\x01\x1f\x7f/<>&") == R"("\"\\\b\f\n\r\t\u0001\u001f)"
                                                                          "\x7f"
                                                                          R"(/<>&")");
  CHECK(Written<JsonEscapes::kGoHtml>("<a href=\"x\">&") == R"("\u003ca href=\"x\"\u003e\u0026")");
  CHECK(Written<JsonEscapes::kGo>("<\u2028\u2029>") == R"("<\u2028\u2029>")");
  CHECK(Written<JsonEscapes::kPlain>("\u2028") == "\"\u2028\"");
}

TEST_CASE("bytes that are not UTF-8 are replaced one by one and counted") {
  struct Case {
    std::string_view text, repaired;
    std::uint64_t count;
  };
  const Case cases[] = {
      {"a\x80z", "a\ufffdz", 1},
      {"\xe2\x82", "\ufffd\ufffd", 2},                      // cut short
      {"\xc0\xaf", "\ufffd\ufffd", 2},                      // overlong
      {"\xed\xa0\x80", "\ufffd\ufffd\ufffd", 3},            // a surrogate
      {"\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd", 4},  // above U+10FFFF
      {"\xf0\x9f\x9a\x80 \xf0\x9f\x9a", "🚀 \ufffd\ufffd\ufffd", 3},
      {"世界", "世界", 0},
  };
  for (const Case& c : cases) {
    std::uint64_t replaced = 0;
    CHECK(Written<JsonEscapes::kPlain>(c.text, &replaced) == '"' + std::string(c.repaired) + '"');
    CHECK(replaced == c.count);
    CHECK(IsUtf8(c.text) == (c.count == 0));
  }
  CHECK(Written<JsonEscapes::kGo>("a\x80") == R"("a\ufffd")");
}

TEST_CASE("whatever the bytes, the string is JSON and valid UTF-8") {
  std::mt19937 random(7);
  constexpr std::string_view kPieces[] = {
      "plain text of some length", "\"", "\\", "\n", "é", "🚀", "\xff", "\xe2\x82", "<", "\u2028"};
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (unsigned n = random() % 8; n > 0; --n)
      text += kPieces[random() % std::size(kPieces)].substr(0, 1 + random() % 30);
    const std::string written = WrittenOfExactBytes(text);
    CHECK(IsUtf8(written));
    const auto parsed = nlohmann::json::parse(written).get<std::string>();
    if (IsUtf8(text)) CHECK(parsed == text);
    CHECK(nlohmann::json::parse(Written<JsonEscapes::kGoHtml>(text)).get<std::string>() == parsed);
  }
}

}  // namespace
}  // namespace gf_otlp
