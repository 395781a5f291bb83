#include "cli/schema_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "schema/ddl_reader.h"

namespace gf_otlp::cli {
namespace {

constexpr std::string_view kVersionQuery = "SELECT version(), timezone() FORMAT TabSeparated";

/// A source without tables of the server that gave this answer to kVersionQuery.
Result<SchemaSource> SourceOf(const Result<std::string>& answer, const ClickHouseClient& clickhouse) {
  if (!answer) return std::unexpected(answer.error());
  SchemaSource source{.name = fmt::format("{}/{}", clickhouse.server(), clickhouse.database())};
  const std::size_t tab = answer->find('\t');
  source.server = schema::ParseServerVersion(answer->substr(0, tab));
  if (!source.server || tab == std::string::npos) return std::unexpected(clickhouse.NotUnderstood(*answer));
  source.server_text = ShownAnswer(answer->substr(0, tab));
  source.time_zone = ShownAnswer(answer->substr(tab + 1));
  return source;
}

/// Each statement is read for itself: one of a table that is nobody's business may be of a kind that we do not know.
Status ReadTables(ClickHouseClient& clickhouse, SchemaSource& source) {
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

}  // namespace

Result<SchemaSource> ReadServer(ClickHouseClient& clickhouse) {
  Result<SchemaSource> source = SourceOf(clickhouse.Ask(kVersionQuery), clickhouse);
  if (source) GF_UNEXPECTED_IF_ERROR(ReadTables(clickhouse, *source));
  return source;
}

Result<SchemaSource> ReadEmptyServer(ClickHouseClient& clickhouse) {
  return SourceOf(clickhouse.AskServer(kVersionQuery), clickhouse);
}

Result<SchemaSource> ReadServer(const std::string& url, const std::string& database,
                                const ConnectionFlags& connection) {
  Result<ClickHouseClient> clickhouse = ClickHouseClient::Make(url, database, connection);
  if (!clickhouse) return std::unexpected(std::move(clickhouse.error()));
  return ReadServer(*clickhouse);
}

}  // namespace gf_otlp::cli
