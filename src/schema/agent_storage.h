#ifndef GF_OTLP_SCHEMA_AGENT_STORAGE_H_
#define GF_OTLP_SCHEMA_AGENT_STORAGE_H_

#include <string>
#include <string_view>

#include "schema/table.h"

/// What the tables of shape agents have beside the columns that rows have.
namespace gf_otlp::schema {

/// Computed columns that raw tables have: the time of insertion, and a hash of what makes a row the one that it is.
inline constexpr std::string_view kInsertedAt = "inserted_at", kRowId = "row_id";

/// `time`, a DateTime64, as one that a DateTime has room for, and for the years of a TTL after it: what a broken clock
/// says is 1970 or 2056 instead of another time between them.
std::string InDateTime(std::string_view time);

/// Adds computed columns, keys, indexes and settings to spans_raw or events_raw; gives the expression (a DateTime) that
/// its rows grow old by.
std::string AddAgentStorage(std::string_view table_name, Table& table);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_AGENT_STORAGE_H_
