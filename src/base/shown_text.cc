#include "base/shown_text.h"

#include <cstddef>
#include <cstdint>

#include "base/hex.h"
#include "base/utf8.h"

namespace gf_otlp {

namespace {

/// `quote` stands around what is shown.
std::string Shown(std::string_view text, std::string_view quote) {
  constexpr std::size_t kMost = 60;
  std::string shown(quote);
  std::size_t at = 0;
  for (std::size_t characters = 0; at < text.size() && characters < kMost; ++characters) {
    const std::size_t length = Utf8Length(text, at);
    const auto first = static_cast<std::uint8_t>(text[at]);
    if (length == 0 || first < 0x20 || first == 0x7f) {
      char digits[2];
      WriteHex(digits, text.substr(at, 1));
      shown.append("\\x").append(digits, sizeof digits);
      ++at;
    } else {
      shown += text.substr(at, length);
      at += length;
    }
  }
  return shown.append(quote).append(at < text.size() ? "..." : "");
}

}  // namespace

std::string ShownText(std::string_view text) { return Shown(text, "\""); }
std::string ShownPart(std::string_view text) { return Shown(text, ""); }

}  // namespace gf_otlp
