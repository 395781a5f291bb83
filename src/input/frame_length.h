#ifndef GF_OTLP_INPUT_FRAME_LENGTH_H_
#define GF_OTLP_INPUT_FRAME_LENGTH_H_

#include <cstdint>
#include <string_view>

#include "input/wire_prefix.h"

namespace gf_otlp {

/// Takes a frame's length off the front of `bytes`: TakeBigEndianLength (framed) or TakeVarint (delimited).
using TakeLength = Readable(std::string_view& bytes, std::uint64_t& length);

/// A u32, big-endian.
inline Readable TakeBigEndianLength(std::string_view& bytes, std::uint64_t& length) {
  constexpr std::size_t kSize = 4;
  if (bytes.size() < kSize) return Readable::kShort;
  length = 0;
  for (const char c : bytes.substr(0, kSize)) length = length << 8 | static_cast<std::uint8_t>(c);
  bytes.remove_prefix(kSize);
  return Readable::kWhole;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_FRAME_LENGTH_H_
