#ifndef GF_OTLP_ROWS_TABLE_WRITER_H_
#define GF_OTLP_ROWS_TABLE_WRITER_H_

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/rows.h"
#include "rows/json_value.h"

namespace gf_otlp {

/// Writes the rows of one table; virtual once a row, concrete for its fields.
class TableWriter {
 public:
  virtual ~TableWriter() = default;
  /// Whether the reader's record has rows in this table.
  virtual bool HasRows(const RequestReader& reader) const = 0;
  /// Appends the rows of the reader's record; how many.
  virtual std::size_t Append(const RequestReader& reader, PaddedBuffer& rows) = 0;
};

/// A row for each record, which the columns' functions see as it is. What tables with other rows have in place of this
/// is made of RowOptions and RowCounts (which outlive it) too.
class RowOfRecord {
 public:
  RowOfRecord(const RowOptions&, RowCounts&) {}
  static bool Has(const RequestReader& /*reader*/) { return true; }
  /// Calls `write(row)` for each row of the reader's record; how many.
  template <class Write>
  std::size_t ForEach(const RequestReader& reader, Write write) {
    write(reader);
    return 1;
  }
};

/// A table's columns (std::tuple of Column) as JSON objects. The text of columns that depend on the resource, the scope
/// or the metric is kept from row to row: neighbouring ones as one piece.
template <const auto& kColumns, Dialect kDialect, class RowsOf = RowOfRecord>
class JsonTableWriter final : public TableWriter {
 public:
  JsonTableWriter(const RowOptions& options, RowCounts& counts) : rows_of_(options, counts) {
    state_.counts = &counts;
    state_.time_digits = options.time_digits;
  }

  bool HasRows(const RequestReader& reader) const override { return rows_of_.Has(reader); }

  std::size_t Append(const RequestReader& reader, PaddedBuffer& rows) override {
    return rows_of_.ForEach(reader, [&](const auto& row) {
      if constexpr (kAnyShared) KeepWhatIsShared(row);
      state_.out = &rows;
      const std::size_t begin = rows.size();
      AppendColumns(row, std::make_index_sequence<kSize>());
      rows.data()[begin] = '{';
      rows.AppendFixed<2>("}\n");
    });
  }

 private:
  using Columns = std::remove_cvref_t<decltype(kColumns)>;
  static constexpr std::size_t kSize = std::tuple_size_v<Columns>;
  template <std::size_t I>
  using ColumnAt = std::tuple_element_t<I, Columns>;

  template <std::size_t I>
  static constexpr bool kShared = ColumnAt<I>::kLevel != Level::kRecord;
  static constexpr bool kAnyShared = []<std::size_t... kI>(std::index_sequence<kI...>) {
    return (kShared<kI> || ...);
  }(std::make_index_sequence<kSize>());
  /// The first of neighbouring shared columns stands for all of them.
  template <std::size_t I>
  static constexpr bool kBeginsPiece = [] {
    if constexpr (I == 0) {
      return kShared<I>;
    } else {
      return kShared<I> && !kShared<I - 1>;
    }
  }();

  /// `,"name":`; the comma before a row's first column gives way to the brace.
  template <std::size_t I>
  static constexpr auto kKey = [] {
    constexpr std::string_view kName = std::get<I>(kColumns).name;
    std::array<char, kName.size() + 4> key{};
    key[0] = ',';
    key[1] = '"';
    std::copy(kName.begin(), kName.end(), key.begin() + 2);
    key[kName.size() + 2] = '"';
    key[kName.size() + 3] = ':';
    return key;
  }();

  template <class Row, std::size_t... kI>
  void AppendColumns(const Row& row, std::index_sequence<kI...>) {
    (AppendColumn<kI>(row), ...);
  }

  template <std::size_t I, class Row>
  void AppendColumn(const Row& row) {
    if constexpr (!kShared<I>) {
      AppendField<I>(row);
    } else if constexpr (kBeginsPiece<I>) {
      state_.out->Append(pieces_[I].view());
    }
  }

  template <std::size_t I, class Row>
  void AppendField(const Row& row) {
    constexpr auto& kColumn = std::get<I>(kColumns);
    if constexpr (std::is_same_v<Row, RequestReader>) {
      // Not `if constexpr`: for g++ 12 with -fsanitize=undefined this is no constant expression. It is folded all the
      // same.
      if (kColumn.present != nullptr && !kColumn.present(row)) return;
    }
    state_.out->AppendFixed<kKey<I>.size()>(kKey<I>.data());
    JsonValue<typename ColumnAt<I>::Type, kDialect> value(state_, orders_[I]);
    kColumn.write(value, row);
  }

  void KeepWhatIsShared(const RequestReader& reader) {
    const bool resource = reader.resource_serial() != resource_serial_;
    const bool scope = resource || reader.scope_serial() != scope_serial_;
    const bool metric = scope || reader.metric_serial() != metric_serial_;
    if (!metric) [[likely]]
      return;
    resource_serial_ = reader.resource_serial();
    scope_serial_ = reader.scope_serial();
    metric_serial_ = reader.metric_serial();
    KeepColumns(reader, resource, scope, std::make_index_sequence<kSize>());
  }

  template <std::size_t... kI>
  void KeepColumns(const RequestReader& reader, bool resource, bool scope, std::index_sequence<kI...>) {
    std::size_t piece = 0;
    (KeepColumn<kI>(reader, resource, scope, piece), ...);
  }

  template <std::size_t I>
  void KeepColumn(const RequestReader& reader, bool resource, bool scope, std::size_t& piece) {
    if constexpr (kShared<I>) {
      constexpr Level kLevel = ColumnAt<I>::kLevel;
      if (kLevel == Level::kResource ? resource : kLevel == Level::kScope ? scope : true) {
        kept_[I].Clear();
        state_.out = &kept_[I];
        AppendField<I>(reader);
      }
      if constexpr (kBeginsPiece<I>) {
        piece = I;
        pieces_[I].Clear();
      }
      pieces_[piece].Append(kept_[I].view());
    }
  }

  RowsOf rows_of_;
  JsonState state_;
  std::array<KeyOrder, kSize> orders_;
  std::array<PaddedBuffer, kSize> kept_, pieces_;
  std::uint64_t resource_serial_ = 0, scope_serial_ = 0, metric_serial_ = 0;
};

/// A table as a shape lists it: what rows of it are called, come from, and are written by.
struct TableDeclaration {
  TableInfo info;
  std::unique_ptr<TableWriter> writer;
};

/// The declaration of a table whose columns are `kColumns`.
template <const auto& kColumns, Dialect kDialect, class RowsOf = RowOfRecord>
TableDeclaration DeclareTable(std::string name, std::vector<RecordKind> kinds, const RowOptions& options,
                              RowCounts& counts) {
  TableDeclaration table;
  table.info.name = std::move(name);
  table.info.kinds = std::move(kinds);
  for (const RecordKind kind : table.info.kinds) {
    table.info.topics.emplace_back(kDefaultTopics[static_cast<std::size_t>(kind)]);
  }
  std::apply(
      [&](const auto&... column) {
        (table.info.columns.push_back(
             {column.name, std::remove_cvref_t<decltype(column)>::Type::kText, column.codec, column.comment}),
         ...);
      },
      kColumns);
  table.writer = std::make_unique<JsonTableWriter<kColumns, kDialect, RowsOf>>(options, counts);
  return table;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_TABLE_WRITER_H_
