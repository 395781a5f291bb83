#ifndef GF_OTLP_OTLP_FIELD_TABLES_H_
#define GF_OTLP_OTLP_FIELD_TABLES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "gf_otlp/signal.h"

/// The OTLP messages as data, made from proto/ at build time (see tools/gen_field_tables.cc): field names and numbers
/// stand there and nowhere else. All of it is constant-initialised: a program that starts pays nothing for it.
namespace gf_otlp {

enum class FieldKind : std::uint8_t {
  kString,
  kBytes,
  kTraceId,
  kSpanId,
  kBool,
  kInt32,
  kInt64,
  kUint32,
  kUint64,
  kSint32,
  kFixed32,
  kFixed64,
  kSfixed64,
  kDouble,
  kEnum,
  kMessage,
};

constexpr bool IsLengthDelimited(FieldKind kind) { return kind <= FieldKind::kSpanId || kind == FieldKind::kMessage; }

struct EnumValue {
  std::string_view name;
  std::int32_t number;
};

struct MessageTable;

/// Names are no longer than this, and followed by zeros up to this size: they can be compared in words.
inline constexpr std::size_t kFieldNameRoom = 32;

struct FieldTable {
  std::string_view json_name;   // lowerCamelCase
  std::string_view proto_name;  // snake_case
  std::uint32_t number;
  FieldKind kind;
  bool repeated;
  bool presence;                           // a oneof's member or `optional`: written even when zero
  std::int8_t oneof;                       // which of the message's oneofs, or -1
  std::uint8_t index;                      // position in the message's fields
  std::uint8_t tag_size;                   // 1 or 2
  std::uint16_t id;                        // unlike that of any other field of any message; below kMaxFieldId
  std::array<std::uint8_t, 2> tag;         // the encoded tag; repeated scalars: of the packed form
  const MessageTable* message;             // kMessage only
  std::span<const EnumValue> enum_values;  // kEnum only

  /// Several values may stand in one length-delimited field.
  bool packable() const { return repeated && !IsLengthDelimited(kind); }
};

inline constexpr std::size_t kMaxFieldId = 256;

struct MessageTable {
  std::string_view name;
  std::span<const FieldTable> fields;             // by number; at most 64
  std::span<const std::uint8_t> index_by_number;  // position in fields plus 1; 0: no such field
  bool list;                                      // an array or key-value list inside a value

  /// Null if the message has no such field.
  const FieldTable* ByNumber(std::uint32_t number) const {
    if (number >= index_by_number.size() || index_by_number[number] == 0) return nullptr;
    return &fields[index_by_number[number] - 1];
  }
};

/// Export{Trace,Logs,Metrics}ServiceRequest.
const MessageTable& RequestTable(Signal signal);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_FIELD_TABLES_H_
