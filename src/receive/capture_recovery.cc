#include "receive/capture_recovery.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "gf_otlp/padded_buffer.h"
#include "input/codec.h"
#include "input/detect.h"
#include "input/frame_length.h"
#include "input/request_check.h"

namespace gf_otlp::receive {
namespace {

/// What is read at a time where a file is searched, and where only frames' lengths are wanted.
constexpr std::size_t kBlock = std::size_t{64} << 10, kWindow = 4096;
/// What a file system writes, or has not written, at once.
constexpr std::uint64_t kBlockOfZeros = 4096;
/// A whole file is looked at so far to tell its framing.
constexpr std::size_t kHead = std::size_t{256} << 10;
constexpr std::size_t kLengthBytes = 4;

/// Reads a file at any offset, through a window that is kept.
class Reader {
 public:
  Reader(int fd, std::uint64_t size, const std::string& path) : fd_(fd), size_(size), path_(path) {}

  std::uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

  /// The bytes from `offset` on: all of `size` that the file has, or more. Valid until the next call.
  Status At(std::uint64_t offset, std::size_t size, std::string_view& bytes, std::size_t window = kWindow) {
    size = static_cast<std::size_t>(std::min<std::uint64_t>(size, size_ - offset));
    if (offset < begin_ || offset + size > begin_ + buffer_.size()) {
      buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(std::max(size, window), size_ - offset)));
      begin_ = offset;
      GF_RETURN_IF_ERROR(Fill());
    }
    bytes = std::string_view(buffer_).substr(static_cast<std::size_t>(offset - begin_));
    return {};
  }

 private:
  Status Fill() {
    std::size_t have = 0;
    while (have < buffer_.size()) {
      const ssize_t n = ::pread(fd_, buffer_.data() + have, buffer_.size() - have, static_cast<off_t>(begin_ + have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoError(path_, errno);
      if (n == 0) return IoError(path_ + ": became shorter");
      have += static_cast<std::size_t>(n);
    }
    return {};
  }

  int fd_;
  std::uint64_t size_;
  const std::string& path_;
  std::string buffer_;
  std::uint64_t begin_ = 0;
};

Status NotOurs(const Reader& file, std::string_view why) {
  return UsageError(fmt::format("{}: {}; move it away, or write to another directory", file.path(), why));
}

/// Where the zeros begin that the file ends in.
Result<std::uint64_t> FindZeros(Reader& file) {
  std::uint64_t end = file.size();
  while (end > 0) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end, kBlock);
    std::string_view bytes;
    GF_UNEXPECTED_IF_ERROR(file.At(begin, kBlock, bytes, kBlock));
    const std::size_t last = bytes.substr(0, static_cast<std::size_t>(end - begin)).find_last_not_of('\0');
    if (last != std::string_view::npos) return begin + last + 1;
    end = begin;
  }
  return 0;
}

/// Behind the last newline in front of `end`; 0 if there is none.
Result<std::uint64_t> FindLineEnd(Reader& file, std::uint64_t end) {
  while (end > 0) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end, kBlock);
    std::string_view bytes;
    GF_UNEXPECTED_IF_ERROR(file.At(begin, kBlock, bytes, kBlock));
    const std::size_t last = bytes.substr(0, static_cast<std::size_t>(end - begin)).rfind('\n');
    if (last != std::string_view::npos) return begin + last + 1;
    end = begin;
  }
  return 0;
}

/// Of what stands in a frame: whether all of it was written.
bool IsWhole(std::string_view payload) {
  const std::unique_ptr<Codec> codec = Codec::Create(DetectCompression(payload));
  if (codec == nullptr) return CheckRequest(payload, false).fits;
  PaddedBuffer content;
  return DecompressFrame(*codec, payload, std::numeric_limits<std::ptrdiff_t>::max(), content).ok();
}

