#include "otlp/agent_vocabulary.h"

#include <algorithm>

namespace gf_otlp::agents {
namespace {

constexpr Candidate kTenantId[] = {{"tenant.id"}, {"tenant_id"}, {"organization.id"}};
constexpr Candidate kEnv[] = {
    {"deployment.environment.name"}, {"deployment.environment"}, {"langfuse.environment"}, {"env"}};
constexpr Candidate kOperation[] = {{"gen_ai.operation.name"},
                                    {"openinference.span.kind"},
                                    {"traceloop.span.kind"},
                                    {"llm.request.type"},
                                    {"langfuse.observation.type"}};
constexpr Candidate kModel[] = {{"gen_ai.response.model"},
                                {"gen_ai.request.model"},
                                {"llm.model_name"},
                                {"llm.response.model_name"},
                                {"llm.request.model_name"},
                                {"embedding.model_name"},
                                {"reranker.model_name"},
                                {"langfuse.observation.model.name"},
                                {"model"}};
constexpr Candidate kProvider[] = {{"gen_ai.provider.name"}, {"gen_ai.system"}, {"llm.provider"}, {"llm.system"}};
constexpr Candidate kAgentName[] = {{"gen_ai.agent.name"}, {"agent.name"}};
constexpr Candidate kToolName[] = {{"gen_ai.tool.name"},
                                   {"tool.name"},
                                   {"tool_call.function.name"},
                                   {"traceloop.entity.name", "traceloop.span.kind", "tool"},
                                   {"tool_name"}};
constexpr Candidate kSessionId[] = {{"gen_ai.conversation.id"}, {"session.id"}, {"langfuse.session.id"}};
constexpr Candidate kWorkflowId[] = {
    {"workflow_id"}, {"workflow.id"}, {"gen_ai.workflow.name"}, {"traceloop.workflow.name"}};
constexpr Candidate kUserId[] = {{"user.id"}, {"langfuse.user.id"}, {"enduser.id"}, {"llm.user"}, {"user_id"}};

constexpr std::string_view kLangfuseUsage = "langfuse.observation.usage_details";
constexpr Candidate kTokensPrompt[] = {{"gen_ai.usage.input_tokens"},
                                       {"gen_ai.usage.prompt_tokens"},
                                       {"llm.token_count.prompt"},
                                       {"input_tokens"},
                                       {"tokens.prompt"},
                                       {.attribute = kLangfuseUsage, .member = "input"}};
constexpr Candidate kTokensCompletion[] = {
    {"gen_ai.usage.output_tokens"}, {"gen_ai.usage.completion_tokens"},
    {"llm.token_count.completion"}, {"output_tokens"},
    {"tokens.completion"},          {.attribute = kLangfuseUsage, .member = "output"}};
constexpr Candidate kTokensCacheRead[] = {{"gen_ai.usage.cache_read.input_tokens"},
                                          {"gen_ai.usage.cache_read_input_tokens"},
                                          {"llm.token_count.prompt_details.cache_read"},
                                          {"cache_read_tokens"}};
constexpr Candidate kTokensCacheWrite[] = {{"gen_ai.usage.cache_creation.input_tokens"},
                                           {"gen_ai.usage.cache_creation_input_tokens"},
                                           {"llm.token_count.prompt_details.cache_write"},
                                           {"cache_creation_tokens"}};
constexpr Candidate kTokensReasoning[] = {{"gen_ai.usage.reasoning.output_tokens"},
                                          {"gen_ai.usage.reasoning_tokens"},
                                          {"llm.token_count.completion_details.reasoning"}};
constexpr Candidate kCostUsd[] = {{"gen_ai.usage.cost.amount", "gen_ai.usage.cost.currency", "USD"},
                                  {"gen_ai.usage.cost"},
                                  {"gen_ai.usage.cost_usd"},
                                  {"gen_ai.usage.cost.total"},
                                  {"llm.cost.total"},
                                  {.attribute = "langfuse.observation.cost_details", .member = "total"},
                                  {"cost_usd"},
                                  {"cost.usd"},
                                  {"cost", "event.name", "api_request"}};

constexpr std::span<const Candidate> kCandidates[] = {
    kTenantId,        kEnv,        kOperation, kModel,        kProvider,         kAgentName,       kToolName,
    kSessionId,       kWorkflowId, kUserId,    kTokensPrompt, kTokensCompletion, kTokensCacheRead, kTokensCacheWrite,
    kTokensReasoning, kCostUsd};
static_assert(std::size(kCandidates) == kFields);

}  // namespace

std::optional<Field> FieldOfColumn(std::string_view column) {
  const auto found = std::ranges::find(kFieldColumns, column);
  if (found == kFieldColumns.end()) return std::nullopt;
  return static_cast<Field>(found - kFieldColumns.begin());
}

std::span<const Candidate> CandidatesOf(Field field) { return kCandidates[static_cast<std::size_t>(field)]; }

/// "gen_ai.prompt" is it, "llm.input_messages." is in front of what is.
constexpr std::string_view kContent[] = {"gen_ai.input.messages", "gen_ai.output.messages"};

bool IsContent(std::string_view attribute) { return std::ranges::find(kContent, attribute) != std::end(kContent); }

}  // namespace gf_otlp::agents
