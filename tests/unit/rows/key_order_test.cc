#include "rows/key_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace gf_otlp {
namespace {

Attributes Make(const std::vector<std::string>& keys) {
  Attributes attributes;
  for (const std::string& key : keys) attributes.Add() = {key, {}};
  return attributes;
}

TEST_CASE("keys are ordered as std::string orders them, equal ones as they came, whatever was sorted before") {
  std::mt19937 random(2);
  KeyOrder order;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> keys(random() % 45);
    for (std::string& key : keys) {
      key = random() % 2 == 0 ? "http.request." : "";
      for (auto n = random() % 12; n > 0; --n)
        key += random() % 3 == 0 ? static_cast<char>(0xe4) : "abcd"[random() % 4];
    }
    for (int again = 0; again < 2; ++again) {
      const Attributes attributes = Make(keys);
      std::vector<std::uint32_t> expected(keys.size());
      std::iota(expected.begin(), expected.end(), 0u);
      std::ranges::stable_sort(expected, [&](auto a, auto b) { return keys[a] < keys[b]; });
      const auto sorted = order.Sort(attributes);
      CHECK(std::ranges::equal(sorted, expected));
      if (!keys.empty()) keys[random() % keys.size()] = "db.system";
    }
  }
}

}  // namespace
}  // namespace gf_otlp
