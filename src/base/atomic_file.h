#ifndef GF_OTLP_BASE_ATOMIC_FILE_H_
#define GF_OTLP_BASE_ATOMIC_FILE_H_

#include <string>
#include <string_view>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// A file that appears under its name whole or not at all: written beside it under a temporary name, synced, renamed,
/// and the folder synced. What exists and is no regular file (/dev/null, a pipe) is written in place.
class AtomicFile {
 public:
  /// kUsage if `path` exists and `overwrite` is false, kIo if it cannot be created.
  static Result<AtomicFile> Create(const std::string& path, bool overwrite);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  /// Discards what was not committed.
  ~AtomicFile();

  Status Write(std::string_view bytes);
  /// Makes the file durable under its name. REQUIRES: last call.
  Status Commit();

  const std::string& path() const { return path_; }

 private:
  AtomicFile(std::string path, std::string temporary, int fd);
  Status Failure(std::string_view doing) const;

  std::string path_;
  std::string temporary_;  // empty when written in place
  int fd_ = -1;
};

/// Removes the temporary files of this process that were not committed; for a process that is about to die of a signal.
void RemoveUnfinishedFiles();

/// kUsage if `path` exists as a regular file.
Status CheckAbsent(const std::string& path);

/// Writes all of `bytes`. kIo with the reason; kClosed for a pipe whose reader went away.
Status WriteAll(int fd, std::string_view bytes, std::string_view name);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_ATOMIC_FILE_H_
