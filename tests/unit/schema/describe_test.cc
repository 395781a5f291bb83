#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "schema/ddl_reader.h"

namespace gf_otlp::schema {
namespace {

// A table as ClickHouse 26.5 describes it in its formats.
constexpr std::string_view kAnswers[] = {
    "k\tInt8\t\t\t\tDelta(1)\t\nt\tTuple(\\n    a Int8,\\n    b String)\t\t\ta\\tb\\nc\\\\d\\'e\t\t\n"
    "x\tInt8\tALIAS\tk + 1\t\t\t\n",
    "name\ttype\tdefault_type\tdefault_expression\tcomment\tcodec_expression\tttl_expression\n"
    "String\tString\tString\tString\tString\tString\tString\n"
    "k\tInt8\t\t\t\tDelta(1)\t\nt\tTuple(\\n    a Int8,\\n    b String)\t\t\ta\\tb\\nc\\\\d\\'e\t\t\n"
    "x\tInt8\tALIAS\tk + 1\t\t\t\n",
    R"csv("k","Int8","","","","Delta(1)",""
"t","Tuple(
    a Int8,
    b String)","","","a	b
c\d'e","",""
"x","Int8","ALIAS","k + 1","","",""
)csv",
    R"json(["k", "Int8", "", "", "", "Delta(1)", ""]
["t", "Tuple(\n    a Int8,\n    b String)", "", "", "a\tb\nc\\d'e", "", ""]
["x", "Int8", "ALIAS", "k + 1", "", "", ""])json",
    R"json({"type":"Int8","name":"k","default_type":"","codec_expression":"Delta(1)"}
{"name":"t","type":"Tuple(\n    a Int8,\n    b String)","comment":"a\tb\nc\\d'e"}
{"name":"x","type":"Int8","default_type":"ALIAS","default_expression":"k + 1","is_subcolumn":0}
{"name":"t.a","type":"Int8","is_subcolumn":1})json",
    R"json({"meta": [{"name": "name", "type": "String"}, {"name": "type"}, {"name": "default_type"},
        {"name": "default_expression"}, {"name": "comment"}, {"name": "codec_expression"}, {"name": "ttl_expression"}],
       "data": [["k", "Int8", "", "", "", "Delta(1)", ""], ["t", "Tuple(a Int8, b String)", "", "", "a\tb\nc\\d'e", "", ""],
                ["x", "Int8", "ALIAS", "k + 1", "", "", ""]], "rows": 3})json"};

TEST_CASE("every format of DESCRIBE TABLE gives the same columns") {
  for (const std::string_view answer : kAnswers) {
    CAPTURE(answer);
    const Result<SchemaText> read = ReadSchemaText(answer);
    REQUIRE_MESSAGE(read.has_value(), read.error().message());
    const Table& table = read->schema.tables.at(0);
    CHECK(table.columns_only);
    REQUIRE(table.columns.size() == 3);
    CHECK(table.columns[0].codec == "Delta(1)");
    CHECK(TypeText(table.columns[1].type) == "Tuple(a Int8, b String)");
    CHECK(table.columns[1].comment == "a\tb\nc\\d'e");
    CHECK(table.columns[2].default_kind == DefaultKind::kAlias);
    CHECK(table.columns[2].default_expression == "k + 1");
  }
}

