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

/// Nobody else's tables are called so: one that is there is of a rebuild that was not finished.
constexpr std::string_view kNewSuffix = "_gf_otlp_rebuild";
/// What a row's time of insertion is compared with.
constexpr std::string_view kInstant = "fromUnixTimestamp64Milli";

std::string NameOf(const Table& table, std::string_view suffix = {}) {
  return schema::QualifiedName(table.database, table.name + std::string(suffix));
}

/// What both kinds of condition begin with, up to the instant in ms.
std::string SinceWhat() { return fmt::format("{} >= {}(", schema::kInsertedAt, kInstant); }
std::string BeforeWhat() { return fmt::format("{} < {}(", schema::kInsertedAt, kInstant); }
std::string Since(std::uint64_t ms) { return fmt::format("{}{})", SinceWhat(), ms); }
std::string Before(std::uint64_t ms) { return fmt::format("{}{})", BeforeWhat(), ms); }

/// Whether a run that was not finished left it with Since() or Before().
bool HasOurCondition(const schema::View& view) {
  return view.query.find(SinceWhat()) != std::string::npos || view.query.find(BeforeWhat()) != std::string::npos;
}

/// The instant of Before() in a view's query; 0: it has no such condition.
std::uint64_t CutOf(const schema::View& view) {
  const std::string before = BeforeWhat();
  const std::size_t at = view.query.find(before);
  std::uint64_t cut = 0;
  if (at == std::string::npos) return cut;
  std::from_chars(view.query.data() + at + before.size(), view.query.data() + view.query.size(), cut);
  return cut;
}

bool HasColumn(const Table& table, std::string_view name) {
  return std::ranges::find(table.columns, name, &schema::Column::name) != table.columns.end();
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

Result<RollupFill::Need> RollupFill::NeedOf(const Rollup& rollup, bool asked) {
  const std::vector<Table>& tables = found_.schema.tables;
  const std::string& name = rollup.table.name;
  bool has_history = false, is_complete = true;
  for (const RollupView& view : rollup.views) {
    // A view of a table that is new has missed nothing.
    if (!HasTable(tables, SourceOf(view))) continue;
    has_history = true;
    const auto there = std::ranges::find(found_.schema.views, name + std::string(view.suffix), &schema::View::name);
    is_complete &= there != found_.schema.views.end() && !HasOurCondition(*there);
    if (there == found_.schema.views.end()) continue;
    if (const std::uint64_t cut = CutOf(*there); cut != 0) cuts_[there->name] = cut;
  }
  const bool is_there = HasTable(tables, name);
  if (!has_history || (is_there && is_complete && !asked && !HasTable(tables, name + std::string(kNewSuffix)))) {
    return Need::kNothing;
  }
  GF_UNEXPECTED_IF_ERROR(CheckTables(rollup));
  return is_there ? Need::kRebuild : Need::kMake;
}

Status RollupFill::CheckTables(const Rollup& rollup) {
  const std::string name = NameOf(rollup.table);
  for (const Table& table : found_.schema.tables) {
    const bool is_rollup = table.name == rollup.table.name;
    const bool is_raw = std::ranges::find(rollup.views, table.name, SourceOf) != rollup.views.end();
    if (!is_rollup && !is_raw) continue;
    if (table.engine.starts_with("Replicated") || table.engine.starts_with("Shared")) {
      return UsageError(
          fmt::format("{} is not filled: INSERTs at other replicas of {} are not seen from here. Fill it by "
                      "hand while nothing is inserted; --table chooses the other tables",
                      name, NameOf(table)));
    }
    const std::string_view column = is_rollup ? schema::kRollupTime : schema::kInsertedAt;
    if (!HasColumn(table, column) || (is_raw && TimeColumn(table).empty())) {
      return BadData(fmt::format("{} is not filled: {} is another table, without columns that it needs, such as {}",
                                 name, NameOf(table), column));
    }
    if (is_rollup) continue;
    const auto ahead = clickhouse_.AskRows(
        fmt::format("SELECT count() FROM {} WHERE {} > now64(3) + 1", NameOf(table), schema::kInsertedAt), 1);
    if (!ahead) return ahead.error();
    if (!ahead->empty() && ahead->front()[0] != "0") {
      return BadData(fmt::format("{} is not filled: {} of {} is yet to come in {} of its rows", name,
                                 schema::kInsertedAt, NameOf(table), ahead->front()[0]));
    }
  }
  return {};
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

Result<bool> RollupFill::Settle(std::uint64_t cut, std::uint64_t settle) {
  const Result<std::uint64_t> changed = runner_.Now();
  if (!changed) return std::unexpected(changed.error());
  if (*changed >= cut) return false;
  GF_UNEXPECTED_IF_ERROR(runner_.WaitUntil(cut));
  const Result<bool> has = runner_.HasInserts(*changed);
  if (!has) return has;
  if (*has) return false;
  GF_UNEXPECTED_IF_ERROR(runner_.WaitUntil(cut + settle));
  GF_UNEXPECTED_IF_ERROR(runner_.WaitForInserts(cut));
  return true;
}

Status RollupFill::CreateView(const Rollup& rollup, const RollupView& view, std::string_view condition) {
  return runner_.Run(fmt::format("create view {}, if it is not there", NameOf(rollup.table, view.suffix)),
                     schema::ViewSql(schema::RollupViewInto(rollup.table, view, condition)));
}

Status RollupFill::ChangeView(const Rollup& rollup, const RollupView& view, std::string_view condition) {
  const std::string name = NameOf(rollup.table, view.suffix);
  return runner_.Run(
      fmt::format("let view {} take {}", name, condition.empty() ? "all rows" : "rows of a time"),
      fmt::format("ALTER TABLE {} MODIFY QUERY {}", name, schema::RollupViewInto(rollup.table, view, condition).query));
}

Status RollupFill::Insert(const Rollup& rollup, const RollupView& view, const std::string& target,
                          std::string_view rows, std::string_view where) {
  std::vector<std::string> names;
  for (const schema::Column& column : rollup.table.columns) names.push_back(schema::QuotedName(column.name));
  const std::string columns = fmt::format("{}", fmt::join(names, ", "));
  // A partition at a time: what is grouped at once does not grow with the history.
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
        fmt::format("INSERT INTO {} ({}) SETTINGS max_partitions_per_insert_block = 0 SELECT {} FROM ({}){}{}", target,
                    columns, columns, schema::RollupQuery(view, piece), where.empty() ? "" : " WHERE ", where)));
  }
  return {};
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
  GF_UNEXPECTED_IF_ERROR(
      runner_.Run(fmt::format("drop table {}, if it is there", name), fmt::format("DROP TABLE IF EXISTS {}", name)));
  GF_UNEXPECTED_IF_ERROR(runner_.Run(fmt::format("create table {}", name), schema::TableSql(rollup.table)));
  const Result<std::uint64_t> now = runner_.Now();
  if (!now) return std::unexpected(now.error());
  const std::uint64_t cut = *now + settle;
  for (const RollupView& view : rollup.views) GF_UNEXPECTED_IF_ERROR(CreateView(rollup, view, Since(cut)));
  const Result<bool> over = Settle(cut, settle);
  if (!over) return over;
  if (!*over) return false;
  for (const RollupView& view : rollup.views) GF_UNEXPECTED_IF_ERROR(Insert(rollup, view, name, Before(cut), ""));
  for (const RollupView& view : rollup.views) GF_UNEXPECTED_IF_ERROR(ChangeView(rollup, view, ""));
  return true;
}

