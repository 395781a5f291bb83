#include "base/base64.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "base/hex.h"

namespace gf_otlp {
namespace {

std::string Encode(std::string_view bytes) {
  std::string text(Base64Size(bytes.size()), '\0');
  CHECK(WriteBase64(text.data(), bytes) == text.data() + text.size());
  return text;
}

TEST_CASE("the vectors of RFC 4648") {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    CHECK(Encode(bytes) == text);
    CHECK(DecodeBase64(text) == std::string(bytes));
  }
}

TEST_CASE("both alphabets are read, with and without padding") {
  CHECK(DecodeBase64("-_-_") == DecodeBase64("+/+/"));
  CHECK(DecodeBase64("Zg") == "f");
  CHECK(DecodeBase64("Zm8") == "fo");
}

TEST_CASE("what is not base64 is refused") {
  for (const std::string_view text : {"Z", "Zg=", "Zg===", "Zm9v====", "Zm 9v", "Zm9v\n", "Zm=9", "*m9v", "Zm9vZ"}) {
    CAPTURE(text);
    CHECK_FALSE(DecodeBase64(text));
  }
}

TEST_CASE("random bytes come back") {
  std::mt19937 random(11);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    CHECK(DecodeBase64(Encode(bytes)) == bytes);
  }
}

TEST_CASE("hex digits are lower case") {
  char text[8];
  CHECK(std::string(text, WriteHex(text, std::string_view("\x00\xab\xff\x10", 4))) == "00abff10");
}

}  // namespace
}  // namespace gf_otlp
