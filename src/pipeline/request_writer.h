#ifndef GF_OTLP_PIPELINE_REQUEST_WRITER_H_
#define GF_OTLP_PIPELINE_REQUEST_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

#include "gf_otlp/rows.h"
#include "input/unit_decoder.h"
#include "pipeline/counts.h"
#include "pipeline/record_choice.h"
#include "sink/batch.h"

namespace gf_otlp {

/// A batch is made to leave when a stream of it is this large: more than a chunk of ordinary records gives.
inline constexpr std::size_t kLargeBatch = std::size_t{8} << 20;

/// The unit under way, as the writers of its requests see it.
struct UnitWork {
  RecordChoice& choice;
  Counts& counts;
  std::uint32_t unit = 0;    // index in its chunk
  std::uint32_t record = 0;  // of the requests before, in the unit
  bool element = false;      // the unit is a resource of a raw protobuf file
  std::string_view bytes;    // of the unit, as long as its chunk is
  /// Lets the batch leave before the unit is done, once all of the unit is checked; it is empty afterwards.
  std::function<Status(Batch&)> make_room;
  /// A record (from 0, in the unit) that cannot be written becomes a dead letter; `wire` is a request with it alone.
  /// Not set: there are none, it is an error.
  std::function<void(std::uint32_t record, Signal signal, std::string_view wire, std::string_view reason)> refuse;
};

/// Makes output of requests. One per worker.
class RequestWriter {
 public:
  virtual ~RequestWriter() = default;
  /// Appends what comes of the request's chosen records. kBadData if the request is no good: the caller takes back what
  /// was appended.
  virtual Status Append(const WireRequest& request, UnitWork& work, Batch& batch) = 0;
  /// Makes the batch ready to leave.
  virtual void Finish(Batch& /*batch*/) {}
  /// What was changed while writing, since the beginning.
  virtual RowCounts replaced() const = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_REQUEST_WRITER_H_
