#include "cli/publish_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "schema/agent_otlp.h"

namespace gf_otlp::cli {
namespace {

/// What Kafka adds to a message's value, key and headers (record format 2), and to a batch of messages, at most.
constexpr std::size_t kRecordOverhead = 36, kHeaderOverhead = 10, kBatchOverhead = 61;

constexpr std::string_view kEncodings = "json, otlp_json, otlp_proto";

std::optional<OutputForm> ParseEncoding(std::string_view encoding) {
  if (encoding == "json") return OutputForm::kRows;
  if (encoding == "otlp_json") return OutputForm::kOtlpJson;
  if (encoding == "otlp_proto") return OutputForm::kOtlpProto;
  return std::nullopt;
}

Signal SignalOf(std::size_t index) {
  return index == 0 ? Signal::kTraces : index == 1 ? Signal::kLogs : Signal::kMetrics;
}

/// As the exporters key: rows of traces by trace, others by service; requests not at all.
KeyOptions DefaultKey(std::size_t signal, OutputForm form) {
  if (form != OutputForm::kRows) return {};
  return {.strategy = signal == 0 ? KeyStrategy::kTraceId : KeyStrategy::kServiceName};
}

/// Whether a record has rows of several tables, so that these, not the record, say where rows go.
bool GoesByTable(Shape shape) { return shape == Shape::kAgents; }

/// The signal by whose settings the rows of a table go then.
std::size_t SettingsOf(const TableInfo& table) { return static_cast<std::size_t>(table.kinds.back()); }

std::string_view ContentType(OutputForm form, std::uint32_t rows_per_message) {
  switch (form) {
    case OutputForm::kRows: return rows_per_message == 1 ? "application/json" : "application/x-ndjson";
    case OutputForm::kOtlpJson: return "application/json";
    case OutputForm::kOtlpProto: return "application/x-protobuf";
  }
  return "";
}

class Planner {
 public:
  Planner(const PublishSettings& config, const MessageSettings& messages, const RowMapper& mapper)
      : config_(config), messages_(messages), mapper_(mapper) {}

  Result<PublishPlan> Make() {
    plan_.messages.rows_per_message = messages_.rows_per_message;
    plan_.messages.zero_ids = messages_.rows.shape == Shape::kGlassFlow;
    plan_.disabled.fill(true);
    GF_UNEXPECTED_IF_ERROR(ReadForms());
    const bool by_table = GoesByTable(messages_.rows.shape);
    for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
      const bool goes_itself = !by_table || plan_.requests[i];
      if (goes_itself && config_.signals[i].enabled && IsChosen(i)) AddSignal(i);
    }
    if (by_table) GF_UNEXPECTED_IF_ERROR(AddTables());
    if (plan_.routes.empty()) {
      return std::unexpected(UsageError("all signals are disabled, or not chosen: there is nothing to do"));
    }
    if (!differing_topic_.empty()) {
      return std::unexpected(UsageError(fmt::format(
          "topic {} is that of several signals, which differ in create, num_partitions or replication_factor",
          differing_topic_)));
    }
    RouteMetricsWithoutData();
    if (by_table) {
      WarnOfSettingsWithoutEffect();
      WarnOfMixedTopics();
    }
    return std::move(plan_);
  }

 private:
  Status ReadForms() {
    for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
      const std::string& encoding = config_.signals[i].encoding;
      const std::optional<OutputForm> form = ParseEncoding(encoding);
      if (!form) {
        return UsageError(
            fmt::format("{}.encoding {}: must be one of {}", kSignalConfigNames[i], encoding, kEncodings));
      }
      forms_[i] = *form;
      plan_.requests[i] = *form != OutputForm::kRows;
    }
    return {};
  }

  /// What is not chosen has no route, and so its topic is not made.
  bool IsChosen(std::size_t index) const {
    if (messages_.signal && *messages_.signal != SignalOf(index)) return false;
    const auto tables = mapper_.TablesOf(static_cast<RecordKind>(index));
    return messages_.tables.empty() ||
           std::ranges::any_of(tables, [&](std::size_t table) { return IsChosen(mapper_.tables()[table]); });
  }
  bool IsChosen(const TableInfo& table) const {
    return messages_.tables.empty() || std::ranges::find(messages_.tables, table.name) != messages_.tables.end();
  }

  void AddSignal(std::size_t index) {
    plan_.disabled[index] = false;
    plan_.messages.route_of[index] =
        plan_.requests[index]
            ? FindOrAddRequests(index)
            : AddRoute(index, &mapper_.tables()[mapper_.TablesOf(static_cast<RecordKind>(index)).front()]);
  }

