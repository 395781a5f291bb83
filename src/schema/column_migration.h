#ifndef GF_OTLP_SCHEMA_COLUMN_MIGRATION_H_
#define GF_OTLP_SCHEMA_COLUMN_MIGRATION_H_

#include <string>
#include <vector>

#include "schema/migration_step.h"
#include "schema/table.h"

namespace gf_otlp::schema {

/// What follows ALTER TABLE name, or what a person has to decide.
struct AlterStep {
  std::string clause;   // "ADD COLUMN c String AFTER b"; empty: there is none
  std::string comment;  // what to know of it
  MigrationStep::Kind kind = MigrationStep::Kind::kDo;
};

/// What makes the columns of `from` those of `to`, in order. A sorting key that begins with `from`'s and goes on with
/// new columns is one step with their addition. Reasons why a copy of the table is needed are added to `copy_for`.
std::vector<AlterStep> MigrateColumns(const Table& from, const Table& to, std::vector<std::string>& copy_for);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_COLUMN_MIGRATION_H_
