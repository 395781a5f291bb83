#include "schema/shape_schema.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "schema/agent_otlp.h"
#include "schema/ddl_writer.h"
#include "schema/kafka_tables.h"
#include "schema/sql_lexer.h"
#include "schema/sql_text.h"
#include "schema/storage.h"
#include "schema/storage_form.h"

namespace gf_otlp::schema {
namespace {

constexpr std::string_view kNull = "Null", kMergeTree = "MergeTree", kDefaultGroup = "gf-otlp";
constexpr std::string_view kNoTtl = "none";
constexpr std::string_view kRollups[] = {kSpansMinute, kCostMinute};

constexpr std::string_view kFamily[] = {kMergeTree,
                                        "ReplacingMergeTree",
                                        "SummingMergeTree",
                                        "AggregatingMergeTree",
                                        "CollapsingMergeTree",
                                        "VersionedCollapsingMergeTree",
                                        "CoalescingMergeTree",
                                        "GraphiteMergeTree"};
/// What the server does not make tables of without arguments.
constexpr std::string_view kNeedArguments[] = {"CollapsingMergeTree", "VersionedCollapsingMergeTree",
                                               "GraphiteMergeTree"};

/// "MergeTree" and its family, with parameters or without, and "Null": as NormalSql() has them.
Result<std::string> EngineOf(const std::string& text) {
  if (text.empty()) return std::string(kMergeTree);
  const auto wrong = [&] {
    return std::unexpected(UsageError(
        fmt::format("engine '{}': must be MergeTree or one of its family, such as "
                    "ReplicatedMergeTree('/path/{{table}}/{{shard}}', '{{replica}}') or SharedMergeTree, or Null",
                    text)));
  };
  const std::vector<SqlToken> tokens = ReadSqlTokens(text);
  TokenCursor in(tokens);
  const SqlToken& name = in.Take();
  if (name.kind != SqlToken::Kind::kName) return wrong();
  if (name.text == kNull && in.AtEnd()) return std::string(kNull);
  if (std::ranges::find(kFamily, EngineFamily(name.text)) == std::end(kFamily)) return wrong();
  if (!in.AtEnd()) {
    int depth = 0;
    do {
      const SqlToken& token = in.Take();
      if (token.kind == SqlToken::Kind::kBad || token.kind == SqlToken::Kind::kEnd || token.Is(";")) return wrong();
      depth += token.Is("(") ? 1 : token.Is(")") ? -1 : 0;
    } while (depth > 0);
    if (!in.AtEnd() || !tokens[1].Is("(")) return wrong();
  }
  std::string engine = NormalSql(text);
  if (std::ranges::find(kNeedArguments, EngineForm(engine)) != std::end(kNeedArguments)) {
    return std::unexpected(UsageError(fmt::format("engine '{}': needs arguments", text)));
  }
  return engine;
}

/// "Events.Name" of its own for each member of a Nested type: rows may have it as one object, tables store its arrays.
void AddColumn(const ColumnInfo& info, Table& table) {
  Column column{.name = std::string(info.name), .type = *ParseType(info.type), .comment = std::string(info.comment)};
  column.codec = CodecForm(info.codec, column.type);
  if (column.type.kind != Type::Kind::kNested) {
    table.columns.push_back(std::move(column));
    return;
  }
  std::ranges::move(ArraysOf(column), std::back_inserter(table.columns));
}

bool HasNestedObjects(const TableInfo& info) {
  return std::ranges::any_of(info.columns, [](const ColumnInfo& column) { return column.type.starts_with("Nested"); });
}

/// Makes one table after the other, and knows what they are called.
class SchemaMaker {
 public:
  static Result<SchemaMaker> Make(const ShapeSchemaOptions& options) {
    SchemaMaker maker(options);
    Result<RowMapper> mapper = RowMapper::Make(options.rows);
    if (!mapper) return std::unexpected(std::move(mapper.error()));
    maker.infos_ = mapper->tables();
    Result<std::string> engine = EngineOf(options.engine);
    if (!engine) return std::unexpected(std::move(engine.error()));
    maker.engine_ = std::move(*engine);
    Result<std::vector<TtlTier>> tiers = TiersOf(options);
    if (!tiers) return std::unexpected(std::move(tiers.error()));
    maker.ttl_ = std::move(*tiers);
    if (maker.IsAgents() && options.server < kHasJsonType) {
      return std::unexpected(
          UsageError(fmt::format("shape {}: ClickHouse {}.{} has no columns of type JSON: it needs {}.{} or newer",
                                 ShapeName(options.rows.shape), options.server.year, options.server.month,
                                 kHasJsonType.year, kHasJsonType.month)));
    }
    // Agents call one operation several times in a millisecond: rows with the same sorting key are not the same.
    if (maker.IsAgents() && maker.engine_ != kNull && EngineFamily(maker.engine_) != kMergeTree) {
      return std::unexpected(UsageError(fmt::format(
          "engine '{}': merges rows that shape agents keeps apart; it may be MergeTree, replicated or shared "
          "or not, or Null",
          options.engine)));
    }
    GF_UNEXPECTED_IF_ERROR(maker.CheckNames());
    return maker;
  }

