#include "receive/capture_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "base/file.h"

namespace gf_otlp::receive {
namespace {

/// Creates the folders of `path` that are missing, durably.
Status MakeFolders(const std::filesystem::path& path) {
  std::error_code error;
  if (path.empty() || std::filesystem::exists(path, error)) return {};
  const std::filesystem::path parent = path.parent_path();
  if (parent != path) GF_RETURN_IF_ERROR(MakeFolders(parent));
  if (::mkdir(path.c_str(), 0777) != 0) return errno == EEXIST ? Status() : ErrnoError(path.string(), errno);
  const Descriptor fd(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return !fd || ::fsync(fd.get()) == 0 || errno == EINVAL ? Status() : ErrnoError(parent.string(), errno);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<CaptureDirectory> CaptureDirectory::Open(const std::string& path,
                                                const std::function<void(std::string_view)>& say) {
  GF_UNEXPECTED_IF_ERROR(MakeFolders(path));
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd && errno == ENOTDIR) return std::unexpected(UsageError(path + ": not a directory"));
  if (!fd) return std::unexpected(ErrnoError(path, errno));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::unexpected(UsageError(path + ": another process writes a capture there"));
    // Not every network file system can.
    say(fmt::format("{}: cannot be locked ({}): nothing else may write there", path,
                    std::generic_category().message(errno)));
  }
  return CaptureDirectory(path, std::move(fd));
}

std::string CaptureDirectory::PathOf(std::string_view name) const {
  return path_.ends_with('/') ? path_ + std::string(name) : fmt::format("{}/{}", path_, name);
}

Result<std::vector<std::string>> CaptureDirectory::Names() const {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path_.c_str()), ::closedir);
  if (dir == nullptr) return std::unexpected(ErrnoError(path_, errno));
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(dir.get());
    if (entry == nullptr) break;
    names.emplace_back(entry->d_name);
  }
  if (errno != 0) return std::unexpected(ErrnoError(path_, errno));
  std::ranges::sort(names);
  return names;
}

bool CaptureDirectory::Has(const std::string& name) const {
  struct stat st{};
  return ::fstatat(fd(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

Status CaptureDirectory::Rename(const std::string& from, const std::string& to) const {
  if (::renameat(fd(), from.c_str(), fd(), to.c_str()) == 0 || errno == ENOENT) return {};
  return ErrnoError(PathOf(from), errno);
}

Status CaptureDirectory::Sync() const {
  // Not every file system can sync directories, nor has to.
  return ::fsync(fd()) == 0 || errno == EINVAL ? Status() : ErrnoError(path_, errno);
}

}  // namespace gf_otlp::receive
