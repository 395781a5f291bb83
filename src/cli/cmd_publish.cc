#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/append_file.h"
#include "base/atomic_file.h"
#include "base/guard.h"
#include "cli/commands.h"
#include "cli/common_flags.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/publish_config.h"
#include "cli/publish_plan.h"
#include "cli/publish_summary.h"
#include "pipeline/checkpoint.h"
#include "pipeline/conversion.h"
#include "pipeline/refused_messages.h"
#include "sink/dry_run_sink.h"
#include "sink/file_sink.h"
#include "sink/kafka_admin.h"
#include "sink/kafka_library.h"
#include "sink/kafka_partitioner.h"
#include "sink/kafka_sink.h"

namespace gf_otlp::cli {
namespace {

constexpr std::string_view kHeaderSets = "none|standard";
constexpr std::string_view kEncodingNames = "json|otlp_json|otlp_proto";

/// How long what is under way may take to be delivered after an interrupt.
constexpr std::chrono::seconds kFlushLimit{10};
constexpr std::chrono::seconds kConnectLimit{10};
constexpr std::chrono::milliseconds kCheckpointInterval{1000};

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
  std::string dump, dead_letter, checkpoint, rate;
  bool overwrite = false;
};

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

Status ReadPassword(const PublishFlags& flags, PublishConfig& config) {
  if (flags.password_file.empty()) {
    if (const char* password = std::getenv("GF_OTLP_PASSWORD"); password != nullptr) {
      config.SetPassword(password, "GF_OTLP_PASSWORD");
    }
    return {};
  }
  std::ifstream file(flags.password_file, std::ios::binary);
  const std::string password{std::istreambuf_iterator<char>(file), {}};
  if (!file) return IoError(fmt::format("--password-file {}: cannot be read", flags.password_file));
  config.SetPassword(password, "--password-file");
  return {};
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
  GF_UNEXPECTED_IF_ERROR(SetSignals(flags, *config));
  if (!flags.partitioner.empty()) {
    std::size_t index = 0;
    GF_UNEXPECTED_IF_ERROR(ParseWordIndex("--partitioner", flags.partitioner, kKafkaPartitioners, index));
    GF_UNEXPECTED_IF_ERROR(config->AddProperty("partitioner", flags.partitioner, "--partitioner"));
  }
  KafkaProperties properties;
  GF_UNEXPECTED_IF_ERROR(ReadPairs("-X", flags.properties, properties));
  for (const auto& [name, value] : properties) GF_UNEXPECTED_IF_ERROR(config->AddProperty(name, value, "-X"));
  GF_UNEXPECTED_IF_ERROR(ReadPassword(flags, *config));
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

/// "20000" messages, or "50MB" bytes, a second.
Result<SendRate> ReadRate(const std::string& text) {
  SendRate rate;
  if (text.empty()) return rate;
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const double number = std::strtod(text.substr(0, digits).c_str(), nullptr);
  const auto unit =
      std::ranges::find(kUnits, std::string_view(text).substr(digits), &std::pair<std::string_view, double>::first);
  if (number <= 0 || (digits < text.size() && unit == std::end(kUnits))) {
    return std::unexpected(
        UsageError(fmt::format("--rate {}: write a number of messages (20000) or of bytes (50MB) a second", text)));
  }
  if (digits == text.size()) {
    rate.messages = number;
  } else {
    rate.bytes = number * unit->second;
  }
  return rate;
}

/// Whether nothing is sent.
Result<bool> DecideDryRun(const PublishFlags& flags, const PublishSettings& config) {
  bool dry_run = false;
  if (flags.dry_run) {
    dry_run = *flags.dry_run;
  } else if (config.dry_run) {
    dry_run = *config.dry_run;
  } else {
    // The exporter's documented default, which asking for brokers on the command line overrules.
    dry_run = flags.brokers.empty() && (!flags.config.empty() || !flags.dump.empty());
  }
  if (!dry_run && !flags.dump.empty()) {
    return std::unexpected(UsageError("--dump writes what would be sent: it goes with --dry-run"));
  }
  if (dry_run && !flags.checkpoint.empty()) {
    return std::unexpected(UsageError("--checkpoint records what was sent: it does not go with a dry run"));
  }
  if (!dry_run && config.brokers.empty()) {
    return std::unexpected(UsageError("no brokers: say where to send with --brokers HOST:PORT, or --dry-run"));
  }
  return dry_run;
}

/// The options that tell one job from another: those that say what is sent where.
Checkpoint::Options JobOptions(const CLI::App& sub, const PublishSettings& config, const std::string& partitioner) {
  constexpr const char* kFlags[] = {"INPUT",        "--input-format", "--signal", "--compression",     "--partial-tail",
                                    "--base64-ids", "--table",        "--since",  "--until",           "--where",
                                    "--sample",     "--shape",        "--key",    "--schema-version",  "--time-digits",
                                    "--keep-all",   "--headers",      "--header", "--rows-per-message"};
  Checkpoint::Options options;
  for (const char* flag : kFlags) {
    const CLI::Option* option = sub.get_option(flag);
    if (option->count() != 0) options[flag] = fmt::format("{}", fmt::join(option->results(), " "));
  }
  options["brokers"] = fmt::format("{}", fmt::join(config.brokers, ","));
  options["partitioner"] = partitioner;
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    const PublishSettings::Signal& signal = config.signals[i];
    options[std::string(kSignalConfigNames[i])] =
        signal.enabled ? fmt::format("{} to {}", signal.encoding, signal.topic) : "disabled";
  }
  return options;
}

/// What --print-config shows of the flags that are no keys of the configuration file.
std::vector<std::pair<std::string, std::string>> ShownFlags(const CLI::App& sub) {
  constexpr const char* kFlags[] = {"--shape", "--schema-version", "--time-digits", "--keep-all",
                                    "--key",   "--headers",        "--header",      "--rows-per-message",
                                    "--rate",  "--topic-config"};
  std::vector<std::pair<std::string, std::string>> shown;
  for (const char* flag : kFlags) {
    const CLI::Option* option = sub.get_option(flag);
    if (option->count() != 0) shown.emplace_back(flag, fmt::format("{}", fmt::join(option->results(), " ")));
  }
  return shown;
}

/// The file of dead letters: both the pipeline and the broker's reports lead there.
class DeadLetters {
 public:
  explicit DeadLetters(AppendFile file) : file_(std::move(file)) {}

