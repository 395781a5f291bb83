#ifndef GF_OTLP_SINK_FRAME_COMPRESSOR_H_
#define GF_OTLP_SINK_FRAME_COMPRESSOR_H_

#include <memory>
#include <string>
#include <string_view>

#include "gf_otlp/status.h"

struct ZSTD_CCtx_s;

namespace gf_otlp {

/// Makes a zstd frame of each message, as the Collector's file exporter does: with the content's size and a checksum.
/// Not thread-safe; its memory is used again for the next message.
class FrameCompressor {
 public:
  FrameCompressor();
  /// Appends the frame to `out`.
  Status Compress(std::string_view message, std::string& out);

 private:
  struct Free {
    void operator()(ZSTD_CCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_FRAME_COMPRESSOR_H_
