#include "otlp/agent_vocabulary.h"

#include <algorithm>

#include "base/ascii.h"

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
    {"workflow_id"},  {"workflow.id"}, {"workflow.run_id"}, {"gen_ai.workflow.name"}, {"traceloop.workflow.name"},
    {"workflow.name"}};
constexpr Candidate kUserId[] = {{"user.id"}, {"langfuse.user.id"}, {"enduser.id"}, {"llm.user"}, {"user_id"}};

constexpr std::string_view kLangfuseUsage = "langfuse.observation.usage_details";
constexpr Candidate kTokensPrompt[] = {{"gen_ai.usage.input_tokens"},
                                       {"gen_ai.usage.prompt_tokens"},
                                       {"llm.token_count.prompt"},
                                       {.attribute = "input_tokens", .without_parts = true},
                                       {"tokens.prompt"},
                                       {.attribute = kLangfuseUsage, .member = "input", .without_parts = true},
                                       {.attribute = kLangfuseUsage, .member = "prompt_tokens"}};
constexpr Candidate kTokensCompletion[] = {{"gen_ai.usage.output_tokens"},
                                           {"gen_ai.usage.completion_tokens"},
                                           {"llm.token_count.completion"},
                                           {"output_tokens"},
                                           {"tokens.completion"},
                                           {.attribute = kLangfuseUsage, .member = "output", .without_parts = true},
                                           {.attribute = kLangfuseUsage, .member = "completion_tokens"}};
constexpr Candidate kTokensCacheRead[] = {{"gen_ai.usage.cache_read.input_tokens"},
                                          {"gen_ai.usage.cache_read_input_tokens"},
                                          {"llm.token_count.prompt_details.cache_read"},
                                          {"cache_read_tokens"},
                                          {.attribute = kLangfuseUsage, .member = "input_cache_read"},
                                          {.attribute = kLangfuseUsage, .member = "cache_read_input_tokens"},
                                          {.attribute = kLangfuseUsage, .member = "input_cached_tokens"}};
constexpr Candidate kTokensCacheWrite[] = {{"gen_ai.usage.cache_creation.input_tokens"},
                                           {"gen_ai.usage.cache_creation_input_tokens"},
                                           {"llm.token_count.prompt_details.cache_write"},
                                           {"cache_creation_tokens"},
                                           {.attribute = kLangfuseUsage, .member = "input_cache_creation"},
                                           {.attribute = kLangfuseUsage, .member = "cache_creation_input_tokens"}};
constexpr Candidate kTokensReasoning[] = {{"gen_ai.usage.reasoning.output_tokens"},
                                          {"gen_ai.usage.reasoning_tokens"},
                                          {"llm.token_count.completion_details.reasoning"},
                                          {.attribute = kLangfuseUsage, .member = "output_reasoning"},
                                          {.attribute = kLangfuseUsage, .member = "output_reasoning_tokens"}};
constexpr Candidate kCostUsd[] = {{"gen_ai.usage.cost.amount", "gen_ai.usage.cost.currency", "USD"},
                                  {"gen_ai.usage.cost"},
                                  {"gen_ai.usage.cost_usd"},
                                  {"gen_ai.usage.cost.total"},
                                  {"llm.cost.total"},
                                  {.attribute = "langfuse.observation.cost_details", .member = "total"},
                                  {"cost_usd"},
                                  {"cost.usd"},
                                  {"cost", "event.name", "api_request"},
                                  {"cost", "event.name", "claude_code.api_request"}};

constexpr std::span<const Candidate> kCandidates[] = {
    kTenantId,        kEnv,        kOperation, kModel,        kProvider,         kAgentName,       kToolName,
    kSessionId,       kWorkflowId, kUserId,    kTokensPrompt, kTokensCompletion, kTokensCacheRead, kTokensCacheWrite,
    kTokensReasoning, kCostUsd};
static_assert(std::size(kCandidates) == kFields);

