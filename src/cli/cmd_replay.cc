#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "base/atomic_file.h"
#include "cli/commands.h"
#include "cli/delivery.h"
#include "cli/replay_flags.h"
#include "cli/replay_plan.h"
#include "cli/replay_summary.h"
#include "pipeline/conversion.h"
#include "pipeline/time_scan.h"
#include "sink/otlp_dry_run.h"
#include "sink/otlp_sink.h"

namespace gf_otlp::cli {
namespace {

/// In front of a sink: ends the run at requests that GlassFlow would refuse for want of a pipeline.
class PipelineCheck final : public Sink {
 public:
  PipelineCheck(const ReplayEndpoint& where, Sink& sink) : where_(where), sink_(sink) {}

  Status Write(Batch& batch) override {
    for (const Message& message : batch.messages) {
      if (!where_.without_pipeline[message.route]) continue;
      const std::string_view signal = SignalName(static_cast<Signal>(message.route));
      return UsageError(fmt::format(
          "there are {0} in the input, and --pipeline names no pipeline for them: give --pipeline {0}=ID, or "
          "choose what is sent with --signal",
          signal));
    }
    return sink_.Write(batch);
  }
  Status Close() override { return sink_.Close(); }

 private:
  const ReplayEndpoint& where_;
  Sink& sink_;
};

std::uint64_t RandomSeed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

class ReplayRun {
 public:
  ReplayRun(const ReplayFlags& flags, const Env& env, ReplayPlan plan)
      : flags_(flags), env_(env), plan_(std::move(plan)), begin_(std::chrono::steady_clock::now()) {
    plan_.conversion.records.messages = &plan_.messages;
  }
  ReplayRun(const ReplayRun&) = delete;
  ReplayRun& operator=(const ReplayRun&) = delete;

  Status DryRun() {
    GF_RETURN_IF_ERROR(OpenInput());
    OtlpDryRun sink(plan_.rate, plan_.speed);
    Delivery delivery(flags_.run, env_, /*sends=*/false);
    if (all_files_) GF_RETURN_IF_ERROR(Scan(delivery));
    GF_RETURN_IF_ERROR(Decide(delivery, nullptr));
    const auto dead_letters = DeadLetters::Dropped(flags_.delivery, plan_.conversion.capture);
    const auto begin_pass = [&] {
      sink.BeginPass();
      return Status();
    };
    Status status = RunPasses(sink, begin_pass, delivery, *dead_letters);
    ReplaySummary summary;
    summary.dry_run = true;
    summary.signals = sink.signals();
    if (all_files_) summary.range = range_;
    if (plan_.speed > 0 || plan_.rate.items > 0 || plan_.rate.bytes > 0) {
      summary.paced = sink.duration();
    }
    Report(std::move(summary), delivery);
    return status;
  }

  Status Send(const CLI::App& sub) {
    GF_RETURN_IF_ERROR(OpenInput());
    Result<std::optional<Checkpoint>> opened =
        OpenCheckpoint(flags_.delivery, flags_.choice, JobOptions(sub), *conversion_, flags_.run, env_);
    if (!opened) return std::move(opened.error());
    Checkpoint* const checkpoint = *opened ? &**opened : nullptr;

    std::unique_ptr<OtlpSink> sink;
    Delivery delivery(flags_.run, env_, /*sends=*/true);
    GF_RETURN_IF_ERROR(Decide(delivery, checkpoint));
    if (delivery.stopped()) {
      env_.Say("interrupted: nothing was sent");
      return {};
    }
    const Result<std::unique_ptr<DeadLetters>> opened_letters =
        DeadLetters::Open(flags_.delivery, plan_.conversion.capture, checkpoint);
    if (!opened_letters) return opened_letters.error();
    DeadLetters& dead_letters = **opened_letters;
    Result<std::unique_ptr<OtlpSink>> made = OtlpSink::Open(SinkOptions(dead_letters));
    if (!made) return std::move(made.error());
    sink = std::move(*made);
    delivery.SetSink(sink.get());
    const auto begin_pass = [&] {
      GF_RETURN_IF_ERROR(sink->Flush());
      sink->BeginPass();
      return Status();
    };
    Status status =
        delivery.Send(checkpoint, dead_letters, [&] { return RunPasses(*sink, begin_pass, delivery, dead_letters); });

    ReplaySummary summary;
    summary.totals = sink->totals();
    summary.refused_records = dead_letters.refused().records();
    summary.signals = sink->signals();
    summary.partial_messages = sink->partial_messages();
    Report(std::move(summary), delivery);
    return status;
  }