Result<std::optional<std::uint64_t>> RollupFill::FullSince(const Rollup& rollup) {
  std::uint64_t kept = 0;
  std::optional<std::uint64_t> first;
  std::vector<std::string> days_of_rows;
  for (const RollupView& view : rollup.views) {
    const auto raw = std::ranges::find(found_.schema.tables, SourceOf(view), &Table::name);
    if (raw == found_.schema.tables.end()) continue;
    const std::string time = schema::QuotedName(TimeColumn(*raw)), kept_sql = KeptSql(*raw);
    days_of_rows.push_back(fmt::format("SELECT toDate({}) FROM {}", time, view.source));
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
  if (!first) return first;
  const std::uint64_t full = std::max(*first, kept);
  // A TTL that was shorter, or a partition that was dropped, leaves days of which the rollup alone has rows. Of the
  // week of the last of them and of the next, raw tables may have some rows and lack others.
  const auto lost = clickhouse_.AskRows(
      fmt::format(
          "SELECT count() > 0, toUnixTimestamp(toDateTime(toMonday(max(toDate({0}))) + 14)) FROM {1} WHERE {0} >= "
          "toDateTime({2}) AND toDate({0}) NOT IN ({3})",
          schema::kRollupTime, NameOf(rollup.table), full, fmt::join(days_of_rows, " UNION ALL ")),
      2);
  if (!lost) return std::unexpected(lost.error());
  if (lost->empty() || lost->front()[0] == "0") return full;
  const Result<std::uint64_t> after = Number(clickhouse_, lost->front()[1]);
  if (!after) return std::unexpected(after.error());
  GF_UNEXPECTED_IF_ERROR(runner_.Note(
      fmt::format("raw tables have lost rows: of {}, minutes before {} seconds since 1970 stay as they are",
                  NameOf(rollup.table), *after)));
  return *after;
}

Result<bool> RollupFill::TryRebuild(const Rollup& rollup, std::uint64_t settle) {
  const std::string name = NameOf(rollup.table), new_name = NameOf(rollup.table, kNewSuffix);
  const auto drop_new = [&] {
    return runner_.Run(fmt::format("drop table {}, if it is there", new_name),
                       fmt::format("DROP TABLE IF EXISTS {}", new_name));
  };
  GF_UNEXPECTED_IF_ERROR(drop_new());
  const Result<std::optional<std::uint64_t>> full = FullSince(rollup);
  if (!full) return std::unexpected(full.error());
  const std::string young = *full ? fmt::format("{} >= toDateTime({})", schema::kRollupTime, **full) : "false";
  const std::string old = *full ? fmt::format(" WHERE {} < toDateTime({})", schema::kRollupTime, **full) : "";
  GF_UNEXPECTED_IF_ERROR(
      runner_.Run(fmt::format("create table {}", new_name), fmt::format("CREATE TABLE {} AS {}", new_name, name)));
  const Result<std::uint64_t> begun = runner_.Now();
  if (!begun) return std::unexpected(begun.error());
  GF_UNEXPECTED_IF_ERROR(runner_.WaitUntil(*begun + settle));
  GF_UNEXPECTED_IF_ERROR(runner_.WaitForInserts(*begun));
  // Of a view that was stopped by a run which was killed, the rollup has the rows from before that.
  const auto cut_of = [&](const RollupView& view) -> std::uint64_t& {
    return cuts_[rollup.table.name + std::string(view.suffix)];
  };
  std::vector<std::uint64_t> filled;
  for (const RollupView& view : rollup.views) {
    filled.push_back(cut_of(view) == 0 ? *begun : std::min(cut_of(view), *begun));
    GF_UNEXPECTED_IF_ERROR(Insert(rollup, view, new_name, Before(filled.back()), young));
  }

  // The views stop.
  const Result<std::uint64_t> now = runner_.Now();
  if (!now) return std::unexpected(now.error());
  const std::uint64_t cut = *now + settle;
  for (const RollupView& view : rollup.views) {
    if (cut_of(view) != 0) continue;
    GF_UNEXPECTED_IF_ERROR(CreateView(rollup, view, Before(cut)));
    GF_UNEXPECTED_IF_ERROR(ChangeView(rollup, view, Before(cut)));
    cut_of(view) = cut;
  }
  const Result<bool> stopped = Settle(cut, settle);
  if (!stopped) return stopped;
  if (!*stopped) return false;
  for (std::size_t i = 0; i < rollup.views.size(); ++i) {
    const RollupView& view = rollup.views[i];
    GF_UNEXPECTED_IF_ERROR(
        Insert(rollup, view, new_name, fmt::format("{} AND {}", Since(filled[i]), Before(cut_of(view))), young));
  }
  // What raw tables have no more is kept.
  GF_UNEXPECTED_IF_ERROR(
      runner_.Run(fmt::format("copy older minutes of {} to {}", name, new_name),
                  fmt::format("INSERT INTO {} SETTINGS max_partitions_per_insert_block = 0 SELECT * FROM {}{}",
                              new_name, name, old)));
  GF_UNEXPECTED_IF_ERROR(runner_.Run(fmt::format("exchange {} and {}", name, new_name),
                                     fmt::format("EXCHANGE TABLES {} AND {}", name, new_name)));

  // The views go on.
  const Result<std::uint64_t> exchanged = runner_.Now();
  if (!exchanged) return std::unexpected(exchanged.error());
  const std::uint64_t on = *exchanged + settle;
  filled.clear();
  for (const RollupView& view : rollup.views) {
    filled.push_back(std::exchange(cut_of(view), 0));
    GF_UNEXPECTED_IF_ERROR(ChangeView(rollup, view, Since(on)));
  }
  const Result<bool> all_go_on = Settle(on, settle);
  if (!all_go_on) return all_go_on;
  if (!*all_go_on) return false;
  for (std::size_t i = 0; i < rollup.views.size(); ++i) {
    GF_UNEXPECTED_IF_ERROR(
        Insert(rollup, rollup.views[i], name, fmt::format("{} AND {}", Since(filled[i]), Before(on)), ""));
  }
  for (const RollupView& view : rollup.views) GF_UNEXPECTED_IF_ERROR(ChangeView(rollup, view, ""));
  GF_UNEXPECTED_IF_ERROR(drop_new());
  return true;
}

}  // namespace gf_otlp::cli
