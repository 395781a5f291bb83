#include "schema/agent_users.h"

#include <fmt/format.h>

#include <string_view>

#include "schema/ddl_writer.h"
#include "schema/storage_form.h"

namespace gf_otlp::schema {
namespace {

/// A role, the settings profile of the same name, and the user that has it.
struct Access {
  std::string_view role, user, settings;
};

/// Dashboards may ask for less than the limits, not for more. With readonly = 1 they could not say a time limit at all,
/// and Grafana does. It asks all queries of a dashboard at once, and those of alerts too, as this one user: what is
/// more than the server lets him ask is refused, so there are some for several people.
constexpr Access kReader{"agents_read", "agents_reader",
                         "readonly = 2,\n"
                         "    max_execution_time = 60 MIN 1 MAX 300,\n"
                         "    max_memory_usage = 4000000000 MIN 1 MAX 4000000000,\n"
                         "    max_rows_to_read = 2000000000 MIN 1 MAX 2000000000,\n"
                         "    max_bytes_to_read = 200000000000 MIN 1 MAX 200000000000,\n"
                         "    max_result_rows = 1000000 MIN 1 MAX 1000000,\n"
                         "    max_result_bytes = 200000000 MIN 1 MAX 200000000,\n"
                         "    max_concurrent_queries_for_user = 200 CONST"};
/// The server collects small inserts, and answers when the rows are stored.
constexpr Access kIngest{"agents_insert", "agents_ingest",
                         "async_insert = 1,\n"
                         "    wait_for_async_insert = 1 CONST,\n"
                         "    max_execution_time = 300 MIN 1 MAX 3600,\n"
                         "    max_memory_usage = 4000000000 MIN 1 MAX 8000000000,\n"
                         "    max_concurrent_queries_for_user = 100 CONST"};

/// No password has this hash: who lets in hosts and forgets the password lets in nobody.
constexpr std::string_view kNoPassword = "0000000000000000000000000000000000000000000000000000000000000000";

std::string AccessSql(const Access& access, const std::string& cluster, std::string_view privilege,
                      const std::vector<const Table*>& tables) {
  const std::string on_cluster = OnCluster(cluster);
  std::string sql = fmt::format("\nCREATE SETTINGS PROFILE IF NOT EXISTS {}{} SETTINGS\n    {};\n", access.role,
                                on_cluster, access.settings);
  sql += fmt::format("CREATE ROLE IF NOT EXISTS {}{} SETTINGS PROFILE '{}';\n", access.role, on_cluster, access.role);
  for (const Table* table : tables) {
    sql += fmt::format("GRANT{} {} ON {} TO {};\n", on_cluster, privilege, QualifiedName(table->database, table->name),
                       access.role);
  }
  sql += fmt::format("CREATE USER IF NOT EXISTS {}{} IDENTIFIED WITH sha256_hash BY '{}' HOST NONE;\n", access.user,
                     on_cluster, kNoPassword);
  return sql + fmt::format("GRANT{} {} TO {};\n", on_cluster, access.role, access.user);
}

}  // namespace

std::string AgentUsersSql(const Schema& schema, const std::vector<Table>& row_tables) {
  std::vector<const Table*> kept, filled;
  for (const Table& table : schema.tables) {
    // Who reads a table of Kafka's takes the messages away.
    if (IsMergeTree(table.engine)) kept.push_back(&table);
  }
  for (const Table& table : row_tables) filled.push_back(&table);
  const std::string& cluster = schema.tables.front().cluster;
  return AsComment(fmt::format("Nobody can log in as {0} and {1} until it is said how, and from where:\n"
                               "ALTER USER {0} IDENTIFIED BY '...' HOST IP '10.0.0.0/8'",
                               kReader.user, kIngest.user)) +
         AccessSql(kReader, cluster, "SELECT", kept) + AccessSql(kIngest, cluster, "INSERT", filled);
}

}  // namespace gf_otlp::schema