 private:
  Status OpenInput() {
    GF_RETURN_IF_ERROR(flags_.delivery.CheckFiles(flags_.input.inputs));
    Result<std::unique_ptr<Conversion>> made = Conversion::Make(plan_.conversion);
    if (!made) return std::move(made.error());
    conversion_ = std::move(*made);
    all_files_ = std::ranges::all_of(conversion_->files(), &InputPath::has_size);
    if (all_files_) return {};
    if (!plan_.shift.to.empty()) {
      return UsageError(
          "--shift-to: the first record is looked for before anything is sent, and standard input can be read only "
          "once: "
          "say by how much with --shift, or give files");
    }
    if (plan_.passes > 1) return UsageError("--loop: standard input can be read only once: give files");
    return {};
  }

  /// When the chosen records happened.
  Status Scan(Delivery& delivery) {
    if (range_) return {};
    const Result<std::unique_ptr<TimeScan>> scan = TimeScan::Make(plan_.conversion);
    if (!scan) return scan.error();
    delivery.SetConversion(&(*scan)->conversion());
    Status status = delivery.ShowProgress([&] { return (*scan)->Run(); });
    delivery.SetConversion(nullptr);
    range_ = (*scan)->range();
    return status;
  }

  /// What holds for the whole job: the same when it goes on from a checkpoint.
  Status Decide(Delivery& delivery, Checkpoint* checkpoint) {
    constexpr const char* kShift = "shift_ns";
    constexpr const char* kSeed = "id_seed";
    if (checkpoint != nullptr && !checkpoint->kept().empty()) {
      const auto read = [&](const char* name, auto& number) {
        const auto found = checkpoint->kept().find(name);
        if (found == checkpoint->kept().end()) return false;
        const std::string& text = found->second;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        return error == std::errc() && end == text.data() + text.size();
      };
      if (read(kShift, fixed_shift_.emplace()) && read(kSeed, seed_)) return {};
      return UsageError(
          fmt::format("checkpoint {}: is damaged: what was decided is no number", flags_.delivery.checkpoint));
    }
    seed_ = RandomSeed();
    if (!plan_.shift.to.empty()) GF_RETURN_IF_ERROR(Scan(delivery));
    if (checkpoint == nullptr || delivery.stopped()) return {};
    const Result<std::int64_t> shift = plan_.shift.For(range_.value_or(TimeRange()), Now());
    if (!shift) return shift.error();
    fixed_shift_ = *shift;
    return checkpoint->Keep({{kShift, std::to_string(*shift)}, {kSeed, std::to_string(seed_)}});
  }

  OtlpSinkOptions SinkOptions(DeadLetters& dead_letters) const {
    OtlpSinkOptions options;
    options.make_transport = [&endpoint = plan_.where.endpoint] { return MakeOtlpTransport(endpoint); };
    options.concurrency = plan_.concurrency;
    options.retry = plan_.retry;
    options.rate = plan_.rate;
    options.speed = plan_.speed;
    options.on_refused = [&dead_letters](const Batch& batch, const Message& message, Code code,
                                         std::string_view reason) {
      return dead_letters.refused().Handle(batch, batch.places_of(message), code, reason);
    };
    if (!flags_.run.quiet) options.say = [this](std::string_view news) { env_.Say(news); };
    return options;
  }

