#ifndef GF_OTLP_BASE_BASE64_H_
#define GF_OTLP_BASE_BASE64_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gf_otlp {

constexpr std::size_t Base64Size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

/// Standard alphabet, padded (RFC 4648 section 4); Base64Size() characters. Gives the end.
char* WriteBase64(char* out, std::string_view bytes);

/// Standard or url-safe alphabet, padding optional. Nothing if `text` is not base64.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_BASE64_H_
