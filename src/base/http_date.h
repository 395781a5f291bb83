#ifndef GF_OTLP_BASE_HTTP_DATE_H_
#define GF_OTLP_BASE_HTTP_DATE_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace gf_otlp {

/// Reads a date of HTTP (RFC 9110, 5.6.7) in seconds since 1970: "Sun, 06 Nov 1994 08:49:37 GMT", which senders write,
/// or the older "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994". A year of two digits is in the century
/// of `now` (seconds since 1970), or the one before if that were more than 50 years ahead. Nothing for any other text;
/// whether the weekday fits is not looked at.
std::optional<std::int64_t> ParseHttpDate(std::string_view text, std::int64_t now);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_HTTP_DATE_H_
