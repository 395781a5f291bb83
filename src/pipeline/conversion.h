#ifndef GF_OTLP_PIPELINE_CONVERSION_H_
#define GF_OTLP_PIPELINE_CONVERSION_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "input/source.h"
#include "pipeline/counts.h"
#include "pipeline/dead_letter.h"
#include "pipeline/ordered_output.h"
#include "pipeline/record_converter.h"
#include "pipeline/unit_converter.h"
#include "sink/sink.h"

namespace gf_otlp {

struct ConversionOptions {
  std::vector<std::string> inputs;
  CaptureOptions capture;
  RecordOptions records;
  /// If set, makes what each worker turns units into output with, instead of RecordConverter and `records`.
  std::function<Result<std::unique_ptr<UnitConverter>>()> make_converter;
  unsigned threads = 1;
  /// Bad units go to the dead letters instead of ending the run.
  bool dead_letters = false;
};

/// A run from inputs to sinks: workers take turns at the source, and each makes output of the chunk it got.
class Conversion {
 public:
  /// kUsage for options that make no sense, kIo for inputs that are not there. Reads no content yet.
  static Result<std::unique_ptr<Conversion>> Make(const ConversionOptions& options);

  /// The sink's streams, if they are separate; names of tables or signals.
  const std::vector<std::string>& stream_names() const { return stream_names_; }

  /// Reads all input. kBadData or kUsage for the first unit that cannot be read (everything before it was written),
  /// kIo, kClosed. `dead_letters` is needed if the options ask for them. REQUIRES: called once.
  Status Run(Sink& sink, const DeadLetterWriter& dead_letters);

  /// The input files in the order they are read, and how many units of each not to read (0 for those behind the end;
  /// kAllUnits: the file). REQUIRES: before Run()
  const std::vector<InputPath>& files() const { return source_->files(); }
  void SkipUnits(std::vector<std::uint64_t> units) { source_->SkipUnits(std::move(units)); }

  /// Makes a run end early, as if the input ended; from any thread or a signal handler.
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  /// What was written; after Run().
  const Counts& counts() const { return counts_; }
  const std::vector<SkippedFile>& skipped() const { return source_->skipped(); }
  const std::vector<PartialTail>& partial_tails() const { return source_->partial_tails(); }
  /// Files that held at least one unit.
  std::uint64_t files_read() const { return files_read_; }

  /// While it runs, from any thread: bytes of input read, and in all (0: not known).
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t total_bytes() const { return total_bytes_; }

 private:
  Conversion(const ConversionOptions& options, std::unique_ptr<Source> source,
             std::vector<std::unique_ptr<UnitConverter>> converters);

  void Work(UnitConverter& converter, OrderedOutput& output);
  Result<bool> NextChunk(Chunk& chunk, std::uint64_t& sequence, OrderedOutput& output,
                         std::unique_ptr<ChunkOutput>& chunk_output);
  Status ConvertChunk(const std::shared_ptr<const Chunk>& chunk, std::uint64_t sequence, UnitConverter& converter,
                      OrderedOutput& output, ChunkOutput& chunk_output);

  const CaptureOptions capture_;
  const bool dead_letters_;
  std::vector<std::unique_ptr<UnitConverter>> converters_;  // one a worker
  std::vector<std::string> stream_names_;
  bool separate_streams_;

  std::mutex source_mutex_;  // guards what follows up to source_ended_
  std::unique_ptr<Source> source_;
  std::shared_ptr<const InputFile> last_file_;
  std::uint64_t files_read_ = 0;
  std::uint64_t next_sequence_ = 0;
  bool source_ended_ = false;

  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> bytes_read_ = 0;
  std::uint64_t total_bytes_ = 0;
  Counts counts_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_CONVERSION_H_
