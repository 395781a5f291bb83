#ifndef GF_OTLP_OTLP_WIRE_TO_JSON_H_
#define GF_OTLP_OTLP_WIRE_TO_JSON_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// Appends the request as canonical OTLP-JSON without a newline: lowerCamelCase, hex ids, integer enums, 64-bit
/// integers as strings, zero values left out, unknown fields dropped, invalid UTF-8 as U+FFFD. Scopes of the field they
/// had before 1.0 count as scopes. kBadData (and `json` as it was) if `wire` is malformed anywhere in known fields, has
/// an id of a wrong size or values nested deeper than kMaxValueDepth. Adds to `replaced` how many bytes became U+FFFD.
Status WireToJson(Signal signal, std::string_view wire, PaddedBuffer& json, std::uint64_t& replaced);
/// The same, if nobody asks how many.
Status WireToJson(Signal signal, std::string_view wire, std::string& json);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_WIRE_TO_JSON_H_
