#include <string>

#include "corpus/generator.h"

namespace gf_otlp::bench {
namespace {

using otlp::trace::v1::Span;
using otlp::trace::v1::Status;

constexpr const char* kAgents[] = {"triage", "researcher", "planner", "writer"};
constexpr const char* kModels[] = {"gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18", "claude-sonnet-4-20250514",
                                   "gemini-2.5-flash"};
constexpr const char* kProviders[] = {"openai", "anthropic", "gcp.gemini"};
constexpr const char* kTools[] = {"search_orders", "get_weather", "run_sql", "send_email"};
constexpr const char* kPhrases[] = {"The customer asks when the parcel will arrive",
                                    "and whether the \"express\" option can still be chosen",
                                    "Here is what the tracking service says:",
                                    "```json\n{\"status\": \"in transit\", \"eta\": \"2026-01-04\"}\n```",
                                    "Please answer in two sentences, politely, without inventing facts.",
                                    "Der Kunde schrieb zuletzt auf Deutsch: schöne Grüße aus Köln.",
                                    "If nothing is known, say so and offer a refund",
                                    "step 1: look up the order; step 2: compare the dates; step 3: write the reply\n"};

/// Messages as instrumentations send them: a JSON array in a text, `size` bytes or some more.
std::string Messages(Random& random, const char* role, std::size_t size) {
  std::string text = std::string(R"([{"role": ")") + role + R"(", "parts": [{"type": "text", "content": ")";
  while (text.size() < size) {
    for (const char c : std::string_view(random.Pick(kPhrases))) {
      if (c == '\n') {
        text += "\\n";
      } else {
        if (c == '"') text += '\\';
        text += c;
      }
    }
    text += ' ';
  }
  return text + R"("}]}])";
}

std::string Prompt(Random& random) { return Messages(random, "user", random.Between(1000, 4000)); }

std::int64_t Signed(std::uint64_t value) { return static_cast<std::int64_t>(value); }

void AddModelCall(Random& random, Span& span) {
  KeyValues& attributes = *span.mutable_attributes();
  const char* const model = random.Pick(kModels);
  span.set_kind(Span::SPAN_KIND_CLIENT);
  span.set_name(std::string("chat ") + model);
  Add(attributes, "gen_ai.operation.name", "chat");
  Add(attributes, "gen_ai.provider.name", random.Pick(kProviders));
  Add(attributes, "gen_ai.request.model", model);
  Add(attributes, "gen_ai.request.max_tokens", std::int64_t{1024});
  Add(attributes, "gen_ai.request.temperature", 0.2);
  Add(attributes, "server.address", "api.models.example");
  Add(attributes, "server.port", std::int64_t{443});
  Add(attributes, "gen_ai.conversation.id", random.Uuid());
  Add(attributes, "gen_ai.agent.name", random.Pick(kAgents));
  Add(attributes, "user.id", "user-" + std::to_string(random.Below(5000)));
  Add(attributes, "gen_ai.system_instructions", R"([{"type": "text", "content": "You help customers of a shop."}])");
  Add(attributes, "gen_ai.input.messages", Prompt(random));
  Add(attributes, "gen_ai.output.messages", Messages(random, "assistant", random.Between(200, 1200)));
  Add(attributes, "gen_ai.response.id", "chatcmpl-" + random.Hex(24));
  Add(attributes, "gen_ai.response.model", model);
  Add(attributes, "gen_ai.usage.input_tokens", Signed(random.LongTail(200, 5)));
  Add(attributes, "gen_ai.usage.output_tokens", Signed(random.LongTail(50, 4)));
  if (random.Percent(40)) Add(attributes, "gen_ai.usage.cache_read.input_tokens", Signed(random.Below(200)));
  if (random.Percent(20)) Add(attributes, "gen_ai.usage.cost", random.Unit() / 100);
}