  Result<Schema> All() const {
    Schema schema;
    for (const TableInfo& info : infos_) {
      if (Wants(info.name)) schema.tables.push_back(RowTable(info));
      if (info.name == Spans() && Wants(TraceTimes())) AddTraceTimes(schema);
    }
    GF_UNEXPECTED_IF_ERROR(CheckEngine(schema.tables));
    for (const Rollup& rollup : Rollups()) {
      for (const RollupView& view : rollup.views) schema.views.push_back(RollupViewInto(rollup.table, view));
      schema.tables.push_back(rollup.table);
    }
    if (!options_.kafka_brokers.empty()) AddKafka(schema);
    return schema;
  }

  Result<std::vector<Table>> OnlyRowTables() const {
    std::vector<Table> tables;
    for (const TableInfo& info : infos_) {
      if (Wants(info.name)) tables.push_back(RowTable(info));
    }
    GF_UNEXPECTED_IF_ERROR(CheckEngine(tables));
    return tables;
  }

  /// With their views where the tables that these read are wanted, too.
  std::vector<Rollup> Rollups() const {
    std::vector<Rollup> rollups;
    if (!IsAgents()) return rollups;
    const auto source = [&](const std::string& name) {
      return Wants(name) ? QualifiedName(options_.database, NameOf(name)) : "";
    };
    const std::string spans = source(Spans()), events = source(Events());
    if (Wants(kSpansMinute)) rollups.push_back(SpansMinute(spans));
    if (Wants(kCostMinute)) rollups.push_back(CostMinute(spans, events));
    for (Rollup& rollup : rollups) {
      std::string name = NameOf(rollup.table.name);
      std::string engine = BesideRows(rollup.table.engine, name);
      Finish(std::move(name), engine, "", rollup.table);
    }
    return rollups;
  }

 private:
  explicit SchemaMaker(const ShapeSchemaOptions& options) : options_(options) {}

  bool IsAgents() const { return options_.rows.shape == Shape::kAgents; }
  /// The table of spans, which comes first in every shape.
  const std::string& Spans() const { return infos_.front().name; }
  /// REQUIRES: IsAgents()
  const std::string& Events() const { return infos_.back().name; }
  /// Empty where the shape has none.
  std::string TraceTimes() const {
    return HasTraceTimes(options_.rows.shape) ? Spans() + std::string(kTraceTimesSuffix) : "";
  }

  Status CheckNames() const {
    std::vector<std::string> read_tables;
    read_tables.reserve(infos_.size());
    for (const TableInfo& info : infos_) read_tables.push_back(info.name);
    std::vector<std::string> tables = read_tables;
    if (HasTraceTimes(options_.rows.shape)) tables.push_back(TraceTimes());
    if (IsAgents()) {
      tables.insert(tables.end(), std::begin(kRollups), std::end(kRollups));
      read_tables.insert(read_tables.end(), {std::string(kOtlpSpans), std::string(kOtlpLogs)});
    }
    std::vector<std::string> named = tables;
    if (!options_.kafka_brokers.empty()) named.emplace_back(kKafkaErrorsTable);

    const auto check = [](std::string_view what, const std::string& name, const std::vector<std::string>& known) {
      if (std::ranges::find(known, name) != known.end()) return Status();
      return UsageError(fmt::format("{} {}: no such table; known are: {}", what, name, fmt::join(known, ", ")));
    };
    for (const std::string& name : options_.tables) GF_RETURN_IF_ERROR(check("table", name, tables));
    for (const auto& [name, other] : options_.names) GF_RETURN_IF_ERROR(check("name for", name, named));
    for (const auto& [name, topic] : options_.kafka_topics) {
      GF_RETURN_IF_ERROR(check("Kafka topic for", name, read_tables));
      if (topic.empty()) return UsageError(fmt::format("Kafka topic for {}: is empty", name));
    }
    return {};
  }

