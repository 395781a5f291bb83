#include "pipeline/ordered_output.h"

#include <utility>

namespace gf_otlp {
namespace {

/// Input that may be under way at a time; a larger chunk goes alone.
constexpr std::size_t kMaxBytesUnderWay = 32 << 20;
/// Output that may wait for its turn before no further chunk is begun.
constexpr std::size_t kMaxBytesWaiting = 32 << 20;
/// Buffers larger than this are not kept for the next chunk.
constexpr std::size_t kKeptBuffer = 8 << 20;

std::size_t OutputBytes(const ChunkOutput& output) { return output.dead_letters.size() + output.batch.bytes(); }

}  // namespace

bool OrderedOutput::WaitForRoom() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return ended_ || waiting_.empty() || (waiting_.size() < max_waiting_ && bytes_waiting_ < kMaxBytesWaiting);
  });
  return !ended_;
}

std::unique_ptr<ChunkOutput> OrderedOutput::Begin(std::size_t input_bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return ended_ || bytes_under_way_ == 0 || bytes_under_way_ + input_bytes <= kMaxBytesUnderWay; });
  bytes_under_way_ += input_bytes;
  std::unique_ptr<ChunkOutput> output;
  if (unused_.empty()) {
    output = std::make_unique<ChunkOutput>();
    output->batch.streams.resize(streams_);
  } else {
    output = std::move(unused_.back());
    unused_.pop_back();
  }
  output->input_bytes = input_bytes;
  return output;
}

Status OrderedOutput::WriteBatch(Batch& batch) {
  std::uint64_t bytes = 0;
  for (const PaddedBuffer& stream : batch.streams) bytes += stream.size();
  GF_RETURN_IF_ERROR(sink_.Write(batch));
  counts_.bytes_out += bytes;
  return {};
}

void OrderedOutput::WaitForTurn(std::uint64_t sequence) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return next_ == sequence && !writing_; });
}

Status OrderedOutput::WriteNow(std::uint64_t sequence, Batch& batch) {
  WaitForTurn(sequence);
  // From here on nobody else writes: this chunk is the next one, and it is not submitted yet.
  {
    const std::scoped_lock lock(mutex_);
    if (ended_) {
      batch.Clear(kKeptBuffer);
      return {};
    }
  }
  return WriteBatch(batch);
}

void OrderedOutput::WriteOut(ChunkOutput& output) {
  // First the dead letters: what a sink has counts as dealt with.
  Status status = output.dead_letters.empty() ? Status() : dead_letters_(output.dead_letters);
  if (status.ok()) status = WriteBatch(output.batch);
  if (status.ok()) {
    counts_.Add(output.counts);
    status = std::move(output.status);
  }
  if (!status.ok() || output.last) {
    const std::scoped_lock lock(mutex_);
    status_ = std::move(status);
    ended_ = true;
  }
}

void OrderedOutput::Recycle(std::unique_ptr<ChunkOutput> output) {
  output->batch.Clear(kKeptBuffer);
  if (output->dead_letters.capacity() > kKeptBuffer) output->dead_letters = std::string();
  output->dead_letters.clear();
  output->counts = Counts();
  output->status = Status();
  output->last = false;
  unused_.push_back(std::move(output));
}

void OrderedOutput::Submit(std::uint64_t sequence, std::unique_ptr<ChunkOutput> output) {
  std::unique_lock lock(mutex_);
  bytes_waiting_ += OutputBytes(*output);
  waiting_.emplace(sequence, std::move(output));
  if (writing_) return;
  writing_ = true;
  while (!waiting_.empty() && waiting_.begin()->first == next_) {
    std::unique_ptr<ChunkOutput> first = std::move(waiting_.begin()->second);
    waiting_.erase(waiting_.begin());
    bytes_waiting_ -= OutputBytes(*first);
    if (!ended_) {
      lock.unlock();
      WriteOut(*first);
      lock.lock();
    }
    ++next_;
    bytes_under_way_ -= first->input_bytes;
    Recycle(std::move(first));
    changed_.notify_all();
  }
  writing_ = false;
  changed_.notify_all();
}

}  // namespace gf_otlp
