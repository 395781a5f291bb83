#ifndef GF_OTLP_INPUT_CODEC_H_
#define GF_OTLP_INPUT_CODEC_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "gf_otlp/capture.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// zstd frames that ask for a larger window than 2^27 bytes (what `zstd --long` and `--ultra -22` write) are refused.
inline constexpr int kZstdWindowLogMax = 27;
/// As a content coding of HTTP: 8 MiB (RFC 9659).
inline constexpr int kHttpZstdWindowLogMax = 23;

/// What the first bytes say: a gzip member, a zstd frame (or skippable frame), or neither.
Compression DetectCompression(std::string_view head);

/// Decompresses one stream after the other, each of several gzip members or zstd frames.
class Codec {
 public:
  virtual ~Codec() = default;
  /// Null for kNone.
  static std::unique_ptr<Codec> Create(Compression compression);
  /// HTTP's content coding "deflate": a zlib stream, or what some clients send as such, bare deflate data. Only one,
  /// and its first two bytes must come in one Step().
  static std::unique_ptr<Codec> CreateDeflate();
  static std::unique_ptr<Codec> CreateHttpZstd();

  /// Forgets the stream so far.
  virtual void Reset() = 0;
  /// Takes bytes off the front of `in` and appends to `out` within its capacity. Goes on until `in` is empty or `out`
  /// is full. kBadData if the stream is broken.
  virtual Status Step(std::string_view& in, PaddedBuffer& out) = 0;
  /// The input may end here: no member or frame is open.
  virtual bool AtEnd() const = 0;
  /// The content's size as the header has it, if it does. Not to be trusted.
  virtual std::optional<std::size_t> SizeHint(std::string_view in) const = 0;
  virtual std::string_view name() const = 0;
};

/// Fills `out` with the content of a whole compressed frame. kBadData if it is broken, unfinished, or its content
/// larger than `limit`: decompression stops there. Calls `before_large`, if there is one, before the content exceeds
/// kLargeContent bytes.
Status DecompressFrame(Codec& codec, std::string_view frame, std::size_t limit, PaddedBuffer& out,
                       const std::function<void()>& before_large = {});
inline constexpr std::size_t kLargeContent = std::size_t{8} << 20;

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_CODEC_H_