  /// One engine is for all tables: each has the columns that its arguments name, and a path of its own.
  Status CheckEngine(const std::vector<Table>& tables) const {
    const std::string_view path = KeeperPath(engine_);
    if (tables.size() > 1 && !path.empty() && !NamesItsTable(path)) {
      return UsageError(fmt::format("engine '{}': {} tables would share the path: it needs {{table}} or {{uuid}}",
                                    engine_, tables.size()));
    }
    const std::string form = EngineForm(engine_);
    const std::vector<SqlToken> tokens = ReadSqlTokens(form);
    for (std::size_t i = 1; i < tokens.size(); ++i) {  // behind the engine's name
      if (!tokens[i].IsName()) continue;
      const auto lacks = [&](const Table& table) {
        return std::ranges::find(table.columns, TokenValue(tokens[i]), &Column::name) == table.columns.end();
      };
      const auto table = std::ranges::find_if(tables, lacks);
      if (table == tables.end()) continue;
      return UsageError(fmt::format("engine '{}': table {} has no column {}; --table chooses tables", engine_,
                                    table->name, tokens[i].text));
    }
    return {};
  }

  bool Wants(std::string_view table) const {
    return !table.empty() &&
           (options_.tables.empty() || std::ranges::find(options_.tables, table) != options_.tables.end());
  }

  std::string NameOf(const std::string& table) const {
    const auto other = options_.names.find(table);
    if (other != options_.names.end()) return other->second;
    return table == TraceTimes() ? NameOf(Spans()) + std::string(kTraceTimesSuffix) : table;
  }

  /// What a table has that is not for rows as they come: those of one engine are together, replicas and all.
  std::string BesideRows(std::string_view engine, const std::string& name) const {
    return ReplicatedAs(engine, engine_, "_" + name);
  }

  /// Gives a table what all have; its rows grow old by `age`, an expression; empty: they do not. REQUIRES: it has its
  /// columns and storage
  void Finish(std::string name, const std::string& engine, std::string_view age, Table& table) const {
    table.database = options_.database;
    table.name = std::move(name);
    table.cluster = options_.cluster;
    table.engine = engine;
    if (engine != kNull) {
      if (!age.empty()) table.ttl = TtlSql(ttl_, age);
      if (!options_.storage_policy.empty()) {
        table.settings.emplace_back("storage_policy", QuotedText(options_.storage_policy));
      }
      return;
    }
    table.partition_by.clear();
    table.primary_key.clear();
    table.order_by.clear();
    table.settings.clear();
    table.indexes.clear();
  }

  Table RowTable(const TableInfo& info) const {
    Table table;
    for (const ColumnInfo& column : info.columns) AddColumn(column, table);
    const std::string age = AddStorage(info, options_.rows, options_.server, table);
    Finish(NameOf(info.name), engine_, age, table);
    return table;
  }

  void AddTraceTimes(Schema& schema) const {
    Table table = TraceTimesTable();
    Finish(NameOf(TraceTimes()), engine_, kTraceTimesTime, table);
    View view;
    view.database = table.database;
    view.name = table.name + "_mv";
    view.cluster = table.cluster;
    view.target = QualifiedName(table.database, table.name);
    view.query = NormalSql(TraceTimesQuery(QualifiedName(options_.database, NameOf(Spans()))));
    schema.tables.push_back(std::move(table));
    schema.views.push_back(std::move(view));
  }

  std::string TopicsOf(std::string_view table, const std::string& topics) const {
    const auto given = options_.kafka_topics.find(std::string(table));
    return given == options_.kafka_topics.end() ? topics : given->second;
  }

  /// Of requests that collectors write themselves.
  void AddOtlp(const std::string& errors, Schema& schema) const {
    OtlpJsonSource source{.database = options_.database,
                          .cluster = options_.cluster,
                          .brokers = options_.kafka_brokers,
                          .group = options_.kafka_group,
                          .errors = errors};
    source.span_topics = TopicsOf(kOtlpSpans, source.span_topics);
    source.log_topics = TopicsOf(kOtlpLogs, source.log_topics);
    if (Wants(Spans())) source.spans = NameOf(Spans());
    if (Wants(Events())) source.events = NameOf(Events());
    AddOtlpJson(source, schema);
  }

