#ifndef GF_OTLP_SINK_BATCH_H_
#define GF_OTLP_SINK_BATCH_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "gf_otlp/padded_buffer.h"

namespace gf_otlp {

/// Where a record stands in the chunk of input that its batch came from.
struct RecordPlace {
  std::uint32_t unit = 0;    // index into the chunk's units
  std::uint32_t record = 0;  // from 0, counted over all requests of the unit
  auto operator<=>(const RecordPlace&) const = default;
};

/// One message of a batch: a piece of its text, a piece of its keys, a range of its places.
struct Message {
  const char* in_origin = nullptr;  // where its text is if it is as it was read: in what Batch::origin keeps
  std::uint64_t offset = 0;         // else: in the batch's stream
  std::uint32_t size = 0;
  std::uint32_t key_offset = 0;  // in Batch::keys
  std::uint32_t key_size = 0;    // 0: no key
  std::uint32_t first_place = 0, places = 0;
  std::uint32_t route = 0;  // index into the run's routes: topic, headers
};

/// How far the input is read.
struct InputPosition {
  std::uint64_t file = 0;   // index into the run's input files; those before it are read to the end
  std::uint64_t units = 0;  // read of that file
  auto operator<=>(const InputPosition&) const = default;
};

/// What goes to a sink at a time: the output of a chunk of input, or of a part of a large unit.
struct Batch {
  /// Text of each stream: whole rows or requests.
  std::vector<PaddedBuffer> streams;

  /// Borders for sinks of messages, in the order in which they are to be sent; there is one stream then.
  std::vector<Message> messages;
  PaddedBuffer keys;
  std::vector<RecordPlace> places;
  std::size_t repeated_places = 0;  // of `places`: those of a record, behind its first (a record may have several rows)
  /// Of each message the time of its earliest record, nanoseconds since 1970 (0: none of them has one); empty unless
  /// the run is paced.
  std::vector<std::uint64_t> times;
  /// The chunk that `places` speak of, for whoever made the batch: kept as long as its messages.
  std::shared_ptr<const void> origin;
  std::size_t origin_bytes = 0;  // of memory that `origin` holds
  /// What is read before the chunk's first unit, and once this batch and all before it are dealt with.
  InputPosition begin, end;

  std::string_view text(const Message& message) const {
    return message.in_origin != nullptr ? std::string_view(message.in_origin, message.size)
                                        : streams.front().view().substr(message.offset, message.size);
  }
  std::string_view key(const Message& message) const {
    return keys.view().substr(message.key_offset, message.key_size);
  }
  std::span<const RecordPlace> places_of(const Message& message) const {
    return std::span(places).subspan(message.first_place, message.places);
  }

  std::size_t bytes() const {
    std::size_t sum = keys.size();
    for (const PaddedBuffer& stream : streams) sum += stream.size();
    return sum;
  }
  /// Empties it; buffers with more room than `keep` bytes are given back.
  void Clear(std::size_t keep);
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_BATCH_H_
