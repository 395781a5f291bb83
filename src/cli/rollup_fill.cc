#include "cli/rollup_fill.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "schema/agent_storage.h"
#include "schema/ddl_writer.h"
#include "schema/sql_lexer.h"
#include "schema/sql_list.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"

namespace gf_otlp::cli {
namespace {

using schema::Rollup;
using schema::RollupView;
using schema::Table;

/// How long an INSERT takes from having its views to having its rows in the tables, beside what the server tells of.
constexpr std::uint64_t kSettleMs = 500, kSettleKafkaMs = 3000;
/// How often a cut is made anew, each time with twice the time, because an INSERT was under way all the time.
constexpr int kTries = 6;

constexpr std::string_view kNewSuffix = "_new";

std::string NameOf(const Table& table, std::string_view suffix = {}) {
  return schema::QualifiedName(table.database, table.name + std::string(suffix));
}

std::string Since(std::uint64_t ms) {
  return fmt::format("{} >= fromUnixTimestamp64Milli({})", schema::kInsertedAt, ms);
}
std::string Before(std::uint64_t ms) {
  return fmt::format("{} < fromUnixTimestamp64Milli({})", schema::kInsertedAt, ms);
}

/// "db.`spans_raw`" -> "spans_raw".
std::string SourceOf(const RollupView& view) { return schema::TargetTable({.target = view.source}); }

/// The column of the time that rows are of, which their partition comes of.
std::string TimeColumn(const Table& raw) {
  for (const schema::Column& column : raw.columns) {
    if (column.type.kind == schema::Type::Kind::kDateTime64 && schema::NamesColumn(raw.partition_by, column.name)) {
      return column.name;
    }
  }
  return {};
}

/// True of rows that the TTL leaves alone for an hour more: their own time alone decides. Empty: it deletes none.
std::string KeptSql(const Table& raw) {
  std::vector<std::string> kept;
  for (const std::string_view tier : schema::SplitSqlList(raw.ttl)) {
    std::size_t end = tier.size();
    bool deletes = true;
    int depth = 0;
    for (const schema::SqlToken& token : schema::ReadSqlTokens(tier)) {
      depth += token.Is("(") || token.Is("[") ? 1 : token.Is(")") || token.Is("]") ? -1 : 0;
      if (depth > 0 || token.offset == 0) continue;
      const bool moves = token.IsWord("TO") || token.IsWord("RECOMPRESS");
      if (!moves && !token.IsWord("DELETE") && !token.IsWord("WHERE") && !token.IsWord("GROUP")) continue;
      deletes = !moves;
      end = token.offset;
      break;
    }
    if (deletes) kept.push_back(fmt::format("({}) > now() + 3600", tier.substr(0, end)));
  }
  return fmt::format("{}", fmt::join(kept, " AND "));
}

Result<std::uint64_t> Number(ClickHouseClient& clickhouse, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::unexpected(clickhouse.NotUnderstood(text));
  }
  return number;
}

}  // namespace

RollupFill::RollupFill(SqlRunner& runner, ClickHouseClient& clickhouse, const SchemaSource& found)
    : runner_(runner), clickhouse_(clickhouse), found_(found) {}

bool RollupFill::HasView(std::string_view name) const {
  return std::ranges::find(found_.schema.views, name, &schema::View::name) != found_.schema.views.end();
}

Result<RollupFill::Need> RollupFill::NeedOf(const Rollup& rollup, bool asked) {
  const std::vector<Table>& tables = found_.schema.tables;
  const std::string& name = rollup.table.name;
  bool has_history = false, unfinished = false, lacks_view = false;
  for (const RollupView& view : rollup.views) {
    // A view of a table that is new has missed nothing.
    if (!HasTable(tables, SourceOf(view))) continue;
    has_history = true;
    const auto there = std::ranges::find(found_.schema.views, name + std::string(view.suffix), &schema::View::name);
    lacks_view |= there == found_.schema.views.end();
    unfinished |= there != found_.schema.views.end() && schema::NamesColumn(there->query, schema::kInsertedAt);
  }
  if (!has_history) return Need::kNothing;
  if (!HasTable(tables, name)) return Need::kMake;
  if (HasTable(tables, name + std::string(kNewSuffix))) return Need::kRebuild;
  if (unfinished) return Need::kMake;
  if (asked) return Need::kRebuild;
  if (!lacks_view) return Need::kNothing;
  const auto rows = clickhouse_.AskRows(fmt::format("SELECT count() FROM {}", NameOf(rollup.table)), 1);
  if (!rows) return std::unexpected(rows.error());
  return !rows->empty() && rows->front().front() == "0" ? Need::kMake : Need::kRebuild;
}

