#include "input/framing.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

using Strings = std::vector<std::string>;

void CheckSpans(const CutResult& result, std::string_view content) {
  std::uint64_t number = 0, end = 0;
  for (const CutUnit& unit : result.units) {
    CHECK(unit.number == ++number);
    CHECK(unit.offset >= end);
    end = unit.offset + unit.length;
    CHECK(end <= content.size());
    if (unit.error.empty()) CHECK(content.substr(unit.offset, unit.length).ends_with(unit.bytes));
  }
}

/// Cut with blocks of several sizes, detected and forced.
void CheckCuts(std::string_view content, InputFormat format, const Strings& expected) {
  for (const std::size_t block : {std::size_t{1}, std::size_t{7}, std::size_t{1000}, Source::kBlockBytes}) {
    CAPTURE(block);
    const CutResult result = CutContent(content, {}, block);
    REQUIRE(result.status.ok());
    CHECK(result.errors().empty());
    CHECK(result.bytes() == expected);
    CHECK(InputFormatName(result.format) == InputFormatName(format));
    CheckSpans(result, content);
    const CutResult forced = CutContent(content, {.format = format}, block);
    CHECK(forced.bytes() == expected);
  }
}

}  // namespace

TEST_CASE("length-prefixed messages are cut whole, wherever the blocks end") {
  const Strings protos = GoldenProtos();
  CheckCuts(Join(protos, FramedMessage), InputFormat::kFramed, protos);
  CheckCuts(Join(protos, DelimitedMessage), InputFormat::kDelimited, protos);
  CheckCuts(Join(GoldenJsons(), FramedMessage), InputFormat::kFramed, GoldenJsons());
}

TEST_CASE("empty frames are units") {
  Strings protos = {"", GoldenProto("traces-basic"), "", GoldenProto("logs-basic")};
  CheckCuts(Join(protos, FramedMessage), InputFormat::kFramed, protos);
  CheckCuts(Join({"", ""}, FramedMessage), InputFormat::kFramed, {"", ""});
}

TEST_CASE("a raw request streams by its resources") {
  const std::string request = GoldenProto("traces-seed-2") + GoldenProto("traces-seed-3");
  CheckCuts(request, InputFormat::kProto, Elements(request));
  for (const std::string& name : GoldenCases()) {
    CAPTURE(name);
    const std::string one = GoldenProto(name);
    if (!one.empty()) CheckCuts(one, InputFormat::kProto, Elements(one));
  }
}

TEST_CASE("other fields of a raw request are passed over") {
  const std::string element = GoldenProto("logs-basic");
  const Strings others = {
      "\x50\x96\x01",  // 10: varint
      "\x51"
      "12345678",  // 10: fixed64
      "\x55"
      "1234",  // 10: fixed32
      "\x52\x05"
      "hello",                                                  // 10: bytes
      std::string("\x53\x0a\x02\x08\x01\x5b\x08\x01\x5c\x54"),  // 10: group with fields 1, 1 and group 11
      std::string("\x08\x05"),                                  // 1 as a varint
  };
  for (const std::string& other : others) {
    CaptureOptions forced{.format = InputFormat::kProto};
    for (const std::size_t block : {std::size_t{1}, std::size_t{5}, Source::kBlockBytes}) {
      const std::string content = element + other + element + other;
      const CutResult result = CutContent(content, forced, block);
      CHECK(result.errors().empty());
      CHECK(result.bytes() == Strings{element, element});
    }
    const CutResult torn = CutContent((element + other).substr(0, element.size() + other.size() - 1), forced);
    CHECK(torn.bytes() == Strings{element});
    CHECK(torn.errors().size() == 1);
  }
  const CutResult bad = CutContent(element + "\x54" + element, {.format = InputFormat::kProto});
  CHECK(bad.bytes() == Strings{element});
  CHECK(bad.errors().size() == 1);
}

