#include "cli/delivery.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "base/append_file.h"
#include "base/hex.h"
#include "base/sha256.h"
#include "base/time_text.h"
#include "cli/progress.h"
#include "pipeline/checkpoint_keeper.h"

namespace gf_otlp::cli {
namespace {

/// How long what is under way may take to be delivered after an interrupt.
constexpr std::chrono::seconds kFlushLimit{10};
/// How long the rest of the run may take after an interrupt.
constexpr std::chrono::seconds kGrace{1};

/// A time that depends on when it is asked would choose other records when the job goes on.
Status CheckTimesAreFixed(const ChoiceFlags& choice) {
  for (const auto& [flag, text] : {std::pair("--since", choice.since), std::pair("--until", choice.until)}) {
    constexpr std::uint64_t kSomeTime = 1'700'000'000'000'000'000, kAnother = kSomeTime + 1'000'000'000;
    if (text.empty()) continue;
    const Result<std::uint64_t> time = ParseTime(text, kSomeTime), other = ParseTime(text, kAnother);
    if (time && other && *time == *other) continue;
    return UsageError(
        fmt::format("{} {}: with --checkpoint it must be a point in time, not one before now", flag, text));
  }
  return {};
}

}  // namespace

void DeliveryFlags::Bind(CLI::App& sub, std::string_view items, std::string_view replaced) {
  sub.add_option("--checkpoint", checkpoint, "Keep in FILE how far all is delivered; go on from there")
      ->type_name("FILE")
      ->group("Delivery");
  sub.add_option("--dead-letter", dead_letter, "Write what cannot be read, or sent, to FILE and go on")
      ->type_name("FILE")
      ->group("Delivery");
  sub.add_flag("--overwrite", overwrite, fmt::format("Replace {} that exist", replaced))->group("Delivery");
  sub.add_option("--rate", rate, fmt::format("At most so many {} (20000) or bytes (50MB) a second", items))
      ->type_name("RATE")
      ->group("Delivery");
}

Result<SendRate> DeliveryFlags::ReadRate(std::string_view items) const {
  SendRate limit;
  if (rate.empty()) return limit;
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
  const std::size_t digits = std::min(rate.find_first_not_of("0123456789"), rate.size());
  const double number = std::strtod(rate.substr(0, digits).c_str(), nullptr);
  const auto unit =
      std::ranges::find(kUnits, std::string_view(rate).substr(digits), &std::pair<std::string_view, double>::first);
  if (number <= 0 || (digits < rate.size() && unit == std::end(kUnits))) {
    return std::unexpected(
        UsageError(fmt::format("--rate {}: write a number of {} (20000) or of bytes (50MB) a second", rate, items)));
  }
  if (digits == rate.size()) {
    limit.items = number;
  } else {
    limit.bytes = number * unit->second;
  }
  return limit;
}

Status DeliveryFlags::CheckFiles(const std::vector<std::string>& inputs) const {
  GF_RETURN_IF_ERROR(CheckOutsideOfInput("--checkpoint", checkpoint, inputs));
  return CheckOutsideOfInput("--dead-letter", dead_letter, inputs);
}

Status CheckOutsideOfInput(std::string_view flag, const std::string& path, const std::vector<std::string>& inputs) {
  if (path.empty() || path == "-") return {};
  std::error_code ignored;
  const auto place = [&](const std::string& of) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(of, ignored), ignored).lexically_normal();
  };
  const std::filesystem::path mine = place(path);
  for (const std::string& input : inputs) {
    if (input == "-") continue;
    // Equal, or in the folder.
    const std::filesystem::path relative = mine.lexically_relative(place(input));
    if (relative.empty() || *relative.begin() == "..") continue;
    return UsageError(fmt::format("{} {}: would be read as input: it lies in {}", flag, path, input));
  }
  return {};
}

std::vector<std::pair<std::string, std::string>> Given(const CLI::App& sub, const std::vector<std::string>& flags) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const std::string& flag : flags) {
    const CLI::Option* option = sub.get_option(flag);
    if (option->count() != 0) given.emplace_back(flag, fmt::format("{}", fmt::join(option->results(), " ")));
  }
  return given;
}

std::vector<std::string> ChoosingFlags() {
  return {"INPUT",   "--input-format", "--signal", "--compression", "--partial-tail", "--base64-ids",
          "--table", "--since",        "--until",  "--where",       "--sample"};
}

std::string Fingerprint(std::string_view text) {
  const auto digest = Sha256(text);
  std::string hex(2 * digest.size(), '\0');
  WriteHex(hex.data(), {digest.data(), digest.size()});
  return hex;
}

