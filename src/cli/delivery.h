#ifndef GF_OTLP_CLI_DELIVERY_H_
#define GF_OTLP_CLI_DELIVERY_H_

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/common_flags.h"
#include "cli/interrupt.h"
#include "pipeline/checkpoint.h"
#include "pipeline/conversion.h"
#include "pipeline/dead_letter_file.h"
#include "pipeline/refused_messages.h"
#include "sink/pacer.h"
#include "sink/sink.h"

namespace gf_otlp::cli {

/// How what is in captures is sent: what publish and replay have in common.
struct DeliveryFlags {
  std::string checkpoint, dead_letter, rate;
  bool overwrite = false;

  /// `items`: what --rate counts; `replaced`: the flags whose files --overwrite replaces.
  void Bind(CLI::App& sub, std::string_view items, std::string_view replaced);
  /// kUsage that names the flag. `items` as above.
  Result<SendRate> ReadRate(std::string_view items) const;
  /// kUsage for files that would be read as input.
  Status CheckFiles(const std::vector<std::string>& inputs) const;
};

/// kUsage for a file that the run writes and that this run, or the next one, reads.
Status CheckOutsideOfInput(std::string_view flag, const std::string& path, const std::vector<std::string>& inputs);

/// Those of the flags that were given, with their texts.
std::vector<std::pair<std::string, std::string>> Given(const CLI::App& sub, const std::vector<std::string>& flags);
/// The flags that say what is read and chosen: those by which any job of sending is told from another.
std::vector<std::string> ChoosingFlags();
/// For options of a job that may be secrets: only that they are the same counts.
std::string Fingerprint(std::string_view text);

/// The job's checkpoint, nothing without --checkpoint; the conversion skips what is done, which is said. kUsage,
/// besides that of Checkpoint::Open, for choices of records that would be others when the job goes on.
Result<std::optional<Checkpoint>> OpenCheckpoint(const DeliveryFlags& flags, const ChoiceFlags& choice,
                                                 Checkpoint::Options options, Conversion& conversion,
                                                 const RunFlags& run, const Env& env);

/// The dead letters of a run, none without --dead-letter: of units, and of messages that the other side refused.
class DeadLetters {
 public:
  /// The file is cut back to what the checkpoint, if there is one, knows of.
  static Result<std::unique_ptr<DeadLetters>> Open(const DeliveryFlags& flags, const CaptureOptions& capture,
                                                   Checkpoint* checkpoint);

  /// Of a dry run: if there are any, they are dropped.
  static std::unique_ptr<DeadLetters> Dropped(const DeliveryFlags& flags, const CaptureOptions& capture);

  /// Empty if there are none.
  const DeadLetterWriter& writer() const { return writer_; }
  /// Null if there are none.
  DeadLetterFile* file() const { return file_.get(); }
  RefusedMessages& refused() { return refused_; }

 private:
  DeadLetters(std::unique_ptr<DeadLetterFile> file, DeadLetterWriter writer, const CaptureOptions& capture)
      : file_(std::move(file)), writer_(writer), refused_(capture, std::move(writer)) {}

  std::unique_ptr<DeadLetterFile> file_;
  DeadLetterWriter writer_;
  RefusedMessages refused_;
};

/// A run that sends, which a signal ends in order: what is under way gets a while to be delivered, and the checkpoint
/// says how far all is. Make it before other threads.
class Delivery {
 public:
  /// `run` and `env` outlive it. `sends`: there will be a sink to wait for.
  Delivery(const RunFlags& run, const Env& env, bool sends);

  /// From now on stopped by a signal; one that came before stops them at once. They outlive the delivery, or are
  /// replaced; null: none.
  void SetConversion(Conversion* conversion);
  void SetSink(DeliverySink* sink);
  bool stopped() const { return stopped_; }

  /// Calls `run`, which runs the conversion that is set, with progress on standard error.
  Status ShowProgress(const std::function<Status()>& run);
  /// Runs the conversion that is set into a sink, with progress.
  Status Convert(Sink& sink, const DeadLetters& dead_letters);
  /// `convert`, which is to write to the sink that is set, and everything behind it: waits until all is dealt with,
  /// writes the checkpoint (if not null) meanwhile and at the end.
  Status Send(Checkpoint* checkpoint, const DeadLetters& dead_letters, const std::function<Status()>& convert);

 private:
  void Stop();

  const RunFlags& run_;
  const Env& env_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  // guards the pointers
  Conversion* conversion_ = nullptr;
  DeliverySink* sink_ = nullptr;
  InterruptWatch watch_;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_DELIVERY_H_
