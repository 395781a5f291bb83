#include "cli/publish_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "cli/password.h"
#include "sink/kafka_partitioner.h"

namespace gf_otlp::cli {
namespace {

constexpr std::string_view kHeaderSets = "none|standard";

/// "[SIGNAL=]VALUE": the signals it is for, and the value. All signals if there is no name of one in front.
std::pair<std::vector<std::size_t>, std::string> SplitBySignal(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals != std::string::npos) {
    std::vector<std::size_t> signals = SignalsNamed(text.substr(0, equals));
    if (!signals.empty()) return {std::move(signals), text.substr(equals + 1)};
  }
  std::vector<std::size_t> all(kSignalConfigCount);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  return {std::move(all), text};
}

Status UnknownSignal(std::string_view flag, const std::string& text) {
  return UsageError(fmt::format("{} {}: {} is no signal; there are: traces, logs, metrics, {}", flag, text,
                                text.substr(0, text.find('=')),
                                fmt::join(kSignalConfigNames.begin() + 2, kSignalConfigNames.end(), ", ")));
}

/// NAME=VALUE. kUsage that names the flag.
Result<std::pair<std::string, std::string>> SplitPair(std::string_view flag, const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return std::unexpected(UsageError(fmt::format("{} {}: write NAME=VALUE", flag, text)));
  }
  return std::pair{text.substr(0, equals), text.substr(equals + 1)};
}

Status ReadPairs(std::string_view flag, const std::vector<std::string>& texts, KafkaProperties& pairs) {
  for (const std::string& text : texts) {
    Result<std::pair<std::string, std::string>> pair = SplitPair(flag, text);
    if (!pair) return std::move(pair.error());
    pairs.push_back(std::move(*pair));
  }
  return {};
}

/// Flags that set the same of several signals.
Status SetSignals(const PublishFlags& flags, PublishConfig& config) {
  const auto set = [&](std::size_t signal, std::string_view key, const std::string& value, const std::string& flag) {
    return config.Set(fmt::format("{}.{}", kSignalConfigNames[signal], key), value, flag);
  };
  for (const std::string& text : flags.topics) {
    const auto [signals, name] = SplitBySignal(text);
    if (name.find('=') != std::string::npos) return UnknownSignal("--topic", text);
    for (const std::size_t signal : signals) {
      GF_RETURN_IF_ERROR(set(signal, "topic.name", name, "--topic"));
      if (signals.size() < kSignalConfigCount) GF_RETURN_IF_ERROR(set(signal, "enabled", "true", "--topic"));
    }
  }
  for (const std::string& text : flags.encodings) {
    const auto [signals, name] = SplitBySignal(text);
    if (name.find('=') != std::string::npos) return UnknownSignal("--encoding", text);
    for (const std::size_t signal : signals) GF_RETURN_IF_ERROR(set(signal, "encoding", name, "--encoding"));
  }
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    const auto set_all = [&](const std::string& value, std::string_view key, const std::string& flag) {
      return value.empty() ? Status() : set(i, key, value, flag);
    };
    GF_RETURN_IF_ERROR(set_all(flags.partitions, "topic.num_partitions", "--partitions"));
    GF_RETURN_IF_ERROR(set_all(flags.replication_factor, "topic.replication_factor", "--replication-factor"));
    GF_RETURN_IF_ERROR(set_all(flags.create_topics, "topic.create", "--create-topics"));
  }
  return {};
}