Status RollupFill::ReadSettleTime() {
  if (settle_ms_ != 0) return {};
  std::uint64_t flush_ms = 0;
  const auto kafka = clickhouse_.AskRows(
      fmt::format("SELECT count(), max(toUInt64OrZero(if(engine_full LIKE '%kafka_flush_interval_ms%', "
                  "extract(engine_full, 'kafka_flush_interval_ms = (\\\\d+)'), "
                  "(SELECT value FROM system.settings WHERE name = 'stream_flush_interval_ms')))) "
                  "FROM system.tables WHERE database = {} AND engine = 'Kafka'",
                  schema::QuotedText(clickhouse_.database())),
      2);
  if (!kafka) return kafka.error();
  settle_ms_ = kSettleMs;
  if (kafka->empty() || kafka->front()[0] == "0") return {};
  const Result<std::uint64_t> flush = Number(clickhouse_, kafka->front()[1]);
  if (!flush) return flush.error();
  flush_ms = *flush;
  settle_ms_ = kSettleKafkaMs + flush_ms;
  return {};
}

Result<bool> RollupFill::Settle(std::uint64_t since, std::uint64_t until) {
  GF_UNEXPECTED_IF_ERROR(runner_.WaitUntil(until));
  const Result<bool> has = runner_.HasInserts(since);
  if (!has) return has;
  return !*has;
}

Status RollupFill::CreateViews(const Rollup& rollup, std::string_view condition) {
  for (const RollupView& view : rollup.views) {
    const schema::View wanted = schema::RollupViewInto(rollup.table, view, condition);
    GF_RETURN_IF_ERROR(runner_.Run(fmt::format("create view {}", schema::QualifiedName(wanted.database, wanted.name)),
                                   schema::ViewSql(wanted)));
  }
  return {};
}

Status RollupFill::ChangeViews(const Rollup& rollup, std::string_view condition) {
  for (const RollupView& view : rollup.views) {
    const schema::View wanted = schema::RollupViewInto(rollup.table, view, condition);
    const std::string name = schema::QualifiedName(wanted.database, wanted.name);
    GF_RETURN_IF_ERROR(
        runner_.Run(fmt::format("let view {} take {}", name, condition.empty() ? "all rows" : "rows from a time on"),
                    fmt::format("ALTER TABLE {} MODIFY QUERY {}", name, wanted.query)));
  }
  return {};
}

Status RollupFill::Insert(const Rollup& rollup, const std::string& target, std::string_view rows,
                          std::string_view where) {
  std::vector<std::string> names;
  for (const schema::Column& column : rollup.table.columns) names.push_back(schema::QuotedName(column.name));
  const std::string columns = fmt::format("{}", fmt::join(names, ", "));
  for (const RollupView& view : rollup.views) {
    // A partition at a time: what is grouped at once does not grow with the history. There are all that have such rows,
    // for these are all there.
    const auto pieces = clickhouse_.AskRows(
        fmt::format("SELECT _partition_id, count() FROM {} WHERE {} GROUP BY 1 ORDER BY 1", view.source, rows), 2);
    if (!pieces) return pieces.error();
    for (std::size_t i = 0; i < pieces->size(); ++i) {
      const std::string& partition = (*pieces)[i][0];
      const std::string piece = fmt::format("{} AND _partition_id = {}", rows, schema::QuotedText(partition));
      GF_RETURN_IF_ERROR(runner_.Run(
          fmt::format("fill {} from {}: partition {} ({} of {}), {} rows", target, view.source, partition, i + 1,
                      pieces->size(), (*pieces)[i][1]),
          // A partition may be of many years.
          fmt::format("INSERT INTO {} ({}) SETTINGS max_partitions_per_insert_block = 0 SELECT {} FROM ({}){}{}",
                      target, columns, columns, schema::RollupQuery(view, piece), where.empty() ? "" : " WHERE ",
                      where)));
    }
  }
  return {};
}

