#include "schema/agent_otlp.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "otlp/agent_vocabulary.h"
#include "otlp/field_tables.h"
#include "otlp/json_names.h"
#include "schema/agent_sql.h"
#include "schema/ddl_writer.h"
#include "schema/kafka_tables.h"
#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

using agents::Field;

/// Columns of spans and of events that are filled from attributes.
constexpr Field kSpanTexts[] = {Field::kTenantId,   Field::kEnv,       Field::kOperation, Field::kModel,
                                Field::kProvider,   Field::kAgentName, Field::kToolName,  Field::kSessionId,
                                Field::kWorkflowId, Field::kUserId};
constexpr Field kEventTexts[] = {Field::kTenantId, Field::kEnv,       Field::kModel,
                                 Field::kToolName, Field::kSessionId, Field::kUserId};
constexpr Field kSpanCounts[] = {Field::kTokensPrompt, Field::kTokensCompletion, Field::kTokensCacheRead,
                                 Field::kTokensCacheWrite, Field::kTokensReasoning};
constexpr Field kEventCounts[] = {Field::kTokensPrompt, Field::kTokensCompletion};

std::string_view ColumnOf(Field field) { return agents::kFieldColumns[static_cast<std::size_t>(field)]; }

/// The columns of a SELECT.
class Columns {
 public:
  Columns& Add(std::string_view sql, std::string_view name) {
    list_.push_back(fmt::format("{} AS {}", sql, name));
    return *this;
  }
  Columns& Add(std::string_view name) {
    list_.emplace_back(name);
    return *this;
  }
  std::string From(std::string_view source) const {
    return fmt::format("SELECT {} FROM {}", fmt::join(list_, ", "), source);
  }

 private:
  std::vector<std::string> list_;
};

/// A SELECT of all that `source` has and columns made of it. What a column is made of stands in a SELECT of its own:
/// the server's analysis of a query puts an expression wherever its alias is named, again and again.
std::string With(const Columns& columns, std::string_view source) {
  return fmt::format("(SELECT *, {})", columns.From(source).substr(std::string_view("SELECT ").size()));
}

/// Beside what `source` has what rows are made of, under names that begin with `prefix`: the names of attributes, each
/// once (the first counts), their texts, what fields find among them, and members of a JSON object (empty ones of no
/// value).
std::string WithAttributes(std::string_view keys, std::string_view values, std::string_view prefix,
                           std::string_view source) {
  const auto first_of = [&](std::string_view list) {
    return fmt::format("arrayFilter((x, n) -> n = 1, {}, arrayEnumerateUniq({}))", list, keys);
  };
  const auto named = [&](std::string_view what) { return fmt::format("{}_{}", prefix, what); };
  const std::string unique =
      With(Columns().Add(first_of(keys), named("keys")).Add(first_of(values), named("values")), source);
  const std::string texts = With(Columns().Add(ValueTextsSql(named("values")), named("texts")), unique);
  return With(Columns()
                  .Add(FoundTextsSql(named("keys"), named("texts")), named("found"))
                  .Add(fmt::format("arrayMap((n, j) -> if(j = '', '', concat(toJSONString(n), ':', j)), {}, {})",
                                   named("keys"), ValueJsonsSql(named("values"), named("texts"))),
                       named("members")),
              texts);
}
std::string WithAttributes(std::string_view attributes, std::string_view prefix, std::string_view source) {
  return WithAttributes(fmt::format("{}.key", attributes), fmt::format("{}.value", attributes), prefix, source);
}

