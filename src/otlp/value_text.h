#ifndef GF_OTLP_OTLP_VALUE_TEXT_H_
#define GF_OTLP_OTLP_VALUE_TEXT_H_

#include <cstdint>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"

namespace gf_otlp {

/// How an attribute value stands as text.
struct ValueTextStyle {
  bool hex_bytes = false;      // else padded base64
  bool plain_doubles = false;  // never an exponent, and "+Inf", "-Inf" for Infinity, -Infinity
  bool html_escapes = false;   // < > & as \u003c ... in nested values
};

/// pdata's Value.AsString(), what the Collector's exporters write.
inline constexpr ValueTextStyle kAsString{};

/// Appends the text of `value`: strings as they are (raw bytes), empty as "", arrays and key-value lists as compact
/// JSON (AppendValueJson). Gives how many bytes were replaced by U+FFFD in nested strings.
std::uint64_t AppendValueText(const Value& value, const ValueTextStyle& style, PaddedBuffer& out);

/// Appends `value` as Go's encoding/json writes it: object keys sorted bytewise, of duplicates the last one, bytes as
/// base64, empty values and empty bytes as null, NaN and infinities as the strings "NaN", "Infinity", "-Infinity" (Go
/// fails there). Gives how many bytes were replaced by U+FFFD.
std::uint64_t AppendValueJson(const Value& value, bool html_escapes, PaddedBuffer& out);

/// The same for a list of attributes, as an object.
std::uint64_t AppendAttributesJson(const Attributes& attributes, bool html_escapes, PaddedBuffer& out);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_VALUE_TEXT_H_