Status RollupFill::Finish(const Rollup& rollup, std::uint64_t since, std::uint64_t until, std::uint64_t settle) {
  GF_RETURN_IF_ERROR(runner_.WaitUntil(until + settle));
  GF_RETURN_IF_ERROR(runner_.WaitForInserts(until));
  const std::string rows = since == 0 ? Before(until) : fmt::format("{} AND {}", Since(since), Before(until));
  GF_RETURN_IF_ERROR(Insert(rollup, NameOf(rollup.table), rows, ""));
  return ChangeViews(rollup, "");
}

Status RollupFill::Make(const Rollup& rollup) { return Repeat(rollup, &RollupFill::TryMake); }
Status RollupFill::Rebuild(const Rollup& rollup) { return Repeat(rollup, &RollupFill::TryRebuild); }

Status RollupFill::Repeat(const Rollup& rollup, Result<bool> (RollupFill::*attempt)(const Rollup&, std::uint64_t)) {
  GF_RETURN_IF_ERROR(ReadSettleTime());
  for (int i = 0; i < kTries; ++i) {
    const Result<bool> settled = (this->*attempt)(rollup, settle_ms_ << i);
    if (!settled) return settled.error();
    if (*settled) return {};
    GF_RETURN_IF_ERROR(runner_.Note("an INSERT is still running: begin again, with more time"));
  }
  return IoError(
      fmt::format("{}: an INSERT has been running for long: run this again when it is over", NameOf(rollup.table)));
}

Result<bool> RollupFill::TryMake(const Rollup& rollup, std::uint64_t settle) {
  const std::string name = NameOf(rollup.table);
  for (const RollupView& view : rollup.views) {
    const std::string view_name = NameOf(rollup.table, view.suffix);
    GF_UNEXPECTED_IF_ERROR(runner_.Run(fmt::format("drop view {}, if it is there", view_name),
                                       fmt::format("DROP VIEW IF EXISTS {}", view_name)));
  }
  GF_UNEXPECTED_IF_ERROR(runner_.Run(fmt::format("drop table {}, if it is there: its filling was not finished", name),
                                     fmt::format("DROP TABLE IF EXISTS {}", name)));
  GF_UNEXPECTED_IF_ERROR(runner_.Run(fmt::format("create table {}", name), schema::TableSql(rollup.table)));
  const Result<std::uint64_t> now = runner_.Now();
  if (!now) return std::unexpected(now.error());
  const std::uint64_t cut = *now + settle;
  GF_UNEXPECTED_IF_ERROR(CreateViews(rollup, Since(cut)));
  const Result<std::uint64_t> viewed = runner_.Now();
  if (!viewed) return std::unexpected(viewed.error());
  if (*viewed >= cut) return false;
  const Result<bool> over = Settle(*viewed, cut);
  if (!over) return std::unexpected(over.error());
  if (!*over) return false;
  GF_UNEXPECTED_IF_ERROR(Finish(rollup, 0, cut, settle));
  return true;
}

Result<std::optional<std::uint64_t>> RollupFill::FullSince(const Rollup& rollup) {
  std::uint64_t kept = 0;
  std::optional<std::uint64_t> first;
  for (const RollupView& view : rollup.views) {
    const auto raw = std::ranges::find(found_.schema.tables, SourceOf(view), &Table::name);
    if (raw == found_.schema.tables.end()) continue;
    const std::string time = schema::QuotedName(TimeColumn(*raw)), kept_sql = KeptSql(*raw);
    if (!kept_sql.empty()) {
      // The first day whose first instant is not too old; where even today is, tomorrow.
      const auto days = clickhouse_.AskRows(
          fmt::format("SELECT toUnixTimestamp(if(count() = 0, toStartOfDay(now()) + toIntervalDay(1), min({}))) FROM "
                      "(SELECT toStartOfDay(now()) - toIntervalDay(number) AS {} FROM numbers(20000)) WHERE {}",
                      time, time, kept_sql),
          1);
      if (!days) return std::unexpected(days.error());
      const Result<std::uint64_t> day = Number(clickhouse_, days->empty() ? "" : days->front()[0]);
      if (!day) return std::unexpected(day.error());
      kept = std::max(kept, *day);
    }
    const auto rows = clickhouse_.AskRows(
        fmt::format("SELECT count() > 0, toUnixTimestamp(toStartOfDay(min({}))) FROM {}", time, view.source), 2);
    if (!rows) return std::unexpected(rows.error());
    if (rows->empty() || rows->front()[0] == "0") continue;
    const Result<std::uint64_t> day = Number(clickhouse_, rows->front()[1]);
    if (!day) return std::unexpected(day.error());
    first = std::min(first.value_or(*day), *day);
  }
  if (first) first = std::max(*first, kept);
  return first;
}