/// Of the resource what the record has not itself.
std::string WithResource(std::string_view what) {
  return fmt::format("arrayConcat(own_{0}, arrayFilter((x, n) -> NOT has(own_keys, n), resource_{0}, resource_keys))",
                     what);
}
std::string AllTexts() {
  return fmt::format("mapSort(mapFromArrays({}, {}))", WithResource("keys"), WithResource("texts"));
}
std::string SortedMembers(std::string_view owner) {
  return fmt::format("arraySort((x, n) -> n, {0}_members, {0}_keys)", owner);
}
std::string JsonOf(std::string_view members) {
  return fmt::format("concat('{{', arrayStringConcat(arrayFilter(x -> x != '', {}), ','), '}}')", members);
}
/// Sorted, the record's own before those of the resource: of a path that is there twice the first counts.
std::string AllJson() {
  return JsonOf(
      fmt::format("arrayConcat({}, arrayFilter((x, n) -> NOT has(own_keys, n), {}, arraySort(resource_keys)))",
                  SortedMembers("own"), SortedMembers("resource")));
}

/// How the messages of a signal are taken apart.
struct Lists {
  std::string_view table;                       // that gives them
  std::string_view resources, scopes, records;  // the names of lists in requests
};
constexpr Lists kSpans{kOtlpSpans, "resourceSpans", "scopeSpans", "spans"};
constexpr Lists kLogs{kOtlpLogs, "resourceLogs", "scopeLogs", "logRecords"};

/// A SELECT, as a source of others, of all records as `record`, a tuple of `members`, beside what their resources have
/// for the texts `fields`. A message is read but once, into one value, and the resource's attributes are mapped before
/// they stand beside each record.
std::string Records(const Lists& lists, std::string_view source, std::string_view members,
                    std::span<const Field> fields) {
  const std::string type =
      fmt::format("Array(Tuple(resource Tuple(attributes {}), {} Array(Tuple({} Array(Tuple({}))))))",
                  OtlpAttributesType(), lists.scopes, lists.records, members);
  const std::string parts =
      fmt::format("{} ARRAY JOIN JSONExtract(request, '{}', '{}') AS part", source, lists.resources, type);
  const std::string mapped =
      WithAttributes("attributes", "resource",
                     "(" +
                         Columns()
                             .Add("part.resource.attributes", "attributes")
                             .Add(fmt::format("arrayFlatten(part.{}.{})", lists.scopes, lists.records), "records")
                             .From(parts) +
                         ")");
  Columns found;
  found.Add("resource_texts[indexOf(resource_keys, 'service.name')]", "resource_service_name");
  found.Add(FirstTextsSql(fields, "resource_found"), "resource_fields");
  return fmt::format("{} ARRAY JOIN records AS record", With(found, mapped));
}

/// A text as a regular expression has it: of the beginnings of names only '.' has a meaning there.
std::string RegexText(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '.' ? "[.]" : std::string(1, c);
  return escaped;
}

/// Beside what `source` has, which is WithAttributes() of "own", the fields of the record. `outer`: texts that count
/// where it has none.
std::string WithFields(std::span<const Field> texts, std::span<const Field> counts, std::string_view outer,
                       std::string_view source) {
  return With(Columns()
                  .Add(FirstTextsSql(texts, "own_found", outer), "own_fields")
                  .Add(FirstCountsSql(counts, "own_found"), "own_counts"),
              source);
}

/// The columns that attributes fill. An operation is named after its span where nothing says it.
void AddFields(std::span<const Field> texts, std::span<const Field> counts, Columns& columns) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string text = fmt::format("own_fields[{}]", i + 1);
    columns.Add(texts[i] == Field::kOperation ? fmt::format("if({0} = '', record.name, {0})", text) : text,
                ColumnOf(texts[i]));
  }
  for (std::size_t i = 0; i < counts.size(); ++i) {
    columns.Add(fmt::format("own_counts[{}]", i + 1), ColumnOf(counts[i]));
  }
  columns.Add(FirstCostSql("own_found"), ColumnOf(Field::kCostUsd));
}