  Status Write(std::string_view lines) {
    const std::scoped_lock lock(mutex_);
    return file_.Write(lines);
  }
  /// Makes them durable; gives how many bytes there are.
  Result<std::uint64_t> Sync() {
    const std::scoped_lock lock(mutex_);
    GF_UNEXPECTED_IF_ERROR(file_.Sync());
    return file_.size();
  }

 private:
  std::mutex mutex_;
  AppendFile file_;
};

/// Writes the checkpoint now and then, while it lives.
class CheckpointKeeper {
 public:
  /// `failed` is called once, by another thread, when it cannot be written.
  CheckpointKeeper(Checkpoint& checkpoint, const KafkaSink& sink, DeadLetters* dead_letters,
                   std::function<void()> failed)
      : checkpoint_(checkpoint),
        sink_(sink),
        dead_letters_(dead_letters),
        failed_(std::move(failed)),
        thread_([this](const std::stop_token& stop) { Keep(stop); }) {}

  /// Writes it for the last time. `all`: everything was read and is dealt with.
  Status Finish(bool all) {
    thread_.request_stop();
    thread_.join();
    GF_RETURN_IF_ERROR(status_);
    return Save(all);
  }

 private:
  void Keep(const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    // A large checkpoint takes a twentieth of the time at most.
    auto pause = kCheckpointInterval;
    while (!wake.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
      const auto begin = std::chrono::steady_clock::now();
      status_ = Guard([&] { return Save(false); });
      if (!status_.ok()) {
        failed_();
        return;
      }
      const auto took = std::chrono::steady_clock::now() - begin;
      pause = std::max(kCheckpointInterval, std::chrono::duration_cast<std::chrono::milliseconds>(20 * took));
    }
  }