void BindKafka(PublishFlags& f, CLI::App& sub) {
  sub.add_option("--config", f.config, "The exporter's YAML: its map alone, or in a Collector's configuration")
      ->type_name("FILE")
      ->group("Kafka");
  sub.add_option("--exporter", f.exporter, "Which exporter of the Collector's configuration, e.g. glassflow/two")
      ->type_name("NAME")
      ->group("Kafka");
  sub.add_flag("--print-config", f.print_config, "Print every setting and the librdkafka property it becomes, and end")
      ->group("Kafka");
  sub.add_option("--brokers", f.brokers, "Brokers to begin with: HOST:PORT,HOST:PORT")
      ->type_name("HOST:PORT")
      ->group("Kafka");
  sub.add_option("--acks", f.acks, "Who acknowledges a message: all replicas, the leader, nobody")
      ->type_name("all|1|0")
      ->group("Kafka");
  sub.add_option("--producer-compression", f.producer_compression, "Compression of messages")
      ->type_name("none|gzip|snappy|lz4|zstd")
      ->group("Kafka");
  sub.add_option("--max-message-bytes", f.max_message_bytes, "Largest message")->type_name("N")->group("Kafka");
  sub.add_option("--partitioner", f.partitioner, "How a key chooses its partition (default: fnv1a_random, as Sarama)")
      ->type_name(std::string(kKafkaPartitioners))
      ->group("Kafka");
  sub.add_option("--password-file", f.password_file, "File with the SASL password (or environment GF_OTLP_PASSWORD)")
      ->type_name("FILE")
      ->group("Kafka");
  sub.add_option("-X,--property", f.properties, "A property of librdkafka (repeatable)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->group("Kafka");
}

void BindTopics(PublishFlags& f, CLI::App& sub) {
  sub.add_option("--topic", f.topics, "Topic, of all or of one: traces, logs, metrics, gauge, ... (repeatable)")
      ->type_name("[SIGNAL=]NAME")
      ->allow_extra_args(false)
      ->group("Topics");
  sub.add_option("--create-topics", f.create_topics, "Create topics that are missing")
      ->type_name("true|false")
      ->group("Topics");
  sub.add_option("--partitions", f.partitions, "Partitions of topics that are created")
      ->type_name("N")
      ->group("Topics");
  sub.add_option("--replication-factor", f.replication_factor, "Replicas of topics that are created")
      ->type_name("N")
      ->group("Topics");
  sub.add_option("--topic-config", f.topic_config, "Configuration of topics that are created (repeatable)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->group("Topics");
}

void BindMessages(PublishFlags& f, CLI::App& sub) {
  sub.add_option("--encoding", f.encodings, "json (rows), otlp_json or otlp_proto (requests) (repeatable)")
      ->type_name("[SIGNAL=]ENCODING")
      ->allow_extra_args(false)
      ->group("Messages");
  sub.add_option("--rows-per-message", f.rows_per_message, "Rows of one table and key in a message, at most")
      ->type_name("N")
      ->capture_default_str()
      ->group("Messages");
  sub.add_option("--key", f.keys, "none, trace_id, service_name, resource_hash, attributes:A,B (repeatable)")
      ->type_name("[SIGNAL=]STRATEGY")
      ->allow_extra_args(false)
      ->group("Messages");
  sub.add_option("--headers", f.header_set, "Headers that say what a message is")
      ->type_name(std::string(kHeaderSets))
      ->capture_default_str()
      ->group("Messages");
  sub.add_option("-H,--header", f.headers, "A header of every message (repeatable)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->group("Messages");
}

void BindDelivery(PublishFlags& f, CLI::App& sub) {
  sub.add_flag("--dry-run", f.dry_run, "Send nothing, say what would go where")->group("Delivery");
  f.dry_run.reset();  // declaring the flag set it to false
  sub.add_option("--dump", f.dump, "Dry run: write each message as a line of JSON to FILE, or - for standard output")
      ->type_name("FILE")
      ->group("Delivery");
  f.delivery.Bind(sub, "messages", "files of --dump and --dead-letter");
}

}  // namespace

void PublishFlags::Bind(CLI::App& sub) {
  input.Bind(sub);
  BindKafka(*this, sub);
  BindTopics(*this, sub);
  BindMessages(*this, sub);
  BindDelivery(*this, sub);
  rows.Bind(sub);
  choice.Bind(sub);
  run.Bind(sub);
}

bool PublishFlags::AsksForBrokers() const {
  const char* environment = std::getenv("GF_OTLP_BROKERS");
  return !brokers.empty() && (environment == nullptr || brokers != environment);
}

Result<PublishConfig> ReadConfig(const PublishFlags& flags) {
  Result<PublishConfig> config = PublishConfig();
  if (!flags.config.empty()) config = PublishConfig::Load(flags.config, flags.exporter);
  if (!config) return config;
  const auto set = [&](std::string_view key, const std::string& value, const std::string& flag) {
    return value.empty() ? Status() : config->Set(key, value, flag);
  };
  GF_UNEXPECTED_IF_ERROR(set("brokers", flags.brokers, "--brokers"));
  GF_UNEXPECTED_IF_ERROR(set("producer.required_acks", flags.acks, "--acks"));
  GF_UNEXPECTED_IF_ERROR(set("producer.compression", flags.producer_compression, "--producer-compression"));
  GF_UNEXPECTED_IF_ERROR(set("producer.max_message_bytes", flags.max_message_bytes, "--max-message-bytes"));
  if (flags.dry_run) GF_UNEXPECTED_IF_ERROR(set("dry_run", *flags.dry_run ? "true" : "false", "--dry-run"));
  GF_UNEXPECTED_IF_ERROR(SetSignals(flags, *config));
  if (!flags.partitioner.empty()) {
    GF_UNEXPECTED_IF_ERROR(config->AddProperty("partitioner", flags.partitioner, "--partitioner"));
  }
  KafkaProperties properties;
  GF_UNEXPECTED_IF_ERROR(ReadPairs("-X", flags.properties, properties));
  for (const auto& [name, value] : properties) GF_UNEXPECTED_IF_ERROR(config->AddProperty(name, value, "-X"));
  const Result<std::optional<Password>> password = ReadPassword(flags.password_file);
  if (!password) return std::unexpected(password.error());
  if (*password) config->SetPassword((*password)->text, (*password)->origin);
  return config;
}

Result<MessageSettings> ReadMessageSettings(const PublishFlags& flags) {
  MessageSettings settings;
  GF_UNEXPECTED_IF_ERROR(flags.rows.Read(settings.rows));
  for (const std::string& text : flags.keys) {
    const auto [signals, strategy] = SplitBySignal(text);
    Result<KeyOptions> key = ParseKeyOptions(strategy);
    if (!key) return std::unexpected(std::move(key.error()).At(fmt::format("--key {}", text)));
    for (const std::size_t signal : signals) settings.keys[signal] = *key;
  }
  if (flags.rows_per_message == 0) return std::unexpected(UsageError("--rows-per-message 0: at least 1"));
  settings.rows_per_message = flags.rows_per_message;
  std::size_t header_set = 0;
  GF_UNEXPECTED_IF_ERROR(ParseWordIndex("--headers", flags.header_set, kHeaderSets, header_set));
  settings.standard_headers = header_set == 1;
  GF_UNEXPECTED_IF_ERROR(ReadPairs("--header", flags.headers, settings.headers));
  GF_UNEXPECTED_IF_ERROR(ReadPairs("--topic-config", flags.topic_config, settings.topic_config));
  return settings;
}

/// The options that tell one job from another: those that say what is sent where.
Checkpoint::Options JobOptions(const CLI::App& sub, const PublishConfig& config) {
  std::vector<std::string> flags = ChoosingFlags();
  flags.insert(flags.end(), {"--shape", "--key", "--schema-version", "--time-digits", "--keep-all", "--map",
                             "--price-table", "--drop-content", "--headers", "--rows-per-message"});
  const auto given = Given(sub, flags);
  Checkpoint::Options options(given.begin(), given.end());
  // A header may be a secret.
  const std::string headers = fmt::format("{}", fmt::join(sub.get_option("--header")->results(), "\n"));
  if (!headers.empty()) options["--header"] = Fingerprint(headers);
  options["brokers"] = config.Property("bootstrap.servers").value_or("");
  options["partitioner"] = config.Property("partitioner").value_or(std::string(kDefaultPartitioner));
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    const PublishSettings::Signal& signal = config.settings().signals[i];
    options[std::string(kSignalConfigNames[i])] =
        signal.enabled ? fmt::format("{} to {}", signal.encoding, signal.topic) : "disabled";
  }
  return options;
}

/// What --print-config shows of the flags that are no keys of the configuration file.
std::vector<std::pair<std::string, std::string>> ShownFlags(const CLI::App& sub) {
  return Given(sub, {"--shape", "--schema-version", "--time-digits", "--keep-all", "--map", "--price-table",
                     "--drop-content", "--key", "--headers", "--rows-per-message", "--rate", "--topic-config"});
}

}  // namespace gf_otlp::cli
