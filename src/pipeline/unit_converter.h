#ifndef GF_OTLP_PIPELINE_UNIT_CONVERTER_H_
#define GF_OTLP_PIPELINE_UNIT_CONVERTER_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "input/source.h"
#include "pipeline/counts.h"
#include "sink/batch.h"

namespace gf_otlp {

/// What a converter does while a unit is large, so that only one such unit is held at a time.
struct LargeUnit {
  /// Waits until all output before the unit's is written.
  std::function<void()> wait_for_turn;
  /// Takes what is in the batch: it is empty afterwards. Waits as above.
  std::function<Status(Batch&)> drain;
};

/// Turns units into output, one after the other. One per worker.
class UnitConverter {
 public:
  virtual ~UnitConverter() = default;

  /// What the output's streams, if they are separate, hold each: names of tables or signals.
  virtual std::vector<std::string> stream_names() const = 0;
  /// Places in its batches speak of the chunk, which therefore goes with them (Batch::origin).
  virtual bool keeps_chunks() const = 0;

  /// Appends the output of the chunk's unit number `index` to `batch` and what was done to `counts`; nothing of both
  /// after an error: kBadData, or kUsage where only the user can tell (an ambiguous signal). Output that grows large is
  /// drained, once all of the unit is checked.
  /// `dead_letters` takes lines of records that alone cannot be written; if it is null, one such record is an error.
  virtual Status Convert(const Chunk& chunk, std::size_t index, const LargeUnit& large, Batch& batch,
                         std::string* dead_letters, Counts& counts) = 0;

  /// Makes the batch ready to leave.
  virtual void Finish(Batch& batch) = 0;
  /// Gives back the memory that a large unit took.
  virtual void Release() = 0;
  /// All that is wanted is written.
  virtual bool limit_reached() const = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_UNIT_CONVERTER_H_
