#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "input/json_scan.h"
#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

using Strings = std::vector<std::string>;

constexpr std::size_t kBlocks[] = {1, 2, 3, 7, 64, Source::kBlockBytes};

/// All units' bytes, also of bad ones.
Strings AllBytes(const CutResult& result) {
  Strings all;
  for (const CutUnit& unit : result.units) all.push_back(unit.bytes);
  return all;
}

void CheckUnits(std::string_view content, const Strings& expected) {
  CAPTURE(content);
  for (const std::size_t block : kBlocks) {
    CAPTURE(block);
    const CutResult result = CutContent(content, {.format = InputFormat::kJson}, block);
    CHECK(result.status.ok());
    CHECK(AllBytes(result) == expected);
    for (const CutUnit& unit : result.units) CHECK(content.substr(unit.offset, unit.length) == unit.bytes);
  }
}

/// One member a line, as `jq .` does it.
std::string Pretty(std::string_view json) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') in_string = !in_string;
    out += json[i];
    if (in_string && json[i] == '\\') out += json[++i];
    if (!in_string && (json[i] == '{' || json[i] == '[' || json[i] == ',')) out += "\n  ";
  }
  return out;
}

}  // namespace

TEST_CASE("JSON lines, with or without the last line break, blank lines, CR and byte order mark") {
  CheckUnits("{\"a\":1}\n{\"b\":2}\n", {"{\"a\":1}", "{\"b\":2}"});
  CheckUnits("{\"a\":1}\n{\"b\":2}", {"{\"a\":1}", "{\"b\":2}"});
  CheckUnits("\xef\xbb\xbf{\"a\":1}\r\n\r\n  \n{\"b\":2} \r\n\xef\xbb\xbf{}", {"{\"a\":1}", "{\"b\":2}", "{}"});
  CheckUnits("\n\n{}\n", {"{}"});
  CheckUnits("", {});
  CheckUnits(" \n\r\n", {});
}

TEST_CASE("documents over several lines, with and without anything between them") {
  const std::string a = "{\n \"a\": [1,\n {}]\n}", b = "{\"s\":\"}{\\\"\\\\\"}", c = "{}";
  CheckUnits(a, {a});
  CheckUnits(a + b + c + a, {a, b, c, a});
  CheckUnits(a + "\n" + b + "\n" + c, {a, b, c});
  CheckUnits(b + "\n" + a + "\n" + b + "\n" + c, {b, a, b, c});
  CheckUnits(c + c + c + "\n" + c, {c, c, c, c});
}

