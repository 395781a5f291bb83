#ifndef GF_OTLP_PIPELINE_CHECKPOINT_KEEPER_H_
#define GF_OTLP_PIPELINE_CHECKPOINT_KEEPER_H_

#include <functional>
#include <optional>
#include <stop_token>
#include <thread>

#include "pipeline/checkpoint.h"
#include "pipeline/dead_letter_file.h"

namespace gf_otlp {

/// Writes a job's checkpoint now and then, in a thread of its own, while it lives.
class CheckpointKeeper {
 public:
  /// How far everything is dealt with, dead letters written; nothing: not yet. Called by the keeper's thread.
  using Delivered = std::function<std::optional<InputPosition>()>;

  /// `dead_letters` may be null: there are none. `failed` is called once when the checkpoint cannot be written.
  CheckpointKeeper(Checkpoint& checkpoint, Delivered delivered, DeadLetterFile* dead_letters,
                   std::function<void()> failed);

  /// Writes it for the last time. `all`: everything was read and is dealt with. REQUIRES: last call
  Status Finish(bool all);

 private:
  void Keep(const std::stop_token& stop);
  Status Save(bool all);

  Checkpoint& checkpoint_;
  Delivered delivered_;
  DeadLetterFile* dead_letters_;
  std::function<void()> failed_;
  Status status_;
  std::jthread thread_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_CHECKPOINT_KEEPER_H_
