#ifndef GF_OTLP_INPUT_BYTE_STREAM_H_
#define GF_OTLP_INPUT_BYTE_STREAM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/file.h"
#include "gf_otlp/capture.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/status.h"
#include "input/codec.h"

namespace gf_otlp {

/// Bytes from first to last. Virtual once per block.
class ByteStream {
 public:
  virtual ~ByteStream() = default;
  /// Up to `size` bytes, 0 at the end. kIo if it cannot be read, kBadData if compressed data is broken; both are final.
  virtual Result<std::size_t> Read(char* to, std::size_t size) = 0;
};

/// A file, of which everything is counted in `bytes_read`. A regular file that ends before the size it had when it was
/// opened is a kIo error: something cuts it while it is read.
class FileStream final : public ByteStream {
 public:
  FileStream(InputFd fd, std::string name, std::atomic<std::uint64_t>& bytes_read);
  Result<std::size_t> Read(char* to, std::size_t size) override;

 private:
  InputFd fd_;
  std::string name_;
  std::uint64_t size_at_open_, read_ = 0;
  std::atomic<std::uint64_t>& bytes_read_;
};

/// The content of gzip members or zstd frames, one after the other.
class DecompressStream final : public ByteStream {
 public:
  DecompressStream(std::unique_ptr<ByteStream> from, Compression compression);
  Result<std::size_t> Read(char* to, std::size_t size) override;
  /// The error of Read() was that the file ends inside a member or frame.
  bool truncated() const { return truncated_; }

 private:
  Result<bool> Refill();

  std::unique_ptr<ByteStream> from_;
  std::unique_ptr<Codec> codec_;
  PaddedBuffer in_, out_;
  std::size_t in_begin_ = 0, out_begin_ = 0;
  Status broken_;
  bool truncated_ = false;
};

/// Lets the first bytes be looked at before they are read.
class PeekStream final : public ByteStream {
 public:
  explicit PeekStream(std::unique_ptr<ByteStream> from) : from_(std::move(from)) {}

  /// The first bytes, `size` of them unless the stream ends or fails before; `ended` says that. A failure stays for
  /// Read() to report, behind the bytes that were good.
  std::string_view Peek(std::size_t size, bool& ended);
  const Status& failure() const { return failure_; }
  Result<std::size_t> Read(char* to, std::size_t size) override;

 private:
  std::unique_ptr<ByteStream> from_;
  PaddedBuffer head_;
  std::size_t begin_ = 0;
  Status failure_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_BYTE_STREAM_H_
