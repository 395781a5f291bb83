#ifndef GF_OTLP_INPUT_WIRE_PREFIX_H_
#define GF_OTLP_INPUT_WIRE_PREFIX_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gf_otlp/wire.h"

namespace gf_otlp {

/// What can be read at the front of bytes that may be cut off anywhere.
enum class Readable : std::uint8_t {
  kWhole,
  kShort,      // the bytes end too early
  kMalformed,  // more bytes would not help
};

/// Takes a varint of at most 10 bytes off the front of `bytes`; leaves `bytes` alone unless kWhole.
inline Readable TakeVarint(std::string_view& bytes, std::uint64_t& value) {
  constexpr std::size_t kMaxBytes = 10;
  value = 0;
  for (std::size_t i = 0; i < kMaxBytes; ++i) {
    if (i == bytes.size()) return Readable::kShort;
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return Readable::kWhole;
    }
  }
  return Readable::kMalformed;
}

/// The front of a field: its tag, and how many bytes of value come behind.
struct FieldHead {
  std::uint32_t number = 0;
  std::uint32_t wire_type = 0;
  std::uint64_t value_size = 0;  // 0 for the begin and end of a group
};

/// Takes a field's tag, and of a length-delimited one the length, off the front of `bytes`. A varint's value stays and
/// is counted in value_size. `bytes` is undefined unless kWhole.
inline Readable TakeFieldHead(std::string_view& bytes, FieldHead& head) {
  std::uint64_t tag = 0;
  if (const Readable r = TakeVarint(bytes, tag); r != Readable::kWhole) return r;
  head.number = static_cast<std::uint32_t>(tag) >> 3;
  head.wire_type = tag & 7;
  head.value_size = 0;
  if (head.number == 0) return Readable::kMalformed;
  switch (head.wire_type) {
    case kVarint: {
      std::string_view rest = bytes;
      std::uint64_t value = 0;
      const Readable r = TakeVarint(rest, value);
      head.value_size = bytes.size() - rest.size();
      return r;
    }
    case kFixed64: head.value_size = 8; return Readable::kWhole;
    case kFixed32: head.value_size = 4; return Readable::kWhole;
    case kBytes: return TakeVarint(bytes, head.value_size);
    case kStartGroup:
    case kEndGroup: return Readable::kWhole;
    default: return Readable::kMalformed;
  }
}

/// Passes over the rest of a group of that field number.
Readable SkipGroup(std::string_view& bytes, std::uint32_t number);

/// Calls `field(head, value, value_cut)` for each field until it gives false; false then and if the bytes are
/// malformed. `cut`: the message may go on behind the bytes.
template <class F>
bool ForEachField(std::string_view bytes, bool cut, F field) {
  while (!bytes.empty()) {
    FieldHead head;
    Readable r = TakeFieldHead(bytes, head);
    if (r == Readable::kWhole && head.wire_type == kEndGroup) r = Readable::kMalformed;
    if (r != Readable::kWhole) return r == Readable::kShort && cut;
    const bool value_cut = head.value_size > bytes.size();
    if (value_cut && !cut) return false;
    const std::string_view value = bytes.substr(0, head.value_size);
    if (!field(head, value, value_cut)) return false;
    bytes.remove_prefix(value.size());
    if (head.wire_type == kStartGroup) r = SkipGroup(bytes, head.number);
    if (r != Readable::kWhole) return r == Readable::kShort && cut;
  }
  return true;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_WIRE_PREFIX_H_
