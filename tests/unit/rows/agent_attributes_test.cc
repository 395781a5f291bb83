#include <doctest/doctest.h>

#include <string>

#include "unit/rows/agent_rows_util.h"

namespace gf_otlp {
namespace {

using test::Attributes, test::Json, test::LogIn, test::Number, test::Pairs, test::RowsOf, test::SpanIn, test::SpanRow,
    test::Text;

std::string List(const Pairs& pairs) {
  std::string entries;
  for (const auto& [key, value] : pairs) {
    entries += (entries.empty() ? "" : ", ") + ("{'key': '" + key + "', 'value': " + value + "}");
  }
  return "{'kvlistValue': {'values': [" + entries + "]}}";
}
std::string Array(const std::string& values) { return "{'arrayValue': {'values': [" + values + "]}}"; }

/// The text of a column in the row, as it stands there.
std::string ColumnText(const std::string& row, const std::string& column) {
  const std::string name = "\"" + column + "\":";
  const std::size_t begin = row.find(name);
  REQUIRE(begin != std::string::npos);
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = begin + name.size(); i < row.size(); ++i) {
    if (row[i] == '\\') {
      ++i;
    } else if (row[i] == '"') {
      quoted = !quoted;
    } else if (!quoted && (row[i] == '{' || row[i] == '[')) {
      ++depth;
    } else if (!quoted && (row[i] == '}' || row[i] == ']') && --depth == 0) {
      return row.substr(begin + name.size(), i + 1 - begin - name.size());
    }
  }
  FAIL("the column does not end");
  return {};
}

struct Columns {
  std::string map, json;
};
Columns ColumnsOf(const Pairs& own, const Pairs& resource = {}, const RowOptions& options = {}) {
  const auto made = RowsOf(options, "spans_raw", SpanIn(resource, Attributes(own)));
  REQUIRE(made.rows.size() == 1);
  return {ColumnText(made.text, "attributes"), ColumnText(made.text, "attributes_json")};
}

TEST_CASE("attributes are merged with those of the resource, sorted, each once; a record's own count") {
  const Pairs resource = {{"z", Text("r")}, {"b", Text("r")}, {"c", Number(1)}, {"a", Text("r")}};
  const Columns columns = ColumnsOf({{"y", Text("o")}, {"b", Text("o")}, {"aa", Number(-2)}}, resource);
  CHECK(columns.map == R"({"a":"r","aa":"-2","b":"o","c":"1","y":"o","z":"r"})");
  CHECK(columns.json == R"({"a":"r","aa":-2,"b":"o","c":1,"y":"o","z":"r"})");
  CHECK(ColumnsOf({}).map == "{}");
  CHECK(ColumnsOf({}).json == "{}");
  CHECK(ColumnsOf({}, {{"a", Text("r")}}).json == R"({"a":"r"})");
  CHECK(ColumnsOf({{"a", Number(3)}}).json == R"({"a":3})");
}

TEST_CASE("values have their text in the map and their type in JSON") {
  const Columns columns = ColumnsOf({{"b", "{'boolValue': true}"},
                                     {"d", "{'doubleValue': 0.5}"},
                                     {"e", "{}"},
                                     {"f", "{'bytesValue': 'AAE='}"},
                                     {"l", Array(Number(1) + ", " + Text("x") + ", {}")},
                                     {"o", List({{"k", Number(1)}})}});
  CHECK(columns.map == R"({"b":"true","d":"0.5","e":"","f":"AAE=","l":"[1,\"x\",null]","o":"{\"k\":1}"})");
  CHECK(columns.json == R"({"b":true,"d":0.5,"f":"AAE=","l":[1,"x",null],"o":{"k":1}})");
}

TEST_CASE("texts stand in both columns alike, escaped") {
  const Columns columns = ColumnsOf({{"q\\u0001", Text("a\\nb\\\\")}, {"u", Text("\\u00e9")}}, {{"n", Number(1)}});
  CHECK(columns.map == "{\"n\":\"1\",\"q\\u0001\":\"a\\nb\\\\\",\"u\":\"\xc3\xa9\"}");
  CHECK(columns.json == "{\"n\":1,\"q\\u0001\":\"a\\nb\\\\\",\"u\":\"\xc3\xa9\"}");
}

TEST_CASE("doubles are never whole numbers, as ClickHouse refuses those of more than 64 bits") {
  const auto json = [](const char* number) {
    return ColumnsOf({{"d", std::string("{'doubleValue': ") + number + "}"}}).json;
  };
  CHECK(json("3") == R"({"d":3.0})");
  CHECK(json("1e20") == R"({"d":100000000000000000000.0})");
  CHECK(json("1e21") == R"({"d":1e+21})");
  CHECK(json("-0.0") == R"({"d":-0.0})");
  CHECK(json("'NaN'") == R"({"d":"NaN"})");
  CHECK(json("'-Infinity'") == R"({"d":"-Infinity"})");
}

TEST_CASE("a path that is there twice is written once") {
  CHECK(ColumnsOf({{"a", List({{"b", Number(1)}, {"c", Number(2)}})}, {"a.b", Number(3)}, {"a.d", Number(4)}}).json ==
        R"({"a":{"b":1,"c":2},"a.d":4})");
  // A span's own goes before what the resource has.
  CHECK(ColumnsOf({{"a.b", Number(3)}, {"z", Number(4)}}, {{"a", List({{"b", Number(1)}, {"c", Number(2)}})}}).json ==
        R"({"a":{"c":2},"a.b":3,"z":4})");
  CHECK(ColumnsOf({{"a", List({{"b", Number(1)}})}}, {{"a.b", Number(3)}}).json == R"({"a":{"b":1}})");
  CHECK(ColumnsOf({{"a", List({{"b", Number(1)}, {"b", Number(2)}})}}).json == R"({"a":{"b":1}})");
  // Null has no path, and what only begins alike has another.
  CHECK(ColumnsOf({{"a", List({{"b", "{}"}})}, {"a.b", Number(3)}}).json == R"({"a":{},"a.b":3})");
  CHECK(ColumnsOf({{"a", List({{"b", List({{"c", Number(1)}})}})}, {"a.b", Number(3)}}).json ==
        R"({"a":{"b":{"c":1}},"a.b":3})");
  // Objects in arrays have paths of their own.
  const std::string twice = List({{"k", List({{"l", Number(1)}})}, {"k.l", Number(2)}});
  CHECK(ColumnsOf({{"a", Array(twice + ", " + twice)}}).json == R"({"a":[{"k":{"l":1}},{"k":{"l":1}}]})");
}

TEST_CASE("keys that are not UTF-8 and would be written alike are written once") {
  const Columns columns = ColumnsOf({{"\xff", Number(1)},
                                     {"\xfe", Number(2)},
                                     {"o", List({{"a\xff", Number(1)}, {"a\xfe", Number(2)}, {"b", Number(3)}})}});
  CHECK(columns.json == "{\"o\":{\"a\xef\xbf\xbd\":1,\"b\":3},\"\xef\xbf\xbd\":1}");
  CHECK(columns.map == "{\"o\":\"{\\\"a\xef\xbf\xbd\\\":1,\\\"b\\\":3}\",\"\xef\xbf\xbd\":\"1\"}");
}

TEST_CASE("records of the same and of other keys do not mix") {
  std::string spans;
  const auto add = [&](const Pairs& own) { spans += (spans.empty() ? "{" : ", {") + Attributes(own) + "}"; };
  std::vector<Json> expected;
  for (int i = 0; i < 600; ++i) {  // more kinds than are kept
    const std::string key = "key." + std::to_string(i % 300);
    add({{"gen_ai.request.model", Text("m" + std::to_string(i))}, {key, Number(i)}});
    expected.push_back({{"gen_ai.request.model", "m" + std::to_string(i)}, {key, i}, {"r", std::to_string(i / 300)}});
  }
  const auto request = [&](const std::string& first, const std::string& second) {
    return "{'resourceSpans': [{'resource': {" + Attributes({{"r", Text("0")}}) + "}, 'scopeSpans': [{'spans': [" +
           first + "]}]}, {'resource': {" + Attributes({{"r", Text("1")}}) + "}, 'scopeSpans': [{'spans': [" + second +
           "]}]}]}";
  };
  std::size_t half = 0;
  for (int i = 0; i < 300; ++i) half = spans.find("}, {'attributes'", half + 1);
  const auto made = RowsOf({}, "spans_raw", request(spans.substr(0, half + 1), spans.substr(half + 3)));
  REQUIRE(made.rows.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(made.rows[i]["attributes_json"] == expected[i]);
    CHECK(made.rows[i]["model"] == "m" + std::to_string(i));
  }
}

TEST_CASE("a record of very many attributes is as any other") {
  Pairs own;
  for (int i = 0; i < 1000; ++i) own.emplace_back("k" + std::to_string(i % 900), Number(i));
  const Json row = SpanRow(own);
  CHECK(row["attributes"].size() == 900);
  CHECK(row["attributes_json"]["k899"] == 899);
  CHECK(row["attributes_json"]["k5"] == 5);  // the first of two
}

RowOptions Dropping() { return {.drop_content = true}; }

TEST_CASE("content is left out of both columns, at any depth") {
  const std::string secret = Text("secret");
  const Pairs own = {{"gen_ai.input.messages", secret},
                     {"llm.input_messages.0.message.content", secret},
                     {"input.value", secret},
                     {"llm", List({{"output_messages", secret}, {"system", Text("s")}})},
                     {"list", Array(List({{"prompt", secret}, {"n", Number(1)}}))},
                     {"x", Array(Array(List({{"traceloop", List({{"entity", List({{"input", secret}})}})}})))},
                     {"traceloop.prompt.template_variables.name", secret},
                     {"gen_ai.request.model", Text("m")}};
  const Columns kept = ColumnsOf(own), dropped = ColumnsOf(own, {{"traceloop.entity.input", secret}}, Dropping());
  CHECK(kept.json.find("secret") != std::string::npos);
  CHECK(dropped.json ==
        R"({"gen_ai.request.model":"m","list":[{"n":1}],"llm":{"system":"s"},"x":[[{"traceloop":{"entity":{}}}]]})");
  CHECK(
      dropped.map ==
      R"({"gen_ai.request.model":"m","list":"[{\"n\":1}]","llm":"{\"system\":\"s\"}","x":"[[{\"traceloop\":{\"entity\":{}}}]]"})");
}

TEST_CASE("of an event that is a prompt or an answer the body is content too") {
  const auto payload = [](const std::string& name, const RowOptions& options) {
    const auto made = RowsOf(options, "events_raw",
                             LogIn({}, "'eventName': '" + name + "', 'body': " + List({{"content", Text("secret")}}) +
                                           ", " + Attributes({{"content", Text("secret")}, {"n", Number(1)}})));
    return made.rows.at(0)["payload_json"];
  };
  CHECK(payload("gen_ai.user.message", Dropping()) == Json({{"n", 1}}));
  CHECK(payload("gen_ai.developer.message", Dropping()) == Json({{"n", 1}}));
  CHECK(payload("gen_ai.user.message", {}).size() == 3);
  CHECK(payload("my.event", Dropping()).size() == 3);
  const auto events = RowsOf(
      Dropping(), "events_raw",
      SpanIn({}, "'events': [{'name': 'tool.output', " + Attributes({{"output", Text("secret")}, {"n", Number(1)}}) +
                     "}, {'name': 'x', " + Attributes({{"output", Text("open")}, {"n", Number(1)}}) + "}]"));
  REQUIRE(events.rows.size() == 2);
  CHECK(events.rows[0]["payload_json"] == Json({{"n", 1}}));
  CHECK(events.rows[1]["payload_json"] == Json({{"n", 1}, {"output", "open"}}));
}

}  // namespace
}  // namespace gf_otlp
