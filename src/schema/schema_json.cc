#include "schema/schema_json.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace gf_otlp::schema {
namespace {

using Json = nlohmann::ordered_json;

void AddText(const char* key, const std::string& text, Json& object) {
  if (!text.empty()) object[key] = text;
}

Json ColumnJson(const Column& column) {
  constexpr const char* kKinds[] = {"", "default", "materialized", "alias", "ephemeral"};
  Json json = {{"name", column.name}, {"type", TypeText(column.type)}};
  if (column.default_kind != DefaultKind::kNone) {
    json[kKinds[static_cast<int>(column.default_kind)]] = column.default_expression;
  }
  AddText("codec", column.codec, json);
  AddText("ttl", column.ttl, json);
  AddText("comment", column.comment, json);
  return json;
}

Json IndexJson(const Index& index) {
  Json json = {{"name", index.name}, {"expression", index.expression}, {"type", index.type}};
  if (index.granularity != 0) json["granularity"] = index.granularity;
  return json;
}

Json NamedJson(const NamedSql& named) { return {{"name", named.name}, {"sql", named.sql}}; }

template <class List, class ItemJson>
void AddList(const char* key, const List& list, ItemJson item_json, Json& object) {
  if (list.empty()) return;
  Json& items = object[key] = Json::array();
  for (const auto& item : list) items.push_back(item_json(item));
}

Json TableJson(const Table& table) {
  Json json;
  AddText("database", table.database, json);
  json["name"] = table.name;
  AddText("cluster", table.cluster, json);
  AddText("comment", table.comment, json);
  AddList("columns", table.columns, ColumnJson, json);
  AddList("indexes", table.indexes, IndexJson, json);
  AddList("projections", table.projections, NamedJson, json);
  AddList("constraints", table.constraints, NamedJson, json);
  AddText("engine", table.engine, json);
  AddText("partition_by", table.partition_by, json);
  AddText("primary_key", table.primary_key, json);
  AddText("order_by", table.order_by, json);
  AddText("sample_by", table.sample_by, json);
  AddText("ttl", table.ttl, json);
  for (const auto& [name, value] : table.settings) json["settings"][name] = value;
  return json;
}

Json ViewJson(const View& view) {
  Json json;
  AddText("database", view.database, json);
  json["name"] = view.name;
  AddText("cluster", view.cluster, json);
  json["to"] = view.target;
  json["query"] = view.query;
  return json;
}

}  // namespace

std::string SchemaJson(const Schema& schema) {
  Json json = {{"tables", Json::array()}, {"views", Json::array()}};
  for (const Table& table : schema.tables) json["tables"].push_back(TableJson(table));
  for (const View& view : schema.views) json["views"].push_back(ViewJson(view));
  // Names and comments of a table that somebody else wrote need not be UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gf_otlp::schema
