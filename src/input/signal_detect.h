#ifndef GF_OTLP_INPUT_SIGNAL_DETECT_H_
#define GF_OTLP_INPUT_SIGNAL_DETECT_H_

#include <optional>
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

/// Looks at records until one signal remains, which may be before the request's end: what remains was not checked.
SignalEvidence DetectSignal(std::string_view request);

/// The signal of a request; nothing if it has no records. `hint` decides between several that are possible. kBadData if
/// it is none or profiles, kUsage if several remain (names --signal).
Result<std::optional<Signal>> SignalOf(std::string_view request, std::optional<Signal> hint);

/// The one signal of the set, leaving profiles aside; nothing if there are several or none.
std::optional<Signal> OnlySignal(SignalSet set);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_SIGNAL_DETECT_H_
