#include "otlp/json_to_wire.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string>
#include <utility>

#include "gf_otlp/records.h"
#include "unit/otlp/json_test_util.h"
#include "unit/otlp/random_wire.h"

namespace gf_otlp::test {
namespace {

std::string SpanJson(std::string_view members) {
  return fmt::format(R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{}}}]}}]}}]}})", members);
}
std::string SpanReference(std::string_view members) {
  return ReferenceOfText(Signal::kTraces,
                         fmt::format("resource_spans {{ scope_spans {{ spans {{ {} }} }} }}", members));
}
std::string LogJson(std::string_view members) {
  return fmt::format(R"({{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{}}}]}}]}}]}})", members);
}
std::string LogReference(std::string_view members) {
  return ReferenceOfText(Signal::kLogs,
                         fmt::format("resource_logs {{ scope_logs {{ log_records {{ {} }} }} }}", members));
}
std::string MetricJson(std::string_view members) {
  return fmt::format(R"({{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{{}}}]}}]}}]}})", members);
}
std::string MetricReference(std::string_view members) {
  return ReferenceOfText(Signal::kMetrics,
                         fmt::format("resource_metrics {{ scope_metrics {{ metrics {{ {} }} }} }}", members));
}

/// A span of those members means the same as one of that text format.
void CheckSpan(std::string_view json, std::string_view text) {
  CAPTURE(json);
  const Transcoded got = Transcode(SpanJson(json));
  CHECK(got.error() == "");
  CHECK(Reference(Signal::kTraces, got.wire()) == SpanReference(text));
}
void CheckLog(std::string_view json, std::string_view text) {
  CAPTURE(json);
  const Transcoded got = Transcode(LogJson(json));
  CHECK(got.error() == "");
  CHECK(Reference(Signal::kLogs, got.wire()) == LogReference(text));
}
void CheckMetric(std::string_view json, std::string_view text) {
  CAPTURE(json);
  const Transcoded got = Transcode(MetricJson(json));
  CHECK(got.error() == "");
  CHECK(Reference(Signal::kMetrics, got.wire()) == MetricReference(text));
}

/// The error, which is kBadData.
std::string ErrorOf(std::string_view json, bool base64_ids = false) {
  CAPTURE(json);
  const Transcoded got = Transcode(json, base64_ids);
  REQUIRE_FALSE(got.status.ok());
  CHECK(got.status.code() == Code::kBadData);
  CHECK(got.requests.empty());
  CHECK(got.error().find("(at byte ") != std::string::npos);
  return got.error();
}
bool Fails(std::string_view json) { return !ErrorOf(json).empty(); }

TEST_CASE("json_to_wire: ids are hex in either case") {
  CheckSpan(R"("traceId":"000102030405060708090A0b0C0d0EfF","spanId":"","parentSpanId":"AAbb000000000000")",
            R"(trace_id: "\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\377"
               parent_span_id: "\252\273\000\000\000\000\000\000")");
  CheckSpan(R"("traceId":"\u0030\u0030000000000000000000000000000000","spanId":null)",
            R"(trace_id: "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")");
  CHECK(ErrorOf(SpanJson(R"("traceId":"0001020304050607080900010203040")")) ==
        "traceId: 31 hex digits, 32 needed (at byte 54)");
  CHECK(ErrorOf(SpanJson(R"("spanId":"000102030405060g")")) == "spanId: not hexadecimal (at byte 53)");
  CHECK(ErrorOf(SpanJson(R"("traceId":"zz")")) == "traceId: not hexadecimal (at byte 54)");
  CHECK(ErrorOf(SpanJson(R"("traceId":"AAECAwQFBgcICQABAgMEBQ==")")) == "traceId: not hexadecimal (at byte 54)");
  CHECK(Fails(SpanJson(R"("traceId":7)")));
}

