#ifndef GF_OTLP_OTLP_ID_CHECK_H_
#define GF_OTLP_OTLP_ID_CHECK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hex.h"
#include "base/swar.h"

namespace gf_otlp {

enum class Id : std::uint8_t { kAbsent, kZero, kGood };

/// What a trace or span id is. REQUIRES: empty, or 8 or 16 bytes.
inline Id IdState(std::string_view id) {
  if (id.empty()) return Id::kAbsent;
  return (LoadWord(id.data()) | LoadWord(id.data() + id.size() - 8)) == 0 ? Id::kZero : Id::kGood;
}

inline std::string HexText(std::string_view bytes) {
  std::string text(2 * bytes.size(), '\0');
  WriteHex(text.data(), bytes);
  return text;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_ID_CHECK_H_
