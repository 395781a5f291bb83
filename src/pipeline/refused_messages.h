#ifndef GF_OTLP_PIPELINE_REFUSED_MESSAGES_H_
#define GF_OTLP_PIPELINE_REFUSED_MESSAGES_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "input/unit_decoder.h"
#include "otlp/slice.h"
#include "pipeline/dead_letter.h"
#include "sink/batch.h"

namespace gf_otlp {

/// Finds the records of messages that a broker refused: makes dead letters of them, or names them. Not thread-safe.
class RefusedMessages {
 public:
  /// `dead_letters` may be empty: there are none.
  RefusedMessages(const CaptureOptions& capture, DeadLetterWriter dead_letters);

  /// Writes a dead letter for each of these records, which a message was made of; without dead letters an error with
  /// that code, the place of the first record and the reason. REQUIRES: the batch is of a Conversion to messages
  Status Handle(const Batch& batch, std::span<const RecordPlace> places, Code code, std::string_view reason);

  /// Dead letters written. From any thread.
  std::uint64_t records() const { return records_; }

 private:
  /// A request of the unit that was looked at last.
  struct Request {
    WireRequest wire;
    std::uint32_t begin = 0, end = 0;  // its records, counted over the unit
    std::unique_ptr<Slicer> slicer;
  };

  Status Find(const std::shared_ptr<const Chunk>& chunk, std::uint32_t unit);

  UnitDecoder decoder_;
  DeadLetterWriter dead_letters_;
  std::shared_ptr<const Chunk> chunk_;
  std::uint32_t unit_ = 0;
  std::vector<Request> requests_;
  std::string slice_, lines_;
  std::atomic<std::uint64_t> records_ = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_REFUSED_MESSAGES_H_
