#ifndef GF_OTLP_ROWS_AGENT_ROWS_H_
#define GF_OTLP_ROWS_AGENT_ROWS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gf_otlp/records.h"
#include "gf_otlp/rows.h"
#include "otlp/agent_vocabulary.h"

/// The rows of the tables of shape agents, before they are written: what columns find in records.
namespace gf_otlp::agents {

/// What the attributes of a record (and of what it is in) say, whatever the vocabulary. Views of the reader's record.
struct AgentRow {
  const RequestReader* reader;
  const SpanEvent* event = nullptr;               // of the span that the row is of, if it is one
  const Attributes* own = nullptr;                // the record's or event's attributes
  std::string_view event_type;                    // of rows of events
  std::array<const Value*, kTextFields> texts{};  // null: there is none
  std::array<std::optional<std::uint64_t>, kNumberFields - 1> tokens{};
  std::optional<double> cost_usd;
  std::string_view cost_source;  // "attribute", "price table" or empty

  const Value* text(Field field) const { return texts[static_cast<std::size_t>(field)]; }
  std::optional<std::uint64_t> count(Field field) const {
    return tokens[static_cast<std::size_t>(field) - kTextFields];
  }
};

/// From start to end; 0 for a span without an end.
inline double DurationMs(const Span& span) {
  if (span.end_time == 0) return 0;
  return static_cast<double>(static_cast<std::int64_t>(span.end_time - span.start_time)) / 1e6;
}
/// Of a log record the time it was observed, if it has no other.
inline std::uint64_t EventTime(const AgentRow& row) {
  if (row.event != nullptr) return row.event->time;
  const LogRecord& log = row.reader->log();
  return log.time != 0 ? log.time : log.observed_time;
}
inline std::string_view TraceIdOf(const AgentRow& row) {
  return row.event != nullptr ? row.reader->span().trace_id : row.reader->log().trace_id;
}
inline std::string_view SpanIdOf(const AgentRow& row) {
  return row.event != nullptr ? row.reader->span().span_id : row.reader->log().span_id;
}

/// Fills rows. One per table writer.
class AgentRowReader {
 public:
  AgentRowReader(const RowOptions& options, RowCounts& counts) : options_(options), counts_(counts) {}

  /// A row of the reader's record: of its own attributes, then those of `outer` (a span's, for its events; may be
  /// null), then the resource's.
  void Read(const RequestReader& reader, const Attributes& own, const Attributes* outer, AgentRow& row);

 private:
  const RowOptions options_;
  RowCounts& counts_;
};

/// spans_raw: a row for each span.
class RowOfSpan {
 public:
  RowOfSpan(const RowOptions& options, RowCounts& counts) : fields_(options, counts) {}
  static bool Has(const RequestReader& /*reader*/) { return true; }
  template <class Write>
  std::size_t ForEach(const RequestReader& reader, Write write) {
    AgentRow row{.reader = &reader};
    fields_.Read(reader, reader.span().attributes, nullptr, row);
    write(row);
    return 1;
  }

 private:
  AgentRowReader fields_;
};

/// The type of event that a log record is; empty: it is a plain log.
std::string_view EventType(const LogRecord& log);

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
      AgentRow row{.reader = &reader, .event_type = EventType(reader.log())};
      if (row.event_type.empty()) return 0;
      fields_.Read(reader, reader.log().attributes, nullptr, row);
      write(row);
      return 1;
    }
    const Span& span = reader.span();
    for (const SpanEvent& event : span.events) {
      AgentRow row{.reader = &reader, .event = &event, .event_type = event.name};
      fields_.Read(reader, event.attributes, &span.attributes, row);
      write(row);
    }
    return span.events.size();
  }

 private:
  AgentRowReader fields_;
};

}  // namespace gf_otlp::agents

#endif  // GF_OTLP_ROWS_AGENT_ROWS_H_
