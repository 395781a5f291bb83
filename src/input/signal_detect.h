#ifndef GF_OTLP_INPUT_SIGNAL_DETECT_H_
#define GF_OTLP_INPUT_SIGNAL_DETECT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"
#include "input/fits.h"

namespace gf_otlp {

/// What is known of a request so far: every signal is ruled out whose fields contradict the bytes.
struct SignalEvidence {
  SignalSet possible = kAllSignals;
  bool has_records = false;
  /// Why none is possible, if that is because the message is malformed above its records.
  const char* malformed = nullptr;
};

/// The last field number that there is: a field of the request with its signal's name ("logs"), which everybody else
/// passes over as unknown. A file of several signals may have it where a request's fields do not tell its signal.
inline constexpr std::uint32_t kSignalMark = (1u << 29) - 1;

/// Says it behind the request.
void AppendSignalMark(Signal signal, std::string& request);

/// Of several signals the one that a mark of the request names, wherever it stands; all of `possible` without such a
/// mark. `cut`: the request may go on behind the bytes.
SignalSet ChooseMarked(SignalSet possible, std::string_view request, bool cut);

/// Looks at records until one signal remains, which may be before the request's end: what remains was not checked.
/// Where several remain a mark decides, if it names one of them.
SignalEvidence DetectSignal(std::string_view request);

/// The signal of a request; nothing if it has no records. `hint` decides between several that are possible. kBadData if
/// it is none or profiles, kUsage if several remain (names --signal).
Result<std::optional<Signal>> SignalOf(std::string_view request, std::optional<Signal> hint);

/// The one signal of the set, leaving profiles aside; nothing if there are several or none.
std::optional<Signal> OnlySignal(SignalSet set);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_SIGNAL_DETECT_H_
