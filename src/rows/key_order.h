#ifndef GF_OTLP_ROWS_KEY_ORDER_H_
#define GF_OTLP_ROWS_KEY_ORDER_H_

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "gf_otlp/records.h"

namespace gf_otlp {

/// `a < b` bytewise; decided by the first eight bytes wherever that is possible.
inline bool KeyLess(std::string_view a, std::string_view b) {
  if (a.size() >= 8 && b.size() >= 8) {
    std::uint64_t x, y;
    std::memcpy(&x, a.data(), sizeof x);
    std::memcpy(&y, b.data(), sizeof y);
    if (x != y) return __builtin_bswap64(x) < __builtin_bswap64(y);
  }
  return a < b;
}

/// The order of attributes by key, stable. Records of one kind have the same keys in the same order, so the last order
/// is tried before sorting.
class KeyOrder {
 public:
  /// Indices into `attributes`, valid until the next call.
  std::span<const std::uint32_t> Sort(const Attributes& attributes) {
    const std::size_t size = attributes.size();
    if (order_.size() != size || !Fits(attributes)) {
      order_.resize(size);
      std::iota(order_.begin(), order_.end(), 0u);
      const auto less = [&](std::uint32_t a, std::uint32_t b) { return KeyLess(attributes[a].key, attributes[b].key); };
      if (size > kInsertionLimit) {
        std::ranges::stable_sort(order_, less);
      } else {
        InsertionSort(less);
      }
    }
    return order_;
  }

 private:
  static constexpr std::size_t kInsertionLimit = 32;

  bool Fits(const Attributes& attributes) const {
    for (std::size_t i = 1; i < order_.size(); ++i) {
      const std::uint32_t a = order_[i - 1], b = order_[i];
      if (KeyLess(attributes[a].key, attributes[b].key)) continue;
      if (a > b || attributes[a].key != attributes[b].key) return false;
    }
    return true;
  }

  template <class Less>
  void InsertionSort(Less less) {
    for (std::size_t i = 1; i < order_.size(); ++i) {
      const std::uint32_t moving = order_[i];
      std::size_t at = i;
      for (; at > 0 && less(moving, order_[at - 1]); --at) order_[at] = order_[at - 1];
      order_[at] = moving;
    }
  }

  std::vector<std::uint32_t> order_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_KEY_ORDER_H_
