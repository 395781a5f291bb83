#ifndef GF_OTLP_SCHEMA_DDL_WRITER_H_
#define GF_OTLP_SCHEMA_DDL_WRITER_H_

#include <string>

#include "schema/table.h"

namespace gf_otlp::schema {

/// CREATE TABLE IF NOT EXISTS ...; with a newline behind it. Arrays "Events.X" that belong together are one Nested
/// column. ReadDdl() gives the same table back.
std::string TableSql(const Table& table);
std::string ViewSql(const View& view);
/// One column as it stands in CREATE TABLE and in ALTER TABLE ... ADD COLUMN.
std::string ColumnSql(const Column& column);
std::string IndexSql(const Index& index);

/// The whole schema: CREATE DATABASE IF NOT EXISTS where tables name one, the tables, the views.
std::string SchemaSql(const Schema& schema);
/// The same for programs: tables with columns, types, codecs, keys; views.
std::string SchemaJson(const Schema& schema);
/// The same as documentation: a heading and a table of columns for each table.
std::string SchemaMarkdown(const Schema& schema);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_DDL_WRITER_H_
