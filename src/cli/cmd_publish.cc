#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/atomic_file.h"
#include "cli/commands.h"
#include "cli/delivery.h"
#include "cli/publish_flags.h"
#include "cli/publish_summary.h"
#include "pipeline/conversion.h"
#include "sink/dry_run_sink.h"
#include "sink/file_sink.h"
#include "sink/kafka_admin.h"
#include "sink/kafka_library.h"
#include "sink/kafka_partitioner.h"
#include "sink/kafka_sink.h"

namespace gf_otlp::cli {
namespace {

constexpr std::chrono::seconds kConnectLimit{10};

/// Whether nothing is sent.
Result<bool> DecideDryRun(const PublishFlags& flags, const PublishConfig& settings) {
  const PublishSettings& config = settings.settings();
  bool dry_run = false;
  if (config.dry_run) {
    dry_run = *config.dry_run;
  } else {
    // The exporter's documented default, which asking for brokers on the command line overrules.
    dry_run = !flags.AsksForBrokers() && (!flags.config.empty() || !flags.dump.empty());
  }
  if (!dry_run && !flags.dump.empty()) {
    return std::unexpected(UsageError("--dump writes what would be sent: it goes with --dry-run"));
  }
  if (dry_run && !flags.delivery.checkpoint.empty()) {
    return std::unexpected(UsageError("--checkpoint records what was sent: it does not go with a dry run"));
  }
  if (!dry_run && settings.Property("bootstrap.servers").value_or("").empty()) {
    return std::unexpected(UsageError("no brokers: say where to send with --brokers HOST:PORT, or --dry-run"));
  }
  return dry_run;
}

/// All that a run needs, read from the command line and the configuration.
struct Job {
  PublishConfig config;
  MessageSettings settings;
  PublishPlan plan;
  SendRate rate;
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
  GF_UNEXPECTED_IF_ERROR(SetShapeDefaults(job.settings.rows.shape, job.config));
  GF_UNEXPECTED_IF_ERROR(job.config.Check());
  Result<PublishPlan> plan = MakePublishPlan(job.config.settings(), job.settings);
  if (!plan) return std::unexpected(std::move(plan.error()));
  job.plan = std::move(*plan);
  const auto rows = std::ranges::count(job.plan.messages.routes, OutputForm::kRows, &MessageRoute::form);
  GF_UNEXPECTED_IF_ERROR(flags.rows.CheckForms(rows > 0, std::cmp_less(rows, job.plan.messages.routes.size())));
  Result<SendRate> rate = flags.delivery.ReadRate("messages");
  if (!rate) return std::unexpected(std::move(rate.error()));
  job.rate = *rate;

  GF_UNEXPECTED_IF_ERROR(flags.run.Check());
  GF_UNEXPECTED_IF_ERROR(flags.choice.Read(job.conversion.records.choice));
  job.conversion.inputs = flags.input.inputs;
  job.conversion.threads = flags.run.WorkerThreads();
  job.conversion.dead_letters = !flags.delivery.dead_letter.empty();
  job.conversion.records.rows = job.settings.rows;
  ChoiceOptions& choice = job.conversion.records.choice;
  choice.disabled = job.plan.disabled;
  choice.disabled_tables = job.plan.disabled_tables;
  choice.requests = job.plan.requests;
  choice.metrics_without_data = job.plan.metrics_without_data;
  return job;
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
      Result<OutputFile> file = OutputFile::Create(flags_.dump, flags_.delivery.overwrite);
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
    // What would keep a real run from beginning does so here too.
    Result<KafkaSettings> kafka = Kafka();
    if (!kafka) return std::move(kafka.error());
    GF_RETURN_IF_ERROR(CheckKafkaSettings(*kafka));
    GF_RETURN_IF_ERROR(OpenInput());
    const Result<std::unique_ptr<DeadLetters>> dead_letters =
        DeadLetters::Open(flags_.delivery, job_.conversion.capture, nullptr);
    if (!dead_letters) return dead_letters.error();
    Delivery delivery(flags_.run, env_, /*sends=*/false);
    delivery.SetConversion(conversion_.get());
    Status status = delivery.Convert(sink, **dead_letters);
    if (dump_file && conversion_->stopped()) env_.Say("interrupted: the dump is not kept");
    if (status.ok() && !conversion_->stopped() && dump_file) status = dump_file->Commit();
    if (!status.ok() && status.code() == Code::kClosed) return status;
    PublishSummary summary;
    summary.dry_run = true;
    summary.topics = sink.topics();
    for (const TopicStats& topic : summary.topics) summary.delivered += topic.messages;
    summary.records = conversion_->counts().records_written;
    Report(std::move(summary));
    return status;
  }

  Status Send(const CLI::App& sub) {
    GF_RETURN_IF_ERROR(OpenInput());
    Result<std::optional<Checkpoint>> checkpoint =
        OpenCheckpoint(flags_.delivery, flags_.choice, JobOptions(sub, job_.config), *conversion_, flags_.run, env_);
    if (!checkpoint) return std::move(checkpoint.error());
    return SendAll(*checkpoint ? &**checkpoint : nullptr);
  }

 private:
  std::string Partitioner() const {
    return job_.config.Property("partitioner").value_or(std::string(kDefaultPartitioner));
  }

  std::size_t MaxMessageBytes() const {
    return std::strtoull(job_.config.Property("message.max.bytes").value_or("").c_str(), nullptr, 10);
  }

  Result<KafkaSettings> Kafka() const {
    Result<KafkaProperties> properties = job_.config.Properties(KafkaLibraryVersion());
    if (!properties) return std::unexpected(std::move(properties.error()));
    return KafkaSettings{.properties = std::move(*properties), .server_name = job_.config.server_name()};
  }

