#include "otlp/wire_to_json.h"

#include <doctest/doctest.h>

#include <bit>
#include <limits>
#include <string>
#include <string_view>

#include "gf_otlp/records.h"
#include "otlp/wire_write.h"
#include "unit/otlp/json_test_util.h"

namespace gf_otlp::test {
namespace {

std::string Varint(std::uint64_t value) {
  char bytes[kMaxVarintSize];
  return {bytes, WriteVarint(bytes, value)};
}
std::string Field(std::uint32_t number, std::string_view content) {
  return Varint(Tag(number, kBytes)) + Varint(content.size()) + std::string(content);
}
std::string Number(std::uint32_t number, std::uint64_t value) { return Varint(Tag(number, kVarint)) + Varint(value); }
std::string Fixed64(std::uint32_t number, std::uint64_t value) {
  char bytes[sizeof value];
  return Varint(Tag(number, kFixed64)) + std::string(bytes, WriteFixed(bytes, value));
}

std::string Request(std::string_view record) { return Field(1, Field(2, Field(2, record))); }

std::string JsonOf(Signal signal, std::string_view wire) {
  std::string json = "kept";
  const Status status = WireToJson(signal, wire, json);
  if (status.ok()) return json.substr(4);
  CHECK(json == "kept");
  CHECK(status.code() == Code::kBadData);
  return status.message();
}
std::string SpanJson(std::string_view span) {
  const std::string json = JsonOf(Signal::kTraces, Request(span));
  const std::string begin = R"({"resourceSpans":[{"scopeSpans":[{"spans":[)", end = "]}]}]}";
  return json.starts_with(begin) && json.ends_with(end)
             ? json.substr(begin.size(), json.size() - begin.size() - end.size())
             : json;
}
std::string BodyJson(std::string_view body) {
  const std::string json = JsonOf(Signal::kLogs, Request(Field(5, body)));
  const std::string begin = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":)", end = "}]}]}]}";
  return json.starts_with(begin) && json.ends_with(end)
             ? json.substr(begin.size(), json.size() - begin.size() - end.size())
             : json;
}

TEST_CASE("wire_to_json: nothing and zeros") {
  CHECK(JsonOf(Signal::kTraces, "") == "{}");
  CHECK(JsonOf(Signal::kTraces, Field(1, "")) == R"({"resourceSpans":[{}]})");
  CHECK(SpanJson("") == "{}");
  CHECK(SpanJson(Number(6, 0) + Field(1, "") + Field(5, "") + Fixed64(7, 0)) == "{}");
  CHECK(SpanJson(Field(15, "")) == R"({"status":{}})");
}

TEST_CASE("wire_to_json: each kind of field") {
  CHECK(SpanJson(Field(1, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\xff") + Number(6, 2) +
                 Fixed64(7, 18446744073709551615u)) ==
        R"({"traceId":"0102030405060708090a0b0c0d0e0fff","kind":2,"startTimeUnixNano":"18446744073709551615"})");
  CHECK(SpanJson(Number(6, 0xffffffffffffffff)) == R"({"kind":-1})");
  CHECK(SpanJson(Number(10, 0x1fffffff5)) == R"({"droppedAttributesCount":4294967285})");
  CHECK(BodyJson(Field(1, "")) == R"({"stringValue":""})");
  CHECK(BodyJson(Number(2, 0)) == R"({"boolValue":false})");
  CHECK(BodyJson(Number(2, 7)) == R"({"boolValue":true})");
  CHECK(BodyJson(Number(3, 0)) == R"({"intValue":"0"})");
  CHECK(BodyJson(Number(3, 0xffffffffffffffff)) == R"({"intValue":"-1"})");
  CHECK(BodyJson(Field(7, "\xfb\xff")) == R"({"bytesValue":"+/8="})");
  CHECK(BodyJson(Field(5, "")) == R"({"arrayValue":{}})");
  CHECK(BodyJson("") == "{}");
}

TEST_CASE("wire_to_json: doubles are the shortest that round-trip, and strings where JSON has none") {
  const auto json = [](double value) { return BodyJson(Fixed64(4, std::bit_cast<std::uint64_t>(value))); };
  CHECK(json(0.1) == R"({"doubleValue":0.1})");
  CHECK(json(0) == R"({"doubleValue":0})");
  CHECK(json(-0.0) == R"({"doubleValue":-0})");
  CHECK(json(1e21) == R"({"doubleValue":1e+21})");
  CHECK(json(std::numeric_limits<double>::quiet_NaN()) == R"({"doubleValue":"NaN"})");
  CHECK(json(std::numeric_limits<double>::infinity()) == R"({"doubleValue":"Infinity"})");
  CHECK(json(-std::numeric_limits<double>::infinity()) == R"({"doubleValue":"-Infinity"})");
}

TEST_CASE("wire_to_json: strings are escaped and repaired") {
  CHECK(BodyJson(Field(1, std::string("a\"\\\n\x00é", 7))) == R"({"stringValue":"a\"\\\n\u0000é"})");
  CHECK(BodyJson(Field(1, "a\xff\xc3z")) == "{\"stringValue\":\"a\xef\xbf\xbd\xef\xbf\xbdz\"}");
}

TEST_CASE("wire_to_json: replaced bytes are counted, those of what is written") {
  PaddedBuffer json;
  std::uint64_t replaced = 1;
  const std::string entry = Field(2, Field(1, "\xff")) + Field(1, "a\xfe");  // its value and its key
  const std::string span = Field(5, "\xff\xff") + Field(5, "a\xc3z") + Field(9, entry) + Field(9, "");
  REQUIRE(WireToJson(Signal::kTraces, Request(span), json, replaced).ok());
  CHECK(replaced == 4);
  CHECK_FALSE(WireToJson(Signal::kTraces, Request(Field(5, "\xff") + "\x2b"), json, replaced).ok());
  CHECK(replaced == 4);
}

TEST_CASE("wire_to_json: fields in any order, repeated, in pieces") {
  CHECK(SpanJson(Field(11, Field(2, "a")) + Field(5, "x") + Field(11, Field(2, "b")) + Field(5, "y")) ==
        R"({"name":"y","events":[{"name":"a"},{"name":"b"}]})");
  CHECK(SpanJson(Number(6, 2) + Number(6, 0)) == "{}");
  CHECK(SpanJson(Field(15, Number(3, 2)) + Field(5, "x") + Field(15, Field(2, "m"))) ==
        R"({"name":"x","status":{"message":"m","code":2}})");
  CHECK(BodyJson(Field(1, "a") + Number(3, 5)) == R"({"intValue":"5"})");
  CHECK(BodyJson(Field(5, Field(1, Number(3, 1))) + Field(5, Field(1, Number(3, 2)))) ==
        R"({"arrayValue":{"values":[{"intValue":"1"},{"intValue":"2"}]}})");
  CHECK(BodyJson(Field(5, Field(1, Number(3, 1))) + Number(2, 1) + Field(5, Field(1, Number(3, 2)))) ==
        R"({"arrayValue":{"values":[{"intValue":"2"}]}})");
  const std::string point = Fixed64(6, 1) + Field(6, Fixed64(6, 2).substr(1) + Fixed64(6, 3).substr(1)) + Field(6, "");
  CHECK(
      JsonOf(Signal::kMetrics, Request(Field(9, Field(1, point)))) ==
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"histogram":{"dataPoints":[{"bucketCounts":["1","2","3"]}]}}]}]}]})");
}