/// A field of an enumeration in a span, by the names of the fields that lead to it.
std::string SpanEnum(std::initializer_list<std::string_view> names, std::string_view prefix) {
  const MessageTable* message = RequestTable(Signal::kTraces).fields[0].message;
  const FieldTable* field = nullptr;
  bool deprecated = false;
  std::string path = "record";
  for (const std::string_view name : {"scopeSpans", "spans"}) {
    message = FindField(*message, name, deprecated)->message;
  }
  for (const std::string_view name : names) {
    field = FindField(*message, name, deprecated);
    message = field->message;
    path += fmt::format(".{}", name);
  }
  return EnumNameSql(path, field->enum_values, prefix);
}

std::string SpansQuery(std::string_view source) {
  const std::string members = fmt::format(
      "traceId String, spanId String, parentSpanId String, name String, kind String, startTimeUnixNano UInt64, "
      "endTimeUnixNano UInt64, status Tuple(code String, message String), attributes {}",
      OtlpAttributesType());
  Columns columns;
  columns.Add(IdSql("record.traceId"), "trace_id");
  columns.Add(IdSql("record.spanId"), "span_id");
  columns.Add(IdSql("record.parentSpanId"), "parent_span_id");
  columns.Add("resource_service_name", "service_name");
  columns.Add("record.name", "span_name");
  columns.Add(SpanEnum({"kind"}, "SPAN_KIND_"), "kind");
  columns.Add(SpanEnum({"status", "code"}, "STATUS_CODE_"), "status_code");
  columns.Add("record.status.message", "status_message");
  columns.Add(TimeSql("record.startTimeUnixNano"), "start_ts");
  columns.Add(TimeSql("record.endTimeUnixNano"), "end_ts");
  columns.Add(
      "if((record.startTimeUnixNano = 0) OR (record.endTimeUnixNano = 0), 0, toInt64(record.endTimeUnixNano - "
      "record.startTimeUnixNano) / 1000000.)",
      "duration_ms");
  AddFields(kSpanTexts, kSpanCounts, columns);
  columns.Add("if(isNull(cost_usd), '', 'attribute')", "cost_source");
  columns.Add(AllTexts(), "attributes");
  columns.Add(AllJson(), "attributes_json");
  const std::string records = With(Columns().Add("record"), Records(kSpans, source, members, kSpanTexts));
  return columns.From(
      WithFields(kSpanTexts, kSpanCounts, "resource_fields", WithAttributes("record.attributes", "own", records)));
}

std::string SpanEventsQuery(std::string_view source) {
  const std::string members = fmt::format(
      "traceId String, spanId String, startTimeUnixNano UInt64, attributes {0}, "
      "events Array(Tuple(timeUnixNano UInt64, name String, attributes {0}))",
      OtlpAttributesType());
  Columns columns;
  columns.Add(TimeSql("if(event.timeUnixNano = 0, span_start, event.timeUnixNano)"), "event_ts");
  columns.Add("event.name", "event_type");
  columns.Add(IdSql("trace"), "trace_id");
  columns.Add(IdSql("span"), "span_id");
  columns.Add("resource_service_name", "service_name");
  AddFields(kEventTexts, kEventCounts, columns);
  columns.Add(JsonOf(SortedMembers("own")), "payload_json");
  const std::string spans =
      fmt::format("{} WHERE notEmpty(record.events)", Records(kSpans, source, members, kEventTexts));
  const std::string texts = With(Columns()
                                     .Add("record")
                                     .Add("record.attributes.key", "span_keys")
                                     .Add(ValueTextsSql("record.attributes.value"), "span_texts"),
                                 spans);
  const std::string mapped = With(Columns().Add(FoundTextsSql("span_keys", "span_texts"), "span_found"), texts);
  Columns found;
  found.Add("record.traceId", "trace").Add("record.spanId", "span");
  found.Add("record.startTimeUnixNano", "span_start").Add("record.events", "events");
  found.Add(FirstTextsSql(kEventTexts, "span_found", "resource_fields"), "span_fields");
  const std::string events =
      With(Columns().Add("event"), fmt::format("{} ARRAY JOIN events AS event", With(found, mapped)));
  return columns.From(
      WithFields(kEventTexts, kEventCounts, "span_fields", WithAttributes("event.attributes", "own", events)));
}