  Status Save(bool all) {
    // What is delivered has its dead letters in the file by now: first look how far that is, then make them durable.
    const std::optional<InputPosition> delivered = sink_.delivered();
    std::uint64_t dead_letter_bytes = 0;
    if (dead_letters_ != nullptr) {
      const Result<std::uint64_t> bytes = dead_letters_->Sync();
      if (!bytes) return bytes.error();
      dead_letter_bytes = *bytes;
    }
    if (all) return checkpoint_.SaveEnd(dead_letter_bytes);
    return checkpoint_.Save(delivered.value_or(InputPosition()), dead_letter_bytes);
  }

  Checkpoint& checkpoint_;
  const KafkaSink& sink_;
  DeadLetters* dead_letters_;
  std::function<void()> failed_;
  Status status_;
  std::jthread thread_;
};

/// All that a run needs, read from the command line and the configuration.
struct Job {
  PublishConfig config;
  MessageSettings settings;
  PublishPlan plan;
  SendRate rate;
  bool dry_run = false;
  ConversionOptions conversion;
};

Result<Job> ReadJob(const PublishFlags& flags) {
  Job job;
  Result<PublishConfig> config = ReadConfig(flags);
  if (!config) return std::unexpected(std::move(config.error()));
  job.config = std::move(*config);
  Result<MessageSettings> settings = ReadMessageSettings(flags);
  if (!settings) return std::unexpected(std::move(settings.error()));
  job.settings = std::move(*settings);
  GF_UNEXPECTED_IF_ERROR(flags.input.Read(job.conversion.capture));
  job.settings.tables = flags.choice.tables;
  job.settings.signal = job.conversion.capture.signal;
  GF_UNEXPECTED_IF_ERROR(job.config.Check());
  Result<PublishPlan> plan = MakePublishPlan(job.config.settings(), job.settings);
  if (!plan) return std::unexpected(std::move(plan.error()));
  job.plan = std::move(*plan);
  Result<SendRate> rate = ReadRate(flags.rate);
  if (!rate) return std::unexpected(std::move(rate.error()));
  job.rate = *rate;

  GF_UNEXPECTED_IF_ERROR(flags.run.Check());
  GF_UNEXPECTED_IF_ERROR(flags.choice.Read(job.conversion.records.choice));
  job.conversion.inputs = flags.input.inputs;
  job.conversion.threads = flags.run.WorkerThreads();
  job.conversion.dead_letters = !flags.dead_letter.empty();
  job.conversion.records.rows = job.settings.rows;
  job.conversion.records.choice.disabled = job.plan.disabled;
  job.conversion.records.choice.metrics_without_data = job.plan.metrics_without_data;
  return job;
}

/// Opened before anything is sent; cut back to what the checkpoint knows of.
Result<std::unique_ptr<DeadLetters>> OpenDeadLetters(const PublishFlags& flags, const Checkpoint* checkpoint) {
  if (flags.dead_letter.empty()) return nullptr;
  if (flags.dead_letter.ends_with(".gz") || flags.dead_letter.ends_with(".zst")) {
    return std::unexpected(UsageError("--dead-letter: publish writes it uncompressed, so that nothing of it is lost"));
  }
  std::optional<std::uint64_t> keep;
  if (flags.overwrite) keep = 0;
  if (checkpoint != nullptr && checkpoint->resumed()) keep = checkpoint->dead_letter_bytes();
  Result<AppendFile> file = AppendFile::Open(flags.dead_letter, keep);
  if (!file) return std::unexpected(std::move(file.error()));
  return std::make_unique<DeadLetters>(std::move(*file));
}

class PublishRun {
 public:
  PublishRun(const PublishFlags& flags, const Env& env, Job job)
      : flags_(flags), env_(env), job_(std::move(job)), begin_(std::chrono::steady_clock::now()) {}

