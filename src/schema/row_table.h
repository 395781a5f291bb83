#ifndef GF_OTLP_SCHEMA_ROW_TABLE_H_
#define GF_OTLP_SCHEMA_ROW_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/row_type.h"
#include "schema/table.h"

namespace gf_otlp::schema {

/// A table, made ready to judge many rows.
class RowTable {
 public:
  RowTable(const Table& table, ServerVersion server);

  /// One object, which stands here.
  bool Judge(RowText& row);
  /// How many of the keys are columns.
  std::size_t Known(const std::vector<std::string>& keys) const;
  std::size_t size() const { return columns_.size(); }
  /// Of the row that was judged last: so many of its keys the table does not know.
  std::size_t unknown() const { return unknown_; }
  std::size_t keys() const { return keys_; }
  /// Tells rows with other keys apart from those with the same ones, mostly.
  std::uint64_t keys_hash() const { return hash_; }

 private:
  static constexpr std::size_t kUnknown = ~std::size_t{0}, kNestedName = kUnknown - 1;

  struct Column {
    std::string name;
    RowType type;
    bool computed = false;  // MATERIALIZED, ALIAS, EPHEMERAL: not taken from rows
    bool has_default = false;
    std::size_t nested = kUnknown;  // index into nested_
    std::uint64_t row = 0;          // the last row that had it
    std::size_t length = 0;         // there, of an array
  };
  struct Nested {
    std::string name;
    std::vector<std::size_t> columns;
    std::uint64_t row = 0;
  };

  // Names are looked up without a copy.
  struct NameHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  struct AnyCaseHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const;
  };
  struct AnyCaseEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };

  std::size_t Find(std::string_view name, bool& other_case) const;
  bool JudgeMember(RowText& row, std::size_t column, std::string_view name, const char* at);
  bool JudgeNestedLengths(RowText& row);

  std::vector<Column> columns_;
  std::vector<Nested> nested_;
  std::unordered_map<std::string, std::size_t, NameHash, std::equal_to<>> by_name_;  // kNestedName: a prefix of columns
  std::unordered_map<std::string, std::size_t, AnyCaseHash, AnyCaseEqual> by_any_case_;  // empty for older servers
  std::vector<std::size_t> next_;  // the columns of the row before, in its order
  std::size_t settable_ = 0;       // columns that rows give
  std::size_t keys_ = 0, unknown_ = 0, seen_ = 0;
  std::uint64_t hash_ = 0, row_ = 0;
};

/// The keys of the first row in a line, as far as they can be read.
std::vector<std::string> RowKeys(std::string_view line);
/// Tells them apart.
std::uint64_t KeysHash(std::string_view line);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_ROW_TABLE_H_
