#include <doctest/doctest.h>

#include <string>

#include "rows/price_table.h"
#include "unit/rows/agent_rows_util.h"

namespace gf_otlp {
namespace {

using test::Json, test::Number, test::Pairs, test::SpanRow, test::Text;

std::string ErrorOf(std::string_view table) {
  const auto prices = ReadPriceTable(table);
  REQUIRE_FALSE(prices);
  CHECK(prices.error().code() == Code::kUsage);
  return prices.error().message();
}

TEST_CASE("a price table is CSV with a header") {
  const auto prices = ReadPriceTable(
      "\xef\xbb\xbf# USD per million\r\n\nOutput,model, input ,cached_input\r\n10,gpt-4o*,2.5,1.25\n"
      "0,\"odd, \"\"name\"\"\",1e-1,\n");
  REQUIRE(prices);
  REQUIRE(prices->size() == 2);
  const ModelPrice& first = prices->at(0);
  CHECK(first.pattern == "gpt-4o*");
  CHECK(first.input == 2.5);
  CHECK(first.output == 10);
  CHECK(first.cached_input == 1.25);
  CHECK(prices->at(1).pattern == "odd, \"name\"");
  CHECK(prices->at(1).cached_input == 0.1);  // what input costs
  const auto short_table = ReadPriceTable("model,input,output\nm,1,2");
  REQUIRE(short_table);
  CHECK(short_table->at(0).cached_input == 1);
}

TEST_CASE("errors of a price table name line and reason") {
  CHECK(ErrorOf("").find("empty") != std::string::npos);
  CHECK(ErrorOf("\n# x\n").find("empty") != std::string::npos);
  CHECK(ErrorOf("model,input\n") == "line 1: column output is missing");
  CHECK(ErrorOf("model,input,output,input\n") == "line 1: column input stands there twice");
  CHECK(ErrorOf("gpt,1,2,3\n").starts_with("line 1: 'gpt' is no column"));
  const std::string kHeader = "# prices\nmodel,input,output\n";
  CHECK(ErrorOf(kHeader + "m,1\n") == "line 3: 2 cells, the header has 3");
  CHECK(ErrorOf(kHeader + "m,1,2,3\n") == "line 3: 4 cells, the header has 3");
  CHECK(ErrorOf(kHeader + ",1,2\n") == "line 3: the model is empty");
  CHECK(ErrorOf(kHeader + "\"m,1,2\n").starts_with("line 3: a quote"));
  CHECK(ErrorOf(kHeader + "\"m\"x,1,2\n").starts_with("line 3: a quote"));
  for (const char* bad : {"", "-1", "nan", "inf", "1e999", "$1", "1 2", "0x1"}) {
    CAPTURE(bad);
    CHECK(ErrorOf(kHeader + "m,1," + bad + "\n").starts_with("line 3: output '"));
  }
}

TEST_CASE("the first pattern that fits is the price, in upper and lower case") {
  const auto prices =
      ReadPriceTable("model,input,output\ngpt-4o-mini*,1,1\nGPT-4o*,2,2\n*-haiku-*,3,3\nab*b*c,4,4\n*x,5,5\n");
  REQUIRE(prices);
  const auto input = [&](std::string_view model) {
    const ModelPrice* price = FindPrice(*prices, model);
    return price != nullptr ? price->input : -1;
  };
  CHECK(input("gpt-4o-mini-2024") == 1);
  CHECK(input("gpt-4o") == 2);
  CHECK(input("Gpt-4O-2024") == 2);
  CHECK(input("claude-3-haiku-2024") == 3);
  CHECK(input("claude-3-haiku") == -1);
  CHECK(input("abbbc") == 4);
  CHECK(input("abc") == -1);
  CHECK(input("gpt-4") == -1);
  CHECK(input("") == -1);
  CHECK(input(std::string(100'000, 'a') + "x") == 5);
}

RowOptions Priced() { return {.prices = {{.pattern = "m", .input = 10, .output = 100, .cached_input = 1}}}; }
Json CostOf(const Pairs& attributes, const std::string& name = "work") {
  const Json row = SpanRow(attributes, Priced(), {}, name);
  CHECK(row["cost_source"] == (row["cost_usd"].is_null() ? "" : "price table"));
  return row["cost_usd"];
}

TEST_CASE("a model call without a cost is priced by its tokens") {
  const Pairs chat = {{"gen_ai.operation.name", Text("chat")},
                      {"gen_ai.request.model", Text("M")},
                      {"gen_ai.usage.input_tokens", Number(1000)},
                      {"gen_ai.usage.output_tokens", Number(20)}};
  CHECK(CostOf(chat).get<double>() == doctest::Approx(0.012));
  Pairs cached = chat;
  cached.emplace_back("gen_ai.usage.cache_read.input_tokens", Number(400));
  CHECK(CostOf(cached).get<double>() == doctest::Approx(0.0084));  // 600 at 10, 400 at 1, 20 at 100
  cached.back().second = Number(2000);  // more than there are: they are beside them, 1000 at 10, 2000 at 1, 20 at 100
  CHECK(CostOf(cached).get<double>() == doctest::Approx(0.014));
  cached.back().second = Number(900);
  cached.emplace_back("gen_ai.usage.cache_creation.input_tokens", Number(200));  // 1200 at 10, 900 at 1
  CHECK(CostOf(cached).get<double>() == doctest::Approx(0.0149));
  Pairs known = chat;
  known.emplace_back("cost_usd", Number(0));
  const Json row = SpanRow(known, Priced());
  CHECK(row["cost_usd"] == 0);
  CHECK(row["cost_source"] == "attribute");
}

TEST_CASE("tokens that lack cached ones are priced beside them") {
  CHECK(CostOf({{"model", Text("m")},
                {"input_tokens", Number(1000)},
                {"output_tokens", Number(20)},
                {"cache_read_tokens", Number(400)},
                {"cache_creation_tokens", Number(100)}})
            .get<double>() == doctest::Approx(0.0134));  // 1100 at 10, 400 at 1, 20 at 100
}

TEST_CASE("tokens that lack those of reasoning are priced beside them") {
  const std::string usage =
      R"({\'input\': 200, \'input_cache_read\': 800, \'input_cache_creation\': 50, \'output\': 10, )"
      R"(\'output_reasoning\': 40})";
  const Pairs span = {{"model", Text("m")}, {"langfuse.observation.usage_details", Text(usage)}};
  CHECK(CostOf(span).get<double>() == doctest::Approx(0.0083));  // 250 at 10, 800 at 1, 50 at 100
  CHECK(CostOf({{"model", Text("m")},
                {"gen_ai.usage.input_tokens", Number(10)},
                {"gen_ai.usage.output_tokens", Number(10)},
                {"gen_ai.usage.reasoning.output_tokens", Number(5)}})
            .get<double>() == doctest::Approx(0.0011));  // part of the completion
}

TEST_CASE("a price needs the tokens of the completion, where there can be one") {
  const auto cost = [](const char* operation, Pairs more = {}) {
    more.insert(
        more.end(),
        {{"model", Text("m")}, {"gen_ai.operation.name", Text(operation)}, {"gen_ai.usage.input_tokens", Number(100)}});
    return CostOf(more);
  };
  CHECK(cost("chat").is_null());
  CHECK(cost("chat", {{"gen_ai.usage.output_tokens", Text("unknown")}}).is_null());
  CHECK(cost("chat", {{"gen_ai.usage.output_tokens", Number(0)}}).get<double>() == doctest::Approx(0.001));
  for (const char* operation : {"embeddings", "EMBEDDING", "rerank", "Reranker"}) {
    CHECK(cost(operation).get<double>() == doctest::Approx(0.001));
  }
}

TEST_CASE("what is no model call, has no model or price, or no prompt's tokens has no price") {
  const Pairs usage = {{"gen_ai.usage.input_tokens", Number(10)}, {"gen_ai.usage.output_tokens", Number(10)}};
  const auto with = [&](Pairs more) {
    more.insert(more.end(), usage.begin(), usage.end());
    return more;
  };
  CHECK_FALSE(CostOf(with({{"model", Text("m")}})).is_null());  // an operation that nobody knows
  CHECK_FALSE(CostOf(with({{"model", Text("m")}, {"openinference.span.kind", Text("LLM")}})).is_null());
  CHECK(CostOf(with({{"model", Text("m")}, {"openinference.span.kind", Text("AGENT")}})).is_null());
  CHECK(CostOf(with({{"model", Text("m")}, {"gen_ai.operation.name", Text("invoke_agent")}})).is_null());
  CHECK(CostOf(with({{"model", Text("m")}}), "claude_code.llm_request").is_null());
  CHECK(CostOf(with({{"model", Text("other")}})).is_null());
  CHECK(CostOf(usage).is_null());
  CHECK(CostOf({{"model", Text("m")}, {"gen_ai.usage.output_tokens", Number(10)}}).is_null());
}

}  // namespace
}  // namespace gf_otlp
