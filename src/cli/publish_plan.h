#ifndef GF_OTLP_CLI_PUBLISH_PLAN_H_
#define GF_OTLP_CLI_PUBLISH_PLAN_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/publish_config.h"
#include "cli/publish_settings.h"
#include "gf_otlp/rows.h"
#include "pipeline/message_writer.h"
#include "pipeline/record_choice.h"
#include "rows/keys.h"
#include "sink/kafka_admin.h"
#include "sink/route.h"

namespace gf_otlp::cli {

/// What flags say of messages, and the configuration file cannot.
struct MessageSettings {
  RowOptions rows;
  std::vector<std::string> tables;  // only records of these; empty: all
  std::optional<Signal> signal;     // only records of this one
  /// Of each signal of kSignalConfigNames; nothing: as the exporter has it.
  std::array<std::optional<KeyOptions>, kSignalConfigCount> keys;
  std::uint32_t rows_per_message = 1;
  bool standard_headers = false;
  std::vector<std::pair<std::string, std::string>> headers;
  KafkaProperties topic_config;
};

/// Where which records go, and how.
struct PublishPlan {
  MessageOptions messages;
  std::vector<Route> routes;  // as messages.routes
  // As in ChoiceOptions.
  std::array<bool, kRecordKindCount> disabled{}, requests{};
  std::vector<std::size_t> disabled_tables;
  bool metrics_without_data = false;
  std::vector<KafkaTopic> topics;     // of all routes, each once
  std::vector<std::size_t> topic_of;  // of each route
  std::vector<std::string> warnings;  // what is worth a word on stderr
};

/// How large messages may be is left to LimitMessageBytes(). kUsage for settings that make no sense together.
Result<PublishPlan> MakePublishPlan(const PublishSettings& config, const MessageSettings& messages);

/// What the settings are of a shape's signals where neither flags nor a file say it: the topics that its tables read,
/// of rows and of requests; disabled if they have no rows.
Status SetShapeDefaults(Shape shape, PublishConfig& config);

/// Sets how large messages may be: `max_message_bytes` (message.max.bytes) or, where that is known and less, what the
/// topic takes. `topics`: those of the plan, or none.
void LimitMessageBytes(std::size_t max_message_bytes, const std::vector<KafkaTopicState>& topics, PublishPlan& plan);

/// The signals (indices into kSignalConfigNames) that a word of the command line means: "traces", "metrics" (all
/// types), "metrics.gauge", "gauge"; none if it is no such word.
std::vector<std::size_t> SignalsNamed(std::string_view word);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_PUBLISH_PLAN_H_
