#ifndef GF_OTLP_SCHEMA_STORAGE_FORM_H_
#define GF_OTLP_SCHEMA_STORAGE_FORM_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "schema/table.h"

/// What can be said of a table's storage in several ways, in the one that SHOW CREATE TABLE has: where nothing is said,
/// what ClickHouse takes then.
namespace gf_otlp::schema {

/// "ReplicatedReplacingMergeTree('/path', '{replica}', v)" -> "ReplacingMergeTree": as where rows are not replicated.
std::string_view EngineFamily(std::string_view engine);
/// The same with the arguments that are not about replicas: "ReplacingMergeTree(v)".
std::string EngineForm(std::string_view engine);
/// Of the family of MergeTree: it keeps rows in parts and has keys.
bool IsMergeTree(std::string_view engine);
/// `engine` with replicas if `like` has some: for a table that is made beside one of that engine. `suffix` comes behind
/// the path in Keeper, which no two tables may share, unless each has its own by {table} or {uuid}.
std::string ReplicatedAs(std::string_view engine, std::string_view like, std::string_view suffix);

/// A path in Keeper that is another for each table.
bool NamesItsTable(std::string_view path);
/// With its quotes; empty if the engine does not say it.
std::string_view KeeperPath(std::string_view engine);

/// As people may see it, without secrets: those are among the arguments of engines that are not of the family, in
/// settings such as kafka_sasl_password, and in disks that a setting describes.
std::string ShownEngine(std::string_view engine);
std::string ShownSetting(std::string_view name, std::string_view value);

/// "Delta, ZSTD" of a DateTime -> "Delta(4), ZSTD(1)".
std::string CodecForm(std::string_view codec, const Type& type);

/// Expression, type and granularity; that of a text index has no meaning.
std::string IndexForm(const Index& index);

/// An ORDER BY, PRIMARY KEY, ...: empty where there is none, "tuple()".
std::string KeyForm(std::string_view key);
/// "(a, b)" -> {"a", "b"}: views of `key`.
std::vector<std::string_view> KeyParts(std::string_view key);
/// ORDER BY where PRIMARY KEY is not said.
std::string PrimaryKeyForm(const Table& table);
/// What ALTER TABLE can make of a sorting key: `to` has the key of `from` and behind it new columns without a DEFAULT,
/// or only its beginning; the primary key is the same.
bool IsKeyExtended(const Table& from, const Table& to);
bool IsKeyShortened(const Table& from, const Table& to);

/// "DEFAULT", ...; nothing of a plain column.
std::string_view DefaultWord(DefaultKind kind);
/// "MATERIALIZED lower(Body)".
std::string DefaultSql(const Column& column);

/// An expression names the column: "lower(Body)", "length(Events.Name)".
bool NamesColumn(std::string_view sql, std::string_view column);

/// Nested, or an Array of named Tuples, which is stored like it.
bool IsNested(const Type& type);
/// The arrays that servers make of a Nested column, unless flatten_nested is 0: "Events.Name", ...
/// REQUIRES: IsNested(nested.type)
std::vector<Column> ArraysOf(const Column& nested);

/// "Events.Name" -> "Events", if it is an array: such arrays with one name must be of one length in each row.
std::string_view NestedGroup(const Column& column);

/// What the columns of two tables both say besides name and type: a DESCRIBE may have no more than these.
struct SharedDetails {
  bool codecs = true;
  bool others = true;  // defaults, comments, TTLs
};
SharedDetails DetailsOfBoth(const Table& a, const Table& b);

/// The table that a view's TO names, without quotes and database: "otel.`my-traces`" -> "my-traces".
std::string TargetTable(const View& view);

/// The settings without those that have the value that they have anyway.
std::map<std::string, std::string> SettingsForm(const Table& table);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_STORAGE_FORM_H_
