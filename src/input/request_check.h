#ifndef GF_OTLP_INPUT_REQUEST_CHECK_H_
#define GF_OTLP_INPUT_REQUEST_CHECK_H_

#include <string_view>

#include "input/fits.h"

namespace gf_otlp {

/// What speaks for and against bytes being an export request.
struct RequestCheck {
  /// False if they cannot be one of any signal.
  bool fits = true;
  /// The signals whose records fit; all if there is no record.
  SignalSet possible = kAllSignals;
  bool has_records = false;
  int resources = 0;       // resource elements that have some content
  int unknown_fields = 0;  // of the request itself; none count if it has a kSignalMark
};

/// Checks all of it, also what does not tell the signals apart. `cut`: the request may go on behind the bytes.
/// `possible`: only these signals are thought of.
RequestCheck CheckRequest(std::string_view request, bool cut, SignalSet possible = kAllSignals);

/// The same of one resource element's content, added to what is known.
void CheckResource(std::string_view resource, bool cut, RequestCheck& check);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_REQUEST_CHECK_H_
