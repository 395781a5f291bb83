#ifndef GF_OTLP_BASE_JSON_TEXT_H_
#define GF_OTLP_BASE_JSON_TEXT_H_

#include <cstdint>
#include <string_view>

#include "base/padded_buffer.h"

namespace gf_otlp {

/// How strings stand in JSON. Bytes that are not UTF-8 become U+FFFD in each.
enum class JsonEscapes : std::uint8_t {
  kPlain,   // only what JSON demands: quote, backslash, control characters; U+FFFD as UTF-8
  kGo,      // as Go's encoding/json without HTML escaping: U+2028, U+2029 and U+FFFD (for a bad byte) as \uXXXX too
  kGoHtml,  // as Go's encoding/json by default: < > & as \uXXXX too
};

/// Appends `text` as a JSON string, quotes included; gives how many bytes were replaced by U+FFFD.
template <JsonEscapes kEscapes>
std::uint64_t AppendJsonString(PaddedBuffer& out, std::string_view text);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_JSON_TEXT_H_
