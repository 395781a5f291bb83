#ifndef GF_OTLP_BASE_APPEND_FILE_H_
#define GF_OTLP_BASE_APPEND_FILE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// A file that grows under its own name and keeps what was written when the process dies. Not thread-safe.
class AppendFile {
 public:
  /// Creates the file, or opens it: cut off behind its first `keep` bytes if that is set. kUsage if it holds
  /// something and `keep` is not set, or if it has fewer bytes; kIo if it cannot be opened.
  static Result<AppendFile> Open(const std::string& path, std::optional<std::uint64_t> keep);
  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  ~AppendFile();

  Status Write(std::string_view bytes);
  /// Makes what was written durable.
  Status Sync();
  std::uint64_t size() const { return size_; }

 private:
  AppendFile(std::string path, int fd, std::uint64_t size) : path_(std::move(path)), fd_(fd), size_(size) {}

  std::string path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  bool synced_ = false;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_APPEND_FILE_H_
