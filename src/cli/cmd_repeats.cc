// repeats: which rows does a server have more than once?
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/time_text.h"
#include "cli/clickhouse_client.h"
#include "cli/commands.h"
#include "cli/common_flags.h"
#include "cli/human.h"
#include "cli/schema_server.h"
#include "cli/schema_source.h"
#include "schema/agent_storage.h"
#include "schema/ddl_writer.h"
#include "schema/shape_schema.h"
#include "schema/sql_text.h"
#include "schema/storage_form.h"

namespace gf_otlp::cli {
namespace {

using schema::Table;

constexpr std::string_view kFormats = "table|json";
constexpr std::size_t kMaxExamples = 5;
/// How many rows are grouped at once: some 100 to 200 bytes of the server's memory each.
constexpr std::uint64_t kRowsAtOnce = 2'000'000;
/// A partition has the rows of a week.
constexpr int kQueryTimeoutMs = 3600 * 1000;

/// The command line as it stands.
struct RepeatsFlags {
  std::string clickhouse, database, since, until, format = "table";
  TableNameFlags table_names;
  ConnectionFlags connection;
};

struct Partition {
  std::string id;
  std::uint64_t rows = 0;
  std::uint64_t repeated = 0;  // rows that are there more than once, each counted once
  std::uint64_t too_many = 0;
  std::uint64_t unlike = 0;  // rows with the ids of another and other values in the sorting key
};

struct Example {
  std::string trace_id, span_id, time;
  std::uint64_t times = 0;
};

/// What was found in a raw table.
struct Repeats {
  std::string name;
  std::vector<Partition> partitions;  // all that have rows
  std::vector<Example> examples;
  std::vector<std::string> sql;  // drops them

  std::uint64_t Sum(std::uint64_t Partition::* what) const {
    std::uint64_t sum = 0;
    for (const Partition& partition : partitions) sum += partition.*what;
    return sum;
  }
};

class Search {
 public:
  Search(ClickHouseClient& clickhouse, std::optional<std::uint64_t> since, std::optional<std::uint64_t> until)
      : clickhouse_(clickhouse), since_(since), until_(until) {}

  /// `time`: the column that rows have their time in.
  Result<Repeats> In(const Table& table, std::string_view time);

 private:
  Result<std::vector<std::vector<std::string>>> Ask(const std::string& query, std::size_t columns) {
    return clickhouse_.AskRows(query, columns);
  }
  Result<std::uint64_t> Number(const std::string& text) const;
  /// Adds what `rows`, a part of the partition's, have.
  Status Count(const std::string& rows, const std::string& key, Partition& partition);
  Status AddExamples(const std::string& rows, const std::string& key, std::string_view time, Repeats& found);

