#include "receive/authenticator.h"

#include <doctest/doctest.h>

#include "unit/input/input_test_util.h"

namespace gf_otlp::receive {
namespace {

TEST_CASE("who is let in") {
  const test::TempDir dir;
  const auto read = Authenticator::Read(dir.Write("auth", "bearer tok3n\nbearer other\nbasic Aladdin:open sesame\n"));
  REQUIRE(read);
  for (const std::string_view good :
       {"Bearer tok3n", "bearer tok3n", "BEARER  other", "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}) {
    CAPTURE(good);
    CHECK(read->Allows(good));
  }
  for (const std::string_view bad :
       {"", "Bearer", "Bearer ", "tok3n", "Bearer tok3", "Bearer tok3nn", "Bearer tok3ntok3n", "Bearer Tok3n",
        "Basic tok3n", "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ", "Digest tok3n",
        "Bearer tok3n,other"}) {
    CAPTURE(bad);
    CHECK_FALSE(read->Allows(bad));
  }
}

TEST_CASE("the challenge names the schemes of the file") {
  const test::TempDir dir;
  CHECK(Authenticator::Read(dir.Write("a", "bearer x"))->challenge() == "Bearer");
  CHECK(Authenticator::Read(dir.Write("b", "basic x:y"))->challenge() == "Basic realm=\"gf-otlp\", charset=\"UTF-8\"");
  CHECK(Authenticator::Read(dir.Write("c", "basic x:y\nbearer x"))->challenge() ==
        "Bearer, Basic realm=\"gf-otlp\", charset=\"UTF-8\"");
}

TEST_CASE("a file that lets nobody in is refused") {
  const test::TempDir dir;
  const auto read = Authenticator::Read(dir.Write("auth", "# nothing\n"));
  REQUIRE_FALSE(read);
  CHECK(read.error().code() == Code::kUsage);
  CHECK(Authenticator::Read(dir.path() + "/none").error().code() == Code::kIo);
}

}  // namespace
}  // namespace gf_otlp::receive
