#include "input/detect.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "gf_otlp/wire.h"
#include "input/request_check.h"
#include "input/signal_detect.h"
#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

std::string Detected(std::string_view content, bool ended = true) {
  const FormatDetection detection = DetectFormat(content, ended);
  if (detection.other) return "ambiguous";
  return detection.format ? std::string(InputFormatName(*detection.format)) : "none";
}

std::string Bytes(std::uint32_t field, std::string_view value) {
  return static_cast<char>(Tag(field, kBytes)) + DelimitedMessage(value);
}

/// A request of one resource element with that many bytes of content.
std::string RequestOfElement(std::size_t size) {
  const std::string empty = Bytes(1, Bytes(3, std::string(size - 2, 'u')));
  REQUIRE(static_cast<std::uint8_t>(empty[1]) == size);
  return empty;
}

}  // namespace

TEST_CASE("each golden request is recognised in every framing, alone and among others") {
  for (const std::string& name : GoldenCases()) {
    CAPTURE(name);
    const std::string proto = GoldenProto(name), json = GoldenJson(name);
    CHECK(Detected(json) == "json");
    CHECK(Detected(FramedMessage(proto)) == "framed");
    CHECK(Detected(FramedMessage(Zstd(proto))) == "framed");
    CHECK(Detected(FramedMessage(Gzip(json))) == "framed");
    CHECK(Detected(FramedMessage(json)) == "framed");
    if (proto.empty()) continue;
    CHECK(Detected(DelimitedMessage(proto)) == "delimited");
    CHECK(Detected(proto) == "proto");
    CHECK(Detected(proto + proto) == "proto");
    CHECK(Detected(FramedMessage("") + FramedMessage(proto)) == "framed");
    CHECK(Detected(DelimitedMessage("") + DelimitedMessage(proto)) == "delimited");
    CHECK(Detected(proto + "\x52\x05hello") == "proto");
    CHECK(Detected(FramedMessage(proto + "\x52\x05hello")) == "framed");
    CHECK(Detected(DelimitedMessage(proto + "\x52\x05hello")) == "delimited");
  }
}

TEST_CASE("marks of signals are nothing odd") {
  // A log record with nothing but a body. With a few unknown fields more it could be of several framings.
  std::string request = Bytes(1, Bytes(2, Bytes(2, Bytes(5, Bytes(1, "hello")))));
  AppendSignalMark(Signal::kLogs, request);
  std::string framed, delimited;
  for (int i = 0; i < 50; ++i) {
    framed += FramedMessage(request);
    delimited += DelimitedMessage(request);
  }
  CHECK(Detected(framed) == "framed");
  CHECK(Detected(delimited) == "delimited");
  CHECK(Detected(request) == "proto");
  CHECK(Detected(framed.substr(0, framed.size() - 3)) == "framed");
  CHECK(CheckRequest(request, false).unknown_fields == 0);

  CHECK(DetectRawSignal(request) == Signal::kLogs);
  CHECK(DetectRawSignal(request + request) == Signal::kLogs);
  CHECK_FALSE(DetectRawSignal(request.substr(0, request.size() - 1)));
  std::string other = request;
  AppendSignalMark(Signal::kTraces, other);
  CHECK_FALSE(DetectRawSignal(other));
}

TEST_CASE("a request of any small size is recognised in every framing") {
  for (std::size_t size = 2; size < 128; ++size) {
    CAPTURE(size);
    const std::string proto = RequestOfElement(size);
    CHECK(Detected(proto) == "proto");
    CHECK(Detected(FramedMessage(proto)) == "framed");
    CHECK(Detected(DelimitedMessage(proto)) == "delimited");
    CHECK(Detected(FramedMessage(proto) + FramedMessage(proto)) == "framed");
    CHECK(Detected(DelimitedMessage(proto) + DelimitedMessage(proto)) == "delimited");
  }
}

TEST_CASE("real heads that are cut anywhere are never taken for something else") {
  const std::string proto = GoldenProto("traces-seed-1"), json = GoldenJson("logs-basic");
  struct Case {
    const char* format;
    std::string content;
  };
  const Case cases[] = {{"framed", FramedMessage(proto)},
                        {"delimited", DelimitedMessage(proto)},
                        {"proto", proto},
                        {"json", json},
                        {"framed", FramedMessage(Zstd(proto))},
                        {"framed", FramedMessage(json)},
                        {"proto", GoldenProto("metrics-seed-2")},
                        {"framed", FramedMessage(GoldenProto("logs-seed-1"))}};
  for (const Case& c : cases) {
    CAPTURE(c.format);
    for (std::size_t n = 8; n <= c.content.size(); ++n) {
      CAPTURE(n);
      CHECK(Detected(c.content.substr(0, n)) == c.format);
      CHECK(Detected(c.content.substr(0, n), false) == c.format);
    }
    for (std::size_t n = 1; n < 8; ++n) {
      CAPTURE(n);
      const std::string detected = Detected(c.content.substr(0, n));
      const bool right = detected == c.format || detected == "ambiguous" || detected == "none";
      CHECK((right || c.content.substr(0, n) == "\n"));
    }
  }
}

