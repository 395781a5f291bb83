#include "cli/schema_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/http_client.h"
#include "cli/password.h"
#include "cli/report_text.h"
#include "schema/ddl_reader.h"

namespace gf_otlp::cli {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;
constexpr std::size_t kMaxShown = 300;

/// A text of the server for a message, on one line.
std::string Shown(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return Printable(text.substr(0, kMaxShown)) + (text.size() > kMaxShown ? "..." : "");
}

bool IsLoginError(const HttpResponse& response) {
  // ClickHouse: UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED.
  constexpr std::string_view kCodes[] = {"192", "193", "194", "516"};
  return response.status == 401 || response.status == 403 ||
         std::ranges::find(kCodes, response.Header("x-clickhouse-exception-code")) != std::end(kCodes);
}

class ClickHouse {
 public:
  /// REQUIRES: no user and no password are in the URL any more.
  ClickHouse(std::string server, std::string database, HttpClient client)
      : server_(std::move(server)), database_(std::move(database)), client_(std::move(client)) {}

  Result<std::string> Ask(std::string_view query) {
    Result<HttpResponse> response = client_.Send(
        {.url = fmt::format("{}/?database={}", server_, UrlEncoded(database_)), .headers = {}, .body = query},
        kMaxAnswer);
    if (!response) return std::unexpected(std::move(response.error()));
    if (response->status == 200) return std::move(response->body);
    return std::unexpected(ErrorOf(*response));
  }

  Status NotUnderstood(std::string_view answer) const {
    return IoError(fmt::format("{}: that is not how ClickHouse's HTTP interface answers: {}", server_, Shown(answer)));
  }

 private:
  Status ErrorOf(const HttpResponse& response) const {
    const std::string said =
        response.body.empty() ? fmt::format("HTTP status {}", response.status) : Shown(response.body);
    if (response.status >= 300 && response.status < 400) {
      // The rest of a URL may hold a password.
      const Result<HttpUrl> url = ParseHttpUrl(std::string(response.Header("location")));
      return IoError(fmt::format("{}: leads on to {}: give that URL", server_, url ? Shown(url->server) : "another"));
    }
    if (IsLoginError(response)) {
      return IoError(
          fmt::format("{}: {} (say who you are by --user, and by GF_OTLP_PASSWORD or --password-file)", server_, said));
    }
    if (response.Header("x-clickhouse-exception-code").empty()) {
      return IoError(fmt::format("{}: HTTP status {}: {}", server_, response.status, said));
    }
    return IoError(fmt::format("{}: {}", server_, said));
  }

  std::string server_, database_;
  HttpClient client_;
};

Status ReadVersion(ClickHouse& clickhouse, SchemaSource& source) {
  Result<std::string> answer = clickhouse.Ask("SELECT version(), timezone() FORMAT TabSeparated");
  if (!answer) return std::move(answer.error());
  const std::size_t tab = answer->find('\t');
  source.server = schema::ParseServerVersion(answer->substr(0, tab));
  if (!source.server || tab == std::string::npos) return clickhouse.NotUnderstood(*answer);
  source.server_text = Shown(answer->substr(0, tab));
  source.time_zone = Shown(answer->substr(tab + 1));
  return {};
}

/// Each statement is read for itself: one of a table that is nobody's business may be of a kind that we do not know.
Status ReadTables(ClickHouse& clickhouse, SchemaSource& source) {
  const Result<std::string> lines = clickhouse.Ask(
      "SELECT name, create_table_query AS sql FROM system.tables WHERE database = currentDatabase() AND "
      "create_table_query != '' ORDER BY name FORMAT JSONEachRow");
  if (!lines) return lines.error();
  for (std::string_view rest = *lines; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto row = nlohmann::json::parse(line, nullptr, false);
    if (!row.is_object() || !row.contains("name") || !row.contains("sql") || !row["name"].is_string() ||
        !row["sql"].is_string()) {
      return clickhouse.NotUnderstood(line);
    }
    Result<schema::SchemaText> read = schema::ReadDdl(row["sql"].get<std::string>(), schema::DdlSource::kServer);
    if (!read) {
      source.unreadable[row["name"]] = read.error().message();
      continue;
    }
    std::ranges::move(read->schema.tables, std::back_inserter(source.schema.tables));
    std::ranges::move(read->schema.views, std::back_inserter(source.schema.views));
  }
  return {};
}

/// What of a URL and flags becomes of a connection.
Result<HttpClient> Connect(const HttpUrl& url, const ConnectionFlags& connection) {
  if (!url.password.empty()) {
    return std::unexpected(UsageError(fmt::format(
        "{}: a password in the URL can be seen by others: put it into GF_OTLP_PASSWORD or a file (--password-file)",
        url.server)));
  }
  if (!url.user.empty() && !connection.user.empty() && url.user != connection.user) {
    return std::unexpected(UsageError(fmt::format("{}: the user is another one than that of --user", url.server)));
  }
  const Result<std::optional<Password>> password = ReadPassword(connection.password_file);
  if (!password) return std::unexpected(password.error());
  HttpOptions options{.ca_file = connection.ca_file,
                      .cert_file = connection.cert_file,
                      .key_file = connection.key_file,
                      .user = connection.user.empty() ? url.user : connection.user};
  if (*password) {
    options.password = (*password)->text;
    if (options.user.empty()) options.user = "default";
  }
  return HttpClient::Make(options);
}

}  // namespace

void ConnectionFlags::Bind(CLI::App& sub) {
  const auto add = [&](const char* name, std::string& value, const char* what, const char* type) {
    sub.add_option(name, value, what)->type_name(type)->group("Connection");
  };
  add("--user", user, "User of the server (default: default)", "NAME");
  add("--password-file", password_file, "File with the user's password (or environment GF_OTLP_PASSWORD)", "FILE");
  add("--ca-file", ca_file, "Who may have signed the server's certificate (default: the system's)", "FILE");
  add("--cert-file", cert_file, "The client's certificate", "FILE");
  add("--key-file", key_file, "Its key", "FILE");
}

bool IsUrl(std::string_view text) { return text.starts_with("http://") || text.starts_with("https://"); }

Result<SchemaSource> ReadServer(const std::string& url_text, const std::string& database,
                                const ConnectionFlags& connection) {
  const Result<HttpUrl> url = ParseHttpUrl(url_text);
  if (!url) return std::unexpected(url.error());
  Result<HttpClient> client = Connect(*url, connection);
  if (!client) return std::unexpected(std::move(client.error()));
  std::string name = url->path.substr(1);
  if (name.ends_with('/')) name.pop_back();
  if (name.contains('/') || !url->query.empty()) {
    return std::unexpected(
        UsageError(fmt::format("{}: behind the server's name there may be a database, as in {}/otel, and nothing else",
                               url->server, url->server)));
  }
  if (name.empty()) name = database.empty() ? "default" : database;
  SchemaSource source{.name = fmt::format("{}/{}", url->server, name)};
  ClickHouse clickhouse(url->server, name, std::move(*client));
  GF_UNEXPECTED_IF_ERROR(ReadVersion(clickhouse, source));
  GF_UNEXPECTED_IF_ERROR(ReadTables(clickhouse, source));
  return source;
}

}  // namespace gf_otlp::cli
