#ifndef GF_OTLP_SINK_COMPRESSOR_H_
#define GF_OTLP_SINK_COMPRESSOR_H_

#include <memory>
#include <string>
#include <string_view>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// Compresses a stream piece by piece.
class Compressor {
 public:
  virtual ~Compressor() = default;
  /// Compresses `input` and appends what is ready to `out`.
  virtual Status Add(std::string_view input, std::string& out) = 0;
  /// Appends the end of the compressed stream.
  virtual Status Finish(std::string& out) = 0;
};

/// By the end of the name: .zst and .gz; null for any other name.
std::unique_ptr<Compressor> CompressorFor(std::string_view path);

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_COMPRESSOR_H_