  void AddKafka(Schema& schema) const {
    Table errors = KafkaErrorsTable();
    const std::string name = NameOf(std::string(kKafkaErrorsTable));
    // Errors are for people: nobody else keeps them, and no two become one.
    Finish(name, BesideRows(kMergeTree, name), kKafkaErrorsTime, errors);
    for (const TableInfo& info : infos_) {
      if (!Wants(info.name)) continue;
      const Table target = RowTable(info);
      Table kafka =
          KafkaTable(target, {.brokers = options_.kafka_brokers,
                              .topics = TopicsOf(info.name, fmt::to_string(fmt::join(info.topics, ","))),
                              .group = options_.kafka_group.empty() ? fmt::format("{}-{}", kDefaultGroup, target.name)
                                                                    : options_.kafka_group,
                              .nested_objects = HasNestedObjects(info)});
      if (IsAgents()) KeepTimesAsText(kafka);
      schema.views.push_back(KafkaView(target, kafka));
      schema.views.push_back(KafkaErrorsView(kafka, errors));
      schema.tables.push_back(kafka);
    }
    schema.tables.push_back(std::move(errors));
    if (IsAgents()) AddOtlp(name, schema);
  }

  const ShapeSchemaOptions& options_;
  std::vector<TableInfo> infos_;
  std::string engine_;
  std::vector<TtlTier> ttl_;
};

}  // namespace

Result<Schema> ShapeSchema(const ShapeSchemaOptions& options) {
  Result<SchemaMaker> maker = SchemaMaker::Make(options);
  if (!maker) return std::unexpected(std::move(maker.error()));
  return maker->All();
}

Result<std::vector<Table>> RowTables(const ShapeSchemaOptions& options) {
  Result<SchemaMaker> maker = SchemaMaker::Make(options);
  if (!maker) return std::unexpected(std::move(maker.error()));
  return maker->OnlyRowTables();
}

Result<std::vector<Rollup>> ShapeRollups(const ShapeSchemaOptions& options) {
  Result<SchemaMaker> maker = SchemaMaker::Make(options);
  if (!maker) return std::unexpected(std::move(maker.error()));
  return maker->Rollups();
}

std::string_view DefaultDatabase(Shape shape) { return shape == Shape::kAgents ? "telemetry" : ""; }

std::string_view DefaultTtl(Shape shape) { return shape == Shape::kAgents ? "90d" : kNoTtl; }

Result<std::vector<TtlTier>> TiersOf(const ShapeSchemaOptions& options) {
  const std::string_view text = options.ttl.empty() ? DefaultTtl(options.rows.shape) : options.ttl;
  if (text == kNoTtl) return std::vector<TtlTier>();
  return ParseTtl(text);
}

std::vector<std::string> SchemaNotes(const ShapeSchemaOptions& options) {
  std::vector<std::string> notes;
  const Shape shape = options.rows.shape;
  if (shape == Shape::kGlassFlow) {
    notes.emplace_back(
        "Metric rows have Exemplars and ValueAtQuantiles as one object each: a server drops these without a word "
        "unless input_format_import_nested_json = 1.");
  }
  if (shape == Shape::kGlassFlowFlat) {
    notes.emplace_back("GlassFlow leaves tables to the user: keys, indexes and codecs are gf-otlp's choice.");
    notes.emplace_back("Rows have times as RFC 3339: servers before 26.5 need date_time_input_format = 'best_effort'.");
  }
  if (shape == Shape::kAgents) {
    notes.emplace_back(
        "Views sum only what is inserted after they are made: where raw tables have rows already, gf-otlp schema apply "
        "makes rollups of these, too.");
  }
  // Text that is no TTL has been refused before.
  const Result<std::vector<TtlTier>> ttl = TiersOf(options);
  if (ttl && std::ranges::any_of(*ttl, [](const TtlTier& tier) { return tier.action != TtlTier::Action::kDelete; })) {
    notes.emplace_back(
        "The TTL moves data: the tables need a storage_policy that has these volumes and disks, such as this one.");
  }
  return notes;
}

}  // namespace gf_otlp::schema
