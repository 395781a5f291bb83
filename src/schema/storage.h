#ifndef GF_OTLP_SCHEMA_STORAGE_H_
#define GF_OTLP_SCHEMA_STORAGE_H_

#include <string>
#include <string_view>

#include "gf_otlp/rows.h"
#include "schema/server_version.h"
#include "schema/table.h"

/// What a shape's tables have beside the columns that rows have.
namespace gf_otlp::schema {

/// The table that says from when to when a trace lasts, filled from a table of spans: it is named with this behind
/// the name of that one, and the view that fills it with "_mv" behind its own.
inline constexpr std::string_view kTraceTimesSuffix = "_trace_id_ts";

/// Adds computed columns, keys, indexes and settings to a table that has the columns of rows in `info`. Returns the
/// time that rows grow old by, as an expression of type DateTime.
std::string AddStorage(const TableInfo& info, const RowOptions& rows, ServerVersion server, Table& table);

/// The table of traces' times, without a name and an engine; its rows grow old by kTraceTimesTime.
Table TraceTimesTable();
inline constexpr std::string_view kTraceTimesTime = "toDateTime(Start)";

/// Whether a shape has such a table beside otel_traces.
bool HasTraceTimes(Shape shape);
/// What fills it: SELECT ... FROM `spans`, a table's name as SQL has it.
std::string TraceTimesQuery(std::string_view spans);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_STORAGE_H_
