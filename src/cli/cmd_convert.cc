#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <thread>
#include <tuple>

#include "base/time_text.h"
#include "cli/commands.h"
#include "cli/human.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "pipeline/conversion.h"
#include "sink/file_sink.h"

namespace gf_otlp::cli {
namespace {

/// The command line as it stands.
struct ConvertFlags {
  std::vector<std::string> inputs;
  std::string output, output_dir, dead_letter;
  bool overwrite = false;
  std::string to = "rows", shape = "clickhouse", schema_version;
  int time_digits = 0;
  bool keep_all = false;
  std::vector<std::string> tables, table_names;
  std::string since, until, sample;
  std::vector<std::tuple<std::string, std::string, std::string>> where;
  std::optional<std::uint64_t> limit;
  std::string input_format, signal, compression, partial_tail = "error";
  bool base64_ids = false;
  std::uint64_t max_unit_size = CaptureOptions().max_unit_bytes;
  unsigned threads = 0;
  std::string stats = "text", progress = "auto";
  bool quiet = false;
};

/// A word of a fixed list, or kUsage that lists them.
template <class T, class Parse>
Status ParseWord(std::string_view flag, const std::string& word, std::string_view allowed, Parse parse, T& value) {
  const auto parsed = parse(word);
  if (!parsed) return UsageError(fmt::format("{} {}: must be one of {}", flag, word, allowed));
  value = *parsed;
  return {};
}

constexpr unsigned kMaxThreads = 256;

constexpr std::string_view kForms = "rows|otlp_json|otlp_proto";
constexpr std::string_view kShapeNames = "clickhouse|clickhouse-json|glassflow|glassflow-flat";
constexpr std::string_view kFormats = "json|proto|framed|delimited|dead-letter";
constexpr std::string_view kSignals = "traces|logs|metrics";
constexpr std::string_view kCompressions = "none|gzip|zstd";
constexpr std::string_view kTails = "error|skip";
constexpr std::string_view kStats = "text|json";
constexpr std::string_view kProgress = "auto|never|always";

std::optional<OutputForm> ParseForm(std::string_view word) {
  if (word == "rows") return OutputForm::kRows;
  if (word == "otlp_json") return OutputForm::kOtlpJson;
  if (word == "otlp_proto") return OutputForm::kOtlpProto;
  return std::nullopt;
}

std::optional<Compression> ParseCompression(std::string_view word) {
  if (word == "none") return Compression::kNone;
  if (word == "gzip") return Compression::kGzip;
  if (word == "zstd") return Compression::kZstd;
  return std::nullopt;
}

/// The position of `word` in a list of words divided by '|'.
auto WordOf(std::string_view list) {
  return [list](std::string_view word) -> std::optional<std::size_t> {
    std::size_t index = 0;
    for (std::size_t at = 0; at <= list.size(); ++index) {
      const std::size_t end = std::min(list.find('|', at), list.size());
      if (list.substr(at, end - at) == word) return index;
      at = end + 1;
    }
    return std::nullopt;
  };
}

Status ReadCaptureFlags(const ConvertFlags& flags, CaptureOptions& capture) {
  if (!flags.input_format.empty()) {
    GF_RETURN_IF_ERROR(
        ParseWord("--input-format", flags.input_format, kFormats, ParseInputFormat, capture.format.emplace()));
  }
  if (!flags.signal.empty()) {
    GF_RETURN_IF_ERROR(ParseWord("--signal", flags.signal, kSignals, ParseSignal, capture.signal.emplace()));
  }
  if (!flags.compression.empty()) {
    GF_RETURN_IF_ERROR(
        ParseWord("--compression", flags.compression, kCompressions, ParseCompression, capture.compression.emplace()));
  }
  std::size_t tail = 0;
  GF_RETURN_IF_ERROR(ParseWord("--partial-tail", flags.partial_tail, kTails, WordOf(kTails), tail));
  capture.skip_partial_tail = tail == 1;
  capture.base64_ids = flags.base64_ids;
  capture.max_unit_bytes = flags.max_unit_size;
  return {};
}

Status ReadSelectFlags(const ConvertFlags& flags, SelectOptions& select) {
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
  GF_RETURN_IF_ERROR(read_time("--since", flags.since, select.since));
  GF_RETURN_IF_ERROR(read_time("--until", flags.until, select.until));
  for (const auto& [key, op, value] : flags.where) select.where.push_back({key, op, value});
  if (!flags.sample.empty()) {
    Result<std::uint64_t> n = ParseSample(flags.sample);
    if (!n) return std::move(n.error()).At("--sample");
    select.sample_n = *n;
  }
  return {};
}

Status ReadRecordFlags(const ConvertFlags& flags, RecordOptions& records) {
  GF_RETURN_IF_ERROR(ParseWord("--to", flags.to, kForms, ParseForm, records.form));
  GF_RETURN_IF_ERROR(ParseWord("--shape", flags.shape, kShapeNames, ParseShape, records.rows.shape));
  records.rows.schema_version = flags.schema_version;
  if (flags.time_digits != 0 && flags.time_digits != 9) {
    return UsageError("--time-digits must be 0 (as the column's type has them) or 9");
  }
  records.rows.time_digits = flags.time_digits;
  if (flags.keep_all && records.rows.shape != Shape::kGlassFlowFlat) {
    return UsageError("--keep-all goes with --shape glassflow-flat: the other shapes have no more to keep");
  }
  records.rows.keep_all = flags.keep_all;
  records.tables = flags.tables;
  records.limit = flags.limit;
  records.separate_streams = !flags.output_dir.empty();
  return ReadSelectFlags(flags, records.select);
}

Result<ConversionOptions> ReadFlags(const ConvertFlags& flags) {
  ConversionOptions options;
  options.inputs = flags.inputs;
  if (flags.threads > kMaxThreads) {
    return std::unexpected(UsageError(fmt::format("--threads {}: at most {}", flags.threads, kMaxThreads)));
  }
  options.threads = flags.threads != 0 ? flags.threads : std::max(1u, std::thread::hardware_concurrency());
  options.dead_letters = !flags.dead_letter.empty();
  GF_UNEXPECTED_IF_ERROR(ReadCaptureFlags(flags, options.capture));
  GF_UNEXPECTED_IF_ERROR(ReadRecordFlags(flags, options.records));
  return options;
}

/// The tables' names as the user wants them: --table-name otel_traces=my_traces.
Status Rename(const std::vector<std::string>& renames, std::vector<std::string>& names) {
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

bool WritesToStandardOutput(const ConvertFlags& flags) { return flags.output.empty() || flags.output == "-"; }

Result<std::unique_ptr<Sink>> OpenSink(const ConvertFlags& flags, const ConversionOptions& options,
                                       const std::vector<std::string>& names, const Env& env) {
  if (!flags.output_dir.empty()) {
    if (!flags.output.empty()) return std::unexpected(UsageError("--output and --output-dir exclude each other"));
    std::vector<std::string> files;
    files.reserve(names.size());
    for (const std::string& name : names) {
      files.push_back(name + (options.records.form == OutputForm::kOtlpProto ? ".proto" : ".jsonl"));
    }
    return DirectorySink::Create(flags.output_dir, std::move(files), flags.overwrite);
  }
  if (WritesToStandardOutput(flags)) return std::make_unique<DescriptorSink>(env.out, "standard output");
  Result<OutputFile> file = OutputFile::Create(flags.output, flags.overwrite);
  if (!file) return std::unexpected(std::move(file.error()));
  return std::make_unique<FileSink>(std::move(*file));
}

/// Whether both paths lead to one file, be it there or not.
bool IsSameFile(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return std::filesystem::weakly_canonical(std::filesystem::absolute(a, ignored), ignored) ==
         std::filesystem::weakly_canonical(std::filesystem::absolute(b, ignored), ignored);
}

Result<std::unique_ptr<Sink>> OpenDeadLetters(const ConvertFlags& flags) {
  if (flags.dead_letter.empty()) return nullptr;
  if (!flags.output.empty() && IsSameFile(flags.output, flags.dead_letter) && flags.output != "/dev/null") {
    return std::unexpected(UsageError("--output and --dead-letter are the same file"));
  }
  const std::string folder = std::filesystem::path(flags.dead_letter).parent_path().string();
  if (!flags.output_dir.empty() && IsSameFile(flags.output_dir, folder.empty() ? "." : folder)) {
    return std::unexpected(UsageError("--dead-letter must be a file outside of --output-dir"));
  }
  Result<OutputFile> file = OutputFile::Create(flags.dead_letter, flags.overwrite);
  if (!file) return std::unexpected(std::move(file.error()));
  return std::make_unique<FileSink>(std::move(*file));
}

/// Rows of several tables in one stream are of little use: no table takes them all.
void WarnOfMixedTables(const Summary& summary, const Env& env) {
  if (summary.output.size() < 2) return;
  std::string tables;
  for (const auto& [name, rows] : summary.output) tables += (tables.empty() ? "" : ", ") + name;
  env.Say(
      fmt::format("warning: rows of {} are mixed in one stream; --table NAME takes one of them, --output-dir DIR "
                  "gives each a file",
                  tables));
}

void SayWhatWasLeftOut(const Conversion& conversion, const Env& env) {
  for (const SkippedFile& file : conversion.skipped()) env.Say(fmt::format("skipped {}: {}", file.name, file.reason));
  for (const PartialTail& tail : conversion.partial_tails()) {
    env.Say(fmt::format("left out the torn end of {}: {} bytes at offset {}", tail.name, tail.length, tail.offset));
  }
}

Status RunConvert(const ConvertFlags& flags, const Env& env) {
  const auto begin = std::chrono::steady_clock::now();
  Result<ConversionOptions> options = ReadFlags(flags);
  if (!options) return std::move(options.error());
  std::size_t stats = 0, progress = 0;
  GF_RETURN_IF_ERROR(ParseWord("--stats", flags.stats, kStats, WordOf(kStats), stats));
  GF_RETURN_IF_ERROR(ParseWord("--progress", flags.progress, kProgress, WordOf(kProgress), progress));
  Result<std::unique_ptr<Conversion>> made = Conversion::Make(*options);
  if (!made) return std::move(made.error());
  Conversion& conversion = **made;
  std::vector<std::string> names = conversion.stream_names();
  GF_RETURN_IF_ERROR(Rename(flags.table_names, names));
  Result<std::unique_ptr<Sink>> sink = OpenSink(flags, *options, names, env);
  if (!sink) return std::move(sink.error());
  Result<std::unique_ptr<Sink>> dead_letters = OpenDeadLetters(flags);
  if (!dead_letters) return std::move(dead_letters.error());

  Status status;
  const InterruptWatch watch([&] { conversion.Stop(); });
  {
    const bool show = progress == 2 || (progress == 0 && !flags.quiet && isatty(env.err) != 0);
    const Progress bar(show, env, [&] { return Progress::State{conversion.bytes_read(), conversion.total_bytes()}; });
    status = conversion.Run(**sink, dead_letters->get());
  }
  const bool whole = status.ok() && !conversion.stopped();
  if (whole) status = (*sink)->Close();
  // Rows that went to standard output are not taken back, so their dead letters are not either.
  const bool rows_stay = whole || (flags.output_dir.empty() && WritesToStandardOutput(flags));
  if (*dead_letters != nullptr && rows_stay) {
    if (Status closed = (*dead_letters)->Close(); status.ok()) status = std::move(closed);
  }
  if (!status.ok() && status.code() == Code::kClosed) return status;
  if (status.ok() && conversion.counts().given_up != 0) {
    status = BadData(fmt::format("{} could not be read to the end: the dead letters say where and why",
                                 Counted(conversion.counts().given_up, "file")));
  }

  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const Summary summary =
      Summarize(conversion, names, options->records.form == OutputForm::kRows, rows_stay, seconds.count());
  if (!flags.quiet) {
    SayWhatWasLeftOut(conversion, env);
    if (flags.output_dir.empty()) WarnOfMixedTables(summary, env);
    if (conversion.stopped()) env.Say("interrupted: what follows is what was done before");
    if (!rows_stay) env.Say("no output was kept: what follows is what was done up to there");
  }
  if (stats == 1) {
    static_cast<void>(WriteAll(env.err, SummaryJson(summary) + "\n", "standard error"));
  } else if (!flags.quiet) {
    env.Say(SummaryText(summary));
  }
  return status;
}

}  // namespace

Action BindConvert(CLI::App& sub) {
  auto flags = std::make_shared<ConvertFlags>();
  ConvertFlags& f = *flags;
  sub.footer(
      "Examples:\n"
      "  gf-otlp convert capture.pb > rows.jsonl\n"
      "  gf-otlp convert captures/ --output-dir rows/\n"
      "Manual: gf-otlp-convert(1)");
  sub.add_option("INPUT", f.inputs, "OTLP captures: files, directories, - for standard input")
      ->required()
      ->type_name("FILE");

  sub.add_option("-o,--output", f.output, "Write to FILE, compressed if it ends in .zst or .gz")
      ->type_name("FILE")
      ->group("Output");
  sub.add_option("--output-dir", f.output_dir, "Write a file for each table into DIR")
      ->type_name("DIR")
      ->group("Output");
  sub.add_flag("--overwrite", f.overwrite, "Replace output files that exist")->group("Output");
  sub.add_option("--to", f.to, "What to write")->type_name(std::string(kForms))->capture_default_str()->group("Output");
  sub.add_option("--dead-letter", f.dead_letter, "Write units that cannot be read to FILE and go on")
      ->type_name("FILE")
      ->group("Output");

  sub.add_option("--shape", f.shape, "Whose rows to write")
      ->type_name(std::string(kShapeNames))
      ->capture_default_str()
      ->group("Rows");
  sub.add_option("--schema-version", f.schema_version, "Exporter version of the tables (default: the newest)")
      ->type_name("0.149|0.161")
      ->group("Rows");
  sub.add_option("--time-digits", f.time_digits, "Digits of a second's fraction in DateTime columns")
      ->type_name("0|9")
      ->capture_default_str()
      ->group("Rows");
  sub.add_flag("--keep-all", f.keep_all, "glassflow-flat: also what GlassFlow's receiver drops")->group("Rows");
  sub.add_option("--table-name", f.table_names, "Rename a table: TABLE=NEW_NAME")
      ->type_name("TABLE=NAME")
      ->allow_extra_args(false)
      ->group("Rows");

  sub.add_option("--table", f.tables, "Only records of this table (repeatable)")
      ->type_name("TABLE")
      ->allow_extra_args(false)
      ->group("Choosing");
  sub.add_option("--since", f.since, "Only records from this time on: RFC 3339, a date, or 24h (ago)")
      ->type_name("TIME")
      ->group("Choosing");
  sub.add_option("--until", f.until, "Only records before this time")->type_name("TIME")->group("Choosing");
  sub.add_option("--where", f.where, "Only records for which KEY OP VALUE holds (repeatable, all must hold)")
      ->type_name("KEY OP VALUE")
      ->allow_extra_args(false)
      ->group("Choosing");
  sub.add_option("--limit", f.limit, "At most N records")->type_name("N")->group("Choosing");
  sub.add_option("--sample", f.sample, "One in N traces, by a hash of the trace id")
      ->type_name("1/N")
      ->group("Choosing");

  sub.add_option("--input-format", f.input_format, "Framing of the input (default: detected)")
      ->type_name(std::string(kFormats))
      ->group("Input");
  sub.add_option("--signal", f.signal, "Signal of the input (default: detected)")
      ->type_name(std::string(kSignals))
      ->group("Input");
  sub.add_option("--compression", f.compression, "Compression of whole files (default: detected)")
      ->type_name(std::string(kCompressions))
      ->group("Input");
  sub.add_option("--partial-tail", f.partial_tail, "A file that ends inside a unit, as one still written to does")
      ->type_name(std::string(kTails))
      ->capture_default_str()
      ->group("Input");
  sub.add_flag("--base64-ids", f.base64_ids, "Trace and span ids in JSON are base64, not hex")->group("Input");
  sub.add_option("--max-unit-size", f.max_unit_size, "Largest frame, document or resource element, e.g. 512MB")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("512MB")
      ->group("Input");

  sub.add_option("--threads", f.threads, "Worker threads (default: the cores)")->type_name("N")->group("Running");
  sub.add_option("--stats", f.stats, "Form of the closing summary")
      ->type_name(std::string(kStats))
      ->capture_default_str()
      ->group("Running");
  sub.add_option("--progress", f.progress, "Progress on standard error")
      ->type_name(std::string(kProgress))
      ->capture_default_str()
      ->group("Running");
  sub.add_flag("-q,--quiet", f.quiet, "No summary, no warnings")->group("Running");
  return [flags](const Env& env) { return RunConvert(*flags, env); };
}

}  // namespace gf_otlp::cli
