#ifndef GF_OTLP_OTLP_AGENT_VOCABULARY_H_
#define GF_OTLP_OTLP_AGENT_VOCABULARY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// How instrumentations of AI agents name what the tables of shape `agents` hold: the GenAI semantic conventions of
/// OpenTelemetry and their older names, OpenInference, OpenLLMetry, Langfuse, Claude Code, and plain names. Said once:
/// rows are mapped by it, and the SQL that maps requests inside of ClickHouse is made of it.
namespace gf_otlp::agents {

/// An attribute that a column is filled from.
struct Candidate {
  std::string_view attribute;
  /// If not empty: only where this attribute of the record is the text `is`.
  std::string_view when, is;
  /// If not empty: the attribute is a JSON object, as text, and this is the member of it.
  std::string_view member;
  /// Of prompt tokens: they are without those that were read from a cache or written to one; of completion tokens:
  /// without those of reasoning. Else they are all.
  bool without_parts = false;
};

/// Columns that are filled from attributes: texts, counts of tokens, the cost.
enum class Field : std::uint8_t {
  kTenantId,
  kEnv,
  kOperation,
  kModel,
  kProvider,
  kAgentName,
  kToolName,
  kSessionId,
  kWorkflowId,
  kUserId,
  kTokensPrompt,
  kTokensCompletion,
  kTokensCacheRead,
  kTokensCacheWrite,
  kTokensReasoning,
  kCostUsd,
};
inline constexpr std::size_t kTextFields = static_cast<std::size_t>(Field::kTokensPrompt);
inline constexpr std::size_t kNumberFields = static_cast<std::size_t>(Field::kCostUsd) + 1 - kTextFields;
inline constexpr std::size_t kFields = kTextFields + kNumberFields;

/// By Field.
inline constexpr std::array<std::string_view, kFields> kFieldColumns = {"tenant_id",         "env",
                                                                        "operation",         "model",
                                                                        "provider",          "agent_name",
                                                                        "tool_name",         "session_id",
                                                                        "workflow_id",       "user_id",
                                                                        "tokens_prompt",     "tokens_completion",
                                                                        "tokens_cache_read", "tokens_cache_write",
                                                                        "tokens_reasoning",  "cost_usd"};

std::optional<Field> FieldOfColumn(std::string_view column);

/// Where a column is looked for, the first before the others. A text counts if it is not empty; a number if it can be
/// read: whole and not negative for tokens, finite for the cost. Texts of numbers are read too: [0-9]+ for tokens,
/// -?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? for the cost. Texts are looked for in the record's own attributes,
/// then (of a span's event) in the span's, then in the resource's; numbers in the record's own alone, as those of
/// others would count again. Of attributes of the same name in one list the first counts.
std::span<const Candidate> CandidatesOf(Field field);

/// The attributes that name a log record's event where the record has no event name (semantic conventions, event.name).
inline constexpr std::string_view kEventNameAttributes[] = {"event.name", "event_name"};
/// A log record is an event if it has a name by one of these (a text that is not empty), if its body is a name that
/// begins so (letters, digits, '_', '-' and '.' alone: "claude_code.api_request" stands there), or if it has an
/// attribute that begins so. Its type is the first of: the event name of the record, the body, the attribute's text,
/// the beginning without its dot.
inline constexpr std::string_view kEventPrefixes[] = {"gen_ai.", "claude_code."};

/// Which spans are model calls, so that their tokens and cost count: an operation (the column, in lower case) of these,
/// if it is not the span's name or the span has a model (anything may be named "chat"); or any other that is none of
/// kOtherOperations if the span has a model, and tokens (of prompt or completion) or a cost. Agents and workflows
/// report once more what their model calls have reported.
inline constexpr std::string_view kModelCalls[] = {
    "chat", "text_completion", "generate_content", "embeddings", "completion", "embedding",
    "llm",  "generation",      "rerank",           "reranker"};
/// Those of them that have no completion, and so no tokens of it.
inline constexpr std::string_view kCallsWithoutCompletion[] = {"embeddings", "embedding", "rerank", "reranker"};
inline constexpr std::string_view kOtherOperations[] = {"create_agent",
                                                        "invoke_agent",
                                                        "invoke_workflow",
                                                        "execute_tool",
                                                        "plan",
                                                        "retrieval",
                                                        "agent",
                                                        "chain",
                                                        "tool",
                                                        "retriever",
                                                        "guardrail",
                                                        "evaluator",
                                                        "prompt",
                                                        "workflow",
                                                        "task",
                                                        "event",
                                                        "search_memory",
                                                        "create_memory",
                                                        "update_memory",
                                                        "upsert_memory",
                                                        "delete_memory",
                                                        "create_memory_store",
                                                        "delete_memory_store"};
/// Spans whose name begins so are none: Claude Code says the same in its events, with the cost.
inline constexpr std::string_view kSpansOfEvents = "claude_code.";
/// The events that are model calls without a span that says so. Claude Code's has the short name where its log record
/// came without the body.
inline constexpr std::string_view kModelCallEvents[] = {"claude_code.api_request", "api_request"};

/// Whether an attribute is a prompt, an answer, or what went into a tool or came out of it. Of flattened lists
/// ("llm.input_messages.0.message.content") and maps ("llm.prompt_template.variables.name") too.
bool IsContent(std::string_view attribute);

/// Whether an event is a prompt, an answer, or what went into a tool or came out of it: then its body and those of its
/// attributes that IsContentOfEvent() names are content too.
bool IsContentEvent(std::string_view event_type);
bool IsContentOfEvent(std::string_view attribute);

}  // namespace gf_otlp::agents

#endif  // GF_OTLP_OTLP_AGENT_VOCABULARY_H_