TEST_CASE("json_to_wire: ids may be base64 when asked for") {
  const std::string json = SpanJson(R"("traceId":"AAECAwQFBgcICQoLDA0ODw==","spanId":"AAECAwQFBgc=")");
  const std::string expected =
      SpanReference(R"(trace_id: "\000\001\002\003\004\005\006\007\010\011\012\013\014\015\016\017"
                                                span_id: "\000\001\002\003\004\005\006\007")");
  CHECK(Reference(Signal::kTraces, Transcode(json, true).wire()) == expected);
  const std::string hex = SpanJson(R"("traceId":"000102030405060708090a0b0c0d0e0f","spanId":"0001020304050607")");
  CHECK(Reference(Signal::kTraces, Transcode(hex, true).wire()) == expected);
  CHECK(ErrorOf(SpanJson(R"("spanId":"AAEC")"), true) == "spanId: not 8 bytes in base64 (at byte 53)");
  CHECK(ErrorOf(SpanJson(R"("spanId":"AAECAwQFBg*=")"), true) == "spanId: not 8 bytes in base64 (at byte 53)");
}

TEST_CASE("json_to_wire: bytesValue is standard or url-safe base64, padded or not") {
  for (const auto* text : {"+/8=", "-_8=", "+/8", "-_8", R"(+\/8)"}) {
    CheckLog(fmt::format(R"("body":{{"bytesValue":"{}"}})", text), R"(body { bytes_value: "\373\377" })");
  }
  CheckLog(R"("body":{"bytesValue":""})", R"(body { bytes_value: "" })");
  CHECK(Fails(LogJson(R"("body":{"bytesValue":"a"})")));
  CHECK(Fails(LogJson(R"("body":{"bytesValue":"ab c"})")));
  CHECK(Fails(LogJson(R"("body":{"bytesValue":1})")));
}

TEST_CASE("json_to_wire: enums are numbers, strings of them or names") {
  for (const auto* text : {"2", "\"2\"", "\"SPAN_KIND_SERVER\"", "\"SPAN_KIND\\u005fSERVER\"", "2.0", "20e-1"}) {
    CheckSpan(fmt::format(R"("kind":{})", text), "kind: SPAN_KIND_SERVER");
  }
  for (const auto* text : {"2", "\"2\"", "\"STATUS_CODE_ERROR\"", "\"ERROR\""}) {
    CheckSpan(fmt::format(R"("status":{{"code":{}}})", text), "status { code: STATUS_CODE_ERROR }");
  }
  CheckSpan(R"("status":{"code":"OK"})", "status { code: STATUS_CODE_OK }");
  CheckSpan(R"("status":{"code":"UNSET"})", "status { }");
  CheckSpan(R"("kind":99)", "kind: 99");
  CheckSpan(R"("kind":-1)", "kind: -1");
  CheckLog(R"("severityNumber":"SEVERITY_NUMBER_WARN2")", "severity_number: 14");
  CheckMetric(R"("sum":{"aggregationTemporality":"AGGREGATION_TEMPORALITY_DELTA"})",
              "sum { aggregation_temporality: 1 }");
  CHECK(ErrorOf(SpanJson(R"("kind":"SERVER")")) == "kind: no value of this enum (at byte 51)");
  CHECK(Fails(SpanJson(R"("kind":"")")));
  CHECK(Fails(SpanJson(R"("kind":2147483648)")));
  CHECK(Fails(SpanJson(R"("kind":1.5)")));
  CHECK(Fails(SpanJson(R"("kind":true)")));
  CHECK(Fails(SpanJson(R"("status":{"code":"error"})")));
}

