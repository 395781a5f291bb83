// First byte: what the rest is read as, modulo 3: a type, a piece of SQL, a schema.
#include <string>
#include <utility>

#include "fuzz/fuzz.h"
#include "schema/ddl_reader.h"
#include "schema/sql_text.h"
#include "schema/type.h"

namespace gf_otlp::fuzz {
namespace {

void RequireStable(const schema::Type& type) {
  const std::string text = schema::TypeText(type);
  const Result<schema::Type> again = schema::ParseType(text);
  if (!again) Require(Status(again.error()), "a type's text is a type");
  Require(*again == type, "a type's text is that type");
}

/// What is in the one form stays what it is.
void RequireNormal(const std::string& sql) { Require(schema::NormalSql(sql) == sql, "normal SQL is normal"); }

void CheckSchema(std::string_view text) {
  const Result<schema::SchemaText> read = schema::ReadSchemaText(text);
  if (!read) {
    Require(read.error().code() == Code::kBadData, "what is wrong with a schema is bad data");
    return;
  }
  Require(!read->schema.tables.empty() || !read->schema.views.empty(), "there is something in it");
  for (const schema::Table& table : read->schema.tables) {
    Require(!table.columns.empty(), "a table has columns");
    for (const schema::Column& column : table.columns) {
      const bool no_type = column.type == schema::Type();
      if (no_type) Require(column.default_kind != schema::DefaultKind::kNone, "a type or a default is there");
      if (!no_type && column.type.kind != schema::Type::Kind::kNullable) RequireStable(column.type);
      RequireNormal(column.default_expression);
    }
    for (const std::string* sql : {&table.partition_by, &table.order_by, &table.primary_key, &table.ttl})
      RequireNormal(*sql);
  }
}

}  // namespace
}  // namespace gf_otlp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gf_otlp;
  fuzz::Input input(data, size);
  const unsigned kind = input.Take() % 3;
  if (kind == 0) {
    if (const Result<schema::Type> type = schema::ParseType(input.rest())) fuzz::RequireStable(*type);
  } else if (kind == 1) {
    fuzz::RequireNormal(schema::NormalSql(input.rest()));
  } else {
    fuzz::CheckSchema(input.rest());
  }
  return 0;
}
