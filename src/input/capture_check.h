#ifndef GF_OTLP_INPUT_CAPTURE_CHECK_H_
#define GF_OTLP_INPUT_CAPTURE_CHECK_H_

#include <cstdint>
#include <string_view>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

struct CaptureCheck {
  std::uint64_t records = 0;
  /// Only behind AppendSignalMark() readers know it for what it is.
  bool needs_mark = false;
};

/// What readers of a capture, wherever in its files the request stands, will make of one that is said to be of
/// `signal`: all its records, as that signal. kBadData if they would refuse it, or take it for something else.
Result<CaptureCheck> CheckForCapture(Signal signal, std::string_view request);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_CAPTURE_CHECK_H_
