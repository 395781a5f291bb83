#include "rows/keys.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "base/hex.h"
#include "unit/otlp/json_test_util.h"

namespace gf_otlp {
namespace {

using Json = nlohmann::json;
using Keys = std::vector<std::string>;

KeyOptions Parsed(std::string_view text) {
  Result<KeyOptions> options = ParseKeyOptions(text);
  REQUIRE(options);
  return std::move(*options);
}

/// The keys of a request's records; those that have no row may be left out.
Keys KeysOf(std::string_view strategy, Signal signal, std::string_view request, bool zero_ids = false,
            bool without_data = true) {
  KeyMaker maker(Parsed(strategy), zero_ids);
  Keys keys;
  RequestReader reader;
  reader.Start(signal, request);
  while (reader.Next()) {
    if (without_data || reader.kind() != RecordKind::kMetricWithoutData) keys.emplace_back(maker.KeyOf(reader));
  }
  REQUIRE(reader.status().ok());
  return keys;
}

/// The same of a request in OTLP-JSON with apostrophes for quotation marks.
Keys KeysOfJson(std::string_view strategy, std::string json, bool zero_ids = false) {
  std::ranges::replace(json, '\'', '"');
  const test::Transcoded request = test::Transcode(json);
  REQUIRE(request.error() == "");
  REQUIRE(request.requests.size() == 1);
  return KeysOf(strategy, request.requests[0].first, request.requests[0].second, zero_ids);
}

std::string Hex(std::string_view bytes) {
  std::string hex(2 * bytes.size(), '\0');
  WriteHex(hex.data(), bytes);
  return hex;
}

std::string UnHex(std::string_view hex) {
  std::string bytes(hex.size() / 2, '\0');
  REQUIRE(ReadHex(hex, bytes.data()));
  return bytes;
}

/// A log record each of two resources, with those attributes.
std::string Logs(const std::string& resource_1, const std::string& record_1, const std::string& resource_2 = "",
                 const std::string& record_2 = "") {
  const auto resource_logs = [](const std::string& resource, const std::string& record) {
    return "{'resource': {'attributes': [" + resource + "]}, 'scopeLogs': [{'logRecords': [{'attributes': [" + record +
           "]}]}]}";
  };
  return "{'resourceLogs': [" + resource_logs(resource_1, record_1) + ", " + resource_logs(resource_2, record_2) + "]}";
}

std::string Text(const std::string& key, const std::string& value) {
  return "{'key': '" + key + "', 'value': {'stringValue': '" + value + "'}}";
}

std::string Attribute(const std::string& key, const std::string& value) {
  return "{'key': '" + key + "', 'value': {" + value + "}}";
}

std::optional<std::string> GoldenKey(const Json& key) {
  if (key.is_null()) return "";
  if (key.is_string()) return key.get<std::string>();
  if (key.contains("hex")) return UnHex(key.at("hex").get<std::string>());
  return std::nullopt;  // the exporter lost the record
}

TEST_CASE("keys are the exporter's, record by record") {
  std::size_t compared = 0;
  for (const std::string& name : test::GoldenNames()) {
    CAPTURE(name);
    const Signal signal = test::SignalOfName(name);
    const std::string request = test::ReadTestData("golden/" + name + "/input.pb");
    std::vector<Json> golden;
    std::istringstream lines(test::ReadTestData("golden/" + name + "/glassflow-keys.jsonl"));
    for (std::string line; std::getline(lines, line);) golden.push_back(Json::parse(line));

    std::vector<std::string_view> strategies = {"none"};
    if (signal == Signal::kTraces) {
      strategies.push_back("trace_id");
    } else {
      strategies.insert(strategies.end(), {"service_name", "resource_hash"});
    }
    for (const std::string_view strategy : strategies) {
      CAPTURE(strategy);
      const Keys keys = KeysOf(strategy, signal, request, /*zero_ids=*/true, /*without_data=*/false);
      REQUIRE(keys.size() == golden.size());
      for (std::size_t i = 0; i < keys.size(); ++i) {
        CAPTURE(i);
        const std::optional<std::string> expected = GoldenKey(golden[i].at(strategy));
        if (!expected) continue;
        CHECK(Hex(keys[i]) == Hex(*expected));
        ++compared;
      }
    }
  }
  CHECK(compared > 1000);
}

TEST_CASE("a key by trace id is the text of the row's id") {
  const std::string id = "5b8efff798038103d269b633813fc60c", zeros(32, '0');
  const std::string spans =
      "{'resourceSpans': [{'scopeSpans': [{'spans': [{'traceId': '" + id + "'}, {'traceId': '" + zeros + "'}, {}]}]}]}";
  CHECK(KeysOfJson("trace_id", spans) == Keys{id, "", ""});
  CHECK(KeysOfJson("trace_id", spans, true) == Keys{id, zeros, zeros});
  const std::string logs = "{'resourceLogs': [{'scopeLogs': [{'logRecords': [{'traceId': '" + id + "'}, {}]}]}]}";
  CHECK(KeysOfJson("trace_id", logs) == Keys{id, ""});
  CHECK(KeysOfJson("trace_id", logs, true) == Keys{id, zeros});
  const std::string points =
      "{'resourceMetrics': [{'scopeMetrics': [{'metrics': [{'gauge': {'dataPoints': [{}]}}, {'name': 'bare'}]}]}]}";
  CHECK(KeysOfJson("trace_id", points, true) == Keys{"", ""});
}

TEST_CASE("a key by service name is the resource's first, as text") {
  CHECK(KeysOfJson("service_name", Logs(Text("service.name", "a") + "," + Text("service.name", "b"), "",
                                        Text("service.name", ""), Text("service.name", "not of the resource"))) ==
        Keys{"a", ""});
  CHECK(KeysOfJson("service_name", Logs(Attribute("service.name", "'doubleValue': 1e21"), "", "")) ==
        Keys{"1e+21", ""});
  CHECK(KeysOfJson("service_name", Logs(Attribute("service.name", "'doubleValue': 'NaN'"), "",
                                        Attribute("service.name",
                                                  "'arrayValue': {'values': [{'stringValue': '<'}, "
                                                  "{'doubleValue': '-Infinity'}]}"))) ==
        Keys{"NaN", R"(["\u003c","-Infinity"])"});
}

TEST_CASE("a key by resource hash is half of SHA-256 over the sorted attributes") {
  const std::string a = Text("a", "1"), b = Text("b", "2"), second_a = Text("a", "3");
  const Keys keys = KeysOfJson("resource_hash", Logs(b + "," + a, "", a + "," + b));
  CHECK(keys[0] == keys[1]);
  // printf '\xf4a\xf71\xf4b\xf72' | sha256sum
  CHECK(Hex(keys[0]) == "fdcc617c48f86bf8fadca193dbb0a338");
  // The first of duplicates again: printf '\xf4a\xf71\xf4a\xf71\xf4b\xf72' | sha256sum
  CHECK(Hex(KeysOfJson("resource_hash", Logs(b + "," + a + "," + second_a, ""))[0]) ==
        "136049a082504f7f9cbf3f05a653df9e");
  CHECK(Hex(KeysOfJson("resource_hash", Logs("", ""))[0]) == std::string(32, '0'));

  // 40,000 times half a megabyte, if nothing stopped it.
  std::string many = Text("a", std::string(500'000, 'x'));
  for (int i = 0; i < 40'000; ++i) many += "," + Attribute("a", "");
  CHECK(KeysOfJson("resource_hash", Logs(many, ""))[0].size() == 16);
}

TEST_CASE("a key by attributes is of the resource, else of the record") {
  const std::string ab = "attributes:a,b";
  CHECK(KeysOfJson(ab, Logs(Text("a", "1") + "," + Text("b", "2"), Text("a", "3"), Text("b", "4"),
                            Text("a", "5") + "," + Text("b", "6"))) == Keys{"1|2", "5|4"});
  CHECK(KeysOfJson(ab, Logs(Text("a", "1"), "", "", Text("b", "2"))) == Keys{"1|", "|2"});
  CHECK(KeysOfJson(ab, Logs(Text("c", "1"), Text("d", "2"), Text("b", ""), "")) == Keys{"", "|"});
  CHECK(KeysOfJson("attributes:a", Logs(Text("a", "1") + "," + Text("a", "2"), "", "",
                                        Attribute("a", "'intValue': 7") + "," + Text("a", "8"))) == Keys{"1", "7"});
  CHECK(KeysOfJson("attributes:b,a,b", Logs(Text("a", "1"), Text("b", "2"))) == Keys{"2|1|2", ""});
  CHECK(KeysOfJson("attributes:a", Logs(Attribute("a", "'bytesValue': 'AQI='"), "",
                                        Attribute("a", "'kvlistValue': {'values': [{'key': '>'}]}"))) ==
        Keys{"AQI=", R"({"\u003e":null})"});
}

TEST_CASE("every kind of record has its attributes") {
  const std::string attributes = "'attributes': [" + Text("a", "1") + "]";
  CHECK(KeysOfJson("attributes:a", "{'resourceSpans': [{'scopeSpans': [{'spans': [{" + attributes + "}]}]}]}") ==
        Keys{"1"});
  std::string metrics;
  for (const std::string kind : {"gauge", "sum", "histogram", "exponentialHistogram", "summary"}) {
    metrics += "{'" + kind + "': {'dataPoints': [{" + attributes + "}, {}]}}, ";
  }
  metrics += "{'name': 'bare'}";
  CHECK(KeysOfJson("attributes:a", "{'resourceMetrics': [{'scopeMetrics': [{'metrics': [" + metrics + "]}]}]}") ==
        Keys{"1", "", "1", "", "1", "", "1", "", "1", "", ""});
}

TEST_CASE("one maker serves several readers") {
  KeyMaker maker(Parsed("service_name"), false);
  const test::Transcoded a = test::Transcode(R"({"resourceLogs": [{"resource": {"attributes": [{"key": "service.name",
      "value": {"stringValue": "a"}}]}, "scopeLogs": [{"logRecords": [{}, {}]}]}]})");
  const test::Transcoded none = test::Transcode(R"({"resourceLogs": [{"scopeLogs": [{"logRecords": [{}]}]}]})");
  RequestReader first, second;
  first.Start(Signal::kLogs, a.requests[0].second);
  second.Start(Signal::kLogs, none.requests[0].second);
  REQUIRE(first.Next());
  CHECK(maker.KeyOf(first) == "a");
  REQUIRE(second.Next());
  CHECK(maker.KeyOf(second) == "");
  REQUIRE(first.Next());
  CHECK(maker.KeyOf(first) == "a");
}