TEST_CASE("in lines, files joined without a line break are still two documents") {
  CheckUnits("{\"a\":1}\n{\"b\":2}{\"c\":3}\n{\"d\":4}\n", {"{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "{\"d\":4}"});
  CheckUnits("{}\n{\"a\":\"}{\"}\n{}", {"{}", "{\"a\":\"}{\"}", "{}"});
  CheckUnits("{}\n{} {}\n{}\t {}", {"{}", "{}", "{}", "{}", "{}"});
}

TEST_CASE("lines that are no object are units of their own, and cutting goes on") {
  CheckUnits("{}\nnull\n[]\nhello } { world\n{}\n", {"{}", "null", "[]", "hello } { world", "{}"});
  CheckUnits("null\n{}", {"null", "{}"});
  CheckUnits("{}\n{}x\n{}", {"{}", "{}", "x", "{}"});
  CheckUnits("garbage", {"garbage"});
}

TEST_CASE("a line torn in the middle of a file costs that line only") {
  const std::string request = "{\"resourceSpans\":[]}";
  for (const std::string torn : {"{\"resourceSpans\":[{\"a", "{\"resourceSpans\":[", "{\"resourceSpans\":[{},",
                                 "{\"a\":12", "{", "{\"a\":\"\\"}) {
    CheckUnits(request + "\n" + torn + "\n" + request + "\n" + request, {request, torn, request, request});
    CheckUnits(torn + "\n" + request + "\n" + request, {torn, request, request});
    const CutResult result = CutContent(request + "\n" + torn + "\n" + request, {.format = InputFormat::kJson});
    CHECK(result.errors().size() == 1);
  }
  // That a resource stands at the begin of a line does not break a document off.
  CheckUnits("{\"resourceSpans\":[\n{\"resource\":{}}\n]}\n{}", {"{\"resourceSpans\":[\n{\"resource\":{}}\n]}", "{}"});
}

TEST_CASE("the last document of a file is torn unless it is whole") {
  for (const char* torn : {"{\"a\":1}\n{\"b\":{}", "{}\n{\"b\":\"}", "{}{", "{}\n{\"a\":\"\\"}) {
    const CutResult result = CutContent(torn, {.format = InputFormat::kJson});
    CHECK(result.bytes().size() == 1);
    REQUIRE(result.errors().size() == 1);
    CHECK(result.units.back().torn);
    const CutResult left_out = CutContent(torn, {.format = InputFormat::kJson, .skip_partial_tail = true});
    CHECK(left_out.units.size() == 1);
    REQUIRE(left_out.partial_tails.size() == 1);
    CHECK(left_out.partial_tails[0].offset == result.units.back().offset);
    CHECK(left_out.partial_tails[0].length == result.units.back().length);
  }
}

TEST_CASE("golden documents come out as they went in") {
  const Strings jsons = GoldenJsons();
  Strings pretty;
  for (const std::string& json : jsons) pretty.push_back(Pretty(json));
  for (const std::size_t block : {std::size_t{17}, std::size_t{4096}, Source::kBlockBytes}) {
    CHECK(CutContent(Join(jsons, Line), {}, block).bytes() == jsons);
    CHECK(CutContent(Join(pretty, Line), {}, block).bytes() == pretty);
    CHECK(CutContent(Join(pretty, [](std::string_view s) { return std::string(s); }), {}, block).bytes() == pretty);
  }
}

TEST_CASE("the scanner finds the same end in one piece and byte by byte") {
  std::minstd_rand random(7);
  const std::string_view alphabet = "{{}[]\"\"\\\n{\"resourceS aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  for (int i = 0; i < 3000; ++i) {
    std::string text = "{";
    for (int n = 0; n < 60; ++n) {
      const std::size_t at = random() % alphabet.size();
      const std::size_t length = at < 10 ? 1 : random() % (alphabet.size() - at) + 1;
      text += random() % 8 == 0 ? "\\\\" : alphabet.substr(at, length);
      if (random() % 2 == 0) text += "\"}}{{\":[";
    }
    CAPTURE(text);
    JsonScanner whole, pieces;
    const JsonScanner::Outcome expected = whole.Scan(text, true);
    JsonScanner::Outcome found = JsonScanner::Outcome::kMore;
    std::size_t n = 1;
    for (; n <= text.size() && found == JsonScanner::Outcome::kMore; ++n) {
      found = pieces.Scan(std::string_view(text).substr(0, n), n == text.size());
    }
    CHECK(found == expected);
    if (expected != JsonScanner::Outcome::kMore) CHECK(pieces.end() == whole.end());
    CHECK(pieces.multiline() == whole.multiline());
  }
}

TEST_CASE("a document of many blocks is scanned once") {
  std::string large = "{\"resourceSpans\":[";
  while (large.size() < (std::size_t{8} << 20)) large += "{\"resource\":{\"a\":\"some text with \\\"escapes\\\"\"}},\n";
  large += "{}]}";
  const CutResult result = CutContent(large + "\n{}\n", {}, 4096);
  CHECK(result.bytes() == Strings{large, "{}"});
}

TEST_CASE("JSON is told from protobuf that begins with a line break") {
  CHECK(LooksLikeJson("\n{\"resourceSpans\":[]}"));
  CHECK(LooksLikeJson("{}"));
  CHECK(LooksLikeJson("{"));
  CHECK(LooksLikeJson("\xef\xbb\xbf \n{ \n \"a"));
  CHECK_FALSE(LooksLikeJson("\n{\n\x05\x0a\x03key"));
  CHECK_FALSE(LooksLikeJson("{hello}"));
  CHECK_FALSE(LooksLikeJson("[]"));
  CHECK_FALSE(LooksLikeJson(""));
  CHECK_FALSE(LooksLikeJson("{\"a\x01\"}"));
}

}  // namespace gf_otlp::test