TEST_CASE("json_to_wire: 64-bit integers are exact, as strings and as numbers") {
  CheckSpan(R"("startTimeUnixNano":"18446744073709551615","endTimeUnixNano":18446744073709551615)",
            "start_time_unix_nano: 18446744073709551615 end_time_unix_nano: 18446744073709551615");
  CheckSpan(R"("startTimeUnixNano":9007199254740993,"endTimeUnixNano":"0")", "start_time_unix_nano: 9007199254740993");
  CheckLog(R"("body":{"intValue":"-9223372036854775808"})", "body { int_value: -9223372036854775808 }");
  CheckLog(R"("body":{"intValue":9223372036854775807})", "body { int_value: 9223372036854775807 }");
  CheckLog(R"("body":{"intValue":-0})", "body { int_value: 0 }");
  for (const auto* text : {"1e3", "1000.00", "\"1.0E+3\"", "10000e-1"}) {
    CheckLog(fmt::format(R"("body":{{"intValue":{}}})", text), "body { int_value: 1000 }");
  }
  CheckLog(R"("body":{"intValue":0e99999999999999999999})", "body { int_value: 0 }");
  CheckMetric(
      R"("exponentialHistogram":{"dataPoints":[{"scale":-3,"positive":{"offset":"-2147483648","bucketCounts":["1",0,300]}}]})",
      "exponential_histogram { data_points { scale: -3 positive { offset: -2147483648 "
      "bucket_counts: [1, 0, 300] } } }");
  CHECK(ErrorOf(LogJson(R"("body":{"intValue":"9223372036854775808"})")) ==
        "intValue: integer out of range (at byte 66)");
  for (const auto* text :
       {"-9223372036854775809", "1e19", "1.5", "\"\"", "\"1x\"", "\" 1\"", "\"+1\"", "01", "\"0x1\"", "true", "1e-1",
        "123456789012345678901", "-", "1.", ".5", "1e", "[1]", "\"--1\"", "1e99999999999999999999"}) {
    CHECK(Fails(LogJson(fmt::format(R"("body":{{"intValue":{}}})", text))));
  }
  CHECK(Fails(SpanJson(R"("startTimeUnixNano":-1)")));
  CHECK(Fails(SpanJson(R"("startTimeUnixNano":"18446744073709551616")")));
  CHECK(Fails(SpanJson(R"("droppedAttributesCount":4294967296)")));
}

TEST_CASE("json_to_wire: doubles are numbers, strings of them, NaN and Infinity") {
  CheckLog(R"("body":{"doubleValue":0.1})", "body { double_value: 0.1 }");
  CheckLog(R"("body":{"doubleValue":"-2.5e3"})", "body { double_value: -2500 }");
  CheckLog(R"("body":{"doubleValue":"NaN"})", "body { double_value: nan }");
  CheckLog(R"("body":{"doubleValue":"Infinity"})", "body { double_value: inf }");
  CheckLog(R"("body":{"doubleValue":"-Infinity"})", "body { double_value: -inf }");
  CheckLog(R"("body":{"doubleValue":-0.0})", "body { double_value: -0 }");
  CheckLog(R"("body":{"doubleValue":1e-400})", "body { double_value: 0 }");
  CheckLog(R"("body":{"doubleValue":5e-324})", "body { double_value: 4.9406564584124654e-324 }");
  CheckMetric(
      R"("histogram":{"dataPoints":[{"sum":0,"min":-0.0,"explicitBounds":[1,"2.5","Infinity"],"bucketCounts":[]}]})",
      "histogram { data_points { sum: 0 min: -0 explicit_bounds: [1, 2.5, inf] } }");
  for (const auto* text : {"1e400", "\"nan\"", "\"inf\"", "NaN", "1.", "+1", "\"\"", "\"1 \"", "\"0x1p3\"", "false"}) {
    CHECK(Fails(LogJson(fmt::format(R"("body":{{"doubleValue":{}}})", text))));
  }
}

TEST_CASE("json_to_wire: booleans are true and false only") {
  CheckLog(R"("body":{"boolValue":true})", "body { bool_value: true }");
  CheckLog(R"("body":{"boolValue":false})", "body { bool_value: false }");
  for (const auto* text : {"1", "0", "\"true\"", "truex", "tru"}) {
    CHECK(Fails(LogJson(fmt::format(R"("body":{{"boolValue":{}}})", text))));
  }
}

TEST_CASE("json_to_wire: names are camelCase or snake_case, escaped or not") {
  CheckSpan(R"("trace_state":"a","start_time_unix_nano":"5","dropped_attributes_count":6)",
            R"(trace_state: "a" start_time_unix_nano: 5 dropped_attributes_count: 6)");
  CheckSpan(R"("\u006eame":"x","trace\u0053tate":"y")", R"(name: "x" trace_state: "y")");
  CHECK(Transcode(R"({"resource_logs":[]})").requests.at(0).first == Signal::kLogs);
  CHECK(Transcode(R"({"resource\u004cogs":[]})").requests.at(0).first == Signal::kLogs);
}

