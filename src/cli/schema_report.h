#ifndef GF_OTLP_CLI_SCHEMA_REPORT_H_
#define GF_OTLP_CLI_SCHEMA_REPORT_H_

#include <string>
#include <string_view>
#include <vector>

#include "cli/report.h"
#include "schema/compare.h"

namespace gf_otlp::cli {

/// Words of --fail-on, see ReportFlags::Bind().
inline constexpr std::string_view kSchemaFailOn = "breaks|loses|differs|never";

/// Puts the rules into a report, and one item for each difference. `file`: where they were found; empty: no file.
void AddDifferences(const std::vector<schema::Difference>& differences, const std::string& file, Report& report);

/// Takes the comments off: those of shapes are in our own words, so that a table that an exporter made has others.
void DropComments(std::vector<schema::Table>& tables);

/// A difference that concerns several tables, or none of them.
schema::Difference TableMissing(schema::Effect effect, std::string table, std::string message);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SCHEMA_REPORT_H_
