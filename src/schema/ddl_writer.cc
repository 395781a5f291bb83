#include "schema/ddl_writer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "schema/sql_lexer.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"

namespace gf_otlp::schema {
namespace {

/// A clause behind what there is, if it says something.
void AddClause(std::string_view before, std::string_view text, std::string_view after, std::string& sql) {
  if (!text.empty()) sql += fmt::format("{}{}{}", before, text, after);
}

/// Whether two columns may be arrays of one Nested column.
bool GoTogether(const Column& a, const Column& b) {
  const std::string_view group = NestedGroup(a);
  const bool are_plain = a.default_kind == DefaultKind::kNone && b.default_kind == DefaultKind::kNone;
  return are_plain && !group.empty() && group == NestedGroup(b) && a.codec == b.codec && a.comment == b.comment &&
         a.ttl == b.ttl;
}

/// A query with its clauses, and what commas divide, on lines of their own.
std::string InLines(const std::string& query) {
  constexpr std::string_view kClauses[] = {"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT"};
  std::string text;
  int depth = 0;
  std::size_t end = 0;  // of what was copied
  bool behind_comma = false;
  for (const SqlToken& token : ReadSqlTokens(query)) {
    const bool clause = depth == 0 && std::ranges::any_of(kClauses, [&](auto word) { return token.IsWord(word); });
    text += clause ? "\n" : behind_comma ? "\n    " : query.substr(end, token.offset - end);
    text += token.text;
    end = token.end();
    depth += token.Is("(") || token.Is("[") ? 1 : token.Is(")") || token.Is("]") ? -1 : 0;
    behind_comma = depth == 0 && token.Is(",");
  }
  return text;
}

}  // namespace

std::string QualifiedName(std::string_view database, std::string_view name) {
  return database.empty() ? QuotedName(name) : fmt::format("{}.{}", QuotedName(database), QuotedName(name));
}

std::string OnCluster(std::string_view cluster) {
  return cluster.empty() ? "" : fmt::format(" ON CLUSTER {}", QuotedName(cluster));
}

std::string AsComment(std::string_view text) {
  std::string comment;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    comment += fmt::format("-- {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return comment;
}

std::vector<ColumnGroup> GroupColumns(const std::vector<Column>& columns) {
  std::vector<ColumnGroup> groups;
  for (auto first = columns.begin(); first != columns.end();) {
    const auto last = std::find_if(first + 1, columns.end(), [&](const Column& c) { return !GoTogether(*first, c); });
    ColumnGroup group{.column = *first, .size = static_cast<std::size_t>(last - first)};
    if (group.size > 1) {
      const std::size_t prefix = NestedGroup(*first).size();
      group.column.name.resize(prefix);
      group.column.type = {.kind = Type::Kind::kNested};
      for (auto member = first; member != last; ++member) {
        group.column.type.names.push_back(member->name.substr(prefix + 1));
        group.column.type.elements.push_back(member->type.elements.front());
      }
    }
    groups.push_back(std::move(group));
    first = last;
  }
  return groups;
}

std::string ColumnSql(const Column& column) {
  std::string sql = fmt::format("{} {}", QuotedName(column.name), TypeText(column.type));
  AddClause(" ", DefaultSql(column), "", sql);
  if (!column.comment.empty()) sql += " COMMENT " + QuotedText(column.comment);
  AddClause(" CODEC(", column.codec, ")", sql);
  AddClause(" TTL ", column.ttl, "", sql);
  return sql;
}

std::string IndexSql(const Index& index) {
  std::string sql = fmt::format("INDEX {} {} TYPE {}", QuotedName(index.name), index.expression, index.type);
  if (index.granularity != 0) sql += fmt::format(" GRANULARITY {}", index.granularity);
  return sql;
}

std::string TableSql(const Table& table, std::string_view create) {
  std::vector<std::string> lines;
  for (const ColumnGroup& group : GroupColumns(table.columns)) lines.push_back(ColumnSql(group.column));
  for (const Index& index : table.indexes) lines.push_back(IndexSql(index));
  for (const NamedSql& p : table.projections)
    lines.push_back(fmt::format("PROJECTION {} {}", QuotedName(p.name), p.sql));
  for (const NamedSql& c : table.constraints)
    lines.push_back(fmt::format("CONSTRAINT {} {}", QuotedName(c.name), c.sql));

  std::string sql = fmt::format("{} {}{}\n(\n    {}\n)\n", create, QualifiedName(table.database, table.name),
                                OnCluster(table.cluster), fmt::join(lines, ",\n    "));
  AddClause("ENGINE = ", table.engine, "\n", sql);
  AddClause("PARTITION BY ", table.partition_by, "\n", sql);
  AddClause("PRIMARY KEY ", table.primary_key, "\n", sql);
  AddClause("ORDER BY ", table.order_by, "\n", sql);
  AddClause("SAMPLE BY ", table.sample_by, "\n", sql);
  AddClause("TTL ", table.ttl, "\n", sql);
  std::vector<std::string> settings;
  for (const auto& [name, value] : table.settings) settings.push_back(fmt::format("{} = {}", name, value));
  AddClause("SETTINGS ", fmt::format("{}", fmt::join(settings, ", ")), "\n", sql);
  if (!table.comment.empty()) sql += fmt::format("COMMENT {}\n", QuotedText(table.comment));
  sql.back() = ';';
  return sql + "\n";
}

std::string ViewSql(const View& view) {
  return fmt::format("CREATE MATERIALIZED VIEW IF NOT EXISTS {}{} TO {}\nAS {};\n",
                     QualifiedName(view.database, view.name), OnCluster(view.cluster), view.target,
                     InLines(view.query));
}

std::string SchemaSql(const Schema& schema) {
  std::vector<std::string> statements;
  for (const Table& table : schema.tables) {
    if (table.database.empty()) continue;
    std::string create =
        fmt::format("CREATE DATABASE IF NOT EXISTS {}{};\n", QuotedName(table.database), OnCluster(table.cluster));
    if (std::ranges::find(statements, create) == statements.end()) statements.push_back(std::move(create));
  }
  for (const Table& table : schema.tables) statements.push_back(TableSql(table));
  for (const View& view : schema.views) statements.push_back(ViewSql(view));
  return fmt::format("{}", fmt::join(statements, "\n"));
}

}  // namespace gf_otlp::schema