  Status DryRun() {
    std::optional<OutputFile> dump_file;
    std::function<Status(std::string_view)> dump;
    if (flags_.dump == "-") {
      dump = [this](std::string_view lines) { return WriteAll(env_.out, lines, "standard output"); };
    } else if (!flags_.dump.empty()) {
      Result<OutputFile> file = OutputFile::Create(flags_.dump, flags_.overwrite);
      if (!file) return std::move(file.error());
      dump_file = std::move(*file);
      dump = [&](std::string_view lines) { return dump_file->Write(lines); };
    }
    const std::string partitioner = Partitioner();
    const auto partition_of = [&](std::size_t route, std::string_view key) {
      const int partitions = job_.plan.topics[job_.plan.topic_of[route]].partitions;
      return partitions > 0 ? KafkaPartitionOf(partitioner, key, partitions) : std::nullopt;
    };
    DryRunSink sink(job_.plan.routes, partition_of, std::move(dump));
    GF_RETURN_IF_ERROR(OpenInput());
    Result<std::unique_ptr<DeadLetters>> dead_letters = OpenDeadLetters(flags_, nullptr);
    if (!dead_letters) return std::move(dead_letters.error());
    const InterruptWatch watch([&] { conversion_->Stop(); });
    Status status = Convert(sink, dead_letters->get());
    if (status.ok() && !conversion_->stopped() && dump_file) status = dump_file->Commit();
    if (!status.ok() && status.code() == Code::kClosed) return status;
    PublishSummary summary;
    summary.dry_run = true;
    summary.topics = sink.topics();
    for (const TopicStats& topic : summary.topics) summary.delivered += topic.messages;
    Report(std::move(summary));
    return status;
  }

  Status Send(const CLI::App& sub) {
    GF_RETURN_IF_ERROR(OpenInput());
    std::optional<Checkpoint> checkpoint;
    if (!flags_.checkpoint.empty()) {
      if (flags_.choice.limit)
        return UsageError(
            "--limit and --checkpoint exclude each other: where a run of --limit "
            "ended within a unit is not recorded");
      Result<Checkpoint> opened = Checkpoint::Open(
          flags_.checkpoint, JobOptions(sub, job_.config.settings(), Partitioner()), conversion_->files());
      if (!opened) return std::move(opened.error());
      checkpoint = std::move(*opened);
      conversion_->SkipUnits(checkpoint->units_done());
      if (checkpoint->resumed() && !flags_.run.quiet) {
        env_.Say(checkpoint->all_done() ? "the checkpoint says that all of this was sent before"
                                        : "going on from the checkpoint; what was under way when the last run ended "
                                          "may be sent twice");
      }
    }
    Result<std::unique_ptr<DeadLetters>> dead_letters = OpenDeadLetters(flags_, checkpoint ? &*checkpoint : nullptr);
    if (!dead_letters) return std::move(dead_letters.error());
    return SendTo(checkpoint ? &*checkpoint : nullptr, dead_letters->get());
  }

 private:
  std::string Partitioner() const {
    return job_.config.Property("partitioner").value_or(std::string(kDefaultPartitioner));
  }

  std::size_t MaxMessageBytes() const {
    const auto max = static_cast<std::size_t>(job_.config.settings().producer.max_message_bytes);
    const std::optional<std::string> property = job_.config.Property("message.max.bytes");
    return property ? std::strtoull(property->c_str(), nullptr, 10) : max;
  }

  Status OpenInput() {
    job_.conversion.records.messages = &job_.plan.messages;
    Result<std::unique_ptr<Conversion>> made = Conversion::Make(job_.conversion);
    if (!made) return std::move(made.error());
    conversion_ = std::move(*made);
    return {};
  }

