#ifndef GF_OTLP_CLI_SCHEMA_FLAGS_H_
#define GF_OTLP_CLI_SCHEMA_FLAGS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/common_flags.h"
#include "gf_otlp/status.h"
#include "schema/shape_schema.h"

namespace gf_otlp::cli {

/// Which tables of which shape `schema print` and `schema apply` make, and how.
struct ShapeSchemaFlags {
  RowFlags rows;
  TableNameFlags table_names;
  schema::ShapeSchemaOptions schema;  // what needs no reading
  std::vector<std::string> kafka_topics;

  void Bind(CLI::App& sub);
  Result<schema::ShapeSchemaOptions> Read() const;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SCHEMA_FLAGS_H_
