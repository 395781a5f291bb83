#ifndef GF_OTLP_ROWS_COLUMN_H_
#define GF_OTLP_ROWS_COLUMN_H_

#include <cstdint>
#include <string_view>

#include "gf_otlp/records.h"

namespace gf_otlp {

/// What a column's value depends on; an encoder keeps what does not change from record to record.
enum class Level : std::uint8_t { kResource, kScope, kMetric, kRecord };

/// What DDL says of a column beside its type.
struct ColumnText {
  std::string_view name, comment;
  std::string_view codec = "ZSTD(1)";  // empty: the server's default
};

/// A column of a row table, declared once: its name, its ClickHouse type (gf_otlp::type), what it depends on, and the
/// function that writes its value, for any encoder: `write(out, reader)`.
template <class T, Level kOf, class Write>
struct Column : ColumnText {
  using Type = T;
  static constexpr Level kLevel = kOf;
  /// When the column stands in a row: always, or where `present(reader)` says so (glassflow-flat leaves columns out).
  using Present = bool (*)(const RequestReader&);

  Write write;
  Present present = nullptr;
};

template <class T, Level kOf, class Write>
constexpr auto Col(ColumnText text, Write write, typename Column<T, kOf, Write>::Present present = nullptr) {
  return Column<T, kOf, Write>{text, write, present};
}

template <class T, class Write>
constexpr auto RecordColumn(ColumnText text, Write write, bool (*present)(const RequestReader&) = nullptr) {
  return Col<T, Level::kRecord>(text, write, present);
}

/// How the values of a shape stand in JSON where the exporters differ.
struct Dialect {
  /// Ids of zeros: as they are, else as "".
  bool zero_ids = false;
  /// Maps: of repeated keys only the last one, else all.
  bool unique_keys = false;
  /// The text of values: bytes as hex in attributes and in bodies (else base64), doubles, nested values.
  bool hex_attributes = false, hex_bodies = false, plain_doubles = false, html_escapes = false;
  /// NaN and infinities of Float64 columns: null and the largest doubles (JSON has no others), else "nan", "inf",
  /// "-inf".
  bool finite_floats = false;
  /// Empty arrays of numbers as null.
  bool null_arrays = false;
  /// Times as RFC 3339, else "YYYY-MM-DD hh:mm:ss.nnnnnnnnn".
  bool rfc3339 = false;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_COLUMN_H_