TEST_CASE("json_to_wire: unknown fields are skipped, but have to be JSON") {
  CheckSpan(R"("name":"a","x":{"y":[1,-2.5e+3,"\n",null,true,{},[]],"z":{}},"":[],"nam":1,"namer":2,"flags":3)",
            R"(name: "a" flags: 3)");
  for (const auto* text : {"[1,]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1 2]", "01", "1x", "nul", "tru", "[}",
                           "{]", "\"\\x\"", "\"\\u12g4\"", "-", "1.e3", "[1]]", ""}) {
    CHECK(Fails(SpanJson(fmt::format(R"("x":{})", text))));
  }
}

TEST_CASE("json_to_wire: null is the default of any field") {
  CheckSpan(
      R"("traceId":null,"name":null,"kind":null,"startTimeUnixNano":null,"attributes":null,"status":null,"events":[null])",
      "events { }");
  CheckLog(R"("body":null,"attributes":[{"key":"a","value":null},{"key":"b"},{"key":"c","value":{}},null])",
           R"(attributes { key: "a" } attributes { key: "b" } attributes { key: "c" value { } } attributes { })");
  CheckLog(R"("body":{"arrayValue":{"values":[null,{}]}})", "body { array_value { values { } values { } } }");
  CheckMetric(R"("histogram":{"dataPoints":[{"sum":null,"bucketCounts":null}]})", "histogram { data_points { } }");
  CHECK(Fails(MetricJson(R"("histogram":{"dataPoints":[{"bucketCounts":[null]}]})")));
}

TEST_CASE("json_to_wire: members of a oneof are written even when zero, the last wins") {
  CheckLog(R"("body":{"stringValue":""})", R"(body { string_value: "" })");
  CheckLog(R"("body":{"intValue":"0"})", "body { int_value: 0 }");
  CheckLog(R"("body":{"arrayValue":{}})", "body { array_value { } }");
  CheckLog(R"("body":{"kvlistValue":{"values":[]}})", "body { kvlist_value { } }");
  CheckLog(R"("body":{"stringValue":"a","intValue":1,"doubleValue":0})", "body { double_value: 0 }");
  CheckLog(R"("body":{"stringValue":"a","intValue":null})", R"(body { string_value: "a" })");
  CheckMetric(R"("gauge":{"dataPoints":[{"asDouble":0},{"asInt":"0"},{"asInt":1,"asDouble":2}]})",
              "gauge { data_points { as_double: 0 } data_points { as_int: 0 } data_points { as_double: 2 } }");
}

TEST_CASE("json_to_wire: of a repeated key the last value wins, messages are merged, lists joined") {
  CheckSpan(R"("name":"a","name":"","kind":2,"kind":0,"flags":1,"flags":2)", "flags: 2");
  CheckSpan(R"("status":{"code":2},"status":{"message":"m"},"events":[{"name":"a"}],"events":[{"name":"b"}])",
            R"(status { code: 2 message: "m" } events { name: "a" } events { name: "b" })");
}

TEST_CASE("json_to_wire: names from before scopes") {
  const Transcoded spans = Transcode(
      R"({"resourceSpans":[{"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"l"},"spans":[{"name":"s"}]}]}]})");
  CHECK(spans.error() == "");
  CHECK(Reference(Signal::kTraces, spans.wire()) ==
        ReferenceOfText(Signal::kTraces,
                        R"(resource_spans { scope_spans { scope { name: "l" } spans { name: "s" } } })"));
  CHECK(spans.counts.deprecated_names == 2);
  const Transcoded logs = Transcode(
      R"({"resource_logs":[{"instrumentation_library_logs":[{"instrumentation_library":{},"logs":[{"eventName":"e"}]}]}]})");
  CHECK(logs.error() == "");
  CHECK(
      Reference(Signal::kLogs, logs.wire()) ==
      ReferenceOfText(Signal::kLogs, R"(resource_logs { scope_logs { scope { } log_records { event_name: "e" } } })"));
  CHECK(logs.counts.deprecated_names == 3);
  const Transcoded metrics = Transcode(R"({"resourceMetrics":[{"instrumentationLibraryMetrics":[{}]}]})");
  CHECK(Reference(Signal::kMetrics, metrics.wire()) ==
        ReferenceOfText(Signal::kMetrics, "resource_metrics { scope_metrics { } }"));
  CHECK(metrics.counts.deprecated_names == 1);
}

