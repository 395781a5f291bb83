#ifndef GF_OTLP_SCHEMA_DDL_WRITER_H_
#define GF_OTLP_SCHEMA_DDL_WRITER_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "schema/table.h"

namespace gf_otlp::schema {

/// `create` and the rest of the statement, with a newline behind it. Arrays "Events.X" that belong together are one
/// Nested column. ReadDdl() gives the same table back.
std::string TableSql(const Table& table, std::string_view create = "CREATE TABLE IF NOT EXISTS");
std::string ViewSql(const View& view);
/// One column as it stands in CREATE TABLE and in ALTER TABLE ... ADD COLUMN.
std::string ColumnSql(const Column& column);
std::string IndexSql(const Index& index);

/// A table's or view's name behind its database, if that is not empty.
std::string QualifiedName(std::string_view database, std::string_view name);
/// " ON CLUSTER c", or nothing.
std::string OnCluster(std::string_view cluster);
/// Each line as a comment.
std::string AsComment(std::string_view text);

/// A run of a table's columns as DDL has it: one column, or the arrays "Events.X" as one Nested column "Events".
struct ColumnGroup {
  Column column;  // for a Nested one: its name, its type kNested, and the codec and comment that its arrays share
  std::size_t size = 1;
};
/// All of a table's columns, in their order. An array that has no neighbour of the same codec and comment stays alone.
std::vector<ColumnGroup> GroupColumns(const std::vector<Column>& columns);

/// The whole schema: CREATE DATABASE IF NOT EXISTS where tables name one, the tables, the views.
std::string SchemaSql(const Schema& schema);
}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_DDL_WRITER_H_
