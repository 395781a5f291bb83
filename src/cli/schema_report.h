#ifndef GF_OTLP_CLI_SCHEMA_REPORT_H_
#define GF_OTLP_CLI_SCHEMA_REPORT_H_

#include <optional>
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

/// Gives a shape's table the comments of one that is there: those of shapes are in our own words, others keep theirs.
void TakeComments(const schema::Table& from, schema::Table& to);

/// Rows have times of UTC without a zone: one difference for all columns that leave the zone to a server that has
/// another one. `time_zone` is the server's; empty: not known.
std::optional<schema::Difference> ServerZone(const schema::Schema& expected, const schema::Schema& found,
                                             const std::string& time_zone, schema::ServerVersion server);

/// A table that is not there; several if `table` is empty: the message names them.
schema::Difference TableMissing(schema::Effect effect, std::string table, std::string message);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SCHEMA_REPORT_H_
