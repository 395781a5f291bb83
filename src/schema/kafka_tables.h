#ifndef GF_OTLP_SCHEMA_KAFKA_TABLES_H_
#define GF_OTLP_SCHEMA_KAFKA_TABLES_H_

#include <string>
#include <string_view>

#include "schema/table.h"

/// Tables of the Kafka engine, and what leads their rows on.
namespace gf_otlp::schema {

inline constexpr std::string_view kKafkaErrorsTable = "otel_kafka_errors";
inline constexpr std::string_view kKafkaErrorsTime = "Time";

/// What a table of the Kafka engine reads.
struct KafkaSource {
  std::string brokers, topics, group;
  bool nested_objects = false;  // rows have Nested columns as one object of arrays
};

/// A table "NAME_kafka" with the columns that rows for `target` have: the engine has no defaults and no codecs.
Table KafkaTable(const Table& target, const KafkaSource& source);
/// Texts in JSON columns that look like times stay the texts that they are.
void KeepTimesAsText(Table& kafka);
/// The view "NAME_mv" that fills `target` from it, defaults computed.
View KafkaView(const Table& target, const Table& kafka);
/// The view that moves messages which are no rows of `kafka` into `errors`.
View KafkaErrorsView(const Table& kafka, const Table& errors);
/// The table for them, without a name and an engine; its rows grow old by kKafkaErrorsTime.
Table KafkaErrorsTable();

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_KAFKA_TABLES_H_
