#include "base/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/atomic_file.h"
#include "base/file.h"

namespace gf_otlp {

Result<AppendFile> AppendFile::Open(const std::string& path, std::optional<std::uint64_t> keep) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0) return std::unexpected(ErrnoError(path, errno));
  AppendFile file(path, fd, keep.value_or(0));
  struct stat st{};
  if (::fstat(fd, &st) != 0) return std::unexpected(ErrnoError(path, errno));
  if (!S_ISREG(st.st_mode)) return file;
  if (!keep && st.st_size > 0) GF_UNEXPECTED_IF_ERROR(CheckAbsent(path));
  if (static_cast<std::uint64_t>(st.st_size) < file.size_) {
    return std::unexpected(
        UsageError(fmt::format("{}: has {} bytes, but {} were written to it before", path, st.st_size, file.size_)));
  }
  if (::ftruncate(fd, static_cast<off_t>(file.size_)) != 0) return std::unexpected(ErrnoError(path, errno));
  return file;
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_), synced_(other.synced_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  size_ = other.size_;
  synced_ = other.synced_;
  return *this;
}

AppendFile::~AppendFile() {
  if (fd_ >= 0) ::close(fd_);
}

Status AppendFile::Write(std::string_view bytes) {
  GF_RETURN_IF_ERROR(WriteAll(fd_, bytes, path_));
  size_ += bytes.size();
  synced_ = false;
  return {};
}

Status AppendFile::Sync() {
  if (std::exchange(synced_, true)) return {};
  // Not every file can be synced: /dev/null cannot.
  if (::fdatasync(fd_) != 0 && errno != EINVAL && errno != EROFS) return ErrnoError(path_, errno);
  return {};
}

}  // namespace gf_otlp
