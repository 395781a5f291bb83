#ifndef GF_OTLP_SCHEMA_AGENT_OTLP_H_
#define GF_OTLP_SCHEMA_AGENT_OTLP_H_

#include <string>
#include <string_view>

#include "schema/table.h"

/// The way into the tables of shape agents for requests that collectors write to Kafka themselves, as OTLP-JSON: the
/// server maps them.
namespace gf_otlp::schema {

/// What the messages of a signal are led through: a table of this name with "_kafka" behind it reads the topics, its
/// view "NAME_mv" gives each message to table NAME, which keeps nothing and has views of its own.
inline constexpr std::string_view kOtlpSpans = "otlp_spans", kOtlpLogs = "otlp_logs";

struct OtlpJsonSource {
  std::string database, cluster;
  std::string brokers;
  std::string group;                                                 // of consumers; empty: one for each Kafka table
  std::string span_topics = "otel-spans", log_topics = "otel-logs";  // divided by commas
  std::string spans, events;  // names of spans_raw and events_raw; empty: not wanted
  std::string errors;         // of the table for messages that are no requests
};

/// Adds tables and views. The views are in an order that loses nothing, wherever reading begins: those that read from
/// Kafka are the last. Adds nothing where neither spans nor events are wanted.
void AddOtlpJson(const OtlpJsonSource& source, Schema& schema);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_AGENT_OTLP_H_
