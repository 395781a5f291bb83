#ifndef GF_OTLP_SCHEMA_TABLE_MIGRATION_H_
#define GF_OTLP_SCHEMA_TABLE_MIGRATION_H_

#include <vector>

#include "schema/migration_step.h"
#include "schema/table.h"

namespace gf_otlp::schema {

/// The part of MigrationSteps() for a table that is there: empty if it is as it should be.
std::vector<MigrationStep> MigrateTable(const Table& from, const Table& to);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_TABLE_MIGRATION_H_