/// `zeros`: where those begin that the file ends in.
Result<std::uint64_t> FindFramesEnd(Reader& file, std::uint64_t zeros) {
  std::uint64_t at = 0, previous = 0;
  while (at < file.size()) {
    std::string_view rest;
    GF_UNEXPECTED_IF_ERROR(file.At(at, kLengthBytes, rest));
    std::uint64_t length = 0;
    if (TakeBigEndianLength(rest, length) == Readable::kShort) break;
    // No request is empty: these are blocks that were given to the file and never written.
    if (length == 0 && zeros <= at) break;
    if (length == 0) return std::unexpected(NotOurs(file, fmt::format("a frame of no bytes at offset {}", at)));
    if (length > file.size() - at - kLengthBytes) break;
    previous = std::exchange(at, at + kLengthBytes + length);
  }
  // The end of the last request may be such blocks too. Many requests end in zeros of their own.
  if (at == 0 || zeros > (at - 1) / kBlockOfZeros * kBlockOfZeros) return at;
  std::string_view frame;
  GF_UNEXPECTED_IF_ERROR(file.At(previous, static_cast<std::size_t>(at - previous), frame));
  frame = frame.substr(0, static_cast<std::size_t>(at - previous));
  return IsWhole(frame.substr(kLengthBytes)) ? at : previous;
}

/// A file that is little more than the begin of its first frame may not tell enough: this does not speak against it.
bool MayBeginFrame(std::string_view content) {
  constexpr std::uint64_t kLikely = std::uint64_t{128} << 20;  // four characters of text, and raw protobuf, give more
  std::uint64_t length = 0;
  return TakeBigEndianLength(content, length) == Readable::kWhole && length > content.size() && length < kLikely &&
         CheckRequest(content, true).fits;
}

bool MayBeFramed(std::string_view head, bool ended) {
  const FormatDetection found = DetectFormat(head, ended);
  return found.format ? found.format == InputFormat::kFramed || found.other == InputFormat::kFramed
                      : MayBeginFrame(head);
}

/// `zeros`: as below.
Status CheckFraming(Reader& file, bool framed, std::uint64_t zeros) {
  std::string_view head;
  GF_RETURN_IF_ERROR(file.At(0, kHead, head));
  if (!framed) return head.starts_with('{') ? Status() : NotOurs(file, "no JSON lines");
  // The zeros may be a request's own, or stand where the rest of the first one was never written.
  const std::string_view written = head.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(zeros, kHead)));
  const bool fits = MayBeFramed(head, head.size() == file.size()) || MayBeFramed(written, zeros == written.size());
  return fits ? Status() : NotOurs(file, "no frames of a length and a request");
}

/// The number behind `"name":`; nothing if it is not there.
std::optional<std::uint64_t> NumberOf(std::string_view line, std::string_view name) {
  const std::size_t at = line.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const std::string_view text = line.substr(at + name.size());
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

Result<std::uint64_t> FindWholeEnd(int fd, std::uint64_t size, bool framed, const std::string& path) {
  Reader file(fd, size, path);
  const Result<std::uint64_t> zeros = FindZeros(file);
  if (!zeros || *zeros == 0) return zeros;
  GF_UNEXPECTED_IF_ERROR(CheckFraming(file, framed, *zeros));
  return framed ? FindFramesEnd(file, *zeros) : FindLineEnd(file, size);
}

Result<std::uint64_t> FindHeadersEnd(int fd, std::uint64_t size, std::uint64_t data_size, const std::string& path) {
  Reader file(fd, size, path);
  Result<std::uint64_t> end = FindLineEnd(file, size);
  while (end && *end > 0) {
    const Result<std::uint64_t> begin = FindLineEnd(file, *end - 1);
    if (!begin) return begin;
    // Offset and length stand in front.
    std::string_view line;
    GF_UNEXPECTED_IF_ERROR(file.At(*begin, static_cast<std::size_t>(*end - *begin), line));
    const auto offset = NumberOf(line, R"({"offset":)"), length = NumberOf(line, R"(,"length":)");
    if (offset && length && *offset + *length <= data_size) return end;
    end = begin;
  }
  return end;
}

}  // namespace gf_otlp::receive
