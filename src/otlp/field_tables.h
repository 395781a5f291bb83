#ifndef GF_OTLP_OTLP_FIELD_TABLES_H_
#define GF_OTLP_OTLP_FIELD_TABLES_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "gf_otlp/signal.h"

/// The OTLP messages as data, made from proto/ at build time (see tools/gen_field_tables.cc): field names and numbers stand
/// there and nowhere else.
namespace gf_otlp {

enum class FieldKind : std::uint8_t {
  kString, kBytes, kTraceId, kSpanId, kBool, kInt32, kInt64, kUint32, kUint64, kSint32, kFixed32, kFixed64, kSfixed64, kDouble, kEnum, kMessage,
};

struct EnumValue {
  std::string_view name;
  std::int32_t number;
};

struct MessageTable;

struct FieldTable {
  std::string_view json_name;   // lowerCamelCase
  std::string_view proto_name;  // snake_case
  std::uint32_t number;
  FieldKind kind;
  bool repeated;
  bool presence;  // a oneof's member or `optional`: written even when zero
  std::int8_t oneof;  // which of the message's oneofs, or -1
  const MessageTable* message;           // kMessage only
  std::span<const EnumValue> enum_values;  // kEnum only
};

struct MessageTable {
  std::string_view name;
  std::span<const FieldTable> fields;  // by number

  /// Null if the message has no such field.
  const FieldTable* ByNumber(std::uint32_t number) const;
};

/// Export{Trace,Logs,Metrics}ServiceRequest.
const MessageTable& RequestTable(Signal signal);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_FIELD_TABLES_H_