  Status OpenInput() {
    GF_RETURN_IF_ERROR(flags_.delivery.CheckFiles(flags_.input.inputs));
    GF_RETURN_IF_ERROR(CheckOutsideOfInput("--dump", flags_.dump, flags_.input.inputs));
    LimitMessageBytes(MaxMessageBytes(), {}, job_.plan);
    job_.conversion.records.messages = &job_.plan.messages;
    Result<std::unique_ptr<Conversion>> made = Conversion::Make(job_.conversion);
    if (!made) return std::move(made.error());
    conversion_ = std::move(*made);
    return {};
  }

  Status SendAll(Checkpoint* checkpoint) {
    std::unique_ptr<KafkaSink> sink;
    Delivery delivery(flags_.run, env_, /*sends=*/true);
    delivery.SetConversion(conversion_.get());

    KafkaSinkOptions options;
    Result<KafkaSettings> kafka = Kafka();
    if (!kafka) return std::move(kafka.error());
    options.kafka = std::move(*kafka);
    GF_RETURN_IF_ERROR(EnsureTopics(options));
    const Result<std::unique_ptr<DeadLetters>> opened_letters =
        DeadLetters::Open(flags_.delivery, job_.conversion.capture, checkpoint);
    if (!opened_letters) return opened_letters.error();
    DeadLetters& dead_letters = **opened_letters;
    options.routes = job_.plan.routes;
    options.rate = job_.rate;
    options.on_refused = [&](const Batch& batch, const Message& /*message*/, std::span<const RecordPlace> records,
                             Code code, std::string_view reason) {
      return dead_letters.refused().Handle(batch, records, code, reason);
    };
    Result<std::unique_ptr<KafkaSink>> opened = KafkaSink::Open(std::move(options));
    if (!opened) return std::move(opened.error());
    sink = std::move(*opened);
    delivery.SetSink(sink.get());
    Status status = delivery.Send(checkpoint, dead_letters, [&] { return delivery.Convert(*sink, dead_letters); });

    PublishSummary summary;
    const KafkaSink::Totals totals = sink->totals();
    summary.delivered = totals.delivered;
    summary.refused = totals.refused;
    summary.failed = totals.failed;
    summary.records = totals.delivered_records;
    summary.refused_records = totals.refused_records;
    summary.failed_records = totals.failed_records;
    summary.topics = sink->topics();
    Report(std::move(summary));
    return status;
  }

  /// Has the topics there, and what they take in `options` and the plan.
  Status EnsureTopics(KafkaSinkOptions& options) {
    Result<std::vector<KafkaTopicState>> states =
        EnsureKafkaTopics(options.kafka, job_.plan.topics, kConnectLimit, [this] { return conversion_->stopped(); });
    if (!states) return std::move(states.error());
    for (std::size_t i = 0; i < states->size(); ++i) {
      KafkaTopic& topic = job_.plan.topics[i];
      const KafkaTopicState& state = (*states)[i];
      if (!flags_.run.quiet) SayOf(topic, state);
      topic.partitions = state.partitions;
    }
    LimitMessageBytes(MaxMessageBytes(), *states, job_.plan);
    LimitBatchBytes(*states, options.kafka.properties);
    return {};
  }

  /// What a user may not expect of a topic.
  void SayOf(const KafkaTopic& topic, const KafkaTopicState& state) const {
    if (state.created) {
      env_.Say(fmt::format("created topic {} with {} partition{}", topic.name, state.partitions,
                           state.partitions == 1 ? "" : "s"));
    } else if (topic.create && state.partitions != 0 && state.partitions != topic.partitions) {
      env_.Say(fmt::format("topic {} has {} partitions, not {}: it is left as it is", topic.name, state.partitions,
                           topic.partitions));
    }
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
    for (std::size_t i = 0; i < job_.plan.routes.size(); ++i) {
      if (job_.plan.messages.routes[i].form != OutputForm::kRows)
        summary.request_topics.insert(job_.plan.routes[i].topic);
    }
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
    for (const std::string& warning : job->plan.warnings) env.Say("warning: " + warning);
  }
  if (flags.print_config) {
    return WriteAll(env.out, job->config.Print(KafkaLibraryVersion(), ShownFlags(sub)), "standard output");
  }
  if (flags.input.inputs.empty()) return UsageError("no input: give files, directories, or - for standard input");
  const Result<bool> dry_run = DecideDryRun(flags, job->config);
  if (!dry_run) return dry_run.error();
  const bool by_default = *dry_run && !job->config.settings().dry_run && flags.dump.empty();
  PublishRun run(flags, env, std::move(*job));
  if (!*dry_run) return run.Send(sub);
  GF_RETURN_IF_ERROR(run.DryRun());
  if (!by_default) return {};
  return UsageError(
      fmt::format("NOTHING WAS SENT: {} does not say dry_run, and the exporter's default is true; to send, "
                  "set dry_run: false there, or give --dry-run=false or --brokers",
                  flags.config));
}

}  // namespace

Action BindPublish(CLI::App& sub) {
  auto flags = std::make_shared<PublishFlags>();
  sub.footer(
      "Examples:\n"
      "  gf-otlp publish --brokers kafka:9092 captures/\n"
      "  gf-otlp publish --config exporter.yaml --dry-run captures/\n"
      "Manual: gf-otlp-publish(1)");
  flags->Bind(sub);
  return [flags, &sub](const Env& env) { return RunPublish(*flags, sub, env); };
}

}  // namespace gf_otlp::cli