TEST_CASE("json_to_wire: bytes that are not UTF-8 are kept, lone surrogates become U+FFFD") {
  const std::string replaced = R"(body { string_value: "a\357\277\275\357\277\275b" })";
  const auto check = [&](const std::string& json, const std::string& text) {
    CAPTURE(json);
    const Transcoded got = Transcode(LogJson(json));
    CHECK(got.error() == "");
    CHECK(got.counts.bad_text == 1);
    CHECK(Reference(Signal::kLogs, got.wire()) == LogReference(text));
  };
  check(
      "\"body\":{\"stringValue\":\"a\xff\xc3"
      "b\"}",
      R"(body { string_value: "a\377\303b" })");
  check(R"("body":{"stringValue":"a\ud800\udbffb"})", replaced);
  check(R"("body":{"stringValue":"a\udc00\udC00b"})", replaced);
  check(R"("body":{"stringValue":"\ud83d\ud83d\ude00"})", R"(body { string_value: "\357\277\275\360\237\230\200" })");
  check("\"unknown\xf0\x9f\x98\":1", "");
  CHECK(Transcode(LogJson(R"("body":{"stringValue":"\ud83d\ude00 \u00e9 \u20ac"})")).counts.bad_text == 0);
  CheckLog(R"("body":{"stringValue":"\"\\\/\b\f\n\r\t\u0000\u00e9\u20ac\ud83d\ude00"})",
           R"(body { string_value: "\"\\/\b\f\n\r\t\000\303\251\342\202\254\360\237\230\200" })");
  SUBCASE("offsets are those of the document as it was given") {
    CHECK(ErrorOf("{\"\xff\xff\":1,\"resourceSpans\":7}") == "resourceSpans: an array is needed (at byte 24)");
    CHECK(ErrorOf("{\"a\":\xff}") == "no such value (at byte 5)");
  }
  SUBCASE("bad bytes do not hide an escape or a quote") {
    CHECK(Fails(LogJson("\"body\":{\"stringValue\":\"\xc3\"}}")));
    CHECK(Fails(LogJson(R"("body":{"stringValue":"\ud83d\uzzzz"})")));
    CHECK(Fails(LogJson(R"("body":{"stringValue":"\ud83"})")));
  }
}