  /// `begin_pass` waits until the pass before is over.
  Status RunPasses(Sink& sink, const std::function<Status()>& begin_pass, Delivery& delivery,
                   const DeadLetters& dead_letters) {
    PipelineCheck checked(plan_.where, sink);
    while (passes_ < plan_.passes && !delivery.stopped()) {
      GF_RETURN_IF_ERROR(begin_pass());
      if (++passes_ > 1) {
        Result<std::unique_ptr<Conversion>> made = Conversion::Make(plan_.conversion);
        if (!made) return std::move(made.error());
        delivery.SetConversion(made->get());
        conversion_ = std::move(*made);
      } else {
        delivery.SetConversion(conversion_.get());
      }
      GF_RETURN_IF_ERROR(SetRewriting());
      Status status = delivery.Convert(checked, dead_letters);
      AddPass();
      if (!status.ok()) return status;
    }
    return {};
  }

  Status SetRewriting() {
    Rewriting& rewriting = plan_.messages.rewriting;
    if (fixed_shift_) {
      rewriting.shift = *fixed_shift_;
    } else {
      const Result<std::int64_t> shift = plan_.shift.For(range_.value_or(TimeRange()), Now());
      if (!shift) return shift.error();
      rewriting.shift = *shift;
    }
    if (plan_.new_ids) rewriting.ids.emplace(seed_ + passes_);
    return {};
  }

  void AddPass() {
    const Summary pass = Summarize(*conversion_, {}, /*rows=*/false, /*kept=*/true, 0);
    Counts counts = std::move(read_.counts);
    counts.Add(pass.counts);
    const std::uint64_t bytes_in = read_.bytes_in + pass.bytes_in;
    read_ = pass;
    read_.counts = std::move(counts);
    read_.bytes_in = bytes_in;
  }

  void Report(ReplaySummary summary, const Delivery& delivery) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin_;
    summary.read = read_;
    summary.read.seconds = seconds.count();
    summary.read.interrupted = delivery.stopped();
    summary.passes = passes_;
    summary.shift = plan_.messages.rewriting.shift;
    if (!flags_.run.quiet) {
      SayWhatWasLeftOut(*conversion_, env_);
      if (delivery.stopped()) env_.Say("interrupted: what follows is what was done before");
    }
    if (flags_.run.JsonStats()) {
      static_cast<void>(WriteAll(env_.err, ReplaySummaryJson(summary) + "\n", "standard error"));
    } else if (!flags_.run.quiet || summary.totals.rejected_records > 0) {
      env_.Say(ReplaySummaryText(summary));  // what a server rejected is lost: quiet as it is, that must be heard
    }
  }

  const ReplayFlags& flags_;
  const Env& env_;
  ReplayPlan plan_;
  const std::chrono::steady_clock::time_point begin_;
  std::unique_ptr<Conversion> conversion_;   // of the pass
  bool all_files_ = false;                   // the input can be read again
  std::optional<TimeRange> range_;           // if it was looked for
  std::optional<std::int64_t> fixed_shift_;  // of a job with a checkpoint
  std::uint64_t seed_ = 0;
  unsigned passes_ = 0;
  Summary read_;  // of all passes
};

Status RunReplay(const ReplayFlags& flags, const CLI::App& sub, const Env& env) {
  Result<ReplayPlan> plan = MakeReplayPlan(flags);
  if (!plan) return std::move(plan.error());
  if (flags.input.inputs.empty()) return UsageError("no input: give files, directories, or - for standard input");
  ReplayRun run(flags, env, std::move(*plan));
  return flags.dry_run ? run.DryRun() : run.Send(sub);
}

}  // namespace

Action BindReplay(CLI::App& sub) {
  auto flags = std::make_shared<ReplayFlags>();
  sub.footer(
      "Examples:\n"
      "  gf-otlp replay captures/ --endpoint http://collector:4318\n"
      "  gf-otlp replay captures/ --endpoint http://glassflow:4318 --pipeline traces=t1 --pipeline logs=l1\n"
      "  gf-otlp replay incident/ --endpoint grpc://collector:4317 --shift-to now --speed 10\n"
      "Manual: gf-otlp-replay(1)");
  flags->Bind(sub);
  return [flags, &sub](const Env& env) { return RunReplay(*flags, sub, env); };
}

}  // namespace gf_otlp::cli
