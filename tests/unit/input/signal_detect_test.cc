#include "input/signal_detect.h"

#include <doctest/doctest.h>

#include <string>

#include "gf_otlp/wire.h"
#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

std::string Bytes(std::uint32_t field, std::string_view value) {
  return static_cast<char>(Tag(field, kBytes)) + DelimitedMessage(value);
}

std::string Fixed64(std::uint32_t field, std::string_view eight = "\1\2\3\4\5\6\7\1") {
  return static_cast<char>(Tag(field, kFixed64)) + std::string(eight);
}

std::string Varint(std::uint32_t field, char value) { return {static_cast<char>(Tag(field, kVarint)), value}; }

std::string RequestOf(std::string_view record) { return Bytes(1, Bytes(2, Bytes(2, record))); }

/// "traces", "none", or the code of the error.
std::string Found(std::string_view request, std::optional<Signal> hint = std::nullopt) {
  const Result<std::optional<Signal>> found = SignalOf(request, hint);
  if (!found) return found.error().code() == Code::kUsage ? "ambiguous" : "bad: " + found.error().message();
  return *found ? std::string(SignalName(**found)) : "none";
}

const std::string kTraceId(16, '\x11'), kSpanId(8, '\x22');

}  // namespace

TEST_CASE("the golden requests and their resources tell their signals") {
  for (const std::string& name : GoldenCases()) {
    CAPTURE(name);
    const std::string request = GoldenProto(name);
    CHECK(Found(request) == (request.empty() ? "none" : SignalName(GoldenSignal(name))));
    for (const std::string& element : Elements(request)) {
      const std::string found = Found(element, GoldenSignal(name));
      CHECK((found == "none" || found == SignalName(GoldenSignal(name))));
    }
  }
}

TEST_CASE("one field can be enough") {
  CHECK(Found(RequestOf(Fixed64(7))) == "traces");
  CHECK(Found(RequestOf(Bytes(1, kTraceId) + Bytes(2, kSpanId) + Bytes(5, "GET /") + Fixed64(7))) == "traces");
  CHECK(Found(RequestOf(Fixed64(1))) == "logs");
  CHECK(Found(RequestOf(Fixed64(11))) == "logs");
  CHECK(Found(RequestOf(Bytes(1, "requests"))) == "metrics");
  CHECK(Found(RequestOf(Bytes(1, "requests.of.16.b") + Bytes(7, Bytes(1, Fixed64(3))))) == "metrics");
}

TEST_CASE("what fits several signals is ambiguous, unless the file's other resources tell") {
  const std::string name16 = RequestOf(Bytes(1, "requests.of.16.b"));
  CHECK(Found(name16) == "ambiguous");
  CHECK(Found(name16, Signal::kMetrics) == "metrics");
  CHECK(Found(name16, Signal::kTraces) == "traces");
  CHECK(Found(name16, Signal::kLogs) == "ambiguous");
  const std::string body = RequestOf(Bytes(5, Bytes(1, "hello")));
  CHECK(Found(body) == "ambiguous");
  CHECK(Found(body, Signal::kLogs) == "logs");
  CHECK(Found(RequestOf("")) == "ambiguous");
  const Result<std::optional<Signal>> error = SignalOf(name16, std::nullopt);
  CHECK(error.error().message().find("--signal") != std::string::npos);
  // A later record decides.
  CHECK(Found(name16 + RequestOf(Bytes(1, "short"))) == "metrics");
  CHECK(Found(name16 + RequestOf(Fixed64(7))) == "traces");
}

TEST_CASE("strings that are not UTF-8 and unknown fields contradict nothing") {
  CHECK(Found(RequestOf(Bytes(1, "\xff\xfe"))) == "metrics");
  CHECK(Found(RequestOf(Fixed64(1) + Bytes(15, "\xff") + Varint(14, 1))) == "logs");
  CHECK(Found(RequestOf(Fixed64(7)) + Bytes(9, "hello")) == "traces");
}

TEST_CASE("profiles are told and refused") {
  const std::string value_type = Varint(1, 1) + Varint(2, 2);
  const std::string sample = Varint(1, 3) + Bytes(2, "\1\2\3");
  for (const std::string& profile :
       {Bytes(1, value_type) + Bytes(2, sample) + Fixed64(3) + Varint(4, 9) + Bytes(5, value_type),
        Bytes(1, value_type) + Bytes(2, sample) + Bytes(3, "\1\2") + Varint(4, 9) + Varint(5, 1)}) {
    CHECK(Found(RequestOf(profile)).find("profiles") != std::string::npos);
  }
}

TEST_CASE("a mark decides between signals that the bytes leave") {
  const std::string body = RequestOf(Bytes(5, Bytes(1, "hello")));
  // Field 2^29 - 1, length-delimited: (2^29 - 1) * 8 + 2 = 0xfffffffa as a varint.
  const auto mark = [](std::string_view name) { return "\xfa\xff\xff\xff\x0f" + DelimitedMessage(name); };
  std::string marked = body;
  AppendSignalMark(Signal::kLogs, marked);
  CHECK(marked == body + mark("logs"));
  for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    CAPTURE(SignalName(signal));
    const bool possible = Found(body, signal) == SignalName(signal);
    for (const std::string& request :
         {body + mark(SignalName(signal)), mark(SignalName(signal)) + body, mark(SignalName(signal)) + body + body}) {
      CHECK(Found(request) == (possible ? SignalName(signal) : "ambiguous"));
    }
  }
  CHECK(Found(body + mark("logs"), Signal::kTraces) == "logs");  // before what the file's other requests are
  for (const std::string& other :
       {mark("profiles"), mark("LOGS"), mark(""), mark("logs") + mark("traces"), std::string("\xf8\xff\xff\xff\x0f\1"),
        Bytes(1, Bytes(2, Bytes(2, "") + mark("logs")))}) {
    CHECK(Found(body + other) == "ambiguous");
    CHECK(Found(other + body, Signal::kLogs) == "logs");
  }
  // Where the bytes tell, nothing else counts.
  CHECK(Found(RequestOf(Fixed64(7)) + mark("logs")) == "traces");
  CHECK(Found(mark("logs")) == "none");
}

TEST_CASE("scopes of before 1.0 tell the signal as well") {
  // Field 1000, length-delimited: 8002 as a varint.
  CHECK(Found(Bytes(1, "\xc2\x3e" + DelimitedMessage(Bytes(2, Fixed64(7))))) == "traces");
}

TEST_CASE("no request at all") {
  CHECK(Found("") == "none");
  CHECK(Found(Bytes(1, "")) == "none");
  CHECK(Found(Bytes(1, Bytes(1, ""))) == "none");
  CHECK(Found("hello").starts_with("bad"));
  CHECK(Found(Varint(1, 1)).starts_with("bad"));
  CHECK(Found(RequestOf(Fixed64(5) + Fixed64(1))).starts_with("bad"));
  CHECK(Found(RequestOf(Bytes(1, std::string(15, 'i')) + Fixed64(7))).starts_with("bad"));
  CHECK(Found(Bytes(1, "\x0f\x0f")).starts_with("bad"));
  const std::string whole = GoldenProto("traces-basic");
  CHECK(Found(whole.substr(0, 10)).starts_with("bad"));
}

}  // namespace gf_otlp::test
