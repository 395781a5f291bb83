#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/common_flags.h"
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
  InputFlags input;
  ChoiceFlags choice;
  RowFlags rows;
  RunFlags run;
  std::string output, output_dir, dead_letter;
  bool overwrite = false;
  std::string to = "rows";
  TableNameFlags table_names;
};

constexpr std::string_view kForms = "rows|otlp_json|otlp_proto";

std::optional<OutputForm> ParseForm(std::string_view word) {
  if (word == "rows") return OutputForm::kRows;
  if (word == "otlp_json") return OutputForm::kOtlpJson;
  if (word == "otlp_proto") return OutputForm::kOtlpProto;
  return std::nullopt;
}

Result<ConversionOptions> ReadFlags(const ConvertFlags& flags) {
  ConversionOptions options;
  RecordOptions& records = options.records;
  GF_UNEXPECTED_IF_ERROR(flags.run.Check());
  GF_UNEXPECTED_IF_ERROR(flags.input.Read(options.capture));
  GF_UNEXPECTED_IF_ERROR(ParseWord("--to", flags.to, kForms, ParseForm, records.form));
  GF_UNEXPECTED_IF_ERROR(flags.rows.Read(records.rows));
  const bool rows = records.form == OutputForm::kRows;
  GF_UNEXPECTED_IF_ERROR(flags.rows.CheckForms(rows, !rows));
  GF_UNEXPECTED_IF_ERROR(flags.choice.Read(records.choice));
  records.choice.requests.fill(!rows);
  records.choice.metrics_without_data = !rows;
  records.separate_streams = !flags.output_dir.empty();
  options.inputs = flags.input.inputs;
  options.threads = flags.run.WorkerThreads();
  options.dead_letters = !flags.dead_letter.empty();
  return options;
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

Result<std::optional<OutputFile>> OpenDeadLetters(const ConvertFlags& flags) {
  if (flags.dead_letter.empty()) return std::nullopt;
  if (!flags.output.empty() && IsSameFile(flags.output, flags.dead_letter) && flags.output != "/dev/null") {
    return std::unexpected(UsageError("--output and --dead-letter are the same file"));
  }
  const std::string folder = std::filesystem::path(flags.dead_letter).parent_path().string();
  if (!flags.output_dir.empty() && IsSameFile(flags.output_dir, folder.empty() ? "." : folder)) {
    return std::unexpected(UsageError("--dead-letter must be a file outside of --output-dir"));
  }
  return OutputFile::Create(flags.dead_letter, flags.overwrite);
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

Status RunConvert(const ConvertFlags& flags, const Env& env) {
  const auto begin = std::chrono::steady_clock::now();
  Result<ConversionOptions> options = ReadFlags(flags);
  if (!options) return std::move(options.error());
  Result<std::unique_ptr<Conversion>> made = Conversion::Make(*options);
  if (!made) return std::move(made.error());
  Conversion& conversion = **made;
  std::vector<std::string> names = conversion.stream_names();
  GF_RETURN_IF_ERROR(flags.table_names.Rename(names));
  Result<std::unique_ptr<Sink>> sink = OpenSink(flags, *options, names, env);
  if (!sink) return std::move(sink.error());
  Result<std::optional<OutputFile>> dead_letters = OpenDeadLetters(flags);
  if (!dead_letters) return std::move(dead_letters.error());

  Status status;
  const InterruptWatch watch([&] { conversion.Stop(); });
  {
    const Progress bar(flags.run.ShowProgress(env), env,
                       [&] { return Progress::State{conversion.bytes_read(), conversion.total_bytes()}; });
    status = conversion.Run(**sink, [&](std::string_view lines) { return (*dead_letters)->Write(lines); });
  }
  const bool whole = status.ok() && !conversion.stopped();
  if (whole) status = (*sink)->Close();
  // Rows that went to standard output are not taken back, so their dead letters are not either.
  const bool rows_stay = whole || (flags.output_dir.empty() && WritesToStandardOutput(flags));
  if (*dead_letters && rows_stay) {
    if (Status closed = (*dead_letters)->Commit(); status.ok()) status = std::move(closed);
  }
  if (!status.ok() && status.code() == Code::kClosed) return status;
  if (status.ok() && conversion.counts().given_up != 0) {
    status = BadData(fmt::format("{} could not be read to the end: the dead letters say where and why",
                                 Counted(conversion.counts().given_up, "file")));
  }

  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const Summary summary =
      Summarize(conversion, names, options->records.form == OutputForm::kRows, rows_stay, seconds.count());
  if (!flags.run.quiet) {
    SayWhatWasLeftOut(conversion, env);
    if (flags.output_dir.empty()) WarnOfMixedTables(summary, env);
    if (conversion.stopped()) env.Say("interrupted: what follows is what was done before");
    if (!rows_stay) env.Say("no output was kept: what follows is what was done up to there");
  }
  if (flags.run.JsonStats()) {
    static_cast<void>(WriteAll(env.err, SummaryJson(summary) + "\n", "standard error"));
  } else if (!flags.run.quiet) {
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
  f.input.Bind(sub);
  sub.get_option("INPUT")->required();

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

  f.rows.Bind(sub);
  f.table_names.Bind(sub);

  f.choice.Bind(sub);
  f.run.Bind(sub);
  return [flags](const Env& env) { return RunConvert(*flags, env); };
}

}  // namespace gf_otlp::cli
