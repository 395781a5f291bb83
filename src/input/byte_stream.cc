#include "input/byte_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace gf_otlp {
namespace {

constexpr std::size_t kCompressedBlock = std::size_t{256} << 10;
constexpr std::size_t kContentBlock = std::size_t{256} << 10;

std::size_t CopyOut(const PaddedBuffer& from, std::size_t& begin, char* to, std::size_t size) {
  const std::size_t n = std::min(size, from.size() - begin);
  if (n > 0) std::memcpy(to, from.data() + begin, n);
  begin += n;
  return n;
}

}  // namespace

FileStream::FileStream(InputFd fd, std::string name, std::atomic<std::uint64_t>& bytes_read)
    : fd_(std::move(fd)), name_(std::move(name)), size_at_open_(fd_.BytesLeft()), bytes_read_(bytes_read) {}

Result<std::size_t> FileStream::Read(char* to, std::size_t size) {
  const Result<std::size_t> n = fd_.Read(to, size);
  if (!n && name_ == "-") {
    return std::unexpected(IoError("cannot read standard input" + n.error().message().substr(name_.size())));
  }
  if (!n) return n;
  read_ += *n;
  bytes_read_.fetch_add(*n, std::memory_order_relaxed);
  if (*n == 0 && size > 0 && read_ < size_at_open_) {
    return std::unexpected(IoError(fmt::format("{}: the file shrank while it was read: {} bytes when opened, {} now",
                                               name_, size_at_open_, read_)));
  }
  return n;
}

DecompressStream::DecompressStream(std::unique_ptr<ByteStream> from, Compression compression)
    : from_(std::move(from)), codec_(Codec::Create(compression)) {
  codec_->Reset();
  in_.Reserve(kCompressedBlock);
  out_.Reserve(kContentBlock);
}

/// False at the end of the compressed bytes.
Result<bool> DecompressStream::Refill() {
  in_.Clear();
  in_begin_ = 0;
  const Result<std::size_t> n = from_->Read(in_.end(), in_.capacity());
  if (!n) return std::unexpected(n.error());
  in_.AddSize(*n);
  return *n > 0;
}

Result<std::size_t> DecompressStream::Read(char* to, std::size_t size) {
  for (;;) {
    if (const std::size_t n = CopyOut(out_, out_begin_, to, size); n > 0 || size == 0) return n;
    if (!broken_.ok()) return std::unexpected(broken_);
    out_.Clear();
    out_begin_ = 0;
    if (in_begin_ == in_.size()) {
      const Result<bool> more = Refill();
      if (!more) return std::unexpected(more.error());
      if (!*more && codec_->AtEnd()) return 0;
    }
    const bool ended = in_.empty();
    std::string_view in = in_.view().substr(in_begin_);
    broken_ = codec_->Step(in, out_);
    in_begin_ = in_.size() - in.size();
    if (ended && out_.empty() && broken_.ok()) {
      truncated_ = true;
      broken_ = BadData(fmt::format("the {} data ends too early", codec_->name()));
    }
  }
}

std::string_view PeekStream::Peek(std::size_t size, bool& ended) {
  ended = !failure_.ok();
  if (size > head_.size()) head_.Reserve(size - head_.size());
  while (!ended && head_.size() < size) {
    const Result<std::size_t> n = from_->Read(head_.end(), size - head_.size());
    if (!n) failure_ = n.error();
    if (n) head_.AddSize(*n);
    ended = !n || *n == 0;
  }
  return head_.view();
}

Result<std::size_t> PeekStream::Read(char* to, std::size_t size) {
  if (begin_ < head_.size()) {
    const std::size_t n = CopyOut(head_, begin_, to, size);
    if (begin_ == head_.size()) {
      head_ = PaddedBuffer();
      begin_ = 0;
    }
    return n;
  }
  if (!failure_.ok()) return std::unexpected(failure_);
  return from_->Read(to, size);
}

}  // namespace gf_otlp
