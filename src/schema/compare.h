#ifndef GF_OTLP_SCHEMA_COMPARE_H_
#define GF_OTLP_SCHEMA_COMPARE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/server_version.h"
#include "schema/table.h"

namespace gf_otlp::schema {

/// What a difference does to rows that are written for the expected table and sent to the one that is there.
enum class Effect : std::uint8_t {
  kDiffers,  // they are taken and keep their values: another codec, an index or a column more, a view that is not there
  kLoses,    // precision or range of values
  kBreaks,   // the row is refused, or a value is dropped or changed without a word
};
/// "differs", "loses", "breaks".
std::string_view EffectName(Effect effect);

struct Difference {
  std::string_view id;  // stable, of DifferenceRules(): "column-missing"
  Effect effect = Effect::kDiffers;
  std::string table;            // the expected table's name
  std::string column;           // or index, setting, ...; empty: the table as a whole
  std::string expected, found;  // texts of DDL; empty: nothing there
  std::string message;          // a sentence for people: what happens to rows
};

/// What kinds of difference there are: id, the worst effect it can have, a line of explanation.
struct DifferenceRule {
  std::string_view id, explanation;
  Effect worst = Effect::kDiffers;
};
const std::vector<DifferenceRule>& DifferenceRules();

/// All differences between a table and one that takes its place for JSONEachRow rows of `expected` (its columns without
/// a default), in the order of the columns. What one of them does not know (columns_only) is not compared; engines
/// that differ only in replication (SharedMergeTree, ReplicatedMergeTree) are the same.
std::vector<Difference> CompareTables(const Table& expected, const Table& found, ServerVersion server);

/// How two schemas' tables fit: pairs by name (databases are not looked at), missing ones as differences, tables of
/// `found` that nothing is expected of not at all. Views: those that `expected` has.
std::vector<Difference> CompareSchemas(const Schema& expected, const Schema& found, ServerVersion server);

/// Of the views alone: missing ones, and those with another "query" or "target", as `column` says.
std::vector<Difference> CompareViews(const Schema& expected, const Schema& found);

/// How far tables that were found are from those that a shape has, for finding shape and version by what is there:
/// how much they look alike, not what becomes of rows. Smaller is nearer; 0: they are as expected. Pairs by name, else
/// by columns; what is not there does not count.
std::uint64_t Distance(const std::vector<Table>& expected, const std::vector<Table>& found);

/// The table of `expected` that has most columns in common with `found`, as an index; nothing if that are few.
std::optional<std::size_t> NearestTable(const Table& found, const std::vector<Table>& expected);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_COMPARE_H_
