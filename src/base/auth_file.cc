#include "base/auth_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"
#include "base/base64.h"
#include "base/file.h"

namespace gf_otlp {
namespace {

constexpr std::string_view kSpace = " \t\r";

/// Whether it can stand in a header: of a token, without spaces too.
bool IsPrintable(std::string_view text, char from) {
  return !text.empty() && std::ranges::all_of(text, [from](char c) { return c >= from && c <= '~'; });
}

std::optional<Credentials> ParseLine(std::string_view line) {
  const std::size_t end = std::min(line.find_first_of(kSpace), line.size());
  const std::string_view scheme = line.substr(0, end), text = Trimmed(line.substr(end), kSpace);
  if (EqualsIgnoringCase(scheme, "bearer") && IsPrintable(text, '!')) {
    return Credentials{.scheme = Credentials::Scheme::kBearer, .text = std::string(text)};
  }
  const bool has_control = std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (EqualsIgnoringCase(scheme, "basic") && text.contains(':') && !has_control) {
    return Credentials{.scheme = Credentials::Scheme::kBasic, .text = std::string(text)};
  }
  return std::nullopt;
}

}  // namespace

std::string Credentials::Header() const {
  if (scheme == Scheme::kBearer) return "Bearer " + text;
  std::string base64(Base64Size(text.size()), '\0');
  WriteBase64(base64.data(), text);
  return "Basic " + base64;
}

Result<std::vector<Credentials>> ParseAuthFile(std::string_view text) {
  std::vector<Credentials> all;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = Trimmed(text.substr(0, end), kSpace);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.starts_with('#')) continue;
    std::optional<Credentials> credentials = ParseLine(line);
    if (!credentials) {
      return std::unexpected(
          UsageError(fmt::format("line {} is neither \"bearer TOKEN\" nor \"basic USER:PASSWORD\"", number)));
    }
    all.push_back(std::move(*credentials));
  }
  if (all.empty()) return std::unexpected(UsageError("no line of \"bearer TOKEN\" or \"basic USER:PASSWORD\""));
  return all;
}

Result<std::vector<Credentials>> ReadAuthFile(const std::string& file) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  Result<std::string> text = ReadFile(file, kMaxBytes);
  if (!text) return std::unexpected(std::move(text.error()));
  Result<std::vector<Credentials>> all = ParseAuthFile(*text);
  if (!all) return std::unexpected(std::move(all.error()).At(file));
  return all;
}

}  // namespace gf_otlp
