#ifndef GF_OTLP_BASE_HTTP_DATE_H_
#define GF_OTLP_BASE_HTTP_DATE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace gf_otlp {

/// Reads "Sun, 06 Nov 1994 08:49:37 GMT", the form of dates that HTTP has senders write (RFC 9110, 5.6.7,
/// IMF-fixdate), in seconds since 1970. Nothing for any other text; whether the weekday fits is not looked at.
std::optional<std::int64_t> ParseHttpDate(std::string_view text);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_HTTP_DATE_H_
