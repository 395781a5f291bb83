#ifndef GF_OTLP_ROWS_AGENT_ROWS_H_
#define GF_OTLP_ROWS_AGENT_ROWS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gf_otlp/records.h"
#include "gf_otlp/rows.h"
#include "otlp/agent_vocabulary.h"
#include "rows/agent_attributes.h"
#include "rows/agent_fields.h"

/// The rows of the tables of shape agents, before they are written: what columns find in records.
namespace gf_otlp::agents {

/// By Field; null: there is none.
using Texts = std::array<const Value*, kTextFields>;

/// What the attributes of a record (and of what it is in) say, whatever the vocabulary. Views of the reader's record.
struct AgentRow {
  const RequestReader* reader;
  const SpanEvent* event = nullptr;       // of the span that the row is of, if it is one
  std::string_view event_type;            // of rows of events
  AttributeWriter* attributes = nullptr;  // the record's or event's own, and the resource's
  Texts texts{};
  std::array<std::optional<std::uint64_t>, kNumberFields - 1> tokens{};
  bool prompt_without_cached = false;         // the prompt's tokens lack those of a cache
  bool completion_without_reasoning = false;  // the completion's tokens lack those of reasoning
  std::optional<double> cost_usd;
  std::string_view cost_source;  // "attribute", "price table" or empty

  const Value* text(Field field) const { return texts[static_cast<std::size_t>(field)]; }
  std::optional<std::uint64_t> count(Field field) const {
    return tokens[static_cast<std::size_t>(field) - kTextFields];
  }
};

/// From start to end; 0 for a span without one of them.
inline double DurationMs(const Span& span) {
  if (span.start_time == 0 || span.end_time == 0) return 0;
  return static_cast<double>(static_cast<std::int64_t>(span.end_time - span.start_time)) / 1e6;
}
/// Of an event without a time: of a span's, when the span started; of a log record, when it was observed.
inline std::uint64_t EventTime(const AgentRow& row) {
  if (row.event != nullptr) return row.event->time != 0 ? row.event->time : row.reader->span().start_time;
  const LogRecord& log = row.reader->log();
  return log.time != 0 ? log.time : log.observed_time;
}
inline std::string_view TraceIdOf(const AgentRow& row) {
  return row.event != nullptr ? row.reader->span().trace_id : row.reader->log().trace_id;
}
inline std::string_view SpanIdOf(const AgentRow& row) {
  return row.event != nullptr ? row.reader->span().span_id : row.reader->log().span_id;
}

/// Whether a row of a span is a model call, by the rule of kModelCalls.
bool IsModelCall(const AgentRow& row);

/// Fills in what model calls cost that do not say it.
class ModelPrices {
 public:
  explicit ModelPrices(const std::vector<ModelPrice>& prices) : prices_(prices) {}
  /// Nothing, unless the row is a model call whose tokens and price are known: those of the prompt, and those of the
  /// completion if it can have one. Tokens that were read from a cache cost cached_input, all others of the prompt
  /// input. A prompt of less tokens than those of its cache is without them, whatever the vocabulary says.
  void Fill(AgentRow& row);

 private:
  const ModelPrice* PriceOf(std::string_view model);

  std::vector<ModelPrice> prices_;
  std::unordered_map<std::string, const ModelPrice*> price_of_;  // of models that were looked up
};

/// Fills rows. One per table writer.
class AgentRowReader {
 public:
  AgentRowReader(const RowOptions& options, RowCounts& counts)
      : candidates_(options),
        plans_(candidates_, options.drop_content),
        attributes_(plans_, options.drop_content, counts.replaced_bytes),
        drop_content_(options.drop_content),
        counts_(counts) {}

  /// A row of the reader's record: of attributes of its own, the texts of what it is in (null: there is none but the
  /// resource), and a body (or null).
  void Read(const RequestReader& reader, const Attributes& own, const Texts* outer, const Value* body, AgentRow& row);
  void ReadTexts(const Attributes& attributes, Texts& texts);

 private:
  void StartResource(const RequestReader& reader);
  static void FillTexts(const KeyPlan& plan, const Attributes& attributes, Texts& texts);
  void FillNumbers(const KeyPlan& plan, const Attributes& attributes, AgentRow& row);
  /// Whether the number was read.
  bool FillNumber(const Candidate& candidate, Field field, const Value& value, AgentRow& row);

  const CandidateIndex candidates_;
  KeyPlans plans_;
  AttributeWriter attributes_;
  bool drop_content_;
  RowCounts& counts_;
  MemberReader members_;
  std::vector<std::uint32_t> unread_;  // the row's attributes that were to be numbers and are none
  std::uint64_t resource_serial_ = 0;
  Texts resource_texts_{};
};

/// spans_raw: a row for each span.
class RowOfSpan {
 public:
  RowOfSpan(const RowOptions& options, RowCounts& counts) : fields_(options, counts), prices_(options.prices) {}
  static bool Has(const RequestReader& /*reader*/) { return true; }
  template <class Write>
  std::size_t ForEach(const RequestReader& reader, Write write) {
    AgentRow row{.reader = &reader};
    fields_.Read(reader, reader.span().attributes, nullptr, nullptr, row);
    prices_.Fill(row);
    write(row);
    return 1;
  }

 private:
  AgentRowReader fields_;
  ModelPrices prices_;
};

/// The type of event that a log record is; empty: it is a plain log.
std::string_view EventType(const LogRecord& log);

/// The body of a log record that is an event, or null if there is nothing in it but the event's name.
const Value* BodyOf(const LogRecord& log, std::string_view event_type);

/// events_raw: a row for each event of a span and for each log record that is an event.
class RowsOfEvents {
 public:
  RowsOfEvents(const RowOptions& options, RowCounts& counts) : fields_(options, counts) {}
  static bool Has(const RequestReader& reader) {
    return reader.kind() == RecordKind::kSpan ? !reader.span().events.empty() : !EventType(reader.log()).empty();
  }
  template <class Write>
  std::size_t ForEach(const RequestReader& reader, Write write) {
    if (reader.kind() == RecordKind::kLog) {
      const LogRecord& log = reader.log();
      AgentRow row{.reader = &reader, .event_type = EventType(log)};
      if (row.event_type.empty()) return 0;
      fields_.Read(reader, log.attributes, nullptr, BodyOf(log, row.event_type), row);
      write(row);
      return 1;
    }
    const Span& span = reader.span();
    Texts texts{};
    if (!span.events.empty()) fields_.ReadTexts(span.attributes, texts);
    for (const SpanEvent& event : span.events) {
      AgentRow row{.reader = &reader, .event = &event, .event_type = event.name};
      fields_.Read(reader, event.attributes, &texts, nullptr, row);
      write(row);
    }
    return span.events.size();
  }

 private:
  AgentRowReader fields_;
};

}  // namespace gf_otlp::agents

#endif  // GF_OTLP_ROWS_AGENT_ROWS_H_
