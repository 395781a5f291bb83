#ifndef GF_OTLP_CLI_INTERRUPT_H_
#define GF_OTLP_CLI_INTERRUPT_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>

namespace gf_otlp::cli {

/// While it lives, SIGINT, SIGTERM and SIGHUP ask for an end instead of ending the process: the first one calls `stop`
/// (in another thread); a second one, or a run that has not ended when the grace is over, removes unfinished files and
/// dies of the signal. Make it before other threads: they inherit the blocked signals.
class InterruptWatch {
 public:
  /// What becomes of the process when the run has ended.
  enum class Then : std::uint8_t {
    kDie,     // of the signal, in DieIfInterrupted()
    kReturn,  // nothing: a signal is how the command is meant to end
  };

  explicit InterruptWatch(std::function<void()> stop, std::chrono::milliseconds grace = std::chrono::seconds(1),
                          Then then = Then::kDie);
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;
  ~InterruptWatch();

 private:
  void Watch(const std::function<void()>& stop, std::chrono::milliseconds grace) const;

  Then then_;
  int signals_ = -1, done_ = -1;  // signalfd, eventfd
  std::thread thread_;
};

/// Dies of the signal that an InterruptWatch caught, if it caught one, so that the parent sees it.
void DieIfInterrupted();

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_INTERRUPT_H_
