#include "sink/otlp_dry_run.h"

#include <algorithm>
#include <string>

#include "gf_otlp/signal.h"

namespace gf_otlp {
namespace {

constexpr std::size_t kKeptBuffer = std::size_t{8} << 20;

}  // namespace

OtlpDryRun::OtlpDryRun(SendRate rate, double speed) : pacer_(rate), timeline_(speed), counter_(SignalRoutes()) {}

Status OtlpDryRun::Write(Batch& batch) {
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    const Message& message = batch.messages[i];
    counter_.Add(batch, message, std::nullopt);
    if (!batch.times.empty()) now_ = std::max(now_, timeline_.Due(batch.times[i], now_));
    if (pacer_.has_limit()) now_ = std::max(now_, pacer_.Next(message.places, message.size, now_));
  }
  batch.Clear(kKeptBuffer);
  return {};
}

}  // namespace gf_otlp
