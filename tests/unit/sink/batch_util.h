#ifndef GF_OTLP_TESTS_UNIT_SINK_BATCH_UTIL_H_
#define GF_OTLP_TESTS_UNIT_SINK_BATCH_UTIL_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "sink/batch.h"

namespace gf_otlp {

struct TestMessage {
  std::uint32_t route = 0;
  std::string_view key, value;
  std::uint32_t records = 1;
  std::uint32_t unit = 0;  // of them all
};

/// Fills an empty batch; its end is so many units into the first file.
inline void FillBatch(Batch& batch, const std::vector<TestMessage>& messages, std::uint64_t end = 1) {
  batch.streams.resize(1);
  for (const TestMessage& message : messages) {
    batch.messages.push_back({.offset = batch.streams[0].size(),
                              .size = static_cast<std::uint32_t>(message.value.size()),
                              .key_offset = static_cast<std::uint32_t>(batch.keys.size()),
                              .key_size = static_cast<std::uint32_t>(message.key.size()),
                              .first_place = static_cast<std::uint32_t>(batch.places.size()),
                              .places = message.records,
                              .route = message.route});
    batch.streams[0].Append(message.value);
    batch.keys.Append(message.key);
    for (std::uint32_t i = 0; i < message.records; ++i) {
      batch.places.push_back({.unit = message.unit, .record = static_cast<std::uint32_t>(batch.places.size())});
    }
  }
  batch.end = {.file = 0, .units = end};
}

inline Batch MakeBatch(const std::vector<TestMessage>& messages, std::uint64_t end = 1) {
  Batch batch;
  FillBatch(batch, messages, end);
  return batch;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_TESTS_UNIT_SINK_BATCH_UTIL_H_
