#ifndef GF_OTLP_BASE_MIX_H_
#define GF_OTLP_BASE_MIX_H_

#include <cstdint>

namespace gf_otlp {

/// The finaliser of the splitmix64 generator: every bit of `x` changes about half of the result's. A permutation.
constexpr std::uint64_t Mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_MIX_H_
