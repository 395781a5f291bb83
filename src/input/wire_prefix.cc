#include "input/wire_prefix.h"

#include <array>

namespace gf_otlp {

Readable SkipGroup(std::string_view& bytes, std::uint32_t number) {
  std::array<std::uint32_t, kMaxGroupDepth> open{number};
  std::size_t depth = 1;
  while (depth > 0) {
    if (bytes.empty()) return Readable::kShort;
    FieldHead head;
    if (const Readable r = TakeFieldHead(bytes, head); r != Readable::kWhole) return r;
    if (head.wire_type == kStartGroup) {
      if (depth == open.size()) return Readable::kMalformed;
      open[depth++] = head.number;
    } else if (head.wire_type == kEndGroup) {
      if (open[--depth] != head.number) return Readable::kMalformed;
    }
    if (head.value_size > bytes.size()) return Readable::kShort;
    bytes.remove_prefix(head.value_size);
  }
  return Readable::kWhole;
}

}  // namespace gf_otlp