  Status SendTo(Checkpoint* checkpoint, DeadLetters* dead_letters) {
    DeadLetterWriter write_dead_letters;
    if (dead_letters != nullptr) {
      write_dead_letters = [=](std::string_view lines) { return dead_letters->Write(lines); };
    }
    RefusedMessages refused(job_.conversion.capture, write_dead_letters);
    std::mutex sink_mutex;
    std::unique_ptr<KafkaSink> sink;
    const auto stop = [&] {
      conversion_->Stop();
      const std::scoped_lock lock(sink_mutex);
      if (sink != nullptr) sink->LimitFlush(kFlushLimit);
    };
    const InterruptWatch watch(stop, kFlushLimit + std::chrono::seconds(2));

    KafkaSinkOptions options;
    Result<KafkaProperties> properties = job_.config.Properties(KafkaLibraryVersion());
    if (!properties) return std::move(properties.error());
    options.kafka.properties = std::move(*properties);
    options.kafka.server_name = job_.config.server_name();
    GF_RETURN_IF_ERROR(EnsureTopics(options));
    options.routes = job_.plan.routes;
    options.rate = job_.rate;
    options.on_refused = [&](const Batch& batch, const Message& message, Code code, std::string_view reason) {
      return refused.Handle(batch, message, code, reason);
    };
    Result<std::unique_ptr<KafkaSink>> opened = KafkaSink::Open(std::move(options));
    if (!opened) return std::move(opened.error());
    {
      const std::scoped_lock lock(sink_mutex);
      sink = std::move(*opened);
      if (conversion_->stopped()) sink->LimitFlush(kFlushLimit);
    }

    std::optional<CheckpointKeeper> keeper;
    if (checkpoint != nullptr) keeper.emplace(*checkpoint, *sink, dead_letters, stop);
    Status status = Convert(*sink, dead_letters);
    if (!status.ok() && status.code() == Code::kClosed) status = Status();  // the interrupt's doing
    // Also after an error: what is under way is not given up.
    if (Status closed = sink->Close(); status.ok()) status = std::move(closed);
    const bool all = status.ok() && !conversion_->stopped();
    if (keeper) {
      if (Status kept = keeper->Finish(all); !kept.ok() && status.ok()) status = std::move(kept);
    } else if (dead_letters != nullptr) {
      if (const Result<std::uint64_t> synced = dead_letters->Sync(); !synced && status.ok()) status = synced.error();
    }

    PublishSummary summary;
    const KafkaSink::Totals totals = sink->totals();
    summary.delivered = totals.delivered;
    summary.refused = totals.refused;
    summary.failed = totals.failed;
    summary.refused_records = refused.records();
    summary.topics = sink->topics();
    Report(std::move(summary));
    return status;
  }

  /// Has the topics there, and what they take in `options` and the plan.
  Status EnsureTopics(KafkaSinkOptions& options) {
    Result<std::vector<KafkaTopicState>> states = EnsureKafkaTopics(options.kafka, job_.plan.topics, kConnectLimit);
    if (!states) return std::move(states.error());
    for (std::size_t i = 0; i < states->size(); ++i) {
      const KafkaTopic& topic = job_.plan.topics[i];
      const KafkaTopicState& state = (*states)[i];
      if (flags_.run.quiet) break;
      if (state.created) {
        env_.Say(fmt::format("created topic {} with {} partition{}", topic.name, state.partitions,
                             state.partitions == 1 ? "" : "s"));
      } else if (topic.create && state.partitions != 0 && state.partitions != topic.partitions) {
        env_.Say(fmt::format("topic {} has {} partitions, not {}: it is left as it is", topic.name, state.partitions,
                             topic.partitions));
      }
    }
    for (std::size_t i = 0; i < states->size(); ++i) job_.plan.topics[i].partitions = (*states)[i].partitions;
    LimitMessageBytes(MaxMessageBytes(), *states, job_.plan);
    LimitBatchBytes(*states, options.kafka.properties);
    return {};
  }

  /// A topic refuses a batch that is larger than its largest message.
  static void LimitBatchBytes(const std::vector<KafkaTopicState>& topics, KafkaProperties& properties) {
    constexpr std::uint64_t kDefaultBatchSize = 1'000'000;
    std::uint64_t size = kDefaultBatchSize;
    for (const auto& [name, value] : properties) {
      if (name == "batch.size") size = std::strtoull(value.c_str(), nullptr, 10);
    }
    std::uint64_t takes = size;
    for (const KafkaTopicState& topic : topics) takes = std::min(takes, topic.max_message_bytes.value_or(takes));
    if (takes < size) properties.emplace_back("batch.size", std::to_string(takes));
  }

  Status Convert(Sink& sink, DeadLetters* dead_letters) {
    const Progress bar(flags_.run.ShowProgress(env_), env_,
                       [&] { return Progress::State{conversion_->bytes_read(), conversion_->total_bytes()}; });
    return conversion_->Run(sink, [=](std::string_view lines) { return dead_letters->Write(lines); });
  }

