#ifndef GF_OTLP_CLI_PUBLISH_FLAGS_H_
#define GF_OTLP_CLI_PUBLISH_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/common_flags.h"
#include "cli/delivery.h"
#include "cli/publish_config.h"
#include "cli/publish_plan.h"
#include "pipeline/checkpoint.h"

namespace gf_otlp::cli {

/// The command line as it stands.
struct PublishFlags {
  InputFlags input;
  ChoiceFlags choice;
  RowFlags rows;
  RunFlags run;
  std::string config, exporter;
  bool print_config = false;
  /// Settings of the configuration file by the flag that sets them, in the order of the command line.
  std::string brokers, acks, producer_compression, max_message_bytes, partitions, replication_factor, create_topics;
  std::vector<std::string> topics, keys, encodings;
  std::string partitioner, password_file;
  std::vector<std::string> properties, topic_config, headers;
  std::string header_set = "none";
  std::uint32_t rows_per_message = 1;
  std::optional<bool> dry_run;
  std::string dump;
  DeliveryFlags delivery;

  void Bind(CLI::App& sub);
  /// --brokers of the command line, not of the environment.
  bool AsksForBrokers() const;
};

// kUsage names the flag.
/// The configuration file, and what flags and the environment say over it.
Result<PublishConfig> ReadConfig(const PublishFlags& flags);
Result<MessageSettings> ReadMessageSettings(const PublishFlags& flags);

/// The options that tell one job from another: those that say what is sent where.
Checkpoint::Options JobOptions(const CLI::App& sub, const PublishConfig& config);
/// What --print-config shows of the flags that are no keys of the configuration file.
std::vector<std::pair<std::string, std::string>> ShownFlags(const CLI::App& sub);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_PUBLISH_FLAGS_H_
