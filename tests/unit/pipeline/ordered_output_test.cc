#include "pipeline/ordered_output.h"

#include <doctest/doctest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace gf_otlp {
namespace {

class MemorySink final : public Sink {
 public:
  Status Write(Batch& batch) override {
    if (fails_at_ > 0 && --fails_at_ == 0) return IoError("disk full");
    text_ += batch.streams.front().view();
    batch.Clear(0);
    return {};
  }
  Status Close() override { return {}; }

  std::string text_;
  int fails_at_ = 0;
};

/// Lets workers submit chunks "0\n", "1\n", ... as fast as they can; chunk `bad` (if any) fails.
std::string RunWorkers(MemorySink& sink, unsigned chunks, int workers, std::optional<unsigned> bad, Status& status) {
  OrderedOutput output(sink, {}, 1, 4);
  std::mutex source;
  unsigned next = 0;
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    while (output.WaitForRoom()) {
      unsigned sequence = 0;
      std::unique_ptr<ChunkOutput> chunk;
      {
        const std::scoped_lock lock(source);
        if (next == chunks) return;
        sequence = next++;
        chunk = output.Begin(1);
      }
      if (random() % 4 == 0) std::this_thread::yield();
      if (sequence % 5 == 0) {
        chunk->batch.streams[0].Append("part ");
        CHECK(output.WriteNow(sequence, chunk->batch).ok());
      }
      chunk->batch.streams[0].Append(std::to_string(sequence) + "\n");
      chunk->counts.units = 1;
      if (bad == sequence) chunk->status = BadData("bad");
      output.Submit(sequence, std::move(chunk));
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < workers; ++i) threads.emplace_back(work, static_cast<unsigned>(i));
  threads.clear();
  status = output.status();
  return sink.text_;
}

std::string Expected(unsigned chunks) {
  std::string text;
  for (unsigned i = 0; i < chunks; ++i) text += (i % 5 == 0 ? "part " : "") + std::to_string(i) + "\n";
  return text;
}

TEST_CASE("output is in the order of the input, however many workers there are") {
  for (const int workers : {1, 2, 5}) {
    MemorySink sink;
    Status status;
    CHECK(RunWorkers(sink, 2000, workers, std::nullopt, status) == Expected(2000));
    CHECK(status.ok());
  }
}

TEST_CASE("an error ends the run behind the output before it") {
  for (const int workers : {1, 3}) {
    MemorySink sink;
    Status status;
    CHECK(RunWorkers(sink, 2000, workers, 777, status) == Expected(778));
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Code::kBadData);
  }
}

TEST_CASE("a sink that fails ends the run") {
  MemorySink sink;
  sink.fails_at_ = 50;
  Status status;
  RunWorkers(sink, 2000, 3, std::nullopt, status);
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kIo);
}

}  // namespace
}  // namespace gf_otlp