  /// Partitions that got nothing are there too.
  void CountEmptyPartitions(PublishSummary& summary) const {
    for (TopicStats& stats : summary.topics) {
      const auto topic = std::ranges::find(job_.plan.topics, stats.topic, &KafkaTopic::name);
      // Of a dry run without keys no partition is known.
      if (topic == job_.plan.topics.end() || (summary.dry_run && stats.partitions.empty())) continue;
      stats.partitions.resize(std::max(stats.partitions.size(), static_cast<std::size_t>(topic->partitions)));
    }
  }

  void Report(PublishSummary summary) {
    CountEmptyPartitions(summary);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin_;
    summary.read = Summarize(*conversion_, {}, /*rows=*/false, /*kept=*/true, seconds.count());
    if (!flags_.run.quiet) {
      SayWhatWasLeftOut(*conversion_, env_);
      if (conversion_->stopped()) env_.Say("interrupted: what follows is what was done before");
    }
    if (flags_.run.JsonStats()) {
      static_cast<void>(WriteAll(env_.err, PublishSummaryJson(summary) + "\n", "standard error"));
    } else if (!flags_.run.quiet) {
      env_.Say(PublishSummaryText(summary));
    }
  }

  const PublishFlags& flags_;
  const Env& env_;
  Job job_;
  std::chrono::steady_clock::time_point begin_;
  std::unique_ptr<Conversion> conversion_;
};

Status RunPublish(const PublishFlags& flags, const CLI::App& sub, const Env& env) {
  Result<Job> job = ReadJob(flags);
  if (!job) return std::move(job.error());
  if (!flags.run.quiet) {
    for (const std::string& warning : job->config.Warnings()) env.Say("warning: " + warning);
  }
  if (flags.print_config) {
    return WriteAll(env.out, job->config.Print(KafkaLibraryVersion(), ShownFlags(sub)), "standard output");
  }
  if (flags.input.inputs.empty()) return UsageError("no input: give files, directories, or - for standard input");
  const Result<bool> dry_run = DecideDryRun(flags, job->config.settings());
  if (!dry_run) return dry_run.error();
  const bool by_default = *dry_run && !flags.dry_run && !job->config.settings().dry_run && flags.dump.empty();
  PublishRun run(flags, env, std::move(*job));
  if (!*dry_run) return run.Send(sub);
  GF_RETURN_IF_ERROR(run.DryRun());
  if (!by_default) return {};
  return UsageError(
      fmt::format("NOTHING WAS SENT: {} does not say dry_run, and the exporter's default is true; to send, "
                  "set dry_run: false there, or give --dry-run=false or --brokers",
                  flags.config));
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
      ->type_name("[SIGNAL=]" + std::string(kEncodingNames))
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
  sub.add_option("--checkpoint", f.checkpoint, "Keep in FILE how far all is delivered; go on from there")
      ->type_name("FILE")
      ->group("Delivery");
  sub.add_option("--dead-letter", f.dead_letter, "Write what cannot be read, or sent, to FILE and go on")
      ->type_name("FILE")
      ->group("Delivery");
  sub.add_flag("--overwrite", f.overwrite, "Replace files of --dump and --dead-letter that exist")->group("Delivery");
  sub.add_option("--rate", f.rate, "At most so many messages (20000) or bytes (50MB) a second")
      ->type_name("N|SIZE")
      ->group("Delivery");
}

}  // namespace

Action BindPublish(CLI::App& sub) {
  auto flags = std::make_shared<PublishFlags>();
  sub.footer(
      "Examples:\n"
      "  gf-otlp publish --brokers kafka:9092 captures/\n"
      "  gf-otlp publish --config exporter.yaml --dry-run captures/\n"
      "Manual: gf-otlp-publish(1)");
  flags->input.Bind(sub);
  BindKafka(*flags, sub);
  BindTopics(*flags, sub);
  BindMessages(*flags, sub);
  BindDelivery(*flags, sub);
  flags->rows.Bind(sub);
  flags->choice.Bind(sub);
  flags->run.Bind(sub);
  return [flags, &sub](const Env& env) { return RunPublish(*flags, sub, env); };
}

}  // namespace gf_otlp::cli