/// Prompts and answers: the attributes themselves and, where they are lists, their flattened elements
/// ("gen_ai.prompt.0.content", but not "gen_ai.prompt.name").
constexpr std::string_view kContent[] = {
    // GenAI semantic conventions, also what they had before
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions",
    "gen_ai.tool.description", "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.retrieval.documents",
    "gen_ai.retrieval.query.text", "gen_ai.memory.records", "gen_ai.memory.query.text", "gen_ai.prompt",
    "gen_ai.completion", "gen_ai.event.content", "gen_ai.evaluation.explanation", "gen_ai.input", "gen_ai.output",
    // OpenInference
    "input.value", "output.value", "llm.input_messages", "llm.output_messages", "llm.prompts", "llm.choices",
    "llm.function_call", "llm.tools", "llm.prompt_template.template", "embedding.embeddings", "embedding.text",
    "embedding.vector", "retrieval.documents", "reranker.input_documents", "reranker.output_documents",
    "reranker.query", "document.content", "tool.description", "tool.json_schema", "tool.parameters", "tool.output",
    "tool_call.function.arguments", "message.content", "message.contents", "message.tool_calls",
    "message.function_call_arguments_json", "message_content.text", "prompt.text", "completion.text",
    "audio.transcript", "input.audio.transcript", "output.audio.transcript", "annotation.explanation",
    "evaluation.explanation",
    // OpenLLMetry
    "traceloop.entity.input", "traceloop.entity.output", "traceloop.prompt.template", "llm.request.functions",
    "llm.content.completion.chunk", "mcp.request.argument", "mcp.response.value", "db.query.result.document",
    "db.search.result.entity",
    // Langfuse
    "langfuse.trace.input", "langfuse.trace.output", "langfuse.observation.input", "langfuse.observation.output",
    "langfuse.experiment.item.expected_output",
    // Claude Code
    "prompt", "user_prompt", "tool_input", "tool_parameters", "bash_command", "full_command", "file_path",
    "new_context", "system_prompt_preview", "user_system_prompt", "response.model_output", "hook_definitions",
    // plain names, and those of frameworks that send them beside gen_ai.*
    "completion", "tool_arguments", "tool_response", "tool_result", "ai.prompt", "ai.prompt.messages",
    "ai.prompt.tools", "ai.response.text", "ai.response.object", "ai.response.reasoning", "ai.response.toolCalls",
    "ai.toolCall.args", "ai.toolCall.result", "pydantic_ai.all_messages", "all_messages_events", "events",
    "final_result", "code.function.return.value", "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response",
    "gcp.vertex.agent.tool_call_args", "gcp.vertex.agent.tool_response", "mlflow.spanInputs", "mlflow.spanOutputs"};

/// Content too, whose members have names ("traceloop.prompt.template_variables.name").
constexpr std::string_view kContentMaps[] = {"llm.prompt_template.variables", "traceloop.prompt.template_variables",
                                             "code.function.parameters", "code.function.parameter"};

/// Claude Code's "tool.output" is an event of spans; what GenAI conventions have as events are messages.
constexpr std::string_view kContentEvents[] = {"gen_ai.choice",
                                               "gen_ai.content.prompt",
                                               "gen_ai.content.completion",
                                               "gen_ai.client.inference.operation.details",
                                               "gen_ai",
                                               "claude_code",
                                               "claude_code.user_prompt",
                                               "claude_code.assistant_response",
                                               "claude_code.api_request_body",
                                               "claude_code.api_response_body",
                                               "user_prompt",
                                               "assistant_response",
                                               "api_request_body",
                                               "api_response_body",
                                               "tool.output"};
/// Messages of any role: "gen_ai.developer.message".
constexpr std::string_view kMessageEventsBegin = "gen_ai.", kMessageEventsEnd = ".message";
constexpr std::string_view kContentOfEvents[] = {"body",       "content",     "diff",     "input",  "message",
                                                 "messages",   "output",      "response", "result", "text",
                                                 "tool_calls", "tool.result", "arguments"};

template <std::size_t kCount>
bool IsOneOf(const std::string_view (&names)[kCount], std::string_view name) {
  return std::ranges::find(names, name) != std::end(names);
}

}  // namespace

std::optional<Field> FieldOfColumn(std::string_view column) {
  const auto found = std::ranges::find(kFieldColumns, column);
  if (found == kFieldColumns.end()) return std::nullopt;
  return static_cast<Field>(found - kFieldColumns.begin());
}

std::span<const Candidate> CandidatesOf(Field field) { return kCandidates[static_cast<std::size_t>(field)]; }

bool IsContent(std::string_view attribute) {
  const auto is = [&](std::string_view name) {
    if (!attribute.starts_with(name)) return false;
    const std::string_view rest = attribute.substr(name.size());
    return rest.empty() || (rest.size() > 1 && rest[0] == '.' && IsDigit(rest[1]));
  };
  const auto is_of = [&](std::string_view map) {
    return attribute.starts_with(map) && (attribute.size() == map.size() || attribute[map.size()] == '.');
  };
  return std::ranges::any_of(kContent, is) || std::ranges::any_of(kContentMaps, is_of);
}

bool IsContentEvent(std::string_view event_type) {
  const bool is_message = event_type.starts_with(kMessageEventsBegin) && event_type.ends_with(kMessageEventsEnd);
  return is_message || IsOneOf(kContentEvents, event_type);
}

bool IsContentOfEvent(std::string_view attribute) { return IsOneOf(kContentOfEvents, attribute); }

}  // namespace gf_otlp::agents
