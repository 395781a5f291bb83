#ifndef GF_OTLP_BASE_JSON_NUMBER_H_
#define GF_OTLP_BASE_JSON_NUMBER_H_

#include <cstdint>
#include <string_view>

namespace gf_otlp {

/// The end of the JSON number that begins at `p`, null if none does.
const char* JsonNumberEnd(const char* p, const char* end);

/// The whole text is a JSON number.
bool IsJsonNumber(std::string_view text);

enum class IntegerText : std::uint8_t { kInteger, kTooLarge, kOther };

/// A JSON number without sign whose value is an integer, exact, also if it has a fraction (1.0) or an exponent (1e3).
/// kTooLarge above 2^64 - 1.
IntegerText ParseJsonInteger(std::string_view text, std::uint64_t& value);

/// False if it is beyond all doubles; nearer to zero than any of them is zero. REQUIRES: IsJsonNumber(number).
bool ParseJsonDouble(std::string_view number, double& value);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_JSON_NUMBER_H_
