#include "cli/password.h"

#include <cstdlib>

#include "base/file.h"

namespace gf_otlp::cli {

Result<std::optional<Password>> ReadPassword(const std::string& file) {
  Password password{.text = {}, .origin = "GF_OTLP_PASSWORD"};
  if (!file.empty()) {
    constexpr std::size_t kMaxBytes = 1 << 20;
    Result<std::string> content = ReadFile(file, kMaxBytes);
    if (!content) return std::unexpected(std::move(content.error()).At("--password-file"));
    password = {.text = std::move(*content), .origin = "--password-file"};
  } else if (const char* text = std::getenv("GF_OTLP_PASSWORD"); text != nullptr) {
    password.text = text;
  } else {
    return std::nullopt;
  }
  if (password.text.ends_with('\n')) password.text.pop_back();
  if (password.text.ends_with('\r')) password.text.pop_back();
  return password;
}

}  // namespace gf_otlp::cli
