#ifndef GF_OTLP_SCHEMA_TYPE_H_
#define GF_OTLP_SCHEMA_TYPE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp::schema {

/// A ClickHouse data type.
struct Type {
  enum class Kind : std::uint8_t {
    kInt,             // size: bits; is_signed
    kFloat,           // size: bits (16 is BFloat16)
    kBool,            //
    kString,          //
    kFixedString,     // size: bytes
    kDate,            // from 1970, days in 16 bits
    kDate32,          //
    kDateTime,        // time_zone
    kDateTime64,      // scale: digits of a second's fraction; time_zone
    kTime,            //
    kTime64,          // scale
    kDecimal,         // size: all digits; scale: those of the fraction
    kUuid,            //
    kIpv4,            //
    kIpv6,            //
    kEnum,            // size: bits; values
    kLowCardinality,  // one element
    kNullable,        // one element
    kArray,           // one element
    kTuple,           // elements, and their names if they have some
    kMap,             // two elements: key, value
    kNested,          // elements and their names
    kJson,            // arguments: as they are written; elements and names: of its typed paths
    kOther,           // any other: name and arguments as they are written (AggregateFunction, Variant, Point, ...)
  };

  Kind kind = Kind::kOther;
  bool is_signed = false;
  int size = 0, scale = 0;
  std::string time_zone;  // empty: the server's
  std::vector<Type> elements;
  std::vector<std::string> names;                            // of the elements; empty if they have none
  std::vector<std::pair<std::string, std::int32_t>> values;  // of an Enum, in the order of their numbers
  std::string name, arguments;                               // see kJson, kOther

  bool operator==(const Type&) const = default;
};

/// Reads a type as DDL, DESCRIBE or SHOW CREATE TABLE have it: any white space, the aliases of other databases that
/// ClickHouse knows (VARCHAR, BIGINT, Boolean, Decimal64(4), DateTime64 without digits), names in any case where
/// ClickHouse takes them so. kBadData says what is wrong and at which byte; deepest nesting kMaxTypeDepth.
Result<Type> ParseType(std::string_view text);
inline constexpr int kMaxTypeDepth = 100;

/// The type as ClickHouse prints it: ParseType(TypeText(type)) == type.
std::string TypeText(const Type& type);

/// `type` without LowCardinality and Nullable around it.
const Type& Bare(const Type& type);
bool IsNullable(const Type& type);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_TYPE_H_
