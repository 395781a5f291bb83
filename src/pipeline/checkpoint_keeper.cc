#include "pipeline/checkpoint_keeper.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/guard.h"

namespace gf_otlp {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
/// A large checkpoint takes this part of the time at most.
constexpr int kPauseTimesWriting = 20;

}  // namespace

CheckpointKeeper::CheckpointKeeper(Checkpoint& checkpoint, Delivered delivered, DeadLetterFile* dead_letters,
                                   std::function<void()> failed)
    : checkpoint_(checkpoint),
      delivered_(std::move(delivered)),
      dead_letters_(dead_letters),
      failed_(std::move(failed)),
      thread_([this](const std::stop_token& stop) { Keep(stop); }) {}

Status CheckpointKeeper::Finish(bool all) {
  thread_.request_stop();
  thread_.join();
  GF_RETURN_IF_ERROR(status_);
  return Save(all);
}

void CheckpointKeeper::Keep(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  auto pause = kInterval;
  while (!wake.wait_for(lock, stop, pause, [&] { return stop.stop_requested(); })) {
    const auto begin = std::chrono::steady_clock::now();
    status_ = Guard([&] { return Save(false); });
    if (!status_.ok()) {
      failed_();
      return;
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    pause = std::max(kInterval, std::chrono::duration_cast<std::chrono::milliseconds>(kPauseTimesWriting * took));
  }
}

Status CheckpointKeeper::Save(bool all) {
  // What is delivered has its dead letters in the file by now: first look how far that is, then make them durable.
  const std::optional<InputPosition> delivered = delivered_();
  std::uint64_t dead_letter_bytes = 0;
  if (dead_letters_ != nullptr) {
    const Result<std::uint64_t> bytes = dead_letters_->Sync();
    if (!bytes) return bytes.error();
    dead_letter_bytes = *bytes;
  }
  if (all) return checkpoint_.SaveEnd(dead_letter_bytes);
  return checkpoint_.Save(delivered.value_or(InputPosition()), dead_letter_bytes);
}

}  // namespace gf_otlp
