#ifndef GF_OTLP_PIPELINE_DEAD_LETTER_FILE_H_
#define GF_OTLP_PIPELINE_DEAD_LETTER_FILE_H_

#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "base/append_file.h"

namespace gf_otlp {

/// A file of dead letters that grows while a job runs. Thread-safe: the pipeline writes to it, and who hears of
/// messages that a broker refused.
class DeadLetterFile {
 public:
  explicit DeadLetterFile(AppendFile file) : file_(std::move(file)) {}

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

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_DEAD_LETTER_FILE_H_
