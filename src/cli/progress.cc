#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/atomic_file.h"
#include "cli/human.h"

namespace gf_otlp::cli {
namespace {

constexpr std::chrono::milliseconds kInterval{200};
constexpr int kBarWidth = 30;

std::string Bar(const Progress::State& state, double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(state.done) / seconds : 0;
  if (state.total == 0)
    return fmt::format("{}  {}/s", HumanBytes(state.done), HumanBytes(static_cast<std::uint64_t>(rate)));
  const double part = std::min(1.0, static_cast<double>(state.done) / static_cast<double>(state.total));
  const int full = static_cast<int>(part * kBarWidth);
  return fmt::format("[{:#<{}}{:.<{}}] {:3.0f}%  {} of {}  {}/s", "", full, "", kBarWidth - full, 100 * part,
                     HumanBytes(state.done), HumanBytes(state.total), HumanBytes(static_cast<std::uint64_t>(rate)));
}

}  // namespace

Progress::Progress(bool show, const Env& env, std::function<State()> state) : env_(env), state_(std::move(state)) {
  if (show) thread_ = std::thread([this] { Show(); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    end_ = true;
  }
  ended_.notify_all();
  thread_.join();
}

void Progress::Show() {
  const auto begin = std::chrono::steady_clock::now();
  constexpr std::string_view kClearLine = "\r\x1b[K";
  bool shown = false;
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kInterval, [&] { return end_; })) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    static_cast<void>(WriteAll(env_.err, std::string(kClearLine) + Bar(state_(), seconds.count()), "standard error"));
    shown = true;
  }
  if (shown) static_cast<void>(WriteAll(env_.err, kClearLine, "standard error"));
}

}  // namespace gf_otlp::cli
