#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace gf_otlp {

Status ErrnoError(const std::string& name, int error) {
  return IoError(fmt::format("{}: {}", name, std::generic_category().message(error)));
}

Result<FileInfo> StatFile(const std::string& path) {
  struct stat st{};
  if (::stat(path.c_str(), &st) != 0) return std::unexpected(ErrnoError(path, errno));
  FileInfo info{.modified = std::int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec,
                .device = st.st_dev,
                .inode = st.st_ino};
  if (S_ISREG(st.st_mode)) {
    info.kind = FileInfo::Kind::kRegular;
    info.size = static_cast<std::uint64_t>(st.st_size);
  } else if (S_ISDIR(st.st_mode)) {
    info.kind = FileInfo::Kind::kDirectory;
  }
  return info;
}

InputFd::~InputFd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<InputFd> InputFd::Open(const std::string& path) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return std::unexpected(ErrnoError(path, errno));
  return InputFd(fd, path);
}

Result<InputFd> InputFd::StandardInput() {
  const int fd = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(ErrnoError("-", errno));
  return InputFd(fd, "-");
}

Result<std::size_t> InputFd::Read(char* to, std::size_t size) {
  for (;;) {
    const ssize_t n = ::read(fd_, to, size);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR) return std::unexpected(ErrnoError(name_, errno));
  }
}

std::uint64_t InputFd::BytesLeft() const {
  struct stat st{};
  if (::fstat(fd_, &st) != 0 || !S_ISREG(st.st_mode)) return 0;
  const off_t at = ::lseek(fd_, 0, SEEK_CUR);
  return at < 0 || at > st.st_size ? 0 : static_cast<std::uint64_t>(st.st_size - at);
}

Result<std::string> ReadFile(const std::string& path, std::size_t limit) {
  Result<InputFd> fd = InputFd::Open(path);
  if (!fd) return std::unexpected(std::move(fd.error()));
  constexpr std::size_t kStep = std::size_t{64} << 10;
  std::string content;
  for (;;) {
    const std::size_t had = content.size();
    content.resize(had + std::max<std::size_t>(kStep, fd->BytesLeft() < limit ? fd->BytesLeft() : 0));
    const Result<std::size_t> n = fd->Read(content.data() + had, content.size() - had);
    if (!n) return std::unexpected(n.error());
    content.resize(had + *n);
    if (*n == 0) return content;
    if (content.size() > limit) return std::unexpected(BadData(fmt::format("{}: larger than {} bytes", path, limit)));
  }
}

}  // namespace gf_otlp