TEST_CASE("strategies are read by their names") {
  const std::pair<const char*, KeyStrategy> kNames[] = {{"none", KeyStrategy::kNone},
                                                        {"service_name", KeyStrategy::kServiceName},
                                                        {"resource_hash", KeyStrategy::kResourceHash}};
  for (const auto& [name, strategy] : kNames) {
    CHECK(Parsed(name) == KeyOptions{.strategy = strategy, .attributes = {}});
  }
  CHECK(Parsed("trace_id") == KeyOptions{.strategy = KeyStrategy::kTraceId, .attributes = {}});
  CHECK(Parsed("attributes:a,b c,d:e") ==
        KeyOptions{.strategy = KeyStrategy::kAttributes, .attributes = {"a", "b c", "d:e"}});
}

TEST_CASE("what is no strategy is an error that names them") {
  for (const std::string text : {"", "None", "trace_id ", "attributes", "attribute:a", "service.name",
                                 "attributes:", "attributes:,", "attributes:a,", "attributes:,a", "attributes:a,,b"}) {
    CAPTURE(text);
    const Result<KeyOptions> options = ParseKeyOptions(text);
    REQUIRE_FALSE(options);
    CHECK(options.error().code() == Code::kUsage);
    CHECK(options.error().message().find("attributes:NAME,NAME") != std::string::npos);
  }
  CHECK(ParseKeyOptions("random").error().message().find("none, trace_id, service_name, resource_hash") !=
        std::string::npos);
}

}  // namespace
}  // namespace gf_otlp
