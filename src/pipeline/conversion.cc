#include "pipeline/conversion.h"

#include <thread>
#include <utility>

#include "base/guard.h"
#include "pipeline/dead_letter.h"

namespace gf_otlp {
namespace {

/// A chunk's buffer larger than this is not kept for another one.
constexpr std::size_t kKeptBuffer = 8 << 20;

/// The chunks of one worker: messages keep theirs until they are delivered, then it is used again.
class ChunkPool {
 public:
  /// A chunk that nobody else looks at.
  std::shared_ptr<Chunk> Take() {
    for (std::shared_ptr<Chunk>& chunk : chunks_) {
      if (chunk.use_count() > 1) continue;
      std::atomic_thread_fence(std::memory_order_acquire);  // whoever had it is done with it
      return chunk;
    }
    return chunks_.emplace_back(std::make_shared<Chunk>());
  }
  /// The memory of a large unit is given back at once, unless messages need it.
  void Release(const std::shared_ptr<Chunk>& chunk) {
    const bool needed = chunk.use_count() > 2;  // ours and the caller's
    if (!needed) {
      chunk->data.Shrink(kKeptBuffer);
    } else if (chunk->data.capacity() > kKeptBuffer || chunks_.size() > kMaxChunks) {
      std::erase(chunks_, chunk);
    }
  }

 private:
  static constexpr std::size_t kMaxChunks = 16;
  std::vector<std::shared_ptr<Chunk>> chunks_;
};

}  // namespace

Result<std::unique_ptr<Conversion>> Conversion::Make(const ConversionOptions& options) {
  // Records are counted off one after the other: --limit takes one worker.
  const unsigned workers = options.records.choice.limit ? 1 : options.threads;
  std::vector<std::unique_ptr<UnitConverter>> converters;
  for (unsigned i = 0; i < workers; ++i) {
    Result<std::unique_ptr<UnitConverter>> converter =
        options.make_converter ? options.make_converter() : RecordConverter::Make(options.records, options.capture);
    if (!converter) return std::unexpected(std::move(converter.error()));
    converters.push_back(std::move(*converter));
  }
  Result<std::unique_ptr<Source>> source = Source::Open(options.inputs, options.capture);
  if (!source) return std::unexpected(std::move(source.error()));
  return std::unique_ptr<Conversion>(new Conversion(options, std::move(*source), std::move(converters)));
}

Conversion::Conversion(const ConversionOptions& options, std::unique_ptr<Source> source,
                       std::vector<std::unique_ptr<UnitConverter>> converters)
    : capture_(options.capture),
      dead_letters_(options.dead_letters),
      converters_(std::move(converters)),
      stream_names_(converters_.front()->stream_names()),
      separate_streams_(options.records.separate_streams),
      source_(std::move(source)),
      total_bytes_(source_->total_bytes()) {}

Status Conversion::Run(Sink& sink, const DeadLetterWriter& dead_letters) {
  OrderedOutput output(sink, dead_letters, separate_streams_ ? stream_names_.size() : 1, 2 * converters_.size());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < converters_.size(); ++i) {
    others.emplace_back([this, i, &output] { Work(*converters_[i], output); });
  }
  Work(*converters_.front(), output);
  others.clear();
  counts_ = output.counts();
  counts_.rows.resize(stream_names_.size());
  return output.status();
}

void Conversion::Work(UnitConverter& converter, OrderedOutput& output) {
  ChunkPool pool;
  while (output.WaitForRoom()) {
    const std::shared_ptr<Chunk> chunk = pool.Take();
    std::uint64_t sequence = 0;
    std::unique_ptr<ChunkOutput> chunk_output;
    const Result<bool> more = NextChunk(*chunk, sequence, output, chunk_output);
    if (more && !*more) return;
    chunk_output->status =
        more ? Guard([&] { return ConvertChunk(chunk, sequence, converter, output, *chunk_output); }) : more.error();
    converter.Release();
    pool.Release(chunk);
    output.Submit(sequence, std::move(chunk_output));
  }
}

/// The source's next chunk and its place in the order; an error has a place too.
Result<bool> Conversion::NextChunk(Chunk& chunk, std::uint64_t& sequence, OrderedOutput& output,
                                   std::unique_ptr<ChunkOutput>& chunk_output) {
  const std::scoped_lock lock(source_mutex_);
  if (source_ended_ || stopped_) return false;
  Result<bool> more = false;
  Status thrown = Guard([&] {
    more = source_->Next(chunk);
    return Status();
  });
  if (!thrown.ok()) more = std::unexpected(std::move(thrown));
  bytes_read_ = source_->bytes_read();
  source_ended_ = !more || !*more;
  if (more && !*more) return false;
  if (more && chunk.file != last_file_) {
    last_file_ = chunk.file;
    ++files_read_;
  }
  sequence = next_sequence_++;
  chunk_output = output.Begin(more ? chunk.data.size() : 0);
  return more;
}

Status Conversion::ConvertChunk(const std::shared_ptr<const Chunk>& chunk, std::uint64_t sequence,
                                UnitConverter& converter, OrderedOutput& output, ChunkOutput& chunk_output) {
  Batch& batch = chunk_output.batch;
  const InputFile& file = *chunk->file;
  const std::uint64_t units_before = chunk->units.front().number - 1;
  const auto begin = [&](std::uint64_t units) {
    if (converter.keeps_chunks()) batch.origin = chunk;
    batch.begin = {file.index, units_before};
    batch.end = {file.index, units};
  };
  begin(units_before);
  // Counted once, however many batches there will be.
  if (converter.keeps_chunks()) batch.origin_bytes = chunk->data.capacity() + chunk->units.capacity() * sizeof(Unit);
  const LargeUnit large{.wait_for_turn = [&] { output.WaitForTurn(sequence); },
                        .drain = [&](Batch& part) -> Status {
                          converter.Finish(part);
                          const std::uint64_t units = part.end.units;
                          GF_RETURN_IF_ERROR(output.WriteNow(sequence, part));
                          begin(units);
                          return {};
                        }};
  Status failure;
  for (std::size_t i = 0; i < chunk->units.size() && failure.ok() && !chunk_output.last; ++i) {
    const Unit& unit = chunk->units[i];
    Status status = converter.Convert(*chunk, i, large, batch, dead_letters_ ? &chunk_output.dead_letters : nullptr,
                                      chunk_output.counts);
    if (!status.ok()) {
      const bool bad_unit = status.code() == Code::kBadData || status.code() == Code::kUsage;
      if (!bad_unit || !dead_letters_) {
        failure = bad_unit ? std::move(status).At(UnitName(file, unit)) : std::move(status);
        continue;
      }
      ++chunk_output.counts.units;
      ++chunk_output.counts.bad_units;
      chunk_output.counts.given_up += unit.rest_given_up;
      AppendDeadLetter(file, unit, capture_.signal, status.message(), chunk_output.dead_letters);
    }
    batch.end.units = unit.number;
    chunk_output.last = converter.limit_reached();
  }
  converter.Finish(batch);
  return failure;
}

}  // namespace gf_otlp
