#ifndef GF_OTLP_SIGNAL_H_
#define GF_OTLP_SIGNAL_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace gf_otlp {

/// What an export request carries. Profiles are recognised, not supported.
enum class Signal : std::uint8_t { kTraces, kLogs, kMetrics };
inline constexpr int kSignalCount = 3;

/// "traces", "logs", "metrics".
constexpr std::string_view SignalName(Signal signal) {
  constexpr std::string_view kNames[] = {"traces", "logs", "metrics"};
  return kNames[static_cast<int>(signal)];
}

constexpr std::optional<Signal> ParseSignal(std::string_view name) {
  for (const Signal s : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    if (SignalName(s) == name) return s;
  }
  return std::nullopt;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_SIGNAL_H_
