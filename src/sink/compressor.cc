#include "sink/compressor.h"

#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <limits>

namespace gf_otlp {
namespace {

constexpr std::size_t kPiece = 256 << 10;

class ZstdCompressor final : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx()) { ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1); }
  ZstdCompressor(const ZstdCompressor&) = delete;
  ZstdCompressor& operator=(const ZstdCompressor&) = delete;
  ~ZstdCompressor() override { ZSTD_freeCCtx(context_); }

  Status Add(std::string_view input, std::string& out) override { return Run(input, ZSTD_e_continue, out); }
  Status Finish(std::string& out) override { return Run({}, ZSTD_e_end, out); }

 private:
  Status Run(std::string_view input, ZSTD_EndDirective mode, std::string& out) {
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    for (;;) {
      const std::size_t begin = out.size();
      out.resize(begin + kPiece);
      ZSTD_outBuffer piece{out.data() + begin, kPiece, 0};
      const std::size_t left = ZSTD_compressStream2(context_, &piece, &in, mode);
      out.resize(begin + piece.pos);
      if (ZSTD_isError(left)) return InternalError(fmt::format("zstd: {}", ZSTD_getErrorName(left)));
      if (mode == ZSTD_e_end ? left == 0 : in.pos == in.size) return {};
    }
  }

  ZSTD_CCtx* context_;
};

class GzipCompressor final : public Compressor {
 public:
  GzipCompressor() {
    constexpr int kGzipFormat = 16;
    deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + kGzipFormat, MAX_MEM_LEVEL,
                 Z_DEFAULT_STRATEGY);
  }
  GzipCompressor(const GzipCompressor&) = delete;
  GzipCompressor& operator=(const GzipCompressor&) = delete;
  ~GzipCompressor() override { deflateEnd(&stream_); }

  Status Add(std::string_view input, std::string& out) override {
    while (!input.empty()) {
      const auto size = static_cast<uInt>(std::min<std::size_t>(input.size(), std::numeric_limits<uInt>::max()));
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
      stream_.avail_in = size;
      GF_RETURN_IF_ERROR(Run(Z_NO_FLUSH, out));
      input.remove_prefix(size);
    }
    return {};
  }
  Status Finish(std::string& out) override {
    stream_.avail_in = 0;
    return Run(Z_FINISH, out);
  }

 private:
  Status Run(int flush, std::string& out) {
    for (;;) {
      const std::size_t begin = out.size();
      out.resize(begin + kPiece);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
      stream_.avail_out = kPiece;
      const int result = deflate(&stream_, flush);
      out.resize(begin + kPiece - stream_.avail_out);
      if (result == Z_STREAM_ERROR) return InternalError("zlib: inconsistent stream");
      if (result == Z_STREAM_END || (flush == Z_NO_FLUSH && stream_.avail_out != 0)) return {};
    }
  }

  z_stream stream_{};
};

}  // namespace

std::unique_ptr<Compressor> CompressorFor(std::string_view path) {
  if (path.ends_with(".zst")) return std::make_unique<ZstdCompressor>();
  if (path.ends_with(".gz")) return std::make_unique<GzipCompressor>();
  return nullptr;
}

}  // namespace gf_otlp
