#include "cli/sql_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <thread>

#include "base/atomic_file.h"
#include "schema/ddl_writer.h"

namespace gf_otlp::cli {
namespace {

/// Between two looks at the server's clock.
constexpr std::uint64_t kPollMs = 200;

void Sleep(std::uint64_t ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

/// Without what stands behind it.
std::string_view Bare(std::string_view sql) { return sql.substr(0, sql.find_last_not_of("; \n") + 1); }

}  // namespace

Status SqlRunner::Print(std::string_view text) { return WriteAll(env_.out, text, "standard output"); }

Status SqlRunner::Run(std::string_view what, std::string_view sql) {
  if (dry_run_) {
    ++done_;
    return Print(fmt::format("{};\n", Bare(sql)));
  }
  GF_RETURN_IF_ERROR(clickhouse_.Do(Bare(sql)).At(what));
  ++done_;
  return Print(fmt::format("{}\n", what));
}

Status SqlRunner::Leave(std::string_view why, std::string_view sql) {
  ++left_;
  return Print(fmt::format("-- not done: {}{}", schema::AsComment(why).substr(3), schema::AsComment(sql)));
}

Status SqlRunner::Note(std::string_view text) {
  return Print(dry_run_ ? schema::AsComment(text) : fmt::format("{}\n", text));
}

Result<std::uint64_t> SqlRunner::Now() {
  const Result<std::string> answer =
      clickhouse_.AskServer("SELECT toUnixTimestamp64Milli(now64(3)) FORMAT TabSeparated");
  if (!answer) return std::unexpected(answer.error());
  std::uint64_t now = 0;
  if (std::from_chars(answer->data(), answer->data() + answer->size(), now).ec != std::errc()) {
    return std::unexpected(clickhouse_.NotUnderstood(*answer));
  }
  return now;
}

Status SqlRunner::WaitUntil(std::uint64_t time) {
  if (dry_run_) return Note(fmt::format("wait until {} milliseconds since 1970", time));
  while (true) {
    const Result<std::uint64_t> now = Now();
    if (!now) return now.error();
    if (*now >= time) return {};
    Sleep(std::min(time - *now, kPollMs));
  }
}

Result<bool> SqlRunner::HasInserts(std::uint64_t time) {
  if (dry_run_) return false;
  const auto rows = clickhouse_.AskRows(
      fmt::format("SELECT count() > 0 FROM system.processes WHERE query_kind IN ('Insert', 'AsyncInsertFlush') AND "
                  "toUnixTimestamp64Milli(now64(3)) - elapsed * 1000 < {}",
                  time),
      1);
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty() && rows->front().front() != "0";
}

Status SqlRunner::WaitForInserts(std::uint64_t time) {
  for (bool told = false;; told = true) {
    const Result<bool> has = HasInserts(time);
    if (!has) return has.error();
    if (!*has) return {};
    if (!told) GF_RETURN_IF_ERROR(Note("waiting for an INSERT that has been running for some time"));
    Sleep(kPollMs);
  }
}

}  // namespace gf_otlp::cli
