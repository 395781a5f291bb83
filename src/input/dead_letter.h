#ifndef GF_OTLP_INPUT_DEAD_LETTER_H_
#define GF_OTLP_INPUT_DEAD_LETTER_H_

#include <optional>
#include <string>
#include <string_view>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// What counts when a line written by --dead-letter is read back. Where the unit once stood and what was wrong with it
/// does not: the data may have been mended since.
struct DeadLetter {
  std::optional<Signal> signal;
  std::string data;
};

/// `line`: a JSON object with "data" (base64) and perhaps "signal". kBadData if it is not.
Result<DeadLetter> ParseDeadLetter(std::string_view line);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_DEAD_LETTER_H_
