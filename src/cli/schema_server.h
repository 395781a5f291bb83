#ifndef GF_OTLP_CLI_SCHEMA_SERVER_H_
#define GF_OTLP_CLI_SCHEMA_SERVER_H_

#include <string>

#include "cli/clickhouse_client.h"
#include "cli/schema_source.h"

namespace gf_otlp::cli {

/// The tables of a live server's database. kIo for a server that does not answer as one should, with what it says.
Result<SchemaSource> ReadServer(ClickHouseClient& clickhouse);
/// The same of a server to connect to: see ClickHouseClient::Make().
Result<SchemaSource> ReadServer(const std::string& url, const std::string& database, const ConnectionFlags& connection);

/// The same where the database is not there: no tables.
Result<SchemaSource> ReadEmptyServer(ClickHouseClient& clickhouse);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SCHEMA_SERVER_H_
