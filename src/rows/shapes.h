#ifndef GF_OTLP_ROWS_SHAPES_H_
#define GF_OTLP_ROWS_SHAPES_H_

#include <vector>

#include "rows/table_writer.h"

namespace gf_otlp {

using Tables = std::vector<TableDeclaration>;

/// The tables of each shape. One file a shape, as each instantiates many writers.
Tables ClickHouseTables(const RowOptions& options, RowCounts& counts);  // also clickhouse-json
Tables GlassFlowTables(const RowOptions& options, RowCounts& counts);
Tables GlassFlowFlatTables(const RowOptions& options, RowCounts& counts);
/// kUsage for columns in attributes_of that there are not.
Status CheckAgentOptions(const RowOptions& options);
/// REQUIRES: CheckAgentOptions(options).ok()
Tables AgentTables(const RowOptions& options, RowCounts& counts);

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_SHAPES_H_
