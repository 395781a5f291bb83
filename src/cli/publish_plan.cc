#include "cli/publish_plan.h"

#include <fmt/format.h>

#include <algorithm>

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
    for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
      if (config_.signals[i].enabled && IsChosen(i)) GF_UNEXPECTED_IF_ERROR(AddSignal(i));
    }
    if (plan_.routes.empty()) {
      return std::unexpected(UsageError("all signals are disabled, or not chosen: there is nothing to do"));
    }
    if (!differing_topic_.empty()) {
      return std::unexpected(UsageError(fmt::format(
          "topic {} is that of several signals, which differ in create, num_partitions or replication_factor",
          differing_topic_)));
    }
    RouteMetricsWithoutData();
    return std::move(plan_);
  }

 private:
  /// What is not chosen has no route, and so its topic is not made.
  bool IsChosen(std::size_t index) const {
    if (messages_.signal && *messages_.signal != SignalOf(index)) return false;
    const auto tables = mapper_.TablesOf(static_cast<RecordKind>(index));
    return messages_.tables.empty() || std::ranges::any_of(tables, [&](std::size_t table) {
             return std::ranges::find(messages_.tables, mapper_.tables()[table].name) != messages_.tables.end();
           });
  }

  Status AddSignal(std::size_t index) {
    const PublishSettings::Signal& signal = config_.signals[index];
    const std::optional<OutputForm> form = ParseEncoding(signal.encoding);
    if (!form) {
      return UsageError(
          fmt::format("{}.encoding {}: must be one of {}", kSignalConfigNames[index], signal.encoding, kEncodings));
    }
    const KeyOptions key = messages_.keys[index].value_or(DefaultKey(index, *form));
    plan_.disabled[index] = false;
    plan_.messages.route_of[index] = FindOrAddRoute(index, *form, key, signal);
    return {};
  }

  /// Requests of metrics hold points of all types that go the same way.
  std::uint32_t FindOrAddRoute(std::size_t index, OutputForm form, const KeyOptions& key,
                               const PublishSettings::Signal& signal) {
    std::vector<MessageRoute>& routes = plan_.messages.routes;
    for (std::size_t i = 0; form != OutputForm::kRows && i < routes.size(); ++i) {
      if (routes[i].form == form && routes[i].key == key && routes[i].topic == signal.topic &&
          signals_[i] == SignalOf(index)) {
        return static_cast<std::uint32_t>(i);
      }
    }
    routes.push_back({.form = form, .key = key, .topic = signal.topic});
    signals_.push_back(SignalOf(index));
    plan_.routes.push_back({.topic = signal.topic, .headers = Headers(index, form)});
    plan_.topic_of.push_back(FindOrAddTopic(signal));
    return static_cast<std::uint32_t>(routes.size() - 1);
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

  std::vector<std::pair<std::string, std::string>> Headers(std::size_t index, OutputForm form) const {
    std::vector<std::pair<std::string, std::string>> headers;
    if (messages_.standard_headers) {
      headers.emplace_back("signal", SignalName(SignalOf(index)));
      if (form == OutputForm::kRows) {
        const std::size_t table = mapper_.TablesOf(static_cast<RecordKind>(index)).front();
        headers.emplace_back("table", mapper_.tables()[table].name);
        headers.emplace_back("shape", ShapeName(messages_.rows.shape));
        const auto versions = SchemaVersions(messages_.rows.shape);
        if (!versions.empty()) {
          headers.emplace_back("schema-version", messages_.rows.schema_version.empty() ? std::string(versions.back())
                                                                                       : messages_.rows.schema_version);
        }
      }
      headers.emplace_back("encoding", config_.signals[index].encoding);
      headers.emplace_back("content-type", ContentType(form, messages_.rows_per_message));
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
    if (plan_.messages.routes[route_of[kFirst]].form == OutputForm::kRows) return;
    constexpr auto kWithoutData = static_cast<std::size_t>(RecordKind::kMetricWithoutData);
    plan_.messages.route_of[kWithoutData] = route_of[kFirst];
    plan_.metrics_without_data = true;
  }

  const PublishSettings& config_;
  const MessageSettings& messages_;
  const RowMapper& mapper_;
  PublishPlan plan_;
  std::vector<Signal> signals_;  // of each route
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
