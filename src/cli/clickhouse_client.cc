#include "cli/clickhouse_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "cli/password.h"
#include "cli/report_text.h"

namespace gf_otlp::cli {
namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20;
constexpr std::size_t kMaxShown = 300;

bool IsLoginError(const HttpResponse& response) {
  // ClickHouse: UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED.
  constexpr std::string_view kCodes[] = {"192", "193", "194", "516"};
  return response.status == 401 || response.status == 403 ||
         std::ranges::find(kCodes, response.Header("x-clickhouse-exception-code")) != std::end(kCodes);
}

/// What of a URL and flags becomes of a connection.
Result<HttpClient> Connect(const HttpUrl& url, const ConnectionFlags& connection, int timeout_ms) {
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
                      .user = connection.user.empty() ? url.user : connection.user,
                      .timeout_ms = timeout_ms};
  if (*password) {
    options.password = (*password)->text;
    if (options.user.empty()) options.user = "default";
  }
  return HttpClient::Make(options);
}

}  // namespace

std::string ShownAnswer(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return Printable(text.substr(0, kMaxShown)) + (text.size() > kMaxShown ? "..." : "");
}

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

Status CheckOneDatabase(const std::string& url_text, const std::string& database) {
  if (url_text.empty() || database.empty()) return {};
  const Result<HttpUrl> url = ParseHttpUrl(url_text);
  if (!url) return url.error();
  if (url->path == "/" || url->path == "/" + database || url->path == "/" + database + "/") return {};
  return UsageError(fmt::format("--database {}: the URL names another database, {}", database, url->path.substr(1)));
}

Result<ClickHouseClient> ClickHouseClient::Make(const std::string& url_text, const std::string& database,
                                                const ConnectionFlags& connection, int timeout_ms) {
  const Result<HttpUrl> url = ParseHttpUrl(url_text);
  if (!url) return std::unexpected(url.error());
  Result<HttpClient> client = Connect(*url, connection, timeout_ms);
  if (!client) return std::unexpected(std::move(client.error()));
  std::string name = url->path.substr(1);
  if (name.ends_with('/')) name.pop_back();
  if (name.contains('/') || !url->query.empty()) {
    return std::unexpected(
        UsageError(fmt::format("{}: behind the server's name there may be a database, as in {}/otel, and nothing else",
                               url->server, url->server)));
  }
  if (name.empty()) name = database.empty() ? "default" : database;
  return ClickHouseClient(url->server, std::move(name), std::move(*client));
}

Result<std::string> ClickHouseClient::Ask(std::string_view query) {
  return Send(fmt::format("{}/?database={}", server_, UrlEncoded(database_)), query);
}

Result<std::string> ClickHouseClient::AskServer(std::string_view query) { return Send(server_ + "/", query); }

Status ClickHouseClient::Do(std::string_view statement) {
  const Result<std::string> answer = AskServer(statement);
  if (!answer) return answer.error();
  if (client_.resent() == 0) return {};
  return IoError(fmt::format("{}: the connection broke: not known whether this was done once or twice", server_));
}

Result<std::vector<std::vector<std::string>>> ClickHouseClient::AskRows(std::string_view query, std::size_t columns) {
  const Result<std::string> answer = AskServer(fmt::format("{} FORMAT JSONCompactEachRow", query));
  if (!answer) return std::unexpected(answer.error());
  std::vector<std::vector<std::string>> rows;
  for (std::string_view rest = *answer; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto values = nlohmann::json::parse(line, nullptr, false);
    if (!values.is_array() || values.size() != columns) return std::unexpected(NotUnderstood(line));
    std::vector<std::string>& row = rows.emplace_back();
    for (const auto& value : values) row.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  }
  return rows;
}

Status ClickHouseClient::NotUnderstood(std::string_view answer) const {
  return IoError(
      fmt::format("{}: that is not how ClickHouse's HTTP interface answers: {}", server_, ShownAnswer(answer)));
}

Result<std::string> ClickHouseClient::Send(const std::string& url, std::string_view query) {
  Result<HttpResponse> response = client_.Send({.url = url, .headers = {}, .body = query}, kMaxAnswer);
  if (!response) return std::unexpected(std::move(response.error()));
  if (response->status == 200) return std::move(response->body);
  return std::unexpected(ErrorOf(*response));
}

Status ClickHouseClient::ErrorOf(const HttpResponse& response) const {
  const std::string said =
      response.body.empty() ? fmt::format("HTTP status {}", response.status) : ShownAnswer(response.body);
  if (response.status >= 300 && response.status < 400) {
    // The rest of a URL may hold a password.
    const Result<HttpUrl> url = ParseHttpUrl(std::string(response.Header("location")));
    return IoError(
        fmt::format("{}: leads on to {}: give that URL", server_, url ? ShownAnswer(url->server) : "another"));
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

}  // namespace gf_otlp::cli
