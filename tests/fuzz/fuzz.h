#ifndef GF_OTLP_TESTS_FUZZ_FUZZ_H_
#define GF_OTLP_TESTS_FUZZ_FUZZ_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "gf_otlp/status.h"

/// One run of a target: libFuzzer calls it with bytes of its own making, replay.cc with those of testdata/fuzz.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace gf_otlp::fuzz {

/// Ends the program when something does not hold that must hold for all bytes.
inline void Require(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

inline void Require(const Status& status, std::string_view what) {
  if (status.ok()) return;
  std::fprintf(stderr, "fuzz: %s\n", status.message().c_str());
  Require(false, what);
}

/// Bytes that say how the target is run, and behind them those it is run on. The rest ends where the input ends, so
/// that reading too far is noticed.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : bytes_(reinterpret_cast<const char*>(data), size) {}

  /// The next byte; 0 at the end.
  std::uint8_t Take() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<std::uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view rest() const { return bytes_; }

 private:
  std::string_view bytes_;
};

}  // namespace gf_otlp::fuzz

#endif  // GF_OTLP_TESTS_FUZZ_FUZZ_H_
