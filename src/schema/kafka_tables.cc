#include "schema/kafka_tables.h"

#include <fmt/format.h>

#include "schema/ddl_writer.h"
#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

/// A column of the errors' table, and the virtual column of the Kafka engine that it holds.
struct ErrorColumn {
  std::string_view name, type, source, comment;
};
constexpr ErrorColumn kErrorColumns[] = {{kKafkaErrorsTime, "DateTime", "now()", "when the message was read"},
                                         {"Topic", "LowCardinality(String)", "_topic", "topic of the message"},
                                         {"Partition", "UInt64", "_partition", "partition of the message"},
                                         {"Offset", "UInt64", "_offset", "offset of the message in its partition"},
                                         {"Message", "String", "_raw_message", "the message as it came"},
                                         {"Error", "String", "_error", "why it is no row"}};

View ViewInto(const Table& target, std::string name, std::string_view columns, const Table& kafka,
              std::string_view condition) {
  View view;
  view.database = kafka.database;
  view.name = std::move(name);
  view.cluster = kafka.cluster;
  view.target = QualifiedName(target.database, target.name);
  view.query = NormalSql(
      fmt::format("SELECT {} FROM {} WHERE {}", columns, QualifiedName(kafka.database, kafka.name), condition));
  return view;
}

void AddItem(std::string_view item, std::string& list) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace

Table KafkaTable(const Table& target, const KafkaSource& source) {
  Table table;
  table.database = target.database;
  table.name = target.name + "_kafka";
  table.cluster = target.cluster;
  table.engine = "Kafka";
  for (const Column& column : target.columns) {
    if (column.default_kind == DefaultKind::kNone) table.columns.push_back({.name = column.name, .type = column.type});
  }
  table.settings = {{"kafka_broker_list", QuotedText(source.brokers)}, {"kafka_topic_list", QuotedText(source.topics)},
                    {"kafka_group_name", QuotedText(source.group)},    {"kafka_format", "'JSONEachRow'"},
                    {"kafka_handle_error_mode", "'stream'"},           {"date_time_input_format", "'best_effort'"}};
  if (source.nested_objects) table.settings.emplace_back("input_format_import_nested_json", "1");
  return table;
}

void KeepTimesAsText(Table& kafka) {
  kafka.settings.emplace_back("input_format_try_infer_dates", "0");
  kafka.settings.emplace_back("input_format_try_infer_datetimes", "0");
}

View KafkaView(const Table& target, const Table& kafka) {
  std::string columns;
  for (const Column& column : target.columns) {
    const std::string name = QuotedName(column.name);
    if (column.default_kind == DefaultKind::kNone) {
      AddItem(name, columns);
    } else if (column.default_kind == DefaultKind::kDefault) {
      AddItem(fmt::format("{} AS {}", column.default_expression, name), columns);
    }
  }
  return ViewInto(target, target.name + "_mv", columns, kafka, "length(_error) = 0");
}

View KafkaErrorsView(const Table& kafka, const Table& errors) {
  std::string columns;
  for (const ErrorColumn& column : kErrorColumns) AddItem(fmt::format("{} AS {}", column.source, column.name), columns);
  return ViewInto(errors, kafka.name + "_errors_mv", columns, kafka, "length(_error) > 0");
}

Table KafkaErrorsTable() {
  Table table;
  for (const ErrorColumn& column : kErrorColumns) {
    table.columns.push_back({.name = std::string(column.name),
                             .type = *ParseType(column.type),
                             .codec = "ZSTD(1)",
                             .comment = std::string(column.comment)});
  }
  table.partition_by = "toDate(Time)";
  table.order_by = "(Topic, Time)";
  return table;
}

}  // namespace gf_otlp::schema
