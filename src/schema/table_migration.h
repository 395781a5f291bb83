#ifndef GF_OTLP_SCHEMA_TABLE_MIGRATION_H_
#define GF_OTLP_SCHEMA_TABLE_MIGRATION_H_

#include <string>

#include "schema/table.h"

namespace gf_otlp::schema {

/// The part of MigrationSql() for a table that is there: empty if it is as it should be.
std::string TableMigrationSql(const Table& from, const Table& to);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_TABLE_MIGRATION_H_
