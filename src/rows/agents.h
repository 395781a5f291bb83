#ifndef GF_OTLP_ROWS_AGENTS_H_
#define GF_OTLP_ROWS_AGENTS_H_

#include "rows/agent_rows.h"
#include "rows/column.h"
#include "rows/common_columns.h"
#include "rows/flat.h"
#include "rows/types.h"

/// The tables of a store of AI-agent telemetry: spans of any service, and the events of spans and logs.
namespace gf_otlp::agents {

/// A column of texts, and one of tokens, that attributes fill: named as the vocabulary has it.
template <Field kField, class T = type::LowCardinalityString>
constexpr auto TextColumn(std::string_view comment) {
  return RecordColumn<T>(
      {kFieldColumns[static_cast<std::size_t>(kField)], comment},
      [](auto& out, const AgentRow& row) { row.text(kField) != nullptr ? out.Text(*row.text(kField)) : out.Name(""); });
}
template <Field kField>
constexpr auto TokensColumn(std::string_view comment) {
  return RecordColumn<type::Nullable<type::UInt64>>(
      {kFieldColumns[static_cast<std::size_t>(kField)], comment},
      [](auto& out, const AgentRow& row) { row.count(kField) ? out.Integer(*row.count(kField)) : out.Null(); });
}

// What both tables have.
inline constexpr auto kTenantId = TextColumn<Field::kTenantId>("who the agent works for");
inline constexpr auto kEnv = TextColumn<Field::kEnv>("deployment environment");
inline constexpr auto kService = RecordColumn<type::LowCardinalityString>(
    {"service_name", "resource attribute service.name"}, [](auto& out, const AgentRow& row) {
      const Value* name = FindAttribute(row.reader->resource().attributes, kServiceNameKey);
      out.Text(name != nullptr ? *name : Value());
    });
inline constexpr auto kModel = TextColumn<Field::kModel>("model that answered, else the one that was asked for");
inline constexpr auto kToolName = TextColumn<Field::kToolName>("name of the tool");
inline constexpr auto kSessionId = TextColumn<Field::kSessionId, type::String>("conversation or session");
inline constexpr auto kUserId = TextColumn<Field::kUserId, type::String>("who uses the agent");
inline constexpr auto kTokensPrompt = TokensColumn<Field::kTokensPrompt>(
    "tokens that went in, with those of a cache or without, as the vocabulary counts; null: not known");
inline constexpr auto kTokensCompletion = TokensColumn<Field::kTokensCompletion>("tokens that came out");
inline constexpr auto kCostUsd = RecordColumn<type::Nullable<type::Float64>>(
    {kFieldColumns[static_cast<std::size_t>(Field::kCostUsd)], "cost in USD, null where it is not known"},
    [](auto& out, const AgentRow& row) { row.cost_usd ? out.Float(*row.cost_usd) : out.Null(); });

inline constexpr std::tuple kSpans{
    RecordColumn<type::String>(
        {"trace_id", "trace: 32 hex digits"},
        [](auto& out, const AgentRow& row) { out.Id(row.reader->span().trace_id, kTraceIdSize); }),
    RecordColumn<type::String>({"span_id", "span: 16 hex digits"},
                               [](auto& out, const AgentRow& row) { out.Id(row.reader->span().span_id, kSpanIdSize); }),
    RecordColumn<type::String>(
        {"parent_span_id", "parent span: 16 hex digits, empty for a root"},
        [](auto& out, const AgentRow& row) { out.Id(row.reader->span().parent_span_id, kSpanIdSize); }),
    kTenantId,
    kEnv,
    kService,
    RecordColumn<type::LowCardinalityString>(
        {"operation", "what the span does: chat, invoke_agent, execute_tool, LLM ...; else its name"},
        [](auto& out, const AgentRow& row) {
          row.text(Field::kOperation) != nullptr ? out.Text(*row.text(Field::kOperation))
                                                 : out.String(row.reader->span().name);
        }),
    RecordColumn<type::LowCardinalityString>(
        {"span_name", "name of the span"}, [](auto& out, const AgentRow& row) { out.String(row.reader->span().name); }),
    RecordColumn<type::LowCardinalityString>(
        {"kind", "INTERNAL, SERVER, CLIENT, PRODUCER, CONSUMER or UNSPECIFIED"},
        [](auto& out, const AgentRow& row) { out.Name(EnumName(flat::kSpanKinds, row.reader->span().kind)); }),
    RecordColumn<type::LowCardinalityString>(
        {"status_code", "UNSET, OK or ERROR; most spans that went well are UNSET"},
        [](auto& out, const AgentRow& row) { out.Name(EnumName(flat::kStatusCodes, row.reader->span().status_code)); }),
    RecordColumn<type::String>({"status_message", "what went wrong, where the status is ERROR"},
                               [](auto& out, const AgentRow& row) { out.String(row.reader->span().status_message); }),
    RecordColumn<type::DateTime64>({"start_ts", "start of the span in ns", "Delta, ZSTD(1)"},
                                   [](auto& out, const AgentRow& row) { out.Time(row.reader->span().start_time); }),
    RecordColumn<type::DateTime64>({"end_ts", "end of the span in ns", "Delta, ZSTD(1)"},
                                   [](auto& out, const AgentRow& row) { out.Time(row.reader->span().end_time); }),
    RecordColumn<type::Float64>(
        {"duration_ms", "ms from start to end; 0 without an end, less than 0 where that is before the start"},
        [](auto& out, const AgentRow& row) { out.Float(DurationMs(row.reader->span())); }),
    kModel,
    TextColumn<Field::kProvider>("who runs the model"),
    TextColumn<Field::kAgentName>("name of the agent"),
    kToolName,
    kSessionId,
    TextColumn<Field::kWorkflowId, type::String>("workflow, by id or name"),
    kUserId,
    kTokensPrompt,
    kTokensCompletion,
    TokensColumn<Field::kTokensCacheRead>("tokens that were read from a cache"),
    TokensColumn<Field::kTokensCacheWrite>("tokens that were written to a cache"),
    TokensColumn<Field::kTokensReasoning>("tokens of reasoning"),
    kCostUsd,
    RecordColumn<type::LowCardinalityString>(
        {"cost_source", "where cost_usd is from: attribute, price table, or empty"},
        [](auto& out, const AgentRow& row) { out.String(row.cost_source); }),
    RecordColumn<type::StringMap>(
        {"attributes", "attributes of the span as texts, and of its resource where the span has none of that name"},
        [](auto& out, const AgentRow& row) { out.Made([&](auto& to) { row.attributes->AppendMap(to); }); }),
    RecordColumn<type::Json>(
        {"attributes_json", "the same attributes with their types"},
        [](auto& out, const AgentRow& row) { out.Made([&](auto& to) { row.attributes->AppendJsonOfMap(to); }); })};

inline constexpr std::tuple kEvents{
    RecordColumn<type::DateTime64>({"event_ts", "time of the event in ns", "Delta, ZSTD(1)"},
                                   [](auto& out, const AgentRow& row) { out.Time(EventTime(row)); }),
    RecordColumn<type::LowCardinalityString>({"event_type", "name of the event"},
                                             [](auto& out, const AgentRow& row) { out.String(row.event_type); }),
    RecordColumn<type::String>({"trace_id", "trace it belongs to: 32 hex digits, or empty"},
                               [](auto& out, const AgentRow& row) { out.Id(TraceIdOf(row), kTraceIdSize); }),
    RecordColumn<type::String>({"span_id", "span it belongs to: 16 hex digits, or empty"},
                               [](auto& out, const AgentRow& row) { out.Id(SpanIdOf(row), kSpanIdSize); }),
    kTenantId,
    kEnv,
    kService,
    RecordColumn<type::Json>(
        {"payload_json",
         "attributes of the event; of a log record also its body, and of its resource what it has none of itself"},
        [](auto& out, const AgentRow& row) { out.Made([&](auto& to) { row.attributes->AppendJson(to); }); }),
    kCostUsd,
    kTokensPrompt,
    kTokensCompletion,
    kModel,
    kToolName,
    kSessionId,
    kUserId};

}  // namespace gf_otlp::agents

#endif  // GF_OTLP_ROWS_AGENTS_H_
