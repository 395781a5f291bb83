#ifndef GF_OTLP_RECEIVE_CAPTURE_DIRECTORY_H_
#define GF_OTLP_RECEIVE_CAPTURE_DIRECTORY_H_

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp::receive {

/// A file descriptor, closed when destroyed.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// The directory that a capture is written to, locked against other processes that write captures.
class CaptureDirectory {
 public:
  /// Creates it if it is not there. kUsage if another process has it, or it is no directory; kIo. Where directories
  /// cannot be locked, `say` is told so.
  static Result<CaptureDirectory> Open(const std::string& path, const std::function<void(std::string_view)>& say);

  int fd() const { return fd_.get(); }
  std::string PathOf(std::string_view name) const;

  /// Of everything in it, sorted.
  Result<std::vector<std::string>> Names() const;
  bool Has(const std::string& name) const;
  /// Nothing happens if there is no `from`.
  Status Rename(const std::string& from, const std::string& to) const;
  /// Makes names that are new, or other ones than before, durable.
  Status Sync() const;

 private:
  CaptureDirectory(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  Descriptor fd_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_CAPTURE_DIRECTORY_H_
