#include "base/auth_file.h"

#include <doctest/doctest.h>

#include <string>

namespace gf_otlp {
namespace {

TEST_CASE("the lines of an auth file") {
  const auto all = ParseAuthFile(
      "# who may send\n"
      "\n"
      "bearer abc.DEF-123~+/=\n"
      "  Basic \t otel user:pass:word \r\n"
      "BEARER last");
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK((*all)[0].scheme == Credentials::Scheme::kBearer);
  CHECK((*all)[0].text == "abc.DEF-123~+/=");
  CHECK((*all)[0].Header() == "Bearer abc.DEF-123~+/=");
  CHECK((*all)[1].scheme == Credentials::Scheme::kBasic);
  CHECK((*all)[1].text == "otel user:pass:word");
  CHECK((*all)[2].text == "last");
}

TEST_CASE("the example of RFC 7617") {
  CHECK(Credentials{.scheme = Credentials::Scheme::kBasic, .text = "Aladdin:open sesame"}.Header() ==
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST_CASE("what is no line of an auth file is refused without being shown") {
  for (const std::string line : {"s3cret", "bearer", "bearer two s3cret", "basic s3cret", "digest a:s3cret",
                                 "bearer s3cret\x01", "bearer s3cret\xc3\xa4", "basic a:s3cret\x01"}) {
    CAPTURE(line);
    const auto all = ParseAuthFile("\nbearer good\n" + line + "\n");
    REQUIRE_FALSE(all);
    CHECK(all.error().code() == Code::kUsage);
    CHECK(all.error().message().contains("line 3"));
    CHECK_FALSE(all.error().message().contains("s3cret"));
  }
}

TEST_CASE("an auth file without a line") {
  for (const std::string_view text : {"", "\n", "# bearer x\n", "   \r\n"}) {
    const auto all = ParseAuthFile(text);
    REQUIRE_FALSE(all);
    CHECK(all.error().code() == Code::kUsage);
  }
  const auto none = ReadAuthFile("/nowhere/at/all");
  REQUIRE_FALSE(none);
  CHECK(none.error().code() == Code::kIo);
}

}  // namespace
}  // namespace gf_otlp
