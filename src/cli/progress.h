#ifndef GF_OTLP_CLI_PROGRESS_H_
#define GF_OTLP_CLI_PROGRESS_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "cli/env.h"

namespace gf_otlp::cli {

/// A line on standard error that shows how far a run is, while it lives; owns that line.
class Progress {
 public:
  struct State {
    std::uint64_t done = 0, total = 0;  // bytes; a total of 0 is not known
  };

  /// Does nothing unless `show`. `state` is called from another thread.
  Progress(bool show, const Env& env, std::function<State()> state);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Clears the line.
  ~Progress();

 private:
  void Show();

  const Env& env_;
  std::function<State()> state_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool end_ = false;
  std::thread thread_;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_PROGRESS_H_
