#include "base/shown_text.h"

#include <cstdint>

#include "base/hex.h"
#include "base/utf8.h"

namespace gf_otlp {

namespace {

/// `quote` stands around what is shown.
std::string Shown(std::string_view text, std::string_view quote, std::size_t most) {
  std::string shown(quote);
  std::size_t at = 0;
  for (std::size_t characters = 0; at < text.size() && characters < most; ++characters) {
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

std::string ShownText(std::string_view text) { return Shown(text, "\"", 60); }
std::string ShownPart(std::string_view text, std::size_t most) { return Shown(text, "", most); }

}  // namespace gf_otlp
