#include <doctest/doctest.h>

#include <string>

#include "otlp/agent_vocabulary.h"
#include "unit/rows/agent_rows_util.h"

namespace gf_otlp {
namespace {

using test::Json, test::Number, test::Pairs, test::SpanRow, test::Text;

TEST_CASE("the first candidate that is not empty fills a column, whatever the order of the attributes") {
  const Json row = SpanRow({{"model", Text("plain")},
                            {"gen_ai.request.model", Text("asked")},
                            {"gen_ai.response.model", Text("")},
                            {"llm.model_name", Text("other")}});
  CHECK(row["model"] == "asked");
  CHECK(SpanRow({{"model", Text("plain")}})["model"] == "plain");
  CHECK(SpanRow({{"model", Number(4)}})["model"] == "4");
  CHECK(SpanRow({})["model"] == "");
}

TEST_CASE("texts are of the record, then of its resource; numbers only of the record") {
  const Pairs resource = {{"tenant.id", Text("acme")},
                          {"deployment.environment.name", Text("prod")},
                          {"gen_ai.usage.input_tokens", Number(5)},
                          {"cost_usd", Number(5)}};
  const Json row = SpanRow({{"tenant_id", Text("own")}}, {}, resource);
  CHECK(row["tenant_id"] == "own");  // though it is further down the list
  CHECK(row["env"] == "prod");
  CHECK(row["tokens_prompt"].is_null());
  CHECK(row["cost_usd"].is_null());
  CHECK(row["cost_source"] == "");
}

TEST_CASE("an operation is named by an attribute, else by the span; the span's name stays") {
  const Json named = SpanRow({{"gen_ai.operation.name", Text("chat")}}, {}, {}, "chat gpt");
  CHECK(named["operation"] == "chat");
  CHECK(named["span_name"] == "chat gpt");
  CHECK(SpanRow({}, {}, {}, "GET /")["operation"] == "GET /");
}

TEST_CASE("a candidate with a condition counts only where it holds") {
  const std::string kTool = "traceloop.entity.name", kKind = "traceloop.span.kind";
  CHECK(SpanRow({{kTool, Text("t")}, {kKind, Text("tool")}})["tool_name"] == "t");
  CHECK(SpanRow({{kTool, Text("t")}, {kKind, Text("task")}})["tool_name"] == "");
  CHECK(SpanRow({{kTool, Text("t")}})["tool_name"] == "");
  const std::string kAmount = "gen_ai.usage.cost.amount", kCurrency = "gen_ai.usage.cost.currency";
  CHECK(SpanRow({{kAmount, Number(2)}, {kCurrency, Text("USD")}})["cost_usd"] == 2);
  CHECK(SpanRow({{kCurrency, Text("EUR")}, {kAmount, Number(2)}})["cost_usd"].is_null());
  CHECK(SpanRow({{kCurrency, Text("EUR")}, {kAmount, Number(2)}, {"cost_usd", Text("0.5")}})["cost_usd"] == 0.5);
}

TEST_CASE("numbers of tokens are integers, whole doubles and digits") {
  const auto tokens = [](const std::string& value) { return SpanRow({{"input_tokens", value}})["tokens_prompt"]; };
  CHECK(tokens(Number(12)) == 12);
  CHECK(tokens("{'doubleValue': 12}") == 12);
  CHECK(tokens(Text("12")) == 12);
  CHECK(tokens(Text("18446744073709551615")) == 18446744073709551615u);
  for (const std::string& bad :
       {Number(-1), Text("-1"), Text("+1"), Text("12.0"), Text("1e3"), Text(" 12"), Text("12 "), Text("0x10"),
        Text("18446744073709551616"), Text("many"), std::string("{'doubleValue': 1.5}"),
        std::string("{'doubleValue': 'NaN'}"), std::string("{'doubleValue': 1e20}"), std::string("{'boolValue': true}"),
        std::string("{'arrayValue': {'values': [{'intValue': 1}]}}")}) {
    CAPTURE(bad);
    CHECK(tokens(bad).is_null());
  }
}

TEST_CASE("costs are finite numbers") {
  const auto cost = [](const std::string& value) { return SpanRow({{"cost_usd", value}})["cost_usd"]; };
  CHECK(cost("{'doubleValue': 0.25}") == 0.25);
  CHECK(cost(Number(3)) == 3);
  CHECK(cost(Text("0.25")) == 0.25);
  CHECK(cost(Text(".5")) == 0.5);
  CHECK(cost(Text("25e-2")) == 0.25);
  CHECK(cost(Text("0")) == 0);
  for (const char* bad : {"nan", "NaN", "inf", "-Infinity", "1e999", "$1", "1,5", "0x1p3", "1 USD", "+1"}) {
    CAPTURE(bad);
    CHECK(cost(Text(bad)).is_null());
  }
  CHECK(cost("{'doubleValue': 'Infinity'}").is_null());
}

TEST_CASE("candidates that are no numbers are passed over and counted") {
  const auto made = test::RowsOf({}, "spans_raw",
                                 test::SpanIn({}, test::Attributes({{"gen_ai.usage.input_tokens", Text("many")},
                                                                    {"gen_ai.usage.prompt_tokens", Text("")},
                                                                    {"input_tokens", Text("7")},
                                                                    {"tokens.prompt", Text("not looked at")},
                                                                    {"cost_usd", Text("nan")}})));
  CHECK(made.rows.at(0)["tokens_prompt"] == 7);
  CHECK(made.counts.unread_numbers == 2);
}

TEST_CASE("members of a JSON object in a text are read") {
  const std::string kUsage = "langfuse.observation.usage_details";
  const auto usage = [&](const std::string& json) { return SpanRow({{kUsage, Text(json)}}); };
  const Json row = usage(R"({\'total\': 30, \'input\': 10, \'output\': \'20\', \'cache_read_input_tokens\': 2.0})");
  CHECK(row["tokens_prompt"] == 10);
  CHECK(row["tokens_completion"] == 20);
  CHECK(row["tokens_cache_read"] == 2);
  CHECK(usage(R"({\'prompt_tokens\': 3, \'input\': null})")["tokens_prompt"] == 3);
  for (const char* bad : {"[1]", "{", "{\\'input\\': -1}", "{\\'input\\': {}}", "{\\'input\\'", "1", "{\\'input\\': x}",
                          "{\\'input\\': 1, \\'x\\': ", "{\\'input\\': 1} x"}) {
    CAPTURE(bad);
    CHECK(usage(bad)["tokens_prompt"].is_null());
  }
  CHECK(usage(R"({\'input\': \'\\u0031\', \'\\u006f\\u0075\': 5})")["tokens_prompt"] == 1);
  const auto broken = test::RowsOf({}, "spans_raw", test::SpanIn({}, test::Attributes({{kUsage, Text("oops")}})));
  CHECK(broken.counts.unread_numbers == 1);  // an attribute, though of many columns
  const Json parts = usage(R"({\'input_cache_read\': 4, \'input_cache_creation\': 5, \'output_reasoning\': 6})");
  CHECK(parts["tokens_cache_read"] == 4);
  CHECK(parts["tokens_cache_write"] == 5);
  CHECK(parts["tokens_reasoning"] == 6);
  const std::string structured = "{'kvlistValue': {'values': [{'key': 'total', 'value': {'doubleValue': 0.5}}]}}";
  CHECK(SpanRow({{"langfuse.observation.cost_details", structured}})["cost_usd"] == 0.5);
}

TEST_CASE("of equal attributes the first counts, in columns and in the lists") {
  const Json row = SpanRow({{"model", Text("a")}, {"model", Text("b")}, {"x", Number(1)}, {"x", Text("two")}});
  CHECK(row["model"] == "a");
  CHECK(row["attributes"] == Json({{"model", "a"}, {"x", "1"}}));
  CHECK(row["attributes_json"] == Json({{"model", "a"}, {"x", 1}}));
}

TEST_CASE("--map puts other attributes in the place of those of a column") {
  RowOptions options;
  options.attributes_of = {{"tenant_id", {"customer", "tenant.id"}}, {"tokens_prompt", {"n"}}, {"model", {}}};
  const Json row = SpanRow({{"customer", Text("c")},
                            {"tenant_id", Text("not this")},
                            {"n", Text("4")},
                            {"input_tokens", Number(5)},
                            {"model", Text("m")}},
                           options);
  CHECK(row["tenant_id"] == "c");
  CHECK(row["tokens_prompt"] == 4);
  CHECK(row["model"] == "");
  CHECK(SpanRow({{"tenant_id", Text("not this")}}, options, {{"tenant.id", Text("r")}})["tenant_id"] == "r");

  // What is named counts without the condition that the built-in list has for it, but by its members.
  options.attributes_of = {{"cost_usd", {"cost"}}, {"tokens_prompt", {"langfuse.observation.usage_details"}}};
  const Json mapped = SpanRow(
      {{"cost", Text("0.5")}, {"langfuse.observation.usage_details", Text(R"({\'prompt_tokens\': 3})")}}, options);
  CHECK(mapped["cost_usd"] == 0.5);
  CHECK(mapped["tokens_prompt"] == 3);

  options.shape = Shape::kAgents;
  options.attributes_of = {{"colour", {"x"}}};
  const Result<RowMapper> mapper = RowMapper::Make(options);
  REQUIRE_FALSE(mapper);
  CHECK(mapper.error().code() == Code::kUsage);
  for (const std::string_view column : agents::kFieldColumns) {
    CHECK(mapper.error().message().find(column) != std::string::npos);
  }
}

}  // namespace
}  // namespace gf_otlp
