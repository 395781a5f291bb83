#ifndef GF_OTLP_CLI_ROLLUP_FILL_H_
#define GF_OTLP_CLI_ROLLUP_FILL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/clickhouse_client.h"
#include "cli/schema_source.h"
#include "cli/sql_runner.h"
#include "schema/agent_rollups.h"

namespace gf_otlp::cli {

/// Fills rollups from the rows that are there, each row once, while more are inserted.
///
/// A view sees what is inserted after it was made. So a new one gets a condition, inserted_at >= T with T ahead; what
/// is before T is read from the raw table once it is all there, and then the condition goes. Blocks of rows find their
/// views when their INSERT begins, and may come later: `settle` is how long that takes at most where the server does
/// not tell (tables of the engine Kafka), and INSERTs that it does tell of are waited for.
///
/// A rollup that is there is never dropped: it may have sums of rows that raw tables have no more. It is built again as
/// another table. The views get the condition inserted_at < T: when T has passed, the rollup stands still and has just
/// the rows from before T. The other table gets these, too, older minutes from the rollup and younger ones from raw
/// rows, and takes its place; then the views go on as new ones do. So each row goes one way, whatever minute it is of.
///
/// A condition in a view therefore means: not finished. So does a table NAME_gf_otlp_rebuild. Whatever was left behind
/// by a run that was killed, the next one builds the rollup again. It misses only rows of minutes that raw tables do
/// not have as a whole, and only if they came in while the views of that run were going on.
class RollupFill {
 public:
  /// What is to be done with a rollup.
  enum class Need : std::uint8_t {
    kNothing,
    kMake,     // it is not there: all of it comes from the raw tables
    kRebuild,  // it is there, and some of it may be older than what the raw tables still have
  };

  /// All must outlive it. `found`: what the server had at first.
  RollupFill(SqlRunner& runner, ClickHouseClient& clickhouse, const SchemaSource& found);

  /// `asked`: --rebuild names it. kUsage or kBadData, before anything is changed, for tables that cannot be read or
  /// filled.
  Result<Need> NeedOf(const schema::Rollup& rollup, bool asked);

  /// REQUIRES: the raw tables are there
  Status Make(const schema::Rollup& rollup);
  /// REQUIRES: and the rollup's table
  Status Rebuild(const schema::Rollup& rollup);

 private:
  Status CheckTables(const schema::Rollup& rollup);
  Status ReadSettleTime();
  /// With more and more time until `attempt` gives true: every INSERT was over in time.
  Status Repeat(const schema::Rollup& rollup,
                Result<bool> (RollupFill::*attempt)(const schema::Rollup&, std::uint64_t settle));
  Result<bool> TryMake(const schema::Rollup& rollup, std::uint64_t settle);
  Result<bool> TryRebuild(const schema::Rollup& rollup, std::uint64_t settle);
  /// The first instant from which the raw tables have all rows that they ever had, but for those that somebody
  /// deleted; nothing: they have no rows.
  Result<std::optional<std::uint64_t>> FullSince(const schema::Rollup& rollup);
  /// Behind a change of views that is for rows from `cut` on: waits until all rows from before it are there. False if
  /// INSERTs that had found the views as they were before may have been under way at that time.
  Result<bool> Settle(std::uint64_t cut, std::uint64_t settle);
  Status CreateView(const schema::Rollup& rollup, const schema::RollupView& view, std::string_view condition);
  Status ChangeView(const schema::Rollup& rollup, const schema::RollupView& view, std::string_view condition);
  /// The sums of raw rows that `rows` is true of, as far as `where` is true of them. REQUIRES: all of these are there
  Status Insert(const schema::Rollup& rollup, const schema::RollupView& view, const std::string& target,
                std::string_view rows, std::string_view where);

  SqlRunner& runner_;
  ClickHouseClient& clickhouse_;
  const SchemaSource& found_;
  std::uint64_t settle_ms_ = 0;
  std::map<std::string, std::uint64_t> cuts_;  // views that take only rows from before a time
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_ROLLUP_FILL_H_
