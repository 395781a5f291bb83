#ifndef GF_OTLP_OTLP_WIRE_SCALARS_H_
#define GF_OTLP_OTLP_WIRE_SCALARS_H_

#include <cstdint>

#include "gf_otlp/wire.h"

/// The varint types of .proto files that are not 64 bits wide (protobuf encoding guide): wider values are cut off.
namespace gf_otlp {

inline std::int32_t ReadInt32(WireCursor& cursor) { return static_cast<std::int32_t>(cursor.ReadVarint()); }
inline std::uint32_t ReadUint32(WireCursor& cursor) { return static_cast<std::uint32_t>(cursor.ReadVarint()); }
inline std::int32_t ReadSint32(WireCursor& cursor) {
  const std::uint32_t zigzag = ReadUint32(cursor);
  return static_cast<std::int32_t>(zigzag >> 1 ^ -(zigzag & 1));
}

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_WIRE_SCALARS_H_