TEST_CASE("a unit over the limit gives up the rest of its file, not of the run") {
  const TempDir dir;
  const std::string small = GoldenProto("logs-basic"), large = GoldenProto("traces-seed-3");
  const CaptureOptions options{.max_unit_bytes = 10'000};
  for (std::string (*wrap)(std::string_view) : {FramedMessage, DelimitedMessage}) {
    const std::string a = dir.Write("a", wrap(small) + wrap(large) + wrap(small)), b = dir.Write("b", wrap(small));
    const CutResult result = CutAll({a, b}, options);
    CHECK(result.status.ok());
    CHECK(result.bytes() == Strings{small, small});
    REQUIRE(result.errors().size() == 1);
    CHECK(result.errors()[0].find("--max-unit-size") != std::string::npos);
    CHECK(result.units[1].offset == wrap(small).size());
    CHECK(result.units[1].bytes.size() <= options.max_unit_bytes);
  }
  const std::string json = dir.Write("j", GoldenJson("logs-basic") + "\n" + GoldenJson("traces-seed-3") + "\n");
  for (const std::size_t block : {std::size_t{100}, Source::kBlockBytes}) {
    const CutResult result = CutAll({json}, options, block);
    CHECK(result.bytes().size() == 1);
    CHECK(result.errors().size() == 1);
  }
}

TEST_CASE("a file that is cut anywhere gives the units before and names the torn one") {
  const Strings protos = {GoldenProto("logs-basic"), "", GoldenProto("traces-basic"), GoldenProto("metrics-gauge-sum")};
  struct Case {
    InputFormat format;
    std::string (*wrap)(std::string_view);
    Strings units;
  };
  Strings jsons;
  for (const char* name : {"logs-basic", "traces-basic"}) jsons.push_back(GoldenJson(name));
  for (std::string& json : jsons) {
    while (json.ends_with('\n')) json.pop_back();
  }
  const auto as_is = [](std::string_view bytes) { return std::string(bytes); };
  const Case cases[] = {{InputFormat::kFramed, FramedMessage, protos},
                        {InputFormat::kDelimited, DelimitedMessage, protos},
                        {InputFormat::kProto, as_is, {protos[0], protos[2], protos[3]}},
                        {InputFormat::kJson, Line, jsons}};
  const TempDir dir;
  for (const Case& c : cases) {
    CAPTURE(InputFormatName(c.format));
    std::string content;
    std::vector<std::size_t> ends;  // of the units' own bytes
    for (const std::string& unit : c.units) {
      content += c.wrap(unit);
      ends.push_back(content.size() - (c.format == InputFormat::kJson ? 1 : 0));
    }
    for (std::size_t n = 0; n <= content.size(); ++n) {
      CAPTURE(n);
      const std::string path = dir.Write("f", content.substr(0, n));
      const auto whole = static_cast<std::size_t>(std::ranges::count_if(ends, [&](std::size_t e) { return e <= n; }));
      const bool torn = n > 0 && std::ranges::find(ends, n) == ends.end() && content.substr(0, n).back() != '\n';
      const CutResult forced = CutAll({path}, {.format = c.format}, 64);
      CHECK(forced.bytes() == Strings(c.units.begin(), c.units.begin() + static_cast<std::ptrdiff_t>(whole)));
      if (n > 0 && content[n - 1] != '\n') CHECK(forced.errors().size() == (torn ? 1 : 0));
      const CutResult left_out = CutAll({path}, {.format = c.format, .skip_partial_tail = true});
      CHECK(left_out.errors().empty());
      CHECK(left_out.bytes() == forced.bytes());
      CHECK(left_out.partial_tails.size() == forced.errors().size());
      const CutResult detected = CutAll({path});
      if (!detected.status.ok()) {
        CHECK(detected.status.code() == Code::kUsage);
        CHECK(n < 8);
      } else if (content.substr(0, n) == "\n") {
        CHECK(detected.units.empty());  // white space
      } else if (detected.format == c.format) {
        CHECK(detected.bytes() == forced.bytes());
        CHECK(detected.errors() == forced.errors());
      } else {
        CHECK(n < 8);
      }
    }
  }
}

}  // namespace gf_otlp::test
