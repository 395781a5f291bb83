#ifndef GF_OTLP_ROWS_H_
#define GF_OTLP_ROWS_H_

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// A family of tables: whose rows are written.
enum class Shape : std::uint8_t {
  kClickHouse,      // OpenTelemetry Collector's clickhouseexporter, map attributes
  kClickHouseJson,  // the same with JSON-typed attributes
  kGlassFlow,       // GlassFlow's Kafka exporter
  kGlassFlowFlat,   // GlassFlow's OTLP receiver
  kAgents,          // store of AI-agent telemetry: spans and events, metrics give no rows
};
inline constexpr Shape kShapes[] = {Shape::kClickHouse, Shape::kClickHouseJson, Shape::kGlassFlow,
                                    Shape::kGlassFlowFlat, Shape::kAgents};

/// "clickhouse", "clickhouse-json", "glassflow", "glassflow-flat", "agents".
std::string_view ShapeName(Shape shape);
std::optional<Shape> ParseShape(std::string_view name);

/// What a model's tokens cost, in USD per million.
struct ModelPrice {
  std::string pattern;  // of the model's name; * is any text, letters are the same in upper and lower case
  double input = 0, output = 0;
  double cached_input = 0;  // tokens read from a cache
};

struct RowOptions {
  Shape shape = Shape::kClickHouse;
  /// Of the shapes clickhouse and clickhouse-json: a version in SchemaVersions(); empty is the newest.
  std::string schema_version;
  /// Digits of a second's fraction in DateTime columns: 0 (as the type has it) or 9.
  int time_digits = 0;
  /// glassflow-flat: also what GlassFlow's receiver drops.
  bool keep_all = false;
  /// agents: attributes that a column is filled from, the first before the others, in place of the built-in ones.
  std::map<std::string, std::vector<std::string>> attributes_of;
  /// agents: the prices of model calls that do not say their cost; the first pattern that fits counts.
  std::vector<ModelPrice> prices;
  /// agents: without prompts, answers, and what goes into tools and comes out of them.
  bool drop_content = false;
};

/// The Kafka topics that records go to when neither a table nor anybody says otherwise, by RecordKind.
inline constexpr std::array<std::string_view, 7> kDefaultTopics = {"otel-traces",
                                                                   "otel-logs",
                                                                   "otel-metrics-gauge",
                                                                   "otel-metrics-sum",
                                                                   "otel-metrics-histogram",
                                                                   "otel-metrics-exponential-histogram",
                                                                   "otel-metrics-summary"};

/// The schema versions that a shape has, oldest first; empty if it has only one, without a name.
std::vector<std::string_view> SchemaVersions(Shape shape);

struct ColumnInfo {
  std::string_view name;
  std::string_view type;   // ClickHouse's, as in DDL
  std::string_view codec;  // "Delta, ZSTD(1)"; empty: the server's default
  std::string_view comment;
};

struct TableInfo {
  std::string name;
  std::vector<ColumnInfo> columns;  // those that rows have
  std::vector<RecordKind> kinds;    // whose records give rows of this table
  /// The Kafka topics that its rows go to when nothing says otherwise.
  std::vector<std::string> topics;
};

/// What was changed while writing rows.
struct RowCounts {
  std::uint64_t replaced_bytes = 0;  // bytes that were not UTF-8, now U+FFFD
  std::uint64_t clamped_times = 0;   // times outside of what ClickHouse reads
  std::uint64_t unread_numbers = 0;  // agents: tokens and costs that are no numbers
};

/// Maps records to rows of a shape's tables. One per thread.
class RowMapper {
 public:
  /// kUsage for a schema version, or a column of attributes_of, that is not known (names those that are).
  static Result<RowMapper> Make(const RowOptions& options);
  RowMapper(RowMapper&&) noexcept;
  RowMapper& operator=(RowMapper&&) noexcept;
  ~RowMapper();

  const std::vector<TableInfo>& tables() const;
  /// The tables (indices into tables()) that records of `kind` give rows of; none for metrics without data.
  std::span<const std::size_t> TablesOf(RecordKind kind) const;
  /// Whether the reader's current record has rows in one of its tables: all do but those of shape agents.
  /// REQUIRES: `table` is of TablesOf(reader.kind())
  bool HasRows(std::size_t table, const RequestReader& reader) const;
  /// Appends the rows of the reader's current record in one of its tables, each a JSON object and a newline
  /// (JSONEachRow), and gives how many: one, of shape agents also none or several.
  /// REQUIRES: `table` is of TablesOf(reader.kind())
  std::size_t Append(std::size_t table, const RequestReader& reader, PaddedBuffer& rows);

  const RowCounts& counts() const;

 private:
  struct State;
  explicit RowMapper(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_H_