Result<std::optional<Checkpoint>> OpenCheckpoint(const DeliveryFlags& flags, const ChoiceFlags& choice,
                                                 Checkpoint::Options options, Conversion& conversion,
                                                 const RunFlags& run, const Env& env) {
  if (flags.checkpoint.empty()) return std::nullopt;
  GF_UNEXPECTED_IF_ERROR(CheckTimesAreFixed(choice));
  if (choice.limit) {
    return std::unexpected(UsageError(
        "--limit and --checkpoint exclude each other: where in a unit the limit was reached is not recorded"));
  }
  Result<Checkpoint> checkpoint = Checkpoint::Open(flags.checkpoint, std::move(options), conversion.files());
  if (!checkpoint) return std::unexpected(std::move(checkpoint.error()));
  conversion.SkipUnits(checkpoint->units_done());
  if (checkpoint->resumed() && !run.quiet) {
    env.Say(checkpoint->all_done() ? "the checkpoint says that all of this was sent before"
                                   : "going on from the checkpoint; what was under way when the last run ended "
                                     "may be sent twice");
  }
  return std::optional(std::move(*checkpoint));
}

Result<std::unique_ptr<DeadLetters>> DeadLetters::Open(const DeliveryFlags& flags, const CaptureOptions& capture,
                                                       Checkpoint* checkpoint) {
  const std::string& path = flags.dead_letter;
  if (path.empty()) return std::unique_ptr<DeadLetters>(new DeadLetters(nullptr, {}, capture));
  if (path.ends_with(".gz") || path.ends_with(".zst")) {
    return std::unexpected(UsageError("--dead-letter: it is written uncompressed, so that nothing of it is lost"));
  }
  std::optional<std::uint64_t> keep;
  if (checkpoint != nullptr) keep = checkpoint->DeadLetterBytes(path);
  if (!keep && flags.overwrite) keep = 0;
  Result<AppendFile> opened = AppendFile::Open(path, keep);
  if (!opened) return std::unexpected(std::move(opened.error()));
  if (checkpoint != nullptr) GF_UNEXPECTED_IF_ERROR(checkpoint->BeginDeadLetters(path));
  auto file = std::make_unique<DeadLetterFile>(std::move(*opened));
  DeadLetterWriter writer = [to = file.get()](std::string_view lines) { return to->Write(lines); };
  return std::unique_ptr<DeadLetters>(new DeadLetters(std::move(file), std::move(writer), capture));
}

std::unique_ptr<DeadLetters> DeadLetters::Dropped(const DeliveryFlags& flags, const CaptureOptions& capture) {
  DeadLetterWriter writer;
  if (!flags.dead_letter.empty()) writer = [](std::string_view) { return Status(); };
  return std::unique_ptr<DeadLetters>(new DeadLetters(nullptr, std::move(writer), capture));
}

Delivery::Delivery(const RunFlags& run, const Env& env, bool sends)
    : run_(run), env_(env), watch_([this] { Stop(); }, sends ? kFlushLimit + 2 * kGrace : kGrace) {}

void Delivery::SetConversion(Conversion* conversion) {
  const std::scoped_lock lock(mutex_);
  conversion_ = conversion;
  if (stopped_ && conversion_ != nullptr) conversion_->Stop();
}

void Delivery::SetSink(DeliverySink* sink) {
  const std::scoped_lock lock(mutex_);
  sink_ = sink;
  if (stopped_ && sink_ != nullptr) sink_->LimitFlush(kFlushLimit);
}

void Delivery::Stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  if (conversion_ != nullptr) conversion_->Stop();
  if (sink_ != nullptr) sink_->LimitFlush(kFlushLimit);
}

Status Delivery::ShowProgress(const std::function<Status()>& run) {
  const Progress bar(run_.ShowProgress(env_), env_,
                     [this] { return Progress::State{conversion_->bytes_read(), conversion_->total_bytes()}; });
  return run();
}

Status Delivery::Convert(Sink& sink, const DeadLetters& dead_letters) {
  return ShowProgress([&] { return conversion_->Run(sink, dead_letters.writer()); });
}

Status Delivery::Send(Checkpoint* checkpoint, const DeadLetters& dead_letters, const std::function<Status()>& convert) {
  std::optional<CheckpointKeeper> keeper;
  if (checkpoint != nullptr) {
    keeper.emplace(*checkpoint, [this] { return sink_->delivered(); }, dead_letters.file(), [this] { Stop(); });
  }
  Status status = convert();
  if (!status.ok() && status.code() == Code::kClosed) status = Status();  // the interrupt's doing
  // Also after an error: what is under way is not given up. A failure of the sink's is of input in front of the error,
  // which was only read ahead.
  if (Status closed = sink_->Close(); !closed.ok()) {
    if (!status.ok() && status.message() != closed.message()) env_.Say(status.message());
    status = std::move(closed);
  }
  const bool all = status.ok() && !stopped_;
  if (keeper) {
    if (Status kept = keeper->Finish(all); !kept.ok() && status.ok()) status = std::move(kept);
  } else if (dead_letters.file() != nullptr) {
    if (const Result<std::uint64_t> synced = dead_letters.file()->Sync(); !synced && status.ok()) {
      status = synced.error();
    }
  }
  return status;
}

}  // namespace gf_otlp::cli
