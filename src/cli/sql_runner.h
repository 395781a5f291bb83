#ifndef GF_OTLP_CLI_SQL_RUNNER_H_
#define GF_OTLP_CLI_SQL_RUNNER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/clickhouse_client.h"
#include "cli/env.h"
#include "gf_otlp/status.h"

namespace gf_otlp::cli {

/// Has a server do one statement after the other and says what was done, a line each; or only prints them.
class SqlRunner {
 public:
  /// Both must outlive it.
  SqlRunner(ClickHouseClient& clickhouse, bool dry_run, const Env& env)
      : clickhouse_(clickhouse), dry_run_(dry_run), env_(env) {}

  /// `what`: "create table a.b". kIo names the statement and says the server's words.
  Status Run(std::string_view what, std::string_view sql);
  /// What a person has to decide; `sql` may be empty.
  Status Leave(std::string_view why, std::string_view sql);
  /// A line of its own.
  Status Note(std::string_view text);

  /// The server's clock, in milliseconds since 1970: the one that rows have in inserted_at.
  Result<std::uint64_t> Now();
  /// Waits for it.
  Status WaitUntil(std::uint64_t time);
  /// Waits until no INSERT that began before `time` is under way, as far as the server tells.
  Status WaitForInserts(std::uint64_t time);
  /// Whether there is one.
  Result<bool> HasInserts(std::uint64_t time);

  std::size_t done() const { return done_; }
  std::size_t left() const { return left_; }

 private:
  Status Print(std::string_view text);

  ClickHouseClient& clickhouse_;
  const bool dry_run_;
  const Env& env_;
  std::size_t done_ = 0, left_ = 0;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_SQL_RUNNER_H_
