#ifndef GF_OTLP_OTLP_WIRE_WRITE_H_
#define GF_OTLP_OTLP_WIRE_WRITE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "gf_otlp/wire.h"

namespace gf_otlp {

inline constexpr std::size_t kMaxVarintSize = 10;

constexpr std::size_t VarintSize(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

/// Writes VarintSize() bytes; gives the end, as the function below.
inline char* WriteVarint(char* out, std::uint64_t value) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

/// Little-endian, as fixed32, fixed64 and double stand on the wire.
template <class T>
char* WriteFixed(char* out, T value) {
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(out, &value, sizeof value);
  return out + sizeof value;
}

/// Appends a length-delimited field.
inline void AppendBytesField(std::string& out, std::uint32_t field, std::string_view content) {
  char head[2 * kMaxVarintSize];
  char* const end = WriteVarint(WriteVarint(head, Tag(field, kBytes)), content.size());
  out.append(head, end).append(content);
}

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_WIRE_WRITE_H_