  /// Those that rows go into, whatever signal their records are.
  Status AddTables() {
    const std::vector<TableInfo>& tables = mapper_.tables();
    plan_.messages.route_of_table.resize(tables.size());
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const std::size_t settings = SettingsOf(tables[i]);
      const bool enabled = config_.signals[settings].enabled;
      if (!enabled) plan_.disabled_tables.push_back(i);
      std::optional<std::uint32_t> route;
      for (const RecordKind kind : tables[i].kinds) {
        const auto index = static_cast<std::size_t>(kind);
        if (plan_.requests[index]) continue;
        plan_.disabled[index] = false;  // but for those of its records whose tables are
        if (!enabled || !IsChosen(index) || !IsChosen(tables[i])) continue;
        if (plan_.requests[settings]) return MixedForms(tables[i], index, settings);
        if (!route) route = AddRoute(settings, &tables[i]);
        plan_.messages.route_of[index] = plan_.messages.route_of_table[i] = *route;
      }
    }
    return {};
  }

  Status MixedForms(const TableInfo& table, std::size_t signal, std::size_t settings) const {
    return UsageError(fmt::format(
        "{0}.encoding {1}: rows of {2}, which {3} have too, go by the settings of {0}: with {3}.encoding json it must "
        "be json (or leave them out, with --table)",
        kSignalConfigNames[settings], config_.signals[settings].encoding, table.name, kSignalConfigNames[signal]));
  }

  /// Requests of metrics hold points of all types that go the same way.
  std::uint32_t FindOrAddRequests(std::size_t index) {
    const std::vector<MessageRoute>& routes = plan_.messages.routes;
    for (std::size_t i = 0; i < routes.size(); ++i) {
      if (routes[i].form == forms_[index] && routes[i].key == KeyOf(index) &&
          routes[i].topic == config_.signals[index].topic && signals_[i] == SignalOf(index)) {
        return static_cast<std::uint32_t>(i);
      }
    }
    return AddRoute(index, nullptr);
  }

  /// By the settings of a signal; `table`: whose rows, null for requests.
  std::uint32_t AddRoute(std::size_t index, const TableInfo* table) {
    const PublishSettings::Signal& signal = config_.signals[index];
    plan_.messages.routes.push_back({.form = forms_[index], .key = KeyOf(index), .topic = signal.topic});
    signals_.push_back(SignalOf(index));
    contents_.push_back(table != nullptr ? fmt::format("rows of {}", table->name)
                                         : fmt::format("requests of {}", SignalName(SignalOf(index))));
    plan_.routes.push_back({.topic = signal.topic, .headers = Headers(index, table)});
    plan_.topic_of.push_back(FindOrAddTopic(signal));
    return static_cast<std::uint32_t>(plan_.routes.size() - 1);
  }

  /// Events of spans go by their trace, as the spans do.
  KeyOptions KeyOf(std::size_t index) const {
    const bool with_spans = GoesByTable(messages_.rows.shape) && !plan_.requests[index];
    return messages_.keys[index].value_or(DefaultKey(with_spans ? 0 : index, forms_[index]));
  }

  std::size_t FindOrAddTopic(const PublishSettings::Signal& signal) {
    const auto found = std::ranges::find(plan_.topics, signal.topic, &KafkaTopic::name);
    if (found != plan_.topics.end()) {
      if (found->create != signal.create_topic || found->partitions != signal.num_partitions ||
          found->replication_factor != signal.replication_factor) {
        differing_topic_ = signal.topic;
      }
      return static_cast<std::size_t>(found - plan_.topics.begin());
    }
    plan_.topics.push_back({.name = signal.topic,
                            .create = signal.create_topic,
                            .partitions = signal.num_partitions,
                            .replication_factor = signal.replication_factor,
                            .config = messages_.topic_config});
    return plan_.topics.size() - 1;
  }

  std::vector<std::pair<std::string, std::string>> Headers(std::size_t index, const TableInfo* table) const {
    std::vector<std::pair<std::string, std::string>> headers;
    if (messages_.standard_headers) {
      const auto other = [&](RecordKind kind) { return SignalOf(static_cast<std::size_t>(kind)) != SignalOf(index); };
      if (table == nullptr || std::ranges::none_of(table->kinds, other)) {
        headers.emplace_back("signal", SignalName(SignalOf(index)));
      }
      if (table != nullptr) {
        headers.emplace_back("table", table->name);
        headers.emplace_back("shape", ShapeName(messages_.rows.shape));
        const auto versions = SchemaVersions(messages_.rows.shape);
        if (!versions.empty()) {
          headers.emplace_back("schema-version", messages_.rows.schema_version.empty() ? std::string(versions.back())
                                                                                       : messages_.rows.schema_version);
        }
      }
      headers.emplace_back("encoding", config_.signals[index].encoding);
      headers.emplace_back("content-type", ContentType(forms_[index], messages_.rows_per_message));
    }
    headers.insert(headers.end(), messages_.headers.begin(), messages_.headers.end());
    return headers;
  }

  /// A metric without data goes along where requests of all types of metrics go one way.
  void RouteMetricsWithoutData() {
    const auto& route_of = plan_.messages.route_of;
    constexpr auto kFirst = static_cast<std::size_t>(RecordKind::kGauge);
    for (std::size_t i = kFirst; i < kSignalConfigCount; ++i) {
      if (plan_.disabled[i] || route_of[i] != route_of[kFirst]) return;
    }
    if (!plan_.requests[kFirst]) return;
    constexpr auto kWithoutData = static_cast<std::size_t>(RecordKind::kMetricWithoutData);
    plan_.messages.route_of[kWithoutData] = route_of[kFirst];
    plan_.metrics_without_data = true;
  }

  void WarnOfSettingsWithoutEffect() {
    std::vector<std::string_view> signals;
    for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
      const bool has_rows = !mapper_.TablesOf(static_cast<RecordKind>(i)).empty();
      if (config_.signals[i].enabled && !plan_.requests[i] && !has_rows) signals.push_back(kSignalConfigNames[i]);
    }
    if (signals.empty()) return;
    plan_.warnings.push_back(fmt::format("settings of {} have no effect: there are no such rows of shape {}",
                                         fmt::join(signals, ", "), ShapeName(messages_.rows.shape)));
  }

  void WarnOfMixedTopics() {
    for (std::size_t topic = 0; topic < plan_.topics.size(); ++topic) {
      std::set<std::string> contents;
      for (std::size_t route = 0; route < contents_.size(); ++route) {
        if (plan_.topic_of[route] == topic) contents.insert(contents_[route]);
      }
      if (contents.size() == 1) continue;
      plan_.warnings.push_back(fmt::format("topic {} gets {}: no table reads them all", plan_.topics[topic].name,
                                           fmt::join(contents, ", ")));
    }
  }

  const PublishSettings& config_;
  const MessageSettings& messages_;
  const RowMapper& mapper_;
  PublishPlan plan_;
  std::array<OutputForm, kSignalConfigCount> forms_{};
  // Of each route.
  std::vector<Signal> signals_;
  std::vector<std::string> contents_;  // in words
  std::string differing_topic_;
};

