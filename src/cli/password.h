#ifndef GF_OTLP_CLI_PASSWORD_H_
#define GF_OTLP_CLI_PASSWORD_H_

#include <optional>
#include <string>
#include <string_view>

#include "gf_otlp/status.h"

namespace gf_otlp::cli {

struct Password {
  std::string text;
  std::string_view origin;  // for messages: "--password-file"
};

/// The password in `file` (without the newline at its end), or if that is empty in GF_OTLP_PASSWORD; nothing if there
/// is neither. Passwords are no flags: others could see them.
Result<std::optional<Password>> ReadPassword(const std::string& file);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_PASSWORD_H_
