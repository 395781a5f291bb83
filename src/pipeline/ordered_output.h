#ifndef GF_OTLP_PIPELINE_ORDERED_OUTPUT_H_
#define GF_OTLP_PIPELINE_ORDERED_OUTPUT_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/counts.h"
#include "pipeline/dead_letter.h"
#include "sink/sink.h"

namespace gf_otlp {

/// What came of one chunk of input.
struct ChunkOutput {
  Batch batch;
  std::string dead_letters;
  Counts counts;
  Status status;      // an error ends the run behind what is in `batch`
  bool last = false;  // the run is to end behind this
  std::size_t input_bytes = 0;
};

/// Hands what workers made of chunks to the sinks in the order of the input, and bounds how much is under way. The
/// worker that finishes the next chunk writes it, and all that wait behind it; the others go on. Thread-safe.
class OrderedOutput {
 public:
  OrderedOutput(Sink& sink, DeadLetterWriter dead_letters, std::size_t streams, std::size_t max_waiting)
      : sink_(sink), dead_letters_(std::move(dead_letters)), streams_(streams), max_waiting_(max_waiting) {}

  /// Waits until another chunk may be begun. False when the run has ended.
  bool WaitForRoom();
  /// Says that the next chunk (0, 1, 2, ...) of so many bytes is begun, waits until there is room for it, and gives
  /// what to fill.
  std::unique_ptr<ChunkOutput> Begin(std::size_t input_bytes);
  /// Waits until all chunks before this one are written or, after the end of the run, given up.
  void WaitForTurn(std::uint64_t sequence);
  /// Writes a part of a chunk's output before it is finished: waits for its turn.
  Status WriteNow(std::uint64_t sequence, Batch& batch);
  /// Chunk `sequence` is finished.
  void Submit(std::uint64_t sequence, std::unique_ptr<ChunkOutput> output);

  /// Of what was written, in order. REQUIRES: all chunks that were begun are submitted.
  const Counts& counts() const { return counts_; }
  Status status() const { return status_; }

 private:
  Status WriteBatch(Batch& batch);
  void WriteOut(ChunkOutput& output);
  void Recycle(std::unique_ptr<ChunkOutput> output);

  Sink& sink_;
  DeadLetterWriter dead_letters_;
  const std::size_t streams_, max_waiting_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, std::unique_ptr<ChunkOutput>> waiting_;
  std::vector<std::unique_ptr<ChunkOutput>> unused_;
  std::uint64_t next_ = 0;
  std::size_t bytes_under_way_ = 0;  // of input
  std::size_t bytes_waiting_ = 0;    // of output, in waiting_
  bool writing_ = false;
  bool ended_ = false;

  Counts counts_;
  Status status_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_ORDERED_OUTPUT_H_