/// The first text that is not empty of: the event's name, the body if it is a name, attributes with the name, and what
/// the name of an attribute begins with.
std::string LogEventTypeSql() {
  std::vector<std::string> names = {"record.eventName"}, prefixes;
  for (const std::string_view prefix : agents::kEventPrefixes) prefixes.push_back(RegexText(prefix));
  names.push_back(fmt::format("if(match(body_text, {}), body_text, '')",
                              QuotedText(fmt::format("^(?:{})[A-Za-z0-9_.-]*$", fmt::join(prefixes, "|")))));
  for (const std::string_view name : agents::kEventNameAttributes) {
    names.push_back(fmt::format("ifNull(strings[indexOf(keys, {})], '')", QuotedText(name)));
  }
  for (const std::string_view prefix : agents::kEventPrefixes) {
    names.push_back(fmt::format("if(arrayExists(x -> startsWith(x, {}), keys), {}, '')", QuotedText(prefix),
                                QuotedText(prefix.substr(0, prefix.size() - 1))));
  }
  return fmt::format("arrayFirst(x -> x != '', [{}])", fmt::join(names, ", "));
}

std::string LogsQuery(std::string_view source) {
  const std::string members = fmt::format(
      "timeUnixNano UInt64, observedTimeUnixNano UInt64, eventName String, traceId String, spanId String, body {}, "
      "attributes {}",
      OtlpValueType(), OtlpAttributesType());
  Columns columns;
  columns.Add(TimeSql("if(record.timeUnixNano = 0, record.observedTimeUnixNano, record.timeUnixNano)"), "event_ts");
  columns.Add("type", "event_type");
  columns.Add(IdSql("record.traceId"), "trace_id");
  columns.Add(IdSql("record.spanId"), "span_id");
  columns.Add("resource_service_name", "service_name");
  AddFields(kEventTexts, kEventCounts, columns);
  columns.Add(AllJson(), "payload_json");
  const std::string records = With(Columns()
                                       .Add("record")
                                       .Add("ifNull(record.body.stringValue, '')", "body_text")
                                       .Add("record.attributes.key", "keys")
                                       .Add("record.attributes.value", "values")
                                       .Add("record.attributes.value.stringValue", "strings"),
                                   Records(kLogs, source, members, kEventTexts));
  const std::string typed = fmt::format("{} WHERE type != ''", With(Columns().Add(LogEventTypeSql(), "type"), records));
  const std::string with_body =
      With(Columns().Add("body_text != type AND concat(body_text, record.body.boolValue, record.body.intValue, "
                         "record.body.doubleValue, record.body.bytesValue, record.body.arrayValue, "
                         "record.body.kvlistValue) != ''",
                         "has_body"),
           typed);
  // Before an attribute of this name.
  const std::string mapped = WithAttributes("arrayConcat(if(has_body, ['body'], []), keys)",
                                            "arrayConcat(if(has_body, [record.body], []), values)", "own", with_body);
  return columns.From(WithFields(kEventTexts, kEventCounts, "resource_fields", mapped));
}

/// Tables and views of one signal. `views`: what the mapping views are called behind the table's name, where they lead
/// to, and what they select.
class SignalMaker {
 public:
  SignalMaker(const OtlpJsonSource& source, const Lists& lists, Schema& schema)
      : source_(source), lists_(lists), schema_(schema), from_(QualifiedName(source.database, lists.table)) {}

  const std::string& from() const { return from_; }

