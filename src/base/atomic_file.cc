#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

namespace gf_otlp {
namespace {

struct Unfinished {
  std::mutex mutex;
  std::set<std::string> paths;
};

Unfinished& UnfinishedFiles() {
  static Unfinished files;
  return files;
}

void Remember(const std::string& path) {
  Unfinished& files = UnfinishedFiles();
  const std::scoped_lock lock(files.mutex);
  files.paths.insert(path);
}

void Forget(const std::string& path) {
  Unfinished& files = UnfinishedFiles();
  const std::scoped_lock lock(files.mutex);
  files.paths.erase(path);
}

Status SyncFolder(const std::string& path) {
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return IoError(fmt::format("cannot open folder {}: {}", folder, std::strerror(errno)));
  const int failed = fsync(fd);
  const int reason = errno;
  close(fd);
  // Some file systems cannot sync folders and say EINVAL: then there is nothing to wait for.
  if (failed != 0 && reason != EINVAL) {
    return IoError(fmt::format("cannot sync folder {}: {}", folder, std::strerror(reason)));
  }
  return {};
}

}  // namespace

Status WriteAll(int fd, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      const Code code = errno == EPIPE ? Code::kClosed : Code::kIo;
      return Status::Error(code, fmt::format("cannot write {}: {}", name, std::strerror(errno)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status CheckAbsent(const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return UsageError(fmt::format("{} exists: use --overwrite to replace it", path));
}

Result<AtomicFile> AtomicFile::Create(const std::string& path, bool overwrite) {
  struct stat info{};
  const bool exists = stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) {
    return std::unexpected(UsageError(fmt::format("{} is a directory: use --output-dir", path)));
  }
  if (exists && !S_ISREG(info.st_mode)) {
    const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(IoError(fmt::format("cannot open {}: {}", path, std::strerror(errno))));
    return AtomicFile(path, "", fd);
  }
  if (exists && !overwrite) GF_UNEXPECTED_IF_ERROR(CheckAbsent(path));
  // Behind a symbolic link it is the file that is replaced, not the link.
  std::error_code error;
  const std::string target = exists ? std::filesystem::canonical(path, error).string() : path;
  if (error) return std::unexpected(IoError(fmt::format("cannot find {}: {}", path, error.message())));
  std::string temporary = target + ".XXXXXX.part";
  const int fd = mkostemps(temporary.data(), 5, O_CLOEXEC);
  if (fd < 0) return std::unexpected(IoError(fmt::format("cannot create {}: {}", path, std::strerror(errno))));
  Remember(temporary);
  const mode_t mask = umask(0);
  umask(mask);
  fchmod(fd, exists ? info.st_mode & 07777 : 0666 & ~mask);
  return AtomicFile(target, std::move(temporary), fd);
}

AtomicFile::AtomicFile(std::string path, std::string temporary, int fd)
    : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::move(other.temporary_)), fd_(std::exchange(other.fd_, -1)) {}

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(fd_, other.fd_);
  return *this;
}

AtomicFile::~AtomicFile() {
  if (fd_ < 0) return;
  close(fd_);
  if (temporary_.empty()) return;
  unlink(temporary_.c_str());
  Forget(temporary_);
}

Status AtomicFile::Write(std::string_view bytes) { return WriteAll(fd_, bytes, path_); }

Status AtomicFile::Failure(std::string_view doing) const {
  return IoError(fmt::format("cannot {} {}: {}", doing, path_, std::strerror(errno)));
}

Status AtomicFile::Commit() {
  if (temporary_.empty()) return close(std::exchange(fd_, -1)) == 0 ? Status() : Failure("close");
  if (fsync(fd_) != 0) return Failure("sync");
  if (rename(temporary_.c_str(), path_.c_str()) != 0) return Failure("rename to");
  Forget(temporary_);
  temporary_.clear();
  if (close(std::exchange(fd_, -1)) != 0) return Failure("close");
  return SyncFolder(path_);
}

void RemoveUnfinishedFiles() {
  Unfinished& files = UnfinishedFiles();
  const std::scoped_lock lock(files.mutex);
  for (const std::string& path : files.paths) unlink(path.c_str());
}

}  // namespace gf_otlp
