#include "schema/schema_markdown.h"

#include <fmt/format.h>

#include <string_view>

#include "schema/ddl_writer.h"

namespace gf_otlp::schema {
namespace {

/// As the text of a table's cell.
std::string Cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c == '\n' ? ' ' : c;
  }
  return cell;
}

std::string CodeCell(std::string_view text) { return text.empty() ? "" : "`" + Cell(text) + "`"; }

std::string ColumnRow(const Column& column) {
  constexpr std::string_view kKinds[] = {"", "default ",
                                         "computed when stored: ", "computed when read: ", "only input "};
  std::string meaning = Cell(column.comment);
  if (column.default_kind != DefaultKind::kNone) {
    meaning += fmt::format("{}{}{}", meaning.empty() ? "" : "; ", kKinds[static_cast<int>(column.default_kind)],
                           CodeCell(column.default_expression));
  }
  return fmt::format("| {} | {} | {} | {} |\n", CodeCell(column.name), CodeCell(TypeText(column.type)),
                     CodeCell(column.codec), meaning);
}

void AddFact(std::string_view what, std::string_view sql, std::string& text) {
  if (!sql.empty()) text += fmt::format("- {}: `{}`\n", what, sql);
}

std::string TableMarkdown(const Table& table) {
  std::string text = fmt::format("## {}\n\n", QualifiedName(table.database, table.name));
  if (!table.comment.empty()) text += table.comment + "\n\n";
  text += "| Column | Type | Codec | Meaning |\n| --- | --- | --- | --- |\n";
  for (const ColumnGroup& group : GroupColumns(table.columns)) text += ColumnRow(group.column);
  text += '\n';
  AddFact("Engine", table.engine, text);
  AddFact("Partitions", table.partition_by, text);
  AddFact("Primary key", table.primary_key, text);
  AddFact("Order", table.order_by, text);
  AddFact("Sampling", table.sample_by, text);
  AddFact("TTL", table.ttl, text);
  for (const auto& [name, value] : table.settings) AddFact("Setting", fmt::format("{} = {}", name, value), text);
  for (const Index& index : table.indexes) AddFact("Index", IndexSql(index).substr(6), text);
  return text;
}

}  // namespace

std::string SchemaMarkdown(const Schema& schema) {
  std::string text;
  for (const Table& table : schema.tables) text += (text.empty() ? "" : "\n") + TableMarkdown(table);
  if (!schema.views.empty()) text += "\n## Materialized views\n\n| View | Fills | Query |\n| --- | --- | --- |\n";
  for (const View& view : schema.views) {
    text += fmt::format("| {} | {} | {} |\n", CodeCell(QualifiedName(view.database, view.name)), CodeCell(view.target),
                        CodeCell(view.query));
  }
  return text;
}

}  // namespace gf_otlp::schema
