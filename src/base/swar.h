#ifndef GF_OTLP_BASE_SWAR_H_
#define GF_OTLP_BASE_SWAR_H_

#include <cstdint>
#include <cstring>

/// Eight bytes looked at as one word.
namespace gf_otlp {

template <class T = std::uint64_t>
T LoadWord(const char* p) {
  T word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

constexpr std::uint64_t RepeatByte(std::uint8_t byte) { return byte * 0x0101010101010101u; }

/// The high bit of the lowest zero byte is set, and none if there is no zero byte; other bits mean nothing.
constexpr std::uint64_t ZeroBytes(std::uint64_t word) { return (word - RepeatByte(1)) & ~word; }

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_SWAR_H_
