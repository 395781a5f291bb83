#ifndef GF_OTLP_SCHEMA_DDL_READER_H_
#define GF_OTLP_SCHEMA_DDL_READER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/table.h"

namespace gf_otlp::schema {

/// What a text says of tables.
struct SchemaText {
  Schema schema;
  /// Statements that were passed over, for the user: "line 12: INSERT is skipped". The first few, and how many more.
  std::vector<std::string> skipped;
};

/// Where statements come from. A server makes arrays of Nested columns; it prints Nested only of a table that was made
/// with flatten_nested = 0, where rows cannot reach the parts by names such as "Events.Name".
enum class DdlSource : std::uint8_t {
  kHand,    // Nested columns come as their arrays
  kServer,  // they stay as they are
};

/// Reads statements divided by semicolons, as written by hand, as SHOW CREATE TABLE prints them, or as `schema print`
/// does: CREATE TABLE with columns and CREATE MATERIALIZED VIEW ... TO are taken, CREATE DATABASE is passed over; other
/// statements (views, tables AS others, SET, USE, ALTER, INSERT) are skipped and named. kBadData says line, column and
/// what was expected; nothing in it at all is an error too.
Result<SchemaText> ReadDdl(std::string_view text, DdlSource source = DdlSource::kHand);

/// Reads the output of DESCRIBE TABLE: JSON, JSONEachRow, JSONCompact..., CSV, TSV with or without names. Gives one
/// table without a name, columns_only; Nested columns stay as they are. kBadData, also for Pretty and other formats for
/// people.
Result<Table> ReadDescribe(std::string_view text);

/// Any of these, found by what the text looks like: the output of DESCRIBE TABLE; statements in an answer of a server
/// to SHOW CREATE TABLE or for create_table_query, in JSON formats or escaped as TSV is (DdlSource::kServer); else
/// statements as they are (kHand, for those that a server prints unescaped look like others).
Result<SchemaText> ReadSchemaText(std::string_view text);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_DDL_READER_H_
