#include "cli/common_flags.h"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/ascii.h"
#include "base/file.h"
#include "base/time_text.h"
#include "otlp/agent_vocabulary.h"
#include "rows/price_table.h"

namespace gf_otlp::cli {
namespace {

constexpr unsigned kMaxThreads = 256;

constexpr std::string_view kShapeNames = "clickhouse|clickhouse-json|glassflow|glassflow-flat|agents";
constexpr std::string_view kFormats = "json|proto|framed|delimited|dead-letter";
constexpr std::string_view kSignals = "traces|logs|metrics";
constexpr std::string_view kCompressions = "none|gzip|zstd";
constexpr std::string_view kTails = "error|skip";
constexpr std::string_view kStats = "text|json";
constexpr std::string_view kProgress = "auto|never|always";

constexpr std::size_t kMaxPriceTable = 16 << 20;

std::optional<Compression> ParseCompression(std::string_view word) {
  if (word == "none") return Compression::kNone;
  if (word == "gzip") return Compression::kGzip;
  if (word == "zstd") return Compression::kZstd;
  return std::nullopt;
}

/// COLUMN=ATTR,ATTR
Status ReadMap(const std::string& map, std::map<std::string, std::vector<std::string>>& attributes_of) {
  const auto error = [&](std::string_view what) { return UsageError(fmt::format("--map {}: {}", map, what)); };
  const std::size_t equals = map.find('=');
  if (equals == std::string::npos) return error("write COLUMN=ATTRIBUTE,ATTRIBUTE");
  const std::string column(Trimmed(std::string_view(map).substr(0, equals)));
  if (!agents::FieldOfColumn(column)) {
    return error(fmt::format("{} is no column that is filled from attributes; there are: {}", column,
                             fmt::join(agents::kFieldColumns, ", ")));
  }
  const auto [found, is_new] = attributes_of.try_emplace(column);
  if (!is_new) return error("the column is mapped twice: name all its attributes in one --map");
  for (std::size_t begin = equals + 1; begin <= map.size();) {
    const std::size_t end = std::min(map.find(',', begin), map.size());
    const std::string_view attribute = Trimmed(std::string_view(map).substr(begin, end - begin));
    if (attribute.empty()) return error("the name of an attribute is missing");
    if (attribute.contains('=')) return error("name one column in each --map");
    found->second.emplace_back(attribute);
    begin = end + 1;
  }
  return {};
}

}  // namespace

std::optional<std::size_t> WordIndex(std::string_view list, std::string_view word) {
  std::size_t index = 0;
  for (std::size_t at = 0; at <= list.size(); ++index) {
    const std::size_t end = std::min(list.find('|', at), list.size());
    if (list.substr(at, end - at) == word) return index;
    at = end + 1;
  }
  return std::nullopt;
}

Status ParseWordIndex(std::string_view flag, std::string_view word, std::string_view list, std::size_t& index) {
  return ParseWord(flag, word, list, [&](std::string_view w) { return WordIndex(list, w); }, index);
}

void InputFlags::Bind(CLI::App& sub) {
  sub.add_option("INPUT", inputs, "OTLP captures: files, directories, - for standard input")->type_name("FILE");
  sub.add_option("--input-format", input_format, "Framing of the input (default: detected)")
      ->type_name(std::string(kFormats))
      ->group("Input");
  sub.add_option("--signal", signal, "Signal of the input (default: detected)")
      ->type_name(std::string(kSignals))
      ->group("Input");
  sub.add_option("--compression", compression, "Compression of whole files (default: detected)")
      ->type_name(std::string(kCompressions))
      ->group("Input");
  sub.add_option("--partial-tail", partial_tail, "A file that ends inside a unit, as one still written to does")
      ->type_name(std::string(kTails))
      ->capture_default_str()
      ->group("Input");
  sub.add_flag("--base64-ids", base64_ids, "Trace and span ids in JSON are base64, not hex")->group("Input");
  sub.add_option("--max-unit-size", max_unit_size, "Largest frame, document or resource element, e.g. 512MB")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("512MB")
      ->group("Input");
}

Status InputFlags::Read(CaptureOptions& capture) const {
  if (!input_format.empty()) {
    GF_RETURN_IF_ERROR(ParseWord("--input-format", input_format, kFormats, ParseInputFormat, capture.format.emplace()));
  }
  if (!signal.empty()) {
    GF_RETURN_IF_ERROR(ParseWord("--signal", signal, kSignals, ParseSignal, capture.signal.emplace()));
  }
  if (!compression.empty()) {
    GF_RETURN_IF_ERROR(
        ParseWord("--compression", compression, kCompressions, ParseCompression, capture.compression.emplace()));
  }
  std::size_t tail = 0;
  GF_RETURN_IF_ERROR(ParseWordIndex("--partial-tail", partial_tail, kTails, tail));
  capture.skip_partial_tail = tail == 1;
  capture.base64_ids = base64_ids;
  capture.max_unit_bytes = max_unit_size;
  return {};
}

void ChoiceFlags::Bind(CLI::App& sub) {
  sub.add_option("--table", tables, "Only records of this table (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group("Choosing");
  sub.add_option("--since", since, "Only records from this time on: RFC 3339, a date, or 24h (ago)")
      ->type_name("TIME")
      ->group("Choosing");
  sub.add_option("--until", until, "Only records before this time")->type_name("TIME")->group("Choosing");
  sub.add_option("--where", where, "Only records for which KEY OP VALUE holds (repeatable, all must hold)")
      ->type_name("KEY OP VALUE")
      ->allow_extra_args(false)
      ->group("Choosing");
  sub.add_option("--limit", limit, "At most N records")->type_name("N")->group("Choosing");
  sub.add_option("--sample", sample, "One in N traces, by a hash of the trace id")->type_name("1/N")->group("Choosing");
}

Status ChoiceFlags::Read(ChoiceOptions& choice) const {
  choice.tables = tables;
  choice.limit = limit;
  const auto now =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
  const auto read_time = [&](std::string_view flag, const std::string& text,
                             std::optional<std::uint64_t>& time) -> Status {
    if (text.empty()) return {};
    Result<std::uint64_t> parsed = ParseTime(text, now);
    if (!parsed) return std::move(parsed.error()).At(flag);
    time = *parsed;
    return {};
  };
  GF_RETURN_IF_ERROR(read_time("--since", since, choice.select.since));
  GF_RETURN_IF_ERROR(read_time("--until", until, choice.select.until));
  for (const auto& [key, op, value] : where) choice.select.where.push_back({key, op, value});
  if (!sample.empty()) {
    Result<std::uint64_t> n = ParseSample(sample);
    if (!n) return std::move(n.error()).At("--sample");
    choice.select.sample_n = *n;
  }
  return {};
}

void RowFlags::Bind(CLI::App& sub) {
  BindTables(sub);
  sub.add_option("--time-digits", time_digits, "Digits of a second's fraction in DateTime columns")
      ->type_name("0|9")
      ->capture_default_str()
      ->group("Rows");
  sub.add_option("--map", maps, "agents: fill a column from these attributes, not the built-in ones (repeatable)")
      ->type_name("COLUMN=ATTR,ATTR")
      ->allow_extra_args(false)
      ->group("Rows");
  sub.add_option("--price-table", price_table,
                 "agents: CSV of models and what their tokens cost, for calls without a cost")
      ->type_name("FILE")
      ->check([](const std::string& file) { return std::string(file.empty() ? "the name of a file is missing" : ""); })
      ->group("Rows");
  sub.add_flag("--drop-content", drop_content, "agents: leave out prompts, answers, and input and output of tools")
      ->group("Rows");
}

void RowFlags::BindTables(CLI::App& sub) {
  sub.add_option("--shape", shape, "Whose rows and tables")
      ->type_name(std::string(kShapeNames))
      ->capture_default_str()
      ->group("Rows");
  sub.add_option("--schema-version", schema_version, "Exporter version of the tables (default: the newest)")
      ->type_name("0.149|0.161")
      ->group("Rows");
  sub.add_flag("--keep-all", keep_all, "glassflow-flat: also what GlassFlow's receiver drops")->group("Rows");
}

Status RowFlags::Read(RowOptions& rows) const {
  GF_RETURN_IF_ERROR(ParseWord("--shape", shape, kShapeNames, ParseShape, rows.shape));
  rows.schema_version = schema_version;
  if (time_digits != 0 && time_digits != 9) {
    return UsageError("--time-digits must be 0 (as the column's type has them) or 9");
  }
  rows.time_digits = time_digits;
  if (keep_all && rows.shape != Shape::kGlassFlowFlat) {
    return UsageError("--keep-all goes with --shape glassflow-flat: the other shapes have no more to keep");
  }
  rows.keep_all = keep_all;
  return ReadAgents(rows);
}

Status RowFlags::CheckForms(bool rows, bool requests) const {
  constexpr std::string_view kWhole = "goes with rows: requests are written as they came";
  if (requests && drop_content) return UsageError(fmt::format("--drop-content {}, with their content", kWhole));
  if (rows) return {};
  if (!maps.empty()) return UsageError(fmt::format("--map {}", kWhole));
  return price_table.empty() ? Status() : UsageError(fmt::format("--price-table {}", kWhole));
}

Status RowFlags::ReadAgents(RowOptions& rows) const {
  const std::string_view flag = !maps.empty()          ? "--map"
                                : !price_table.empty() ? "--price-table"
                                : drop_content         ? "--drop-content"
                                                       : "";
  if (flag.empty()) return {};
  if (rows.shape != Shape::kAgents) return UsageError(fmt::format("{} goes with --shape agents", flag));
  for (const std::string& map : maps) GF_RETURN_IF_ERROR(ReadMap(map, rows.attributes_of));
  if (!price_table.empty()) {
    const Result<std::string> text = ReadFile(price_table, kMaxPriceTable);
    if (!text) return UsageError(fmt::format("--price-table: {}", text.error().message()));
    Result<std::vector<ModelPrice>> prices = ReadPriceTable(*text);
    if (!prices) return std::move(prices.error()).At(price_table);
    rows.prices = std::move(*prices);
  }
  rows.drop_content = drop_content;
  return {};
}

void TableNameFlags::Bind(CLI::App& sub) {
  sub.add_option("--table-name", renames, "Rename a table: TABLE=NEW_NAME")
      ->type_name("TABLE=NAME")
      ->allow_extra_args(false)
      ->group("Rows");
}

Status TableNameFlags::Rename(std::vector<std::string>& names) const {
  for (const std::string& rename : renames) {
    const std::size_t equals = rename.find('=');
    const auto found = std::ranges::find(names, rename.substr(0, equals));
    if (equals == std::string::npos || equals + 1 == rename.size() || found == names.end()) {
      return UsageError(fmt::format("--table-name {}: write TABLE=NEW_NAME, where TABLE is one of {}", rename,
                                    fmt::join(names, ", ")));
    }
    *found = rename.substr(equals + 1);
    if (found->find('/') != std::string::npos || *found == "." || *found == "..") {
      return UsageError(fmt::format("--table-name {}: the name must do as a file's name", rename));
    }
    if (std::ranges::count(names, *found) > 1) {
      return UsageError(fmt::format("--table-name {}: two tables would have that name", rename));
    }
  }
  return {};
}

Result<std::map<std::string, std::string>> TableNameFlags::NewNames(const std::vector<std::string>& names) const {
  std::vector<std::string> renamed = names;
  GF_UNEXPECTED_IF_ERROR(Rename(renamed));
  std::map<std::string, std::string> changed;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (renamed[i] != names[i]) changed[names[i]] = renamed[i];
  }
  return changed;
}

void RunFlags::Bind(CLI::App& sub) {
  BindThreads(sub);
  sub.add_option("--stats", stats, "Form of the closing summary")
      ->type_name(std::string(kStats))
      ->capture_default_str()
      ->group("Running");
}

void RunFlags::BindThreads(CLI::App& sub) {
  sub.add_option("--threads", threads, "Worker threads (default: the cores)")->type_name("N")->group("Running");
  sub.add_option("--progress", progress, "Progress on standard error")
      ->type_name(std::string(kProgress))
      ->capture_default_str()
      ->group("Running");
  sub.add_flag("-q,--quiet", quiet, "No summary, no warnings")->group("Running");
}

Status RunFlags::Check() const {
  if (threads > kMaxThreads) return UsageError(fmt::format("--threads {}: at most {}", threads, kMaxThreads));
  std::size_t index = 0;
  GF_RETURN_IF_ERROR(ParseWordIndex("--stats", stats, kStats, index));
  return ParseWordIndex("--progress", progress, kProgress, index);
}

unsigned RunFlags::WorkerThreads() const {
  return threads != 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

bool RunFlags::ShowProgress(const Env& env) const {
  return progress == "always" || (progress == "auto" && !quiet && isatty(env.err) != 0);
}

}  // namespace gf_otlp::cli
