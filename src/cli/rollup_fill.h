#ifndef GF_OTLP_CLI_ROLLUP_FILL_H_
#define GF_OTLP_CLI_ROLLUP_FILL_H_

#include <cstdint>
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
/// A view sees what is inserted after it was made. So it gets a condition, inserted_at >= T with T ahead; what is
/// before T is read from the raw table once it is all there, and then the condition goes. Blocks of rows find their
/// views when their INSERT begins, and may come later: `settle` is how long that takes at most where the server does
/// not tell (tables of the engine Kafka), and INSERTs that it does tell of are waited for.
///
/// A condition in a view therefore means: not finished. So does a table NAME_new, which a rebuild has to the end.
/// Whatever was left behind by a run that was killed, the next one begins again from there.
class RollupFill {
 public:
  /// What is to be done with a rollup.
  enum class Need : std::uint8_t {
    kNothing,
    kMake,     // it is not there, or its first filling was not finished: all of it comes from the raw tables
    kRebuild,  // it is there, and some of it may be older than what the raw tables still have
  };

  /// All must outlive it. `found`: what the server had at first.
  RollupFill(SqlRunner& runner, ClickHouseClient& clickhouse, const SchemaSource& found);

  /// `asked`: --rebuild names it.
  Result<Need> NeedOf(const schema::Rollup& rollup, bool asked);

  /// REQUIRES: the raw tables are there
  Status Make(const schema::Rollup& rollup);
  /// REQUIRES: and the rollup's table
  Status Rebuild(const schema::Rollup& rollup);

 private:
  Status ReadSettleTime();
  /// With more and more time until `attempt` gives true: every INSERT was over in time.
  Status Repeat(const schema::Rollup& rollup,
                Result<bool> (RollupFill::*attempt)(const schema::Rollup&, std::uint64_t settle));
  Result<bool> TryMake(const schema::Rollup& rollup, std::uint64_t settle);
  Result<bool> TryRebuild(const schema::Rollup& rollup, std::uint64_t settle);
  /// The first instant from which the raw tables have all rows that they ever had, but for those that somebody
  /// deleted; nothing: they have no rows.
  Result<std::optional<std::uint64_t>> FullSince(const schema::Rollup& rollup);
  /// Waits until `until`; whether all INSERTs that began before `since` are over then.
  Result<bool> Settle(std::uint64_t since, std::uint64_t until);
  Status CreateViews(const schema::Rollup& rollup, std::string_view condition);
  Status ChangeViews(const schema::Rollup& rollup, std::string_view condition);
  Status Insert(const schema::Rollup& rollup, const std::string& target, std::string_view rows, std::string_view where);
  /// Rows from `since` to `until`; then the views take all.
  Status Finish(const schema::Rollup& rollup, std::uint64_t since, std::uint64_t until, std::uint64_t settle);

  bool HasView(std::string_view name) const;

  SqlRunner& runner_;
  ClickHouseClient& clickhouse_;
  const SchemaSource& found_;
  std::uint64_t settle_ms_ = 0;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_ROLLUP_FILL_H_
