#include "otlp/agent_vocabulary.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

namespace gf_otlp::agents {
namespace {

TEST_CASE("every column has candidates, each once") {
  for (std::size_t i = 0; i < kFields; ++i) {
    const auto field = static_cast<Field>(i);
    CAPTURE(kFieldColumns[i]);
    CHECK(FieldOfColumn(kFieldColumns[i]) == field);
    CHECK_FALSE(CandidatesOf(field).empty());
    std::set<std::tuple<std::string_view, std::string_view, std::string_view>> seen;
    for (const Candidate& candidate : CandidatesOf(field)) {
      CHECK(seen.emplace(candidate.attribute, candidate.is, candidate.member).second);
      CHECK(candidate.when.empty() == candidate.is.empty());
      CHECK_FALSE(IsContent(candidate.attribute));
    }
  }
  CHECK_FALSE(FieldOfColumn("trace_id"));
}

TEST_CASE("an operation is a model call or another one, not both") {
  for (const std::string_view call : kCallsWithoutCompletion) {
    CHECK(std::ranges::find(kModelCalls, call) != std::end(kModelCalls));
  }
  for (const std::string_view call : kModelCalls) {
    CAPTURE(call);
    CHECK(std::ranges::find(kOtherOperations, call) == std::end(kOtherOperations));
    CHECK(std::ranges::none_of(call, [](char c) { return c >= 'A' && c <= 'Z'; }));
  }
}

TEST_CASE("prompts, answers and what tools take and give are content, in every vocabulary") {
  for (const char* content : {"gen_ai.input.messages",
                              "gen_ai.output.messages",
                              "gen_ai.system_instructions",
                              "gen_ai.tool.call.arguments",
                              "gen_ai.tool.call.result",
                              "gen_ai.retrieval.documents",
                              "gen_ai.prompt",
                              "gen_ai.prompt.0.content",
                              "gen_ai.completion.12.content",
                              "input.value",
                              "output.value",
                              "llm.input_messages.0.message.content",
                              "llm.output_messages.1.message.tool_calls.0.tool_call.function.arguments",
                              "llm.prompts",
                              "llm.prompts.0.prompt.text",
                              "embedding.embeddings.0.embedding.text",
                              "retrieval.documents.3.document.content",
                              "tool.parameters",
                              "traceloop.entity.input",
                              "traceloop.entity.output",
                              "langfuse.observation.input",
                              "langfuse.trace.output",
                              "prompt",
                              "traceloop.prompt.template_variables.name",
                              "llm.prompt_template.variables",
                              "llm.prompt_template.variables.a.b",
                              "llm.tools.0.tool.json_schema",
                              "llm.request.functions.0.name",
                              "tool.json_schema",
                              "events",
                              "code.function.parameters.city.value",
                              "code.function.return.value",
                              "gen_ai.evaluation.explanation",
                              "tool_input",
                              "tool_parameters"}) {
    CAPTURE(content);
    CHECK(IsContent(content));
  }
  for (const char* other :
       {"gen_ai.prompt.name", "gen_ai.prompt.", "gen_ai.prompts", "gen_ai.request.model", "gen_ai.usage.input_tokens",
        "gen_ai.tool.name", "gen_ai.input.messages_count", "llm.token_count.prompt", "llm.prompt_template.version",
        "prompt.id", "prompt_length", "input.mime_type", "tool.name", "traceloop.entity.name", "session.id",
        "code.function.name", "llm.prompt_template.variables_count", ""}) {
    CAPTURE(other);
    CHECK_FALSE(IsContent(other));
  }
}

TEST_CASE("events that are prompts or answers have content in their bodies") {
  for (const char* event : {"gen_ai.user.message", "gen_ai.developer.message", "gen_ai.choice", "claude_code",
                            "claude_code.user_prompt", "user_prompt", "claude_code.api_request_body"}) {
    CAPTURE(event);
    CHECK(IsContentEvent(event));
  }
  for (const char* event :
       {"claude_code.api_request", "api_request", "exception", "gen_ai.evaluation.result", "my.message", ""}) {
    CHECK_FALSE(IsContentEvent(event));
  }
  CHECK(IsContentOfEvent("content"));
  CHECK_FALSE(IsContentOfEvent("role"));
}

}  // namespace
}  // namespace gf_otlp::agents
