#ifndef GF_OTLP_BASE_AUTH_FILE_H_
#define GF_OTLP_BASE_AUTH_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// A line of an --auth-file.
struct Credentials {
  enum class Scheme : std::uint8_t { kBearer, kBasic };
  Scheme scheme = Scheme::kBearer;
  std::string text;  // the token, or USER:PASSWORD

  /// The value of an Authorization header: "Bearer TOKEN" (RFC 6750) or "Basic " and base64 (RFC 7617).
  std::string Header() const;
};

/// Reads lines of "bearer TOKEN" or "basic USER:PASSWORD", the scheme in any case; empty lines and those that begin
/// with # do not count. kUsage, with the line's number and without what stands there, for other lines and for a text
/// without any.
Result<std::vector<Credentials>> ParseAuthFile(std::string_view text);
/// The same of a file, which messages name. kIo if it cannot be read.
Result<std::vector<Credentials>> ReadAuthFile(const std::string& file);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_AUTH_FILE_H_
