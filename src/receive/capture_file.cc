#include "receive/capture_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/file.h"
#include "base/json_text.h"
#include "gf_otlp/padded_buffer.h"
#include "receive/capture_names.h"
#include "receive/capture_recovery.h"

namespace gf_otlp::receive {
namespace {

using BigEndianLength = std::array<char, 4>;

BigEndianLength LengthOf(std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  return {static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
          static_cast<char>(size)};
}

iovec Piece(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

/// Writes all of the pieces; they are void then. Errno, or 0.
int WritePieces(int fd, std::span<iovec> pieces) {
  while (!pieces.empty()) {
    const auto count = static_cast<int>(std::min<std::size_t>(pieces.size(), IOV_MAX));
    const ssize_t n = ::writev(fd, pieces.data(), count);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    auto written = static_cast<std::size_t>(n);
    while (!pieces.empty() && written >= pieces.front().iov_len) {
      written -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (written == 0) continue;
    pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + written;
    pieces.front().iov_len -= written;
  }
  return 0;
}

/// {"offset":N,"length":N,"signal":"traces","headers":{"name":"value",...}}
void AppendHeaderLine(PaddedBuffer& text, const StoredRequest& request, std::uint64_t offset, std::uint64_t length) {
  text.Append(fmt::format(R"({{"offset":{},"length":{},"signal":"{}","headers":{{)", offset, length,
                          SignalName(request.signal)));
  for (const auto& [name, value] : request.headers) {
    if (&name != &request.headers.front().first) text.Append(',');
    AppendJsonString<JsonEscapes::kPlain>(text, name);
    text.Append(':');
    AppendJsonString<JsonEscapes::kPlain>(text, value);
  }
  text.Append("}}\n");
}

/// Of a file that is there already: since when, as far as the file system says.
std::chrono::nanoseconds AgeOf(int fd) {
  struct statx info{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0 || (info.stx_mask & STATX_BTIME) == 0) return {};
  const auto born = std::chrono::seconds(info.stx_btime.tv_sec) + std::chrono::nanoseconds(info.stx_btime.tv_nsec);
  return std::max<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch() - born, {});
}

Result<std::uint64_t> SizeOf(int fd, const std::string& path) {
  struct stat st{};
  if (::fstat(fd, &st) != 0) return std::unexpected(ErrnoError(path, errno));
  if (!S_ISREG(st.st_mode)) return std::unexpected(UsageError(path + ": is no regular file"));
  return static_cast<std::uint64_t>(st.st_size);
}

/// Cuts a file off at `end` if it is longer; durably with the next sync of what is written then.
Status CutTail(int fd, const std::string& path, std::uint64_t size, std::uint64_t end) {
  if (size == end) return {};
  return ::ftruncate(fd, static_cast<off_t>(end)) == 0 ? Status() : ErrnoError(path, errno);
}

}  // namespace

CaptureFile::CaptureFile(const CaptureDirectory& directory, std::string name, bool framed)
    : directory_(directory), name_(std::move(name)), framed_(framed) {}

std::string CaptureFile::HeadersName() const { return name_ + std::string(kHeadersExtension); }

Status CaptureFile::Open(bool& created) {
  if (data_) {
    struct stat st{};
    if (::fstat(data_.get(), &st) != 0) return ErrnoError(path(), errno);
    if (st.st_nlink == 0) Close();
  }
  if (!data_) {
    constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK;  // not to wait for the other end of a pipe
    data_ = Descriptor(::openat(directory_.fd(), name_.c_str(), kFlags));
    if (!data_ && errno == ENOENT) {
      data_ = Descriptor(::openat(directory_.fd(), name_.c_str(), kFlags | O_CREAT, 0666));
      if (data_) created = true;
    }
    if (!data_) return ErrnoError(path(), errno);
  }
  const Result<std::uint64_t> size = receive::SizeOf(data_.get(), path());
  if (!size) {
    Close();
    return size.error();
  }
  size_ = *size;
  if (size_ > 0) return {};
  headers_ = Descriptor();
  // Those of a file that is gone are emptied.
  return directory_.Has(HeadersName()) ? OpenHeaders(created) : Status();
}

void CaptureFile::Close() {
  data_ = Descriptor();
  headers_ = Descriptor();
}

Result<std::chrono::nanoseconds> CaptureFile::Recover(const std::function<void(std::string_view)>& say) {
  const Result<std::uint64_t> end = FindWholeEnd(data_.get(), size_, framed_, path());
  if (!end) return std::unexpected(end.error());
  if (*end < size_) {
    GF_UNEXPECTED_IF_ERROR(CutTail(data_.get(), path(), size_, *end));
    say(fmt::format("{}: cut {} bytes of an unfinished request off its end at offset {}", path(), size_ - *end, *end));
    size_ = *end;
  }
  if (directory_.Has(HeadersName())) {
    bool created = false;
    GF_UNEXPECTED_IF_ERROR(OpenHeaders(created));
    const std::string headers_path = directory_.PathOf(HeadersName());
    const Result<std::uint64_t> headers_end = FindHeadersEnd(headers_.get(), headers_size_, size_, headers_path);
    if (!headers_end) return std::unexpected(headers_end.error());
    GF_UNEXPECTED_IF_ERROR(CutTail(headers_.get(), headers_path, headers_size_, *headers_end));
    headers_size_ = *headers_end;
  }
  return AgeOf(data_.get());
}

Status CaptureFile::OpenHeaders(bool& created) {
  const std::string path = directory_.PathOf(HeadersName());
  if (!headers_) {
    if (!directory_.Has(HeadersName())) created = true;
    headers_ = Descriptor(
        ::openat(directory_.fd(), HeadersName().c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666));
    if (!headers_) return ErrnoError(path, errno);
  }
  const Result<std::uint64_t> size = receive::SizeOf(headers_.get(), path);
  if (!size) return size.error();
  // Without data, they are those of a file that is gone.
  headers_size_ = size_ == 0 ? 0 : *size;
  return CutTail(headers_.get(), path, *size, headers_size_);
}

Status CaptureFile::Append(Requests requests, bool& created) {
  const PaddedBuffer headers = HeaderLines(requests);
  Status status;
  if (!headers.empty()) {
    GF_RETURN_IF_ERROR(OpenHeaders(created));
    headers_dirty_ = true;
    status = WriteAll(headers_.get(), headers.view(), directory_.PathOf(HeadersName()));
  }
  if (status.ok()) status = WriteData(requests);
  if (!status.ok()) {
    GF_RETURN_IF_ERROR(CutBack(!headers.empty()));
    return status;
  }
  for (const StoredRequest* request : requests) size_ += SizeOf(*request, framed_);
  return {};
}

PaddedBuffer CaptureFile::HeaderLines(Requests requests) const {
  PaddedBuffer lines;
  std::uint64_t offset = size_;
  for (const StoredRequest* request : requests) {
    const std::uint64_t size = SizeOf(*request, framed_);
    // As this program tells the place of a unit: of a line without its newline.
    if (!request->headers.empty()) AppendHeaderLine(lines, *request, offset, framed_ ? size : size - 1);
    offset += size;
  }
  return lines;
}

Status CaptureFile::WriteData(Requests requests) {
  std::vector<BigEndianLength> lengths(framed_ ? requests.size() : 0);
  std::vector<iovec> pieces;
  pieces.reserve(2 * requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const std::string_view content = requests[i]->bytes;
    if (framed_) {
      lengths[i] = LengthOf(content);
      pieces.push_back(Piece({lengths[i].data(), lengths[i].size()}));
    }
    pieces.push_back(Piece(content));
    if (!framed_) pieces.push_back(Piece("\n"));
  }
  dirty_ = true;
  if (const int error = WritePieces(data_.get(), pieces)) return ErrnoError(path(), error);
  return {};
}

Status CaptureFile::CutBack(bool headers) {
  if (::ftruncate(data_.get(), static_cast<off_t>(size_)) != 0) return Break("cannot be cut back");
  if (headers && ::ftruncate(headers_.get(), static_cast<off_t>(headers_size_)) != 0) {
    return Break("its headers cannot be cut back");
  }
  return {};
}

Status CaptureFile::Sync(std::uint64_t& syncs) {
  bool created = false;
  if (headers_dirty_ && !headers_) GF_RETURN_IF_ERROR(OpenHeaders(created));
  GF_RETURN_IF_ERROR(SyncOne(headers_, headers_dirty_, syncs));
  return SyncOne(data_, dirty_, syncs);
}

Status CaptureFile::SyncOne(const Descriptor& fd, bool& dirty, std::uint64_t& syncs) {
  if (!std::exchange(dirty, false)) return {};
  ++syncs;
  return ::fdatasync(fd.get()) == 0 ? Status() : Break("cannot be made durable");
}

Status CaptureFile::Break(std::string_view what) {
  broken_ = true;
  return IoError(fmt::format("{}: {}: {}; what was last written to it may be lost or unfinished", path(), what,
                             std::generic_category().message(errno)));
}

Status CaptureFile::Rename(const std::string& aside) {
  // Headers go first: if the process ends in between, they are brought back at the next start.
  const std::string headers_aside = aside + std::string(kHeadersExtension);
  GF_RETURN_IF_ERROR(directory_.Rename(HeadersName(), headers_aside));
  Status status = directory_.Rename(name_, aside);
  // If this fails too, it is left to the next start.
  if (!status.ok()) static_cast<void>(directory_.Rename(headers_aside, HeadersName()).ok());
  return status;
}

Status CaptureFile::CheckRoom(std::uint64_t bytes) {
  // Room behind the end, given back at once. File systems that cannot do it tell nothing.
  const int failed =
      ::fallocate(data_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_), static_cast<off_t>(bytes));
  const int error = failed == 0 || errno == EOPNOTSUPP ? 0 : errno;
  GF_RETURN_IF_ERROR(CutBack(false));
  return error == 0 ? Status() : ErrnoError(path(), error);
}

}  // namespace gf_otlp::receive
