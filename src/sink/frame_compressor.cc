#include "sink/frame_compressor.h"

#include <fmt/format.h>
#include <zstd.h>

#include <new>

namespace gf_otlp {

void FrameCompressor::Free::operator()(ZSTD_CCtx_s* context) const { ZSTD_freeCCtx(context); }

FrameCompressor::FrameCompressor() : context_(ZSTD_createCCtx()) {
  if (context_ == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
}

Status FrameCompressor::Compress(std::string_view message, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(message.size()));
  const std::size_t size =
      ZSTD_compress2(context_.get(), out.data() + begin, out.size() - begin, message.data(), message.size());
  if (ZSTD_isError(size) != 0) return InternalError(fmt::format("zstd: {}", ZSTD_getErrorName(size)));
  out.resize(begin + size);
  return {};
}

}  // namespace gf_otlp
