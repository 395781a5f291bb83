#ifndef GF_OTLP_SCHEMA_ROW_CHECK_H_
#define GF_OTLP_SCHEMA_ROW_CHECK_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/rule.h"
#include "schema/server_version.h"
#include "schema/table.h"

namespace gf_otlp::schema {

/// What can be wrong with a row: see the list in row_check.cc. Severity kError: the server refuses the row, or takes it
/// and a value is not what was written; kWarning: not judged, or taken with less (a fraction cut off); kNote: a
/// floating number's last digit.
std::span<const Rule> RowRules();
/// Index of the rule that a row breaks which cannot be read at all.
inline constexpr std::size_t kUnreadableRow = 0;

struct RowCheckOptions {
  ServerVersion server = kDefaultServerVersion;
  std::size_t max_examples = 5;  // findings of a rule in one row that are told apart
};

/// One thing found in a row.
struct RowFinding {
  std::size_t rule = 0;     // index into RowRules()
  bool refused = false;     // the server refuses the row for it
  std::size_t offset = 0;   // in the row, of the value
  std::uint64_t count = 1;  // how often it was found from there on
  std::string_view table;   // that the row was judged by
  std::string_view column;
  std::string detail;
};

/// Says of JSONEachRow rows what a ClickHouse server with default settings does with them. One per thread.
class RowChecker {
 public:
  /// `tables`: candidates; a row belongs to the one that has most of its columns (rows of one file mostly to the same).
  /// Values of types that are not known here are found as not judged. kUsage if there is no table.
  static Result<RowChecker> Make(std::vector<Table> tables, const RowCheckOptions& options);
  RowChecker(RowChecker&&) noexcept;
  RowChecker& operator=(RowChecker&&) noexcept;
  ~RowChecker();

  /// Calls `found` for everything that is wrong with the row of a line, or with its rows: `[{...},{...}]`, with commas
  /// or without (PaddedBuffer::kPadding readable bytes follow), in the order of the line, up to what it is refused for.
  /// Gives how many rows began in the line.
  std::size_t Check(std::string_view line, const std::function<void(const RowFinding&)>& found);

 private:
  struct State;
  explicit RowChecker(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_ROW_CHECK_H_
