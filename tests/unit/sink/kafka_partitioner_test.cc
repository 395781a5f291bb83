#include "sink/kafka_partitioner.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace gf_otlp {
namespace {

constexpr int kCounts[] = {1, 2, 3, 7, 12, 64, 1000};

TEST_CASE("murmur2 puts keys where Java's producer does") {
  struct Vector {
    std::string_view key;
    std::int32_t hash;  // what Java's Utils.murmur2 gives
  };
  constexpr Vector kVectors[] = {
      {"21", -973932308},
      {"foobar", -790332482},
      {"a-little-bit-long-string", -985981536},
      {"a-little-bit-longer-string", -1486304829},
      {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
      {"abc", 479470107},
  };
  for (const Vector& vector : kVectors) {
    for (const int count : kCounts) {
      CAPTURE(vector.key);
      CAPTURE(count);
      const int expected = (vector.hash & 0x7fffffff) % count;
      CHECK(KafkaPartitionOf("murmur2", vector.key, count) == expected);
      CHECK(KafkaPartitionOf("murmur2_random", vector.key, count) == expected);
    }
  }
}

TEST_CASE("fnv1a puts keys where Sarama's hash partitioner does") {
  struct Vector {
    std::string_view key;
    std::uint32_t hash;  // FNV-1a, 32 bits
  };
  constexpr Vector kVectors[] = {
      {"a", 0xe40c292c},    {"b", 0xe70c2de5},     {"f", 0xe30c2799},      {"fo", 0x6222e842},    {"foo", 0xa9f37ed7},
      {"foob", 0x3f5076ef}, {"fooba", 0x39aaa18a}, {"foobar", 0xbf9cf968}, {"hello", 0x4f9f2cab},
  };
  int negative = 0;
  for (const Vector& vector : kVectors) {
    const auto hash = static_cast<std::int32_t>(vector.hash);
    negative += hash < 0 ? 1 : 0;
    for (const int count : kCounts) {
      CAPTURE(vector.key);
      CAPTURE(count);
      const int expected = std::abs(hash % count);
      CHECK(KafkaPartitionOf("fnv1a", vector.key, count) == expected);
      CHECK(KafkaPartitionOf("fnv1a_random", vector.key, count) == expected);
    }
  }
  CHECK(negative > 0);
}

TEST_CASE("consistent is CRC-32") {
  for (const int count : kCounts) {
    CHECK(KafkaPartitionOf("consistent", "123456789", count) == static_cast<int>(0xcbf43926u % count));
    CHECK(KafkaPartitionOf("consistent_random", "123456789", count) == static_cast<int>(0xcbf43926u % count));
  }
}

TEST_CASE("keys may hold any byte") {
  using namespace std::string_view_literals;
  CHECK(KafkaPartitionOf("fnv1a", "\0a"sv, 1000) != KafkaPartitionOf("fnv1a", "\0b"sv, 1000));
}

TEST_CASE("what is left to chance is not known") {
  for (const std::string_view name : {"consistent_random", "murmur2_random", "fnv1a_random", "random"}) {
    CAPTURE(name);
    CHECK_FALSE(KafkaPartitionOf(name, "", 8));
  }
  CHECK_FALSE(KafkaPartitionOf("random", "key", 8));
  for (const std::string_view name : {"consistent", "murmur2", "fnv1a"}) {
    CAPTURE(name);
    const auto partition = KafkaPartitionOf(name, "", 8);
    REQUIRE(partition);
    CHECK(*partition >= 0);
    CHECK(*partition < 8);
  }
}

}  // namespace
}  // namespace gf_otlp
