#include "input/codec.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <new>

namespace gf_otlp {
namespace {

class GzipCodec final : public Codec {
 public:
  GzipCodec() {
    // 15: the largest window; 16: gzip only, no zlib streams.
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) throw std::bad_alloc();
  }
  GzipCodec(const GzipCodec&) = delete;
  GzipCodec& operator=(const GzipCodec&) = delete;
  ~GzipCodec() override { inflateEnd(&stream_); }

  void Reset() override {
    inflateReset(&stream_);
    at_end_ = true;
  }

  Status Step(std::string_view& in, PaddedBuffer& out) override {
    while (!in.empty() || !at_end_) {
      if (at_end_) inflateReset(&stream_);
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
      at_end_ = result == Z_STREAM_END;
      if (result == Z_BUF_ERROR) return {};
      if (result == Z_MEM_ERROR) throw std::bad_alloc();
      if (result != Z_OK && result != Z_STREAM_END) {
        return BadData(fmt::format("broken gzip data: {}", stream_.msg != nullptr ? stream_.msg : "unknown error"));
      }
    }
    return {};
  }

  bool AtEnd() const override { return at_end_; }
  std::optional<std::size_t> SizeHint(std::string_view) const override { return std::nullopt; }
  std::string_view name() const override { return "gzip"; }

 private:
  static constexpr std::size_t kMaxStep = std::size_t{1} << 30;

  z_stream stream_{};
  bool at_end_ = true;
};

class ZstdCodec final : public Codec {
 public:
  ZstdCodec() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kZstdWindowLogMax);
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
    case Compression::kGzip: return std::make_unique<GzipCodec>();
    case Compression::kZstd: return std::make_unique<ZstdCodec>();
    case Compression::kNone: break;
  }
  return nullptr;
}

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
