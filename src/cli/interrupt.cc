#include "cli/interrupt.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>

#include "base/atomic_file.h"

namespace gf_otlp::cli {
namespace {

/// Signals that come so close together are one request.
constexpr std::chrono::milliseconds kOneRequest{100};

std::atomic<int> caught_signal = 0;

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void DieIfInterrupted() {
  const int signal = caught_signal;
  if (signal == 0) return;
  RemoveUnfinishedFiles();
  static_cast<void>(std::signal(signal, SIG_DFL));
  const sigset_t set = Signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  kill(getpid(), signal);
}

InterruptWatch::InterruptWatch(std::function<void()> stop, std::chrono::milliseconds grace, Then then) : then_(then) {
  const sigset_t set = Signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  done_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this, stop = std::move(stop), grace] { Watch(stop, grace); });
}

InterruptWatch::~InterruptWatch() {
  eventfd_write(done_, 1);
  thread_.join();
  close(signals_);
  close(done_);
  if (then_ == Then::kReturn) caught_signal = 0;
  if (caught_signal == 0) {
    const sigset_t set = Signals();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }
}

void InterruptWatch::Watch(const std::function<void()>& stop, std::chrono::milliseconds grace) const {
  pollfd ready[] = {{signals_, POLLIN, 0}, {done_, POLLIN, 0}};
  poll(ready, 2, -1);
  if ((ready[0].revents & POLLIN) == 0) return;
  signalfd_siginfo info{};
  if (read(signals_, &info, sizeof info) != sizeof info) return;
  caught_signal = static_cast<int>(info.ssi_signo);
  stop();
  // The same request may come twice: timeout(1) sends it to the process, then to its group.
  std::this_thread::sleep_for(kOneRequest);
  while (poll(ready, 1, 0) > 0 && read(signals_, &info, sizeof info) == sizeof info) {
  }
  poll(ready, 2, static_cast<int>((grace - kOneRequest).count()));
  if ((ready[1].revents & POLLIN) == 0) DieIfInterrupted();
}

}  // namespace gf_otlp::cli
