#ifndef GF_OTLP_SCHEMA_MIGRATE_H_
#define GF_OTLP_SCHEMA_MIGRATE_H_

#include <string>

#include "schema/table.h"

namespace gf_otlp::schema {

/// SQL that makes tables like those of `from` into those of `to`: ALTER TABLE statements in an order in which a server
/// takes them, CREATE TABLE for new tables; comments say what ALTER cannot do (ORDER BY, PARTITION BY, key columns'
/// types, engines) and how to do it with a new table and a copy. Tables that only `from` has are left alone, with a
/// comment. Nothing is dropped that holds data or that only `from` has: such statements are comments.
std::string MigrationSql(const Schema& from, const Schema& to);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_MIGRATE_H_