void AddToolCall(Random& random, Span& span) {
  KeyValues& attributes = *span.mutable_attributes();
  const char* const tool = random.Pick(kTools);
  span.set_kind(Span::SPAN_KIND_INTERNAL);
  span.set_name(std::string("execute_tool ") + tool);
  Add(attributes, "gen_ai.operation.name", "execute_tool");
  Add(attributes, "gen_ai.tool.name", tool);
  Add(attributes, "gen_ai.tool.type", "function");
  Add(attributes, "gen_ai.tool.call.id", "call_" + random.Hex(20));
  Add(attributes, "gen_ai.tool.call.arguments", R"({"query": "order )" + random.Hex(8) + R"(", "limit": 20})");
  Add(attributes, "gen_ai.tool.call.result", Messages(random, "tool", random.Between(1000, 3000)));
  Add(attributes, "gen_ai.tool.description", "Looks things up in the shop's systems");
  Add(attributes, "gen_ai.conversation.id", random.Uuid());
  Add(attributes, "gen_ai.agent.name", random.Pick(kAgents));
  Add(attributes, "user.id", "user-" + std::to_string(random.Below(5000)));
  Add(attributes, "thread.id", Signed(random.Between(1, 64)));
  Add(attributes, "retry.allowed", random.Percent(50));
}

void AddAgent(Random& random, Span& span) {
  KeyValues& attributes = *span.mutable_attributes();
  const char* const agent = random.Pick(kAgents);
  span.set_kind(Span::SPAN_KIND_INTERNAL);
  span.set_name(std::string("invoke_agent ") + agent);
  Add(attributes, "gen_ai.operation.name", "invoke_agent");
  Add(attributes, "gen_ai.agent.name", agent);
  Add(attributes, "gen_ai.agent.id", "asst_" + random.Hex(24));
  Add(attributes, "gen_ai.agent.description", "Answers what customers ask");
  Add(attributes, "gen_ai.conversation.id", random.Uuid());
  Add(attributes, "gen_ai.provider.name", random.Pick(kProviders));
  Add(attributes, "gen_ai.request.model", random.Pick(kModels));
  Add(attributes, "gen_ai.input.messages", Prompt(random));
  Add(attributes, "gen_ai.usage.input_tokens", Signed(random.LongTail(400, 5)));
  Add(attributes, "gen_ai.usage.output_tokens", Signed(random.LongTail(100, 4)));
  Add(attributes, "user.id", "user-" + std::to_string(random.Below(5000)));
  Add(attributes, "workflow.id", random.Uuid());
}

void FillSpan(World& world, const std::string& trace_id, Span& span) {
  Random& random = world.random;
  span.set_trace_id(trace_id);
  span.set_span_id(random.Bytes(8));
  if (random.Percent(85)) span.set_parent_span_id(random.Bytes(8));
  span.set_flags(0x101);
  const std::uint64_t start = world.Now();
  const std::uint64_t duration = random.LongTail(5'000'000, 10);
  span.set_start_time_unix_nano(start);
  span.set_end_time_unix_nano(start + duration);
  const std::uint64_t work = random.Below(10);
  work < 6 ? AddModelCall(random, span) : work < 9 ? AddToolCall(random, span) : AddAgent(random, span);
  if (random.Percent(3)) {
    const Exception exception = MakeException(random);
    Span::Event& event = *span.add_events();
    event.set_time_unix_nano(start + duration);
    event.set_name("exception");
    Add(*event.mutable_attributes(), "exception.type", exception.type);
    Add(*event.mutable_attributes(), "exception.message", exception.message);
    span.mutable_status()->set_code(Status::STATUS_CODE_ERROR);
    span.mutable_status()->set_message(exception.message);
  }
}

}  // namespace

void FillAgents(World& world, otlp::trace::v1::TracesData& request) {
  Random& random = world.random;
  for (int r = 0; r < kResourcesPerRequest; ++r) {
    auto& resource_spans = *request.add_resource_spans();
    FillResource(random, *resource_spans.mutable_resource());
    auto& scope_spans = *resource_spans.add_scope_spans();
    scope_spans.mutable_scope()->set_name("opentelemetry.instrumentation.openai_v2");
    std::string trace_id = random.Bytes(16);
    for (std::uint64_t spans = random.Between(10, 50); spans > 0; --spans) {
      if (random.Percent(20)) trace_id = random.Bytes(16);
      FillSpan(world, trace_id, *scope_spans.add_spans());
    }
  }
}

}  // namespace gf_otlp::bench
