#ifndef GF_OTLP_SCHEMA_MIGRATE_H_
#define GF_OTLP_SCHEMA_MIGRATE_H_

#include <string>
#include <vector>

#include "schema/migration_step.h"
#include "schema/table.h"

namespace gf_otlp::schema {

/// What makes tables like those of `from` into those of `to`: ALTER TABLE statements in an order in which a server
/// takes them, CREATE TABLE for new tables. What ALTER cannot do (ORDER BY, PARTITION BY, key columns' types, engines)
/// is held, with a new table and a copy. Tables that only `from` has are left alone. Nothing is dropped that holds data
/// or that only `from` has: such steps are held or kept.
std::vector<MigrationStep> MigrationSteps(const Schema& from, const Schema& to);

/// The same as text: what is not to be done is a comment.
std::string MigrationSql(const Schema& from, const Schema& to);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_MIGRATE_H_