  void AddTables(std::string_view topics) {
    Table kafka = NewTable(std::string(lists_.table) + "_kafka", "Kafka");
    AddColumn("raw", "String", "", kafka);
    const std::string group = source_.group.empty() ? fmt::format("gf-otlp-{}", lists_.table) : source_.group;
    // A block is mapped at once: messages are up to some MB, of which the mapping takes several times as much.
    kafka.settings = {{"kafka_broker_list", QuotedText(source_.brokers)},
                      {"kafka_topic_list", QuotedText(topics)},
                      {"kafka_group_name", QuotedText(group)},
                      {"kafka_format", "'JSONAsString'"},
                      {"kafka_handle_error_mode", "'stream'"},
                      {"kafka_max_block_size", "256"},
                      {"type_json_skip_duplicated_paths", "1"}};
    KeepTimesAsText(kafka);
    Table table = NewTable(std::string(lists_.table), "Null");
    for (const Read& column : kReads) AddColumn(column.name, column.type, column.comment, table);
    schema_.tables.push_back(std::move(kafka));
    schema_.tables.push_back(std::move(table));
  }

  /// Nothing if the target is empty.
  void AddView(std::string_view suffix, std::string_view target, std::string_view query) {
    if (target.empty()) return;
    schema_.views.push_back({.database = source_.database,
                             .name = std::string(lists_.table) + std::string(suffix),
                             .cluster = source_.cluster,
                             .target = QualifiedName(source_.database, target),
                             .query = NormalSql(query)});
  }

  void AddErrorsView() {
    AddView("_errors_mv", source_.errors,
            fmt::format("SELECT now() AS Time, topic AS Topic, partition AS Partition, message_offset AS Offset, "
                        "if(error = '', request, message) AS Message, "
                        "if(error = '', 'JSON without an array {0}', error) AS Error FROM {1} "
                        "WHERE (error != '') OR (JSONType(request, '{0}') != 'Array')",
                        lists_.resources, from_));
  }

  /// Reading begins with this view.
  void AddReadingView() {
    Columns columns;
    for (const Read& column : kReads) columns.Add(column.source, column.name);
    AddView("_mv", lists_.table, columns.From(QualifiedName(source_.database, std::string(lists_.table) + "_kafka")));
  }

 private:
  /// A column of the table behind the Kafka table, and what it is of that one.
  struct Read {
    std::string_view name, type, source, comment;
  };
  static constexpr Read kReads[] = {{"request", "String", "raw", "a request as OTLP-JSON"},
                                    {"topic", "LowCardinality(String)", "_topic", "topic of the message"},
                                    {"partition", "UInt64", "_partition", "partition of the message"},
                                    {"message_offset", "UInt64", "_offset", "offset of the message in its partition"},
                                    {"message", "String", "_raw_message", "the message, if it is no JSON"},
                                    {"error", "String", "_error", "why it is none"}};

  Table NewTable(std::string name, std::string_view engine) const {
    Table table;
    table.database = source_.database;
    table.name = std::move(name);
    table.cluster = source_.cluster;
    table.engine = engine;
    return table;
  }

  static void AddColumn(std::string_view name, std::string_view type, std::string_view comment, Table& table) {
    table.columns.push_back({.name = std::string(name), .type = *ParseType(type), .comment = std::string(comment)});
  }

  const OtlpJsonSource& source_;
  const Lists& lists_;
  Schema& schema_;
  std::string from_;
};

}  // namespace

void AddOtlpJson(const OtlpJsonSource& source, Schema& schema) {
  if (source.spans.empty() && source.events.empty()) return;
  SignalMaker spans(source, kSpans, schema), logs(source, kLogs, schema);
  spans.AddTables(source.span_topics);
  spans.AddView("_rows_mv", source.spans, SpansQuery(spans.from()));
  spans.AddView("_events_mv", source.events, SpanEventsQuery(spans.from()));
  spans.AddErrorsView();
  if (!source.events.empty()) {
    logs.AddTables(source.log_topics);
    logs.AddView("_rows_mv", source.events, LogsQuery(logs.from()));
    logs.AddErrorsView();
    logs.AddReadingView();
  }
  spans.AddReadingView();
}

}  // namespace gf_otlp::schema
