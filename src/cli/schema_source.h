#ifndef GF_OTLP_CLI_SCHEMA_SOURCE_H_
#define GF_OTLP_CLI_SCHEMA_SOURCE_H_

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/rows.h"
#include "gf_otlp/status.h"
#include "schema/server_version.h"
#include "schema/shape_schema.h"
#include "schema/table.h"

/// Where `schema check` and `schema diff` have tables from.
namespace gf_otlp::cli {

/// Tables, and where they come from.
struct SchemaSource {
  std::string name;  // "clickhouse@0.161", "deployed.sql", "standard input", "http://ch:8123/otel"
  std::string file;  // path of a file; empty: it is none
  bool is_shape = false;
  schema::Schema schema;
  std::vector<std::string> notes;                 // what was passed over, for the user
  std::map<std::string, std::string> unreadable;  // tables that are there, whose statements cannot be read, and why
  std::optional<schema::ServerVersion> server;    // of a live server
  std::string server_text;                        // the same as it says itself
  std::string time_zone;                          // of a live server
};

/// A shape in one of its versions.
struct ShapeVariant {
  std::string name;  // "clickhouse@0.161", "glassflow", "glassflow-flat --keep-all"
  RowOptions rows;
};
/// All of them, those of one shape together, the newest first.
std::vector<ShapeVariant> ShapeVariants();
/// "clickhouse" (the newest), "clickhouse@0.149"; nothing if it is none.
std::optional<ShapeVariant> ParseShapeVariant(std::string_view text);

/// What the tables of a shape are called when nothing says otherwise.
Result<std::vector<std::string>> TableNames(const schema::ShapeSchemaOptions& options);

/// Text may tell of several databases. Of the tables with one of `names` that are in several, those of `database`
/// stay; kUsage if it does not say which.
Status ChooseDatabase(const std::string& database, const std::vector<std::string>& names, SchemaSource& source);

/// DESCRIBE does not say of which table it is: `asked` does if that is one name, else the table of `others` that it is
/// most like. False if neither does.
bool NameTheNameless(const std::vector<std::string>& asked, const std::vector<schema::Table>& others,
                     SchemaSource& source);

std::vector<std::string> NamesOf(const std::vector<schema::Table>& tables);
bool HasTable(const std::vector<schema::Table>& tables, std::string_view name);

/// kUsage if one of the options is on the command line, where it does nothing. What the environment says is for many
/// commands.
Status RefuseOptions(const CLI::App& sub, std::span<const char* const> names, std::string_view where);

/// A DDL file or DESCRIBE output; "-" is standard input. kIo, kBadData.
Result<SchemaSource> ReadSchemaFile(const std::string& path);

/// --server-version; kUsage for what is none.
Result<schema::ServerVersion> ReadServerVersion(const std::string& text);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SCHEMA_SOURCE_H_
