#ifndef GF_OTLP_CLI_CLICKHOUSE_CLIENT_H_
#define GF_OTLP_CLI_CLICKHOUSE_CLIENT_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "gf_otlp/status.h"

namespace gf_otlp::cli {

/// How to log in to a ClickHouse server.
struct ConnectionFlags {
  std::string user, password_file, ca_file, cert_file, key_file;

  void Bind(CLI::App& sub);
};

/// What ConnectionFlags binds.
inline constexpr const char* kConnectionOptions[] = {"--user", "--password-file", "--ca-file", "--cert-file",
                                                     "--key-file"};

bool IsUrl(std::string_view text);

/// kUsage if the URL names another database than --database does.
Status CheckOneDatabase(const std::string& url, const std::string& database);

/// A live ClickHouse server, by its HTTP interface.
class ClickHouseClient {
 public:
  /// Opens nothing. `url`: http(s)://[user@]host:port[/DATABASE]; `database`: for a URL that names none; empty:
  /// "default". kUsage for a URL that is none, or has a password in it. `timeout_ms`: of one query.
  static Result<ClickHouseClient> Make(const std::string& url, const std::string& database,
                                       const ConnectionFlags& connection, int timeout_ms = HttpOptions().timeout_ms);

  /// The answer to a query in the database; kIo for a server that does not answer as one should, with what it says.
  Result<std::string> Ask(std::string_view query);
  /// The same without a database: for one that may not be there.
  Result<std::string> AskServer(std::string_view query);
  /// AskServer() for what must not be done twice: kIo if the connection died so that it may have been.
  Status Do(std::string_view statement);

  /// AskServer() for rows of values as texts; the query has no FORMAT. kIo if a row has not `columns` values.
  Result<std::vector<std::vector<std::string>>> AskRows(std::string_view query, std::size_t columns);

  Status NotUnderstood(std::string_view answer) const;

  const std::string& server() const { return server_; }  // "http://ch:8123"
  const std::string& database() const { return database_; }

 private:
  ClickHouseClient(std::string server, std::string database, HttpClient client)
      : server_(std::move(server)), database_(std::move(database)), client_(std::move(client)) {}
  Result<std::string> Send(const std::string& url, std::string_view query);
  Status ErrorOf(const HttpResponse& response) const;

  std::string server_, database_;
  HttpClient client_;
};

/// A text of a server for a message, on one line.
std::string ShownAnswer(std::string_view text);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_CLICKHOUSE_CLIENT_H_
