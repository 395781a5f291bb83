#ifndef GF_OTLP_CLI_SCHEMA_SERVER_H_
#define GF_OTLP_CLI_SCHEMA_SERVER_H_

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "cli/schema_source.h"

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

/// The tables of a database of a live server, by its HTTP interface. `url`: http(s)://[user@]host:port[/DATABASE];
/// `database`: for a URL that names none; empty: "default". kUsage for a URL that is none, or has a password in it; kIo
/// for a server that does not answer as one should, with what it says.
Result<SchemaSource> ReadServer(const std::string& url, const std::string& database, const ConnectionFlags& connection);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SCHEMA_SERVER_H_
