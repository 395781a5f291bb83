#ifndef GF_OTLP_BENCH_CORPUS_RANDOM_H_
#define GF_OTLP_BENCH_CORPUS_RANDOM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gf_otlp::bench {

/// The same numbers for the same seed everywhere (SplitMix64), which the standard library's distributions do not
/// promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t Next() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// 0 ... n-1. REQUIRES: n > 0
  std::uint64_t Below(std::uint64_t n) { return Next() % n; }
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) { return low + Below(high - low + 1); }
  /// 0 <= x < 1
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  bool Percent(unsigned percent) { return Below(100) < percent; }

  template <std::size_t N>
  const char* Pick(const char* const (&choices)[N]) {
    return choices[Below(N)];
  }

  /// Random bytes, as trace and span ids are.
  std::string Bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(Next() >> 56);
    return bytes;
  }
  std::string Hex(std::size_t digits) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text(digits, '\0');
    for (char& c : text) c = kDigits[Next() >> 60];
    return text;
  }
  std::string Uuid() { return Hex(8) + "-" + Hex(4) + "-4" + Hex(3) + "-a" + Hex(3) + "-" + Hex(12); }
  /// Mostly small with a long tail, as latencies and sizes are: low * 2^(0 ... doublings).
  std::uint64_t LongTail(std::uint64_t low, unsigned doublings) {
    const std::uint64_t scaled = low << Below(doublings + 1);
    return scaled + Below(scaled + 1);
  }

 private:
  std::uint64_t state_;
};

}  // namespace gf_otlp::bench

#endif  // GF_OTLP_BENCH_CORPUS_RANDOM_H_
