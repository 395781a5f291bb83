#ifndef GF_OTLP_SCHEMA_AGENT_SQL_H_
#define GF_OTLP_SCHEMA_AGENT_SQL_H_

#include <span>
#include <string>
#include <string_view>

#include "otlp/agent_vocabulary.h"
#include "otlp/field_tables.h"

/// Expressions that make columns of the tables of shape agents of OTLP-JSON, as ClickHouse's function JSONExtract reads
/// it. None of them fails, whatever the JSON is: a view that fails stops all that come behind the message.
namespace gf_otlp::schema {

/// The type, for JSONExtract, of a list of attributes, and of an attribute's value.
std::string OtlpAttributesType();
std::string OtlpValueType();

/// Of a list of values (an Array): the text of each, as a Map column of rows has it, and its JSON, as a JSON column has
/// it (nothing where there is no value). Of arrays and key-value lists, also in one another, plain JSON; those that are
/// more than kMostNested deep stay as they came.
std::string ValueTextsSql(std::string_view values);
std::string ValueJsonsSql(std::string_view values, std::string_view texts);
inline constexpr int kMostNested = 12;

/// The texts of all candidates of all fields, empty where a record has no such attribute or a condition does not hold:
/// an Array that the next two look into. `keys` and `texts` are of the record's attributes.
std::string FoundTextsSql(std::string_view keys, std::string_view texts);
/// An Array of the first text of each field that is not empty, else that of `otherwise`, an Array too (if not empty).
/// All at once: the server's analysis of a query takes milliseconds for each column that is made of another SELECT's.
std::string FirstTextsSql(std::span<const agents::Field> fields, std::string_view found,
                          std::string_view otherwise = {});
/// The first count of each field that can be read, else null: an Array too.
std::string FirstCountsSql(std::span<const agents::Field> fields, std::string_view found);
/// The cost, else null.
std::string FirstCostSql(std::string_view found);

/// A value of an enumeration (a number or a name) as its name without the prefix that all names have; any other as the
/// first one.
std::string EnumNameSql(std::string_view value, std::span<const EnumValue> values, std::string_view prefix);

/// Lower-case hex digits; of zeros alone nothing.
std::string IdSql(std::string_view id);
/// A time in unsigned nanoseconds as a DateTime64(9), read as rows have it.
std::string TimeSql(std::string_view nanoseconds);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_AGENT_SQL_H_