  ClickHouseClient& clickhouse_;
  const std::optional<std::uint64_t> since_, until_;  // nanoseconds
};

/// What DEDUPLICATE BY must name: the columns of all keys; and what makes a row the one that it is.
std::string ColumnsOfKeys(const Table& table) {
  std::vector<std::string> columns;
  for (const schema::Column& column : table.columns) {
    const bool is_key = schema::NamesColumn(table.order_by, column.name) ||
                        schema::NamesColumn(table.partition_by, column.name) ||
                        schema::NamesColumn(table.primary_key, column.name);
    if (is_key && column.name != schema::kRowId) columns.push_back(schema::QuotedName(column.name));
  }
  return fmt::format("{}", fmt::join(columns, ", "));
}

Result<std::uint64_t> Search::Number(const std::string& text) const {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return std::unexpected(clickhouse_.NotUnderstood(text));
}

/// Of columns: groups of it take the server less memory than groups of texts.
std::string HashOf(const std::string& columns) { return fmt::format("cityHash64(tuple({}))", columns); }

/// Most rows are there once: only the others are looked at by the columns of the key.
Status Search::Count(const std::string& rows, const std::string& key, Partition& partition) {
  const auto answer = Ask(fmt::format("SELECT countIf(n > 1), sum(n - 1), count() - uniqExact(id) FROM "
                                      "(SELECT {0} AS id, count() AS n FROM {1} AND {0} IN "
                                      "(SELECT {0} FROM {1} GROUP BY {0} HAVING count() > 1) GROUP BY id, {2})",
                                      schema::kRowId, rows, HashOf(key)),
                          3);
  if (!answer) return answer.error();
  if (answer->size() != 1) return clickhouse_.NotUnderstood("");
  std::uint64_t* const numbers[] = {&partition.repeated, &partition.too_many, &partition.unlike};
  for (std::size_t i = 0; i < std::size(numbers); ++i) {
    const Result<std::uint64_t> number = Number(answer->front()[i]);
    if (!number) return number.error();
    *numbers[i] += *number;
  }
  return {};
}

Status Search::AddExamples(const std::string& rows, const std::string& key, std::string_view time, Repeats& found) {
  const auto answer =
      Ask(fmt::format("SELECT any(trace_id) AS trace, any(span_id) AS span, "
                      "toString(toTimeZone(any({0}), 'UTC')) AS time, count() AS n FROM {1} AND {2} IN "
                      "(SELECT {2} FROM {1} GROUP BY {2}, {3} HAVING count() > 1 ORDER BY count() DESC, "
                      "{2} LIMIT {4}) "
                      "GROUP BY {2}, {3} HAVING n > 1 ORDER BY n DESC, time, trace, span LIMIT {4}",
                      time, rows, schema::kRowId, HashOf(key), kMaxExamples - found.examples.size()),
          4);
  if (!answer) return answer.error();
  for (const std::vector<std::string>& row : *answer) {
    const Result<std::uint64_t> times = Number(row[3]);
    if (!times) return times.error();
    found.examples.push_back({.trace_id = row[0], .span_id = row[1], .time = row[2], .times = *times});
  }
  return {};
}

Result<Repeats> Search::In(const Table& table, std::string_view time) {
  const std::string name = schema::QualifiedName(table.database, table.name), key = ColumnsOfKeys(table);
  std::string bounds;
  if (since_) bounds += fmt::format(" AND {} >= fromUnixTimestamp64Nano({})", time, *since_);
  if (until_) bounds += fmt::format(" AND {} < fromUnixTimestamp64Nano({})", time, *until_);
  const auto ids = Ask(
      fmt::format("SELECT _partition_id AS id, count() FROM {} WHERE 1{} GROUP BY id ORDER BY id", name, bounds), 2);
  if (!ids) return std::unexpected(ids.error());
  Repeats found{.name = table.name, .partitions = {}, .examples = {}, .sql = {}};
  for (const std::vector<std::string>& id : *ids) {
    const Result<std::uint64_t> rows = Number(id[1]);
    if (!rows) return std::unexpected(rows.error());
    const std::string quoted = schema::QuotedText(id[0]);
    Partition partition{.id = id[0], .rows = *rows};
    const std::uint64_t slices = *rows / kRowsAtOnce + 1;
    for (std::uint64_t i = 0; i < slices; ++i) {
      const std::string slice = fmt::format("{} WHERE _partition_id = {}{} AND {} % {} = {}", name, quoted, bounds,
                                            schema::kRowId, slices, i);
      const std::uint64_t before = partition.too_many;
      GF_UNEXPECTED_IF_ERROR(Count(slice, key, partition));
      if (partition.too_many > before && found.examples.size() < kMaxExamples) {
        GF_UNEXPECTED_IF_ERROR(AddExamples(slice, key, time, found));
      }
    }
    if (partition.too_many > 0) {
      found.sql.push_back(
          fmt::format("OPTIMIZE TABLE {} PARTITION ID {} FINAL DEDUPLICATE BY {}, {} "
                      "SETTINGS optimize_throw_if_noop = 1;",
                      name, quoted, key, schema::kRowId));
    }
    found.partitions.push_back(std::move(partition));
  }
  return found;
}

/// As a shell takes it for one word.
std::string ShellWord(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("_./:=@,+-").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

/// Of the same tables on the same server.
std::string ApplyCommand(const RepeatsFlags& flags) {
  std::string command = "gf-otlp schema apply --shape agents";
  const auto add = [&](std::string_view option, const std::string& value) {
    if (!value.empty()) command += fmt::format(" {} {}", option, ShellWord(value));
  };
  add("--clickhouse", flags.clickhouse);
  add("--database", flags.database);
  for (const std::string& rename : flags.table_names.renames) add("--table-name", rename);
  const ConnectionFlags& connection = flags.connection;
  add("--user", connection.user);
  add("--password-file", connection.password_file);
  add("--ca-file", connection.ca_file);
  add("--cert-file", connection.cert_file);
  add("--key-file", connection.key_file);
  return command;
}

/// What sums up tables of which rows are to be dropped, and how it is filled again; empty: nothing does.
std::string RebuildCommand(const std::vector<Repeats>& all, const std::vector<schema::Rollup>& rollups,
                           const schema::Schema& found, const RepeatsFlags& flags) {
  std::string options;
  for (const schema::Rollup& rollup : rollups) {
    const bool has_repeats = std::ranges::any_of(rollup.views, [&](const schema::RollupView& view) {
      return std::ranges::any_of(all, [&](const Repeats& repeats) {
        return !repeats.sql.empty() && schema::TargetTable({.target = view.source}) == repeats.name;
      });
    });
    if (has_repeats && HasTable(found.tables, rollup.table.name))
      options += " --rebuild " + ShellWord(rollup.table.name);
  }
  return options.empty() ? "" : ApplyCommand(flags) + options;
}

std::string TableText(const std::vector<Repeats>& all, const std::string& rebuild) {
  std::string text, sql;
  for (const Repeats& repeats : all) {
    const std::uint64_t unlike = repeats.Sum(&Partition::unlike);
    text += fmt::format("{}: {}, {} of them more than once, {} too many\n", repeats.name,
                        Counted(repeats.Sum(&Partition::rows), "row"), HumanCount(repeats.Sum(&Partition::repeated)),
                        HumanCount(repeats.Sum(&Partition::too_many)));
    for (const Partition& partition : repeats.partitions) {
      if (partition.too_many == 0) continue;
      text += fmt::format("  partition {}: {} more than once, {} too many\n", partition.id,
                          HumanCount(partition.repeated), HumanCount(partition.too_many));
    }
    for (const Example& example : repeats.examples) {
      const std::string ids = example.trace_id.empty()
                                  ? "one of no trace"
                                  : fmt::format("trace {} span {}", example.trace_id, example.span_id);
      text += fmt::format("  such as {} at {}: {} times\n", ids, example.time, HumanCount(example.times));
    }
    if (unlike > 0) {
      text += fmt::format("  {} of the same ids as others, but mapped otherwise: see gf-otlp-repeats(1)\n",
                          Counted(unlike, "row"));
    }
    for (const std::string& statement : repeats.sql) sql += statement + "\n";
  }
  if (!sql.empty()) text += "\nSQL that drops what is too many:\n" + sql;
  if (!rebuild.empty()) text += "\nThen what sums them up is to be filled again:\n" + rebuild + "\n";
  return text;
}

std::string JsonText(const std::vector<Repeats>& all, const std::string& rebuild) {
  nlohmann::ordered_json tables = nlohmann::ordered_json::array();
  nlohmann::ordered_json sql = nlohmann::ordered_json::array();
  for (const Repeats& repeats : all) {
    nlohmann::ordered_json partitions = nlohmann::ordered_json::array();
    nlohmann::ordered_json examples = nlohmann::ordered_json::array();
    for (const Partition& partition : repeats.partitions) {
      if (partition.too_many == 0 && partition.unlike == 0) continue;
      partitions.push_back({{"partition", partition.id},
                            {"rows", partition.rows},
                            {"repeated", partition.repeated},
                            {"too_many", partition.too_many},
                            {"mapped_otherwise", partition.unlike}});
    }
    for (const Example& example : repeats.examples) {
      examples.push_back({{"trace_id", example.trace_id},
                          {"span_id", example.span_id},
                          {"time", example.time},
                          {"times", example.times}});
    }
    tables.push_back({{"table", repeats.name},
                      {"rows", repeats.Sum(&Partition::rows)},
                      {"repeated", repeats.Sum(&Partition::repeated)},
                      {"too_many", repeats.Sum(&Partition::too_many)},
                      {"mapped_otherwise", repeats.Sum(&Partition::unlike)},
                      {"partitions", partitions},
                      {"examples", examples}});
    for (const std::string& statement : repeats.sql) sql.push_back(statement);
  }
  const nlohmann::ordered_json report = {{"tables", tables}, {"sql", sql}, {"rebuild", rebuild}};
  return report.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// --since and --until.
Status ReadBound(std::string_view flag, const std::string& text, std::optional<std::uint64_t>& bound) {
  if (text.empty()) return {};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const Result<std::uint64_t> parsed =
      ParseTime(text, static_cast<std::uint64_t>(std::chrono::nanoseconds(now).count()));
  if (!parsed) return UsageError(fmt::format("{} {}: {}", flag, text, parsed.error().message()));
  bound = *parsed;
  return {};
}

Status RunRepeats(const RepeatsFlags& flags, const Env& env) {
  std::size_t format = 0;
  GF_RETURN_IF_ERROR(ParseWordIndex("--format", flags.format, kFormats, format));
  std::optional<std::uint64_t> since, until;
  GF_RETURN_IF_ERROR(ReadBound("--since", flags.since, since));
  GF_RETURN_IF_ERROR(ReadBound("--until", flags.until, until));
  GF_RETURN_IF_ERROR(CheckOneDatabase(flags.clickhouse, flags.database));
  schema::ShapeSchemaOptions options{.rows = {.shape = Shape::kAgents}};
  const Result<std::vector<std::string>> names = TableNames(options);
  if (!names) return names.error();
  Result<std::map<std::string, std::string>> renamed = flags.table_names.NewNames(*names);
  if (!renamed) return std::move(renamed.error());
  options.names = std::move(*renamed);
  Result<ClickHouseClient> clickhouse = ClickHouseClient::Make(
      flags.clickhouse, flags.database.empty() ? std::string(schema::DefaultDatabase(Shape::kAgents)) : flags.database,
      flags.connection, kQueryTimeoutMs);
  if (!clickhouse) return std::move(clickhouse.error());
  options.database = clickhouse->database();
  const Result<SchemaSource> source = ReadServer(*clickhouse);
  if (!source) return source.error();
  const Result<std::vector<Table>> raw = schema::RowTables(options);
  if (!raw) return raw.error();
  const Result<std::vector<schema::Rollup>> rollups = schema::ShapeRollups(options);
  if (!rollups) return rollups.error();

  Search search(*clickhouse, since, until);
  std::vector<Repeats> all;
  for (const Table& table : *raw) {
    const auto there = std::ranges::find(source->schema.tables, table.name, &Table::name);
    if (there == source->schema.tables.end()) continue;
    const auto time = std::ranges::find_if(table.columns, [&](const schema::Column& column) {
      return schema::NamesColumn(table.partition_by, column.name);
    });
    Result<Repeats> found = search.In(*there, time->name);
    if (!found) return std::move(found.error());
    all.push_back(std::move(*found));
  }
  if (all.empty()) return UsageError(fmt::format("{}: has no raw tables of shape agents", source->name));
  const std::string rebuild = RebuildCommand(all, *rollups, source->schema, flags);
  GF_RETURN_IF_ERROR(
      WriteAll(env.out, format == 0 ? TableText(all, rebuild) : JsonText(all, rebuild), "standard output"));
  std::uint64_t too_many = 0;
  for (const Repeats& repeats : all) too_many += repeats.Sum(&Partition::too_many) + repeats.Sum(&Partition::unlike);
  return too_many == 0 ? Status() : Negative(fmt::format("{} too many", Counted(too_many, "row")));
}

}  // namespace

Action BindRepeats(CLI::App& sub) {
  auto flags = std::make_shared<RepeatsFlags>();
  RepeatsFlags& f = *flags;
  sub.footer(
      "Examples:\n"
      "  gf-otlp repeats --clickhouse http://ch:8123\n"
      "  gf-otlp repeats --clickhouse http://ch:8123 --since 24h --format json\n"
      "Manual: gf-otlp-repeats(1)");
  sub.add_option("--clickhouse", f.clickhouse, "The server, by its HTTP interface: http://host:8123")
      ->type_name("URL")
      ->required()
      ->group("Rows");
  const auto add = [&](const char* name, std::string& value, const char* what, const char* type) {
    return sub.add_option(name, value, what)->type_name(type)->group("Rows");
  };
  add("--database", f.database, "The database (default: telemetry)", "DB");
  add("--since", f.since, "Only rows from this time on: RFC 3339, a date, or 24h (ago)", "TIME");
  add("--until", f.until, "Only rows before this time", "TIME");
  f.table_names.Bind(sub);
  sub.get_option("--table-name")->description("A table has another name: TABLE=NAME");
  sub.add_option("--format", f.format, "How the answer looks")
      ->type_name("table|json")
      ->capture_default_str()
      ->group("Output");
  f.connection.Bind(sub);
  return [flags](const Env& env) { return RunRepeats(*flags, env); };
}

}  // namespace gf_otlp::cli
