#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "schema/schema_json.h"
#include "schema/schema_markdown.h"

namespace gf_otlp::schema {
namespace {

using nlohmann::json;

Schema Small() {
  Table table;
  table.database = "d";
  table.name = "t";
  table.columns = {{.name = "a", .type = *ParseType("String"), .codec = "ZSTD(1)", .comment = "one|two"},
                   {.name = "b",
                    .type = *ParseType("DateTime"),
                    .default_kind = DefaultKind::kDefault,
                    .default_expression = "now()"},
                   {.name = "E.x", .type = *ParseType("Array(String)")},
                   {.name = "E.y", .type = *ParseType("Array(UInt8)")}};
  table.indexes = {{"i", "a", "minmax", 1}, {"j", "b", "text(tokenizer = 'array')", 0}};
  table.engine = "MergeTree";
  table.order_by = "(a, b)";
  table.settings = {{"s", "'x'"}};
  View view;
  view.name = "v";
  view.target = "d.t";
  view.query = "SELECT a FROM u";
  return {.tables = {table}, .views = {view}};
}

TEST_CASE("a schema as JSON says what there is, and nothing of what is not") {
  CHECK(json::parse(SchemaJson(Small())) == json::parse(R"json({
    "tables": [{
      "database": "d", "name": "t",
      "columns": [
        {"name": "a", "type": "String", "codec": "ZSTD(1)", "comment": "one|two"},
        {"name": "b", "type": "DateTime", "default": "now()"},
        {"name": "E.x", "type": "Array(String)"},
        {"name": "E.y", "type": "Array(UInt8)"}],
      "indexes": [
        {"name": "i", "expression": "a", "type": "minmax", "granularity": 1},
        {"name": "j", "expression": "b", "type": "text(tokenizer = 'array')"}],
      "engine": "MergeTree", "order_by": "(a, b)", "settings": {"s": "'x'"}}],
    "views": [{"name": "v", "to": "d.t", "query": "SELECT a FROM u"}]})json"));
  CHECK(json::parse(SchemaJson({})) == json::parse(R"({"tables": [], "views": []})"));
}

TEST_CASE("a schema as documentation") {
  CHECK(SchemaMarkdown(Small()) == R"(## d.t

| Column | Type | Codec | Meaning |
| --- | --- | --- | --- |
| `a` | `String` | `ZSTD(1)` | one\|two |
| `b` | `DateTime` |  | default `now()` |
| `E` | `Nested(x String, y UInt8)` |  |  |

- Engine: `MergeTree`
- Order: `(a, b)`
- Setting: `s = 'x'`
- Index: `i a TYPE minmax GRANULARITY 1`
- Index: `j b TYPE text(tokenizer = 'array')`

## Materialized views

| View | Fills | Query |
| --- | --- | --- |
| `v` | `d.t` | `SELECT a FROM u` |
)");
}

}  // namespace
}  // namespace gf_otlp::schema
