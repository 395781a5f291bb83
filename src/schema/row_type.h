#ifndef GF_OTLP_SCHEMA_ROW_TYPE_H_
#define GF_OTLP_SCHEMA_ROW_TYPE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "schema/row_text.h"
#include "schema/server_version.h"
#include "schema/type.h"

namespace gf_otlp::schema {

/// A column's type, made ready to judge many values.
struct RowType {
  enum class Kind : std::uint8_t {
    kInteger,
    kWideInteger,  // of more than 64 bits
    kFloat,
    kBool,
    kText,
    kFixedText,
    kDate,
    kDate32,
    kDateTime,
    kDateTime64,
    kDecimal,
    kUuid,
    kIpv4,
    kIpv6,
    kEnum,
    kArray,
    kTuple,
    kNamedTuple,
    kMap,
    kJson,
    kNotJudged,
  };
  Kind kind = Kind::kNotJudged;
  bool nullable = false;
  bool is_signed = false;
  int size = 0, scale = 0;  // as Type has them
  bool local = false;       // times are in a zone of the column, other than UTC
  bool best_effort = true;  // date_time_input_format
  /// Since 26.9: bare integers are seconds, times before 1900 are kept.
  bool newer_times = false;
  std::vector<RowType> elements;
  std::vector<std::string> names;
  std::vector<std::pair<std::string, std::int32_t>> values;

  static RowType Of(const Type& type, ServerVersion server);
};

/// Judges the value that stands here: what the server makes of it. False when it refuses the row.
bool JudgeValue(RowText& row, const RowType& type);

// By kind of type; null was looked for.
bool JudgeInteger(RowText& row, const RowType& type);
bool JudgeWideInteger(RowText& row, const RowType& type);
bool JudgeFloat(RowText& row, const RowType& type);
bool JudgeDecimal(RowText& row, const RowType& type);
bool JudgeDate(RowText& row, const RowType& type);
bool JudgeDateTime(RowText& row, const RowType& type);
bool JudgeUuid(RowText& row);
bool JudgeIp(RowText& row, const RowType& type);
bool JudgeEnum(RowText& row, const RowType& type);
bool JudgeJson(RowText& row);

/// An array; `length` is the number of its elements.
bool JudgeArray(RowText& row, const RowType& type, std::size_t& length);

/// A whole number as the server reads it: any digits, or none at all, modulo 2^64.
struct WholeNumber {
  std::uint64_t magnitude = 0;
  bool negative = false, digits = false;
  bool too_large = false;  // the magnitude is not all of it
};
/// False: a sign without digits, which is refused.
bool ReadWholeNumber(RowText& row, WholeNumber& number);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_ROW_TYPE_H_
