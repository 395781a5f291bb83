#ifndef GF_OTLP_BASE_FILE_H_
#define GF_OTLP_BASE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// `name`: what the system says about the error number.
Status ErrnoError(const std::string& name, int error);

struct FileInfo {
  enum class Kind : std::uint8_t { kRegular, kDirectory, kOther };
  Kind kind = Kind::kOther;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds since 1970
  /// Tell files apart whatever their names are.
  std::uint64_t device = 0, inode = 0;
};

/// Follows symbolic links. kIo names the file.
Result<FileInfo> StatFile(const std::string& path);

/// A file open for reading; closed when destroyed.
class InputFd {
 public:
  InputFd() = default;
  InputFd(InputFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)) {}
  InputFd& operator=(InputFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~InputFd();

  static Result<InputFd> Open(const std::string& path);
  /// Standard input, a duplicate of it; named "-".
  static Result<InputFd> StandardInput();

  /// Up to `size` bytes, 0 at the end of the file.
  Result<std::size_t> Read(char* to, std::size_t size);
  /// How many bytes of a regular file are still to be read; 0 of anything else.
  std::uint64_t BytesLeft() const;

 private:
  InputFd(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

  int fd_ = -1;
  std::string name_;
};

/// All of a file, of at most `limit` bytes. kIo if it cannot be read, kBadData if it is larger.
Result<std::string> ReadFile(const std::string& path, std::size_t limit);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_FILE_H_