TEST_CASE("a line break and a brace: JSON, or a resource of 123 bytes") {
  const std::string resource = RequestOfElement(123);
  REQUIRE(resource.starts_with("\n{"));
  CHECK(Detected(resource) == "proto");
  CHECK(Detected("\n{\"resourceSpans\":[]}") == "json");
  CHECK(Detected("\n{\n  \"resourceSpans\": []\n}\n") == "json");
  CHECK(Detected(FramedMessage(resource)) == "framed");
  const DecodeResult decoded = DecodeContent(FramedMessage(resource));
  CHECK(decoded.errors.empty());
}

TEST_CASE("what fits no format is not guessed at") {
  for (const char* text : {"# Title\n\nSome text about a capture.\n", "1.2\n", "hello", "a,b,c\n1,2,3\n", "[1, 2]x",
                           "\x7f"
                           "ELF\x02\x01\x01",
                           "PK\x03\x04", "\x89PNG\r\n\x1a\n", "<xml/>", "ab"}) {
    CAPTURE(text);
    CHECK(Detected(text) == "none");
  }
}

TEST_CASE("a bad frame among good ones does not hide the format") {
  const std::string proto = GoldenProto("logs-basic"), bad = "\x0a\x05hello";
  CHECK(Detected(FramedMessage(proto) + FramedMessage(bad) + FramedMessage(proto)) == "framed");
  CHECK(Detected(DelimitedMessage(proto) + DelimitedMessage(bad) + DelimitedMessage(proto)) == "delimited");
  CHECK(Detected(FramedMessage(bad)) == "framed");
  CHECK(Detected(FramedMessage("hello") + FramedMessage("world!")) == "framed");
  CHECK(Detected(proto + "\x0f\x0f\x0f") == "proto");
}

TEST_CASE("JSON lines behind something else are JSON") {
  CHECK(Detected("null\n{}\n") == "json");
  CHECK(Detected("[]\n") == "json");
  CHECK(Detected("tail of a torn line\"}]}\n{\"resourceSpans\":[]}\n") == "json");
  CHECK(Detected("{\"a\":\"\x01\"}\n{}\n") == "json");
  CHECK(Detected(" \r\n") == "json");
}

TEST_CASE("two formats that are both whole are an error that names the flag") {
  // A resource of 10 bytes reads as a varint length of 10 as well, if what it holds is made for that.
  const std::string inner = Bytes(1, Bytes(3, "uuuuuu"));
  REQUIRE(inner.size() == 10);
  const std::string both = Bytes(1, inner.substr(1)) + "\x00";
  if (Detected(both) == "ambiguous") {
    const CutResult result = CutContent(both);
    REQUIRE_FALSE(result.status.ok());
    CHECK(result.status.code() == Code::kUsage);
    CHECK(result.status.message().find("--input-format") != std::string::npos);
  }
}

TEST_CASE("a file of fewer bytes than a length has is torn, not in doubt") {
  for (std::size_t size = 1; size < 4; ++size) {
    CAPTURE(size);
    const std::string zeros(size, '\0');
    CHECK(Detected(zeros) == "framed");
    const CutResult result = CutContent(zeros);
    CHECK(result.status.ok());
    REQUIRE(result.units.size() == 1);
    CHECK(result.units[0].torn);
    CHECK(result.units[0].bytes == zeros);
    CHECK_FALSE(result.units[0].error.empty());
    const CutResult left_out = CutContent(zeros, {.skip_partial_tail = true});
    CHECK(left_out.units.empty());
    CHECK(left_out.partial_tails.size() == 1);
  }
  // No file this short is in doubt.
  for (std::uint32_t bytes = 0; bytes < 1u << 24; bytes += 1 + bytes / 500) {
    const char head[] = {static_cast<char>(bytes & 0xff), static_cast<char>(bytes >> 8 & 0xff),
                         static_cast<char>(bytes >> 16)};
    for (std::size_t size = 1; size < 4; ++size) REQUIRE(Detected({head, size}) != "ambiguous");
  }
}

TEST_CASE("only the head of a large element is checked") {
  std::string element = Bytes(1, Bytes(3, "x"));
  std::string large = GoldenProto("traces-seed-1");
  while (large.size() < (std::size_t{3} << 20)) large += GoldenProto("traces-seed-3");
  CHECK(Detected(std::string_view(large).substr(0, kDetectBytes), false) == "proto");
  CHECK(Detected(std::string_view(FramedMessage(large)).substr(0, kDetectBytes), false) == "framed");
  CHECK(Detected(std::string_view(DelimitedMessage(large)).substr(0, kDetectBytes), false) == "delimited");
}

}  // namespace gf_otlp::test