TEST_CASE("wire_to_json: unknown fields and other wire types are dropped, old scopes are not") {
  CHECK(SpanJson(Number(5, 1) + Field(99, "x") + Number(99, 1) + Field(6, "x") + Field(5, "n")) == R"({"name":"n"})");
  CHECK(JsonOf(Signal::kLogs, Field(1, Field(1000, Field(2, Field(12, "e"))))) ==
        R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"eventName":"e"}]}]}]})");
}

TEST_CASE("wire_to_json: what is malformed anywhere is refused") {
  CHECK(JsonOf(Signal::kTraces, "\x0a\x05") ==
        "ExportTraceServiceRequest: length runs past the end of its message (at byte 0)");
  CHECK(SpanJson(Field(1, "123")) == "traceId: an id of a wrong size (at byte 8)");
  CHECK(SpanJson(Field(15, "\x18")).starts_with("Status: "));
  CHECK(SpanJson("\x2b").starts_with("Span: "));
  // Also in what a later value replaces, and in a piece that the next one would make whole.
  CHECK(BodyJson(Field(5, "\x0a\x01") + Number(2, 1)).starts_with("ArrayValue: "));
  CHECK(SpanJson(Field(15, "\x12\x02") + Field(15, "ab")).starts_with("Status: "));
  CHECK(JsonOf(Signal::kMetrics, Request(Field(9, Field(1, Field(6, "1234567"))))).starts_with("bucketCounts: "));
}

TEST_CASE("wire_to_json: values nest as deeply as the limit says") {
  const auto nested = [](int depth) {
    std::string value = Number(3, 1);
    for (int i = 0; i < depth; ++i)
      value = i % 2 == 0 ? Field(5, Field(1, value)) : Field(6, Field(1, Field(2, value)));
    return value;
  };
  CHECK(BodyJson(nested(kMaxValueDepth)).starts_with("{\"kvlistValue\""));
  CHECK(BodyJson(nested(kMaxValueDepth + 1)).find("nested too deeply") != std::string::npos);
  CHECK(BodyJson(nested(20'000)).find("nested too deeply") != std::string::npos);
}

TEST_CASE("wire_to_json: pieces inside of pieces take no time without end") {
  std::string value = Number(3, 1);
  for (int i = 0; i < kMaxValueDepth; ++i) value = Field(6, Field(1, Field(2, "") + Field(2, value)));
  CHECK(BodyJson(value).size() > 1000);
}

}  // namespace
}  // namespace gf_otlp::test