// The configuration's signals are the kinds of records, in their order.
static_assert(static_cast<int>(RecordKind::kSpan) == 0 && static_cast<int>(RecordKind::kLog) == 1 &&
              static_cast<int>(RecordKind::kGauge) == 2 && static_cast<int>(RecordKind::kSummary) == 6);

}  // namespace

Result<PublishPlan> MakePublishPlan(const PublishSettings& config, const MessageSettings& messages) {
  const Result<RowMapper> mapper = RowMapper::Make(messages.rows);
  if (!mapper) return std::unexpected(mapper.error());
  GF_UNEXPECTED_IF_ERROR(CheckTables(messages.tables, mapper->tables()));
  Result<PublishPlan> plan = Planner(config, messages, *mapper).Make();
  if (!plan) return plan;
  plan->disabled[static_cast<std::size_t>(RecordKind::kMetricWithoutData)] = false;
  return plan;
}

Status SetShapeDefaults(Shape shape, PublishConfig& config) {
  if (!GoesByTable(shape)) return {};
  const Result<RowMapper> mapper = RowMapper::Make({.shape = shape});
  if (!mapper) return mapper.error();
  std::array<std::string, kSignalConfigCount> topics;  // empty: no table of the shape reads the signal
  for (const TableInfo& table : mapper->tables()) topics[SettingsOf(table)] = table.topics.front();
  const schema::OtlpJsonSource requests;
  const auto set_requests = [&](RecordKind kind, const std::string& topic) {
    const auto signal = static_cast<std::size_t>(kind);
    if (config.settings().signals[signal].encoding != "json") topics[signal] = topic;
  };
  set_requests(RecordKind::kSpan, requests.span_topics);
  set_requests(RecordKind::kLog, requests.log_topics);
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    const auto set = [&](std::string_view key, std::string_view value) {
      return config.SetDefault(fmt::format("{}.{}", kSignalConfigNames[i], key), value);
    };
    GF_RETURN_IF_ERROR(topics[i].empty() ? set("enabled", "false") : set("topic.name", topics[i]));
  }
  return {};
}

void LimitMessageBytes(std::size_t max_message_bytes, const std::vector<KafkaTopicState>& topics, PublishPlan& plan) {
  for (std::size_t i = 0; i < plan.routes.size(); ++i) {
    std::size_t overhead = kRecordOverhead;
    for (const auto& [name, value] : plan.routes[i].headers) overhead += name.size() + value.size() + kHeaderOverhead;
    std::size_t limit = max_message_bytes;
    if (!topics.empty() && topics[plan.topic_of[i]].max_message_bytes) {
      const std::size_t takes = *topics[plan.topic_of[i]].max_message_bytes;
      limit = std::min(limit, takes - std::min(takes, kBatchOverhead));
    }
    plan.messages.routes[i].max_bytes = limit - std::min(limit, overhead);
  }
}

std::vector<std::size_t> SignalsNamed(std::string_view word) {
  std::vector<std::size_t> signals;
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    const std::string_view name = kSignalConfigNames[i];
    if (word == name || (name.starts_with("metrics.") && (word == "metrics" || word == name.substr(8)))) {
      signals.push_back(i);
    }
  }
  return signals;
}

}  // namespace gf_otlp::cli
