#ifndef GF_OTLP_SCHEMA_DDL_READER_H_
#define GF_OTLP_SCHEMA_DDL_READER_H_

#include <string>
#include <string_view>
#include <vector>

#include "schema/table.h"

namespace gf_otlp::schema {

/// What a text says of tables.
struct SchemaText {
  Schema schema;
  /// Statements that were passed over, for the user: "line 12: INSERT is skipped".
  std::vector<std::string> skipped;
};

/// Reads statements divided by semicolons, as written by hand, as SHOW CREATE TABLE prints them, or as `schema print`
/// does: CREATE TABLE and CREATE MATERIALIZED VIEW ... TO are taken; other statements (CREATE DATABASE, views, SET,
/// USE, ALTER, INSERT) are skipped and named. kBadData says line, column and what was expected; nothing in it at all is
/// an error too. Nested columns come as their arrays.
Result<SchemaText> ReadDdl(std::string_view text);

/// Reads the output of DESCRIBE TABLE: JSON, JSONEachRow, JSONCompact..., TSV with or without names, what
/// clickhouse-client prints as Pretty is not read. Gives one table without a name, columns_only. kBadData.
Result<Table> ReadDescribe(std::string_view text);

/// Either of the two, found by what the text looks like; also the JSON of `SHOW CREATE TABLE ... FORMAT JSON` and the
/// one escaped line of its TSV form.
Result<SchemaText> ReadSchemaText(std::string_view text);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_DDL_READER_H_