TEST_CASE("json_to_wire: long strings and long escaped strings") {
  for (const std::size_t size : {1, 7, 8, 15, 16, 17, 127, 128, 255, 256, 257, 5000, 70'000}) {
    std::string text(size, 'x');
    CheckLog(fmt::format(R"("body":{{"stringValue":"{}"}})", text),
             fmt::format(R"(body {{ string_value: "{}" }})", text));
    CheckLog(fmt::format(R"("body":{{"stringValue":"{}\n"}})", text),
             fmt::format(R"(body {{ string_value: "{}\n" }})", text));
    CheckLog(fmt::format(R"("body":{{"stringValue":"\u00e9{}"}})", text),
             fmt::format(R"(body {{ string_value: "\303\251{}" }})", text));
  }
}

TEST_CASE("json_to_wire: writes the shortest form") {
  for (const std::size_t size : {1, 100, 110, 120, 125, 128, 16'000, 16'370, 16'384, 2'100'000}) {
    const std::string json =
        SpanJson(fmt::format(R"("attributes":[{{"key":"k","value":{{"stringValue":"{}"}}}}])", std::string(size, 'x')));
    const std::string wire = Transcode(json).wire();
    const auto reference = NewReferenceRequest(Signal::kTraces);
    CHECK(reference->ParseFromString(wire));
    CHECK(wire == reference->SerializeAsString());
  }
}

TEST_CASE("json_to_wire: documents of several signals, of none, and others") {
  CHECK(Transcode("{}").requests.empty());
  CHECK(Transcode(" null\n").requests.empty());
  CHECK(Transcode("{}").status.ok());
  CHECK(Transcode("null").status.ok());
  const Transcoded all = Transcode(
      R"( {"resourceMetrics":[{}],"x":1,"resourceSpans":[{"schemaUrl":"a"}],"resourceLogs":null,"resourceSpans":[{}]} )");
  CHECK(all.error() == "");
  REQUIRE(all.requests.size() == 3);
  CHECK(all.requests[0] == std::pair(Signal::kMetrics, std::string("\x0a\0", 2)));
  CHECK(all.requests[1] == std::pair(Signal::kTraces, std::string("\x0a\x03\x1a\x01"
                                                                  "a\x0a\0",
                                                                  7)));
  CHECK(all.requests[2] == std::pair(Signal::kLogs, std::string()));
  CHECK(ErrorOf(R"({"spans":[]})") == "holds no resourceSpans, resourceLogs or resourceMetrics (at byte 0)");
  CHECK(ErrorOf(R"({"resourceProfiles":[]})") == "resourceProfiles: profiles are not supported (at byte 1)");
  CHECK(Fails(R"({"resourceSpans":[],"resource_profiles":[]})"));
  for (const auto* text : {"",
                           "  ",
                           "[]",
                           "1",
                           "\"a\"",
                           "true",
                           "nul",
                           "{} {}",
                           "{}x",
                           "{}1",
                           "{\"resourceSpans\":[]},",
                           "{\"resourceSpans\":[],}",
                           "{\"resourceSpans\":[{},]}",
                           "{\"resourceSpans\":[]}}",
                           "{\"resourceSpans\":{}}",
                           "{\"resourceSpans\" []}",
                           "{resourceSpans:[]}",
                           "{\"resourceSpans\":[]",
                           "{\"resourceSpans",
                           "null null",
                           "\xef\xbb\xbf{}",
                           "{\"resourceSpans\":[\"a\"b]}",
                           "{1:2}",
                           "{'a':1}",
                           "{\"a\tb\":1,\"resourceSpans\":[]}"}) {
    CHECK(Fails(text));
  }
}

std::string Nested(int depth, std::string_view open, std::string_view close) {
  std::string json;
  for (int i = 0; i < depth; ++i) json += open;
  json += R"({"stringValue":"x"})";
  for (int i = 0; i < depth; ++i) json += close;
  return LogJson(R"("body":)" + json);
}

TEST_CASE("json_to_wire: values nest as deeply as the limit says") {
  constexpr std::pair<std::string_view, std::string_view> kLists[] = {
      {R"({"arrayValue":{"values":[)", "]}}"}, {R"({"kvlistValue":{"values":[{"key":"k","value":)", "}]}}"}};
  for (const auto& [open, close] : kLists) {
    const Transcoded deepest = Transcode(Nested(kMaxValueDepth, open, close));
    CHECK(deepest.error() == "");
    RequestReader reader;
    reader.Start(Signal::kLogs, deepest.requests.at(0).second);
    CHECK(reader.Next());
    CHECK_FALSE(reader.Next());
    CHECK(reader.status().ok());
    CHECK(ErrorOf(Nested(kMaxValueDepth + 1, open, close)).find("nested too deeply") != std::string::npos);
    CHECK(Fails(Nested(100'000, open, close)));
  }
}

TEST_CASE("json_to_wire: unknown fields nested without end are an error") {
  const std::string open(1'000'000, '[');
  CHECK(Fails(open));
  CHECK(Fails(SpanJson(R"("x":)" + open)));
  CHECK(Fails(SpanJson(R"("x":)" + open + std::string(open.size(), ']'))));
  CHECK(Fails(R"({"x":)" + std::string(1'000'000, '{')));
  CHECK(Transcode(SpanJson(R"("x":)" + std::string(1000, '[') + std::string(1000, ']'))).status.ok());
}

}  // namespace
}  // namespace gf_otlp::test
