#include "input/codec.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <new>

namespace gf_otlp {
namespace {

/// zlib's windowBits: the largest window, and which of the formats.
constexpr int kLargestWindow = 15, kGzipOnly = kLargestWindow + 16, kZlibOnly = kLargestWindow, kRaw = -kLargestWindow;

/// Whether two bytes may begin a zlib stream (RFC 1950, 2.2): deflate, a window it knows, a multiple of 31.
bool IsZlibHeader(std::string_view head) {
  if (head.size() < 2) return false;
  const auto first = static_cast<std::uint8_t>(head[0]), second = static_cast<std::uint8_t>(head[1]);
  return (first & 0x0f) == 8 && first >> 4 <= 7 && (first * 256 + second) % 31 == 0;
}

class InflateCodec final : public Codec {
 public:
  enum class Format : std::uint8_t { kGzip, kDeflate };
  explicit InflateCodec(Format format) : format_(format) {
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
  }
  InflateCodec(const InflateCodec&) = delete;
  InflateCodec& operator=(const InflateCodec&) = delete;
  ~InflateCodec() override { inflateEnd(&stream_); }

  void Reset() override {
    at_end_ = true;
    ended_ = false;
  }

  Status Step(std::string_view& in, PaddedBuffer& out) override {
    while (!in.empty() || !at_end_) {
      if (at_end_) {
        if (ended_ && format_ == Format::kDeflate) return BadData("broken deflate data: bytes behind its end");
        inflateReset2(&stream_, format_ == Format::kGzip ? kGzipOnly : IsZlibHeader(in) ? kZlibOnly : kRaw);
      }
      const auto in_size = static_cast<uInt>(std::min(in.size(), kMaxStep));
      const auto out_size = static_cast<uInt>(std::min(out.capacity() - out.size(), kMaxStep));
      if (out_size == 0) return {};
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
      stream_.avail_in = in_size;
      stream_.next_out = reinterpret_cast<Bytef*>(out.end());
      stream_.avail_out = out_size;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      in.remove_prefix(in_size - stream_.avail_in);
      out.AddSize(out_size - stream_.avail_out);
      at_end_ = ended_ = result == Z_STREAM_END;
      if (result == Z_BUF_ERROR) return {};
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      if (result != Z_OK && result != Z_STREAM_END) {
        return BadData(
            fmt::format("broken {} data: {}", name(), stream_.msg != nullptr ? stream_.msg : "unknown error"));
      }
    }
    return {};
  }

  bool AtEnd() const override { return at_end_; }
  std::optional<std::size_t> SizeHint(std::string_view) const override { return std::nullopt; }
  std::string_view name() const override { return format_ == Format::kGzip ? "gzip" : "deflate"; }

 private:
  static constexpr std::size_t kMaxStep = std::size_t{1} << 30;

  Format format_;
  z_stream stream_{};
  bool at_end_ = true;
  bool ended_ = false;  // there was a stream, and it is over
};

class ZstdCodec final : public Codec {
 public:
  explicit ZstdCodec(int window_log_max) : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, window_log_max);
  }
  ZstdCodec(const ZstdCodec&) = delete;
  ZstdCodec& operator=(const ZstdCodec&) = delete;
  ~ZstdCodec() override { ZSTD_freeDCtx(context_); }

  void Reset() override {
    ZSTD_DCtx_reset(context_, ZSTD_reset_session_only);
    at_end_ = true;
  }

  Status Step(std::string_view& in, PaddedBuffer& out) override {
    while (!in.empty() || !at_end_) {
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      ZSTD_outBuffer to{out.end(), out.capacity() - out.size(), 0};
      if (to.size == 0) return {};
      const std::size_t result = ZSTD_decompressStream(context_, &to, &from);
      in.remove_prefix(from.pos);
      out.AddSize(to.pos);
      if (ZSTD_isError(result) != 0) {
        return BadData(fmt::format("broken zstd data: {}", ZSTD_getErrorName(result)));
      }
      at_end_ = result == 0;
      if (from.pos == 0 && to.pos == 0) return {};
    }
    return {};
  }

  bool AtEnd() const override { return at_end_; }
  std::optional<std::size_t> SizeHint(std::string_view in) const override {
    const unsigned long long size = ZSTD_getFrameContentSize(in.data(), in.size());
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return std::nullopt;
    return size;
  }
  std::string_view name() const override { return "zstd"; }

 private:
  ZSTD_DCtx* context_;
  bool at_end_ = true;
};

/// Room to begin with: what the header says if that is believable, for then one pass without a window is enough.
std::size_t FirstRoom(const Codec& codec, std::string_view frame, std::size_t limit) {
  constexpr std::size_t kAlways = std::size_t{256} << 10;
  constexpr std::size_t kBelievableRatio = 32;
  const std::size_t hint = codec.SizeHint(frame).value_or(frame.size() * 4);
  return std::min({limit, hint, std::max(kAlways, frame.size() * kBelievableRatio)}) + 1;
}

}  // namespace

Compression DetectCompression(std::string_view head) {
  if (head.starts_with("\x1f\x8b\x08")) return Compression::kGzip;
  if (head.starts_with("\x28\xb5\x2f\xfd")) return Compression::kZstd;
  if (head.size() >= 4 && (head[0] & 0xf0) == 0x50 && head.substr(1, 3) == "\x2a\x4d\x18") return Compression::kZstd;
  return Compression::kNone;
}

std::unique_ptr<Codec> Codec::Create(Compression compression) {
  switch (compression) {
    case Compression::kGzip: return std::make_unique<InflateCodec>(InflateCodec::Format::kGzip);
    case Compression::kZstd: return std::make_unique<ZstdCodec>(kZstdWindowLogMax);
    case Compression::kNone: break;
  }
  return nullptr;
}

std::unique_ptr<Codec> Codec::CreateDeflate() { return std::make_unique<InflateCodec>(InflateCodec::Format::kDeflate); }

std::unique_ptr<Codec> Codec::CreateHttpZstd() { return std::make_unique<ZstdCodec>(kHttpZstdWindowLogMax); }

Status DecompressFrame(Codec& codec, std::string_view frame, std::size_t limit, PaddedBuffer& out,
                       const std::function<void()>& before_large) {
  bool large = false;
  codec.Reset();
  out.Clear();
  out.Reserve(FirstRoom(codec, frame, limit));
  for (;;) {
    const std::size_t had = out.size(), had_input = frame.size();
    // A size that the frame tells may have made room for all of it: then this step fills all of it.
    if (!large && out.capacity() > kLargeContent) {
      large = true;
      if (before_large) before_large();
    }
    GF_RETURN_IF_ERROR(codec.Step(frame, out));
    if (out.size() > limit) {
      return BadData(fmt::format("more than {} bytes when decompressed (--max-unit-size)", limit));
    }
    if (frame.empty() && codec.AtEnd()) return {};
    if (out.size() < out.capacity() && out.size() == had && frame.size() == had_input) {
      return BadData(fmt::format("unfinished {} frame", codec.name()));
    }
    if (out.size() == out.capacity()) out.Reserve(std::min(out.capacity(), limit + 1 - out.size()));
  }
}

}  // namespace gf_otlp