TEST_CASE("answers to SHOW CREATE TABLE are statements") {
  for (
      const std::string_view answer :
      {"CREATE TABLE d.t\\n(\\n    `a` Int8 COMMENT \\'it\\\\\\'s\\'\\n)\\nENGINE = Memory\n",
       R"json({"statement":"CREATE TABLE d.t\n(\n    `a` Int8 COMMENT 'it\\'s'\n)\nENGINE = Memory"})json",
       R"json({"meta": [{"name": "statement"}], "data": [{"statement": "CREATE TABLE d.t (a Int8 COMMENT 'it''s') ENGINE = Memory"}]})json"}) {
    const Result<SchemaText> read = ReadSchemaText(answer);
    REQUIRE_MESSAGE(read.has_value(), read.error().message());
    CHECK(read->schema.tables.at(0).engine == "Memory");
    CHECK(read->schema.tables.at(0).columns.at(0).comment == "it's");
    CHECK_FALSE(read->schema.tables.at(0).columns_only);
  }
}

TEST_CASE("create_table_query in one escaped line a table, and in JSON, is statements of a server") {
  for (
      const std::string_view answer :
      {"CREATE TABLE d.t (`a` Int8 COMMENT \\'it\\\\\\'s\\', `e` Nested(n Int8)) ENGINE = Memory\n"
       "CREATE VIEW d.v (`a` Int8) AS SELECT \\'\\\\n\\'\n",
       "create_table_query\nCREATE TABLE d.t (`a` Int8 COMMENT \\'it\\\\\\'s\\', `e` Nested(n Int8)) ENGINE = Memory\n",
       R"json({"create_table_query":"CREATE TABLE d.t (`a` Int8 COMMENT 'it\\'s', `e` Nested(n Int8)) ENGINE = Memory"})json"}) {
    CAPTURE(answer);
    const Result<SchemaText> read = ReadSchemaText(answer);
    REQUIRE_MESSAGE(read.has_value(), read.error().message());
    REQUIRE(read->schema.tables.size() == 1);
    CHECK(read->schema.tables[0].columns.at(0).comment == "it's");
    CHECK(read->schema.tables[0].columns.at(1).type.kind == Type::Kind::kNested);
  }
}

TEST_CASE("backslashes within strings and comments do not make statements an answer") {
  for (const std::string_view ddl :
       {R"(CREATE TABLE t (a String, b Array(String) MATERIALIZED splitByChar('\n', a)) ENGINE = Memory)",
        R"(CREATE TABLE t (a String COMMENT 'it\'s a\nb', b Int8) ENGINE = Memory)",
        "CREATE TABLE t (a String, -- not \\n\n `b\\'` Int8) ENGINE = Memory"}) {
    CAPTURE(ddl);
    const Result<SchemaText> read = ReadSchemaText(ddl);
    REQUIRE_MESSAGE(read.has_value(), read.error().message());
    CHECK(read->schema.tables.at(0).columns.size() == 2);
  }
  const Result<SchemaText> read = ReadSchemaText("CREATE TABLE t (a Int8, \\\n b Int8)");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().message() == "line 1, column 25: expected a column, found the byte 0x5C");
}

TEST_CASE("names and types alone are a DESCRIBE") {
  for (const std::string_view answer : {"a\tInt8\nb c\tArray(\\n    Int8)\n", "a\tInt8\r\nb c\tArray(Int8)\r\n",
                                        "name\ttype\na\tInt8\nb c\tArray(Int8)\n", "b c\tArray(Int8)\na\tInt8"}) {
    CAPTURE(answer);
    const Result<SchemaText> read = ReadSchemaText(answer);
    REQUIRE_MESSAGE(read.has_value(), read.error().message());
    CHECK(read->schema.tables.at(0).columns.size() == 2);
  }
  CHECK_FALSE(ReadSchemaText("CREATE\tTABLE t (a Int8)").value().schema.tables.at(0).columns_only);
}

TEST_CASE("formats for people are refused by name") {
  for (const std::string_view answer :
       {"   \u250c\u2500name\u2500\u252c\u2500type\u2500\u2510\n1. \u2502 a \u2502 Int8 \u2502\n",
        "   \u250f\u2501\u2501\u2533\u2501\u2513\n", "   +-name-+-type-+\n1. | a    | Int8 |\n",
        "    name          type\n\n1.  a             Int8\n", "Row 1:\n\u2500\u2500\nname: a\n",
        "| name | type |\n|:-|:-|\n| a | Int8 |\n"}) {
    CAPTURE(answer);
    const Result<SchemaText> read = ReadSchemaText(answer);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().message() == "this is a format for people: use FORMAT TSV");
  }
}

TEST_CASE("what is no answer is refused") {
  for (const std::string_view bad : {"", "{", "{}", "[1]", "a\tInt9\t\t", "a\tInt8\tWHATEVER\t", "{\"data\": 1}"}) {
    const Result<Table> table = ReadDescribe(bad);
    REQUIRE_FALSE(table.has_value());
    CHECK(table.error().code() == Code::kBadData);
  }
}

}  // namespace
}  // namespace gf_otlp::schema
