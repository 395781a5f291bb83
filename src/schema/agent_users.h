#ifndef GF_OTLP_SCHEMA_AGENT_USERS_H_
#define GF_OTLP_SCHEMA_AGENT_USERS_H_

#include <string>
#include <vector>

#include "schema/table.h"

namespace gf_otlp::schema {

/// Statements that make who may read the tables of shape agents and who may insert rows: settings profiles with limits,
/// roles, and a user of each that nobody can be until a password and hosts are said. `schema` is not empty; readers see
/// what is kept of it, rows go to `row_tables`.
std::string AgentUsersSql(const Schema& schema, const std::vector<Table>& row_tables);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_AGENT_USERS_H_