Result<bool> RollupFill::TryRebuild(const Rollup& rollup, std::uint64_t settle) {
  const std::string name = NameOf(rollup.table), new_name = NameOf(rollup.table, kNewSuffix);
  const std::string minute = std::string(schema::kRollupTime);
  const auto drop_new = [&] {
    return runner_.Run(fmt::format("drop table {}, if it is there", new_name),
                       fmt::format("DROP TABLE IF EXISTS {}", new_name));
  };
  GF_UNEXPECTED_IF_ERROR(drop_new());
  const Result<std::optional<std::uint64_t>> full = FullSince(rollup);
  if (!full) return std::unexpected(full.error());
  GF_UNEXPECTED_IF_ERROR(
      runner_.Run(fmt::format("create table {}", new_name), fmt::format("CREATE TABLE {} AS {}", new_name, name)));
  // What raw tables have no more is kept.
  const Result<std::uint64_t> begun = runner_.Now();
  if (!begun) return std::unexpected(begun.error());
  GF_UNEXPECTED_IF_ERROR(
      runner_.Run(fmt::format("copy older minutes of {} to {}", name, new_name),
                  fmt::format("INSERT INTO {} SETTINGS max_partitions_per_insert_block = 0 SELECT * FROM {}{}",
                              new_name, name, *full ? fmt::format(" WHERE {} < toDateTime({})", minute, **full) : "")));
  GF_UNEXPECTED_IF_ERROR(runner_.WaitUntil(*begun + settle));
  GF_UNEXPECTED_IF_ERROR(runner_.WaitForInserts(*begun));
  if (*full) {
    GF_UNEXPECTED_IF_ERROR(
        Insert(rollup, new_name, Before(*begun), fmt::format("{} >= toDateTime({})", minute, **full)));
  }
  // From here on the views wait. Blocks that have found them before are in the old table when the tables are exchanged,
  // and all that they hold is from before the cut: it is read from the raw tables.
  const Result<std::uint64_t> now = runner_.Now();
  if (!now) return std::unexpected(now.error());
  const std::uint64_t cut = *now + 4 * settle;
  if (std::ranges::any_of(rollup.views, [&](const RollupView& view) {
        return !HasView(rollup.table.name + std::string(view.suffix));
      })) {
    GF_UNEXPECTED_IF_ERROR(CreateViews(rollup, Since(cut)));
  }
  GF_UNEXPECTED_IF_ERROR(ChangeViews(rollup, Since(cut)));
  const Result<std::uint64_t> viewed = runner_.Now();
  if (!viewed) return std::unexpected(viewed.error());
  const Result<bool> over = Settle(*viewed, *viewed + settle);
  if (!over) return std::unexpected(over.error());
  if (!*over) return false;
  GF_UNEXPECTED_IF_ERROR(runner_.Run(fmt::format("exchange {} and {}", name, new_name),
                                     fmt::format("EXCHANGE TABLES {} AND {}", name, new_name)));
  const Result<std::uint64_t> exchanged = runner_.Now();
  if (!exchanged) return std::unexpected(exchanged.error());
  if (*exchanged + settle > cut) return false;
  const Result<bool> exchange_over = Settle(*exchanged, cut);
  if (!exchange_over) return std::unexpected(exchange_over.error());
  if (!*exchange_over) return false;
  GF_UNEXPECTED_IF_ERROR(Finish(rollup, *begun, cut, settle));
  GF_UNEXPECTED_IF_ERROR(drop_new());
  return true;
}

}  // namespace gf_otlp::cli
