#ifndef GF_OTLP_OTLP_WIRE_TO_JSON_H_
#define GF_OTLP_OTLP_WIRE_TO_JSON_H_

#include <string>
#include <string_view>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// Appends the request as canonical OTLP-JSON without a newline: lowerCamelCase, hex ids, integer enums, 64-bit integers
/// as strings, zero values left out, unknown fields dropped, invalid UTF-8 as U+FFFD. kBadData (and `json` as it was) if
/// `wire` is malformed.
Status WireToJson(Signal signal, std::string_view wire, std::string& json);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_WIRE_TO_JSON_H_
