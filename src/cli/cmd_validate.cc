#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <initializer_list>
#include <iterator>
#include <memory>

#include "base/atomic_file.h"
#include "cli/commands.h"
#include "cli/common_flags.h"
#include "cli/human.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/report_flags.h"
#include "cli/summary.h"
#include "cli/validate_rows.h"
#include "cli/validate_rules.h"
#include "otlp/rules.h"
#include "pipeline/conversion.h"
#include "pipeline/otlp_check.h"
#include "pipeline/parent_check.h"
#include "schema/row_check.h"

namespace gf_otlp::cli {
namespace {

/// The command line as it stands.
struct ValidateFlags {
  const CLI::App* command = nullptr;
  InputFlags input;
  RowFlags tables;
  RowCheckFlags row_check;
  ReportFlags report;
  RunFlags run;
  std::vector<std::string> rules, ignored;
  std::int64_t max_findings = 5;
  bool strict = false, cross = false, list_rules = false;
};

/// What a run looks for, and how.
struct Check {
  std::vector<Rule> rules;  // those of what the inputs hold, then InputRules()
  std::vector<bool> chosen;
  ConversionOptions conversion;
};

/// Takes what workers found: findings and, if they are to be looked at, spans.
class CheckSink final : public Sink {
 public:
  /// `cross` goes with OtlpRules().
  CheckSink(std::size_t rules, std::size_t max_findings, bool cross) : findings_(rules, max_findings) {
    if (cross) parents_.emplace(max_findings);
  }

  Status Write(Batch& batch) override {
    if (parents_) parents_->Add(batch);
    return findings_.Write(batch);
  }
  Status Close() override {
    if (parents_) {
      parents_->Finish();
      findings_.found()[static_cast<std::size_t>(OtlpRule::kParentMissing)] = parents_->missing_parents();
      findings_.found()[static_cast<std::size_t>(OtlpRule::kParentMissingRemote)] = parents_->missing_remote_parents();
      findings_.found()[static_cast<std::size_t>(OtlpRule::kSpanIdDuplicate)] = parents_->duplicate_ids();
    }
    return {};
  }

  const std::vector<RuleFindings>& found() const { return findings_.found(); }
  const std::optional<ParentCheck>& parents() const { return parents_; }

 private:
  FindingSink findings_;
  std::optional<ParentCheck> parents_;
};

std::vector<Rule> RulesOf(const ValidateFlags& flags) {
  const std::span<const Rule> content = flags.row_check.rows ? schema::RowRules() : OtlpRules();
  std::vector<Rule> rules(content.begin(), content.end());
  rules.insert(rules.end(), InputRules().begin(), InputRules().end());
  return rules;
}

/// kUsage if one of the options is on the command line. The environment is shared with other commands: what it says
/// may be meant for those.
Status CheckAbsentOptions(const ValidateFlags& flags, std::initializer_list<const char*> names, std::string_view why) {
  for (const char* const name : names) {
    const CLI::Option& option = *flags.command->get_option(name);
    if (option.count() == 0 || std::getenv(option.get_envname().c_str()) != nullptr) continue;
    return UsageError(fmt::format("{} {}", name, why));
  }
  return {};
}

/// Options that say nothing of what is checked.
Status CheckTogether(const ValidateFlags& flags) {
  constexpr std::int64_t kMostFindings = 1'000'000;
  if (flags.max_findings < 0 || flags.max_findings > kMostFindings) {
    return UsageError("--max-findings: must be 0 to 1000000");
  }
  if (!flags.row_check.rows) {
    return CheckAbsentOptions(flags, {"--table", "--ddl", "--server-version"}, "goes with --rows");
  }
  GF_RETURN_IF_ERROR(CheckAbsentOptions(flags, {"--strict", "--cross", "--signal", "--base64-ids", "--partial-tail"},
                                        "goes with OTLP, not with --rows"));
  if (flags.row_check.ddl.empty()) return {};
  return CheckAbsentOptions(flags, {"--shape", "--schema-version", "--keep-all"}, "does not go with --ddl");
}

/// Words of --rule that only mean rules which are not looked for without another option.
Status CheckNamed(const ValidateFlags& flags) {
  const std::span<const Rule> rules = OtlpRules();
  for (const std::string& word : flags.rules) {
    bool any = false;
    const char* needed = nullptr;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      if (!MeansRule(word, rules[i].id)) continue;
      const auto rule = static_cast<OtlpRule>(i);
      const bool without_strict = IsStrictRule(rule) && !flags.strict;
      any |= !without_strict && (flags.cross || !IsCrossRule(rule));
      needed = without_strict ? "--strict" : "--cross";
    }
    if (needed != nullptr && !any) return UsageError(fmt::format("--rule {} goes with {}", word, needed));
  }
  return {};
}

/// Makes the workers check OTLP.
Status ReadOtlpFlags(const ValidateFlags& flags, Check& check) {
  GF_RETURN_IF_ERROR(CheckNamed(flags));
  for (std::size_t i = 0; i < kOtlpRuleCount; ++i) {
    const auto rule = static_cast<OtlpRule>(i);
    if ((IsStrictRule(rule) && !flags.strict) || (IsCrossRule(rule) && !flags.cross)) check.chosen[i] = false;
  }
  const std::chrono::nanoseconds now = std::chrono::system_clock::now().time_since_epoch();
  OtlpCheckOptions options{.now = static_cast<std::uint64_t>(now.count()),
                           .max_examples = static_cast<std::size_t>(flags.max_findings),
                           .cross = flags.cross};
  GF_RETURN_IF_ERROR(flags.tables.Read(options.rows));
  check.conversion.make_converter = [options, capture = check.conversion.capture] {
    return OtlpCheck::Make(options, capture);
  };
  return {};
}

Result<Check> ReadFlags(const ValidateFlags& flags) {
  Check check{.rules = RulesOf(flags)};
  GF_UNEXPECTED_IF_ERROR(CheckTogether(flags));
  Result<std::vector<bool>> chosen = ChooseRules(check.rules, flags.rules, flags.ignored);
  if (!chosen) return std::unexpected(std::move(chosen.error()));
  check.chosen = std::move(*chosen);
  ConversionOptions& conversion = check.conversion;
  GF_UNEXPECTED_IF_ERROR(flags.run.Check());
  GF_UNEXPECTED_IF_ERROR(flags.input.Read(conversion.capture));
  conversion.inputs = flags.input.inputs;
  conversion.threads = flags.run.WorkerThreads();
  conversion.records.separate_streams = true;
  GF_UNEXPECTED_IF_ERROR(
      flags.row_check.rows
          ? flags.row_check.Read(flags.tables, flags.input, static_cast<std::size_t>(flags.max_findings), conversion)
          : ReadOtlpFlags(flags, check));
  return check;
}

std::string Subject(const std::vector<std::string>& inputs) {
  const std::string first = inputs.front() == "-" ? "standard input" : inputs.front();
  return inputs.size() == 1 ? first : fmt::format("{} and {}", first, Counted(inputs.size() - 1, "other"));
}

/// What is found under InputRules().
std::vector<RuleFindings> InputFindings(const Conversion& conversion, std::size_t max_findings) {
  std::vector<RuleFindings> found(InputRules().size());
  RuleFindings& skipped = found[static_cast<std::size_t>(InputRule::kFileSkipped)];
  for (const SkippedFile& file : conversion.skipped()) {
    if (!file.no_capture) continue;
    if (skipped.count++ < max_findings) skipped.examples.push_back({.file = file.name, .detail = file.reason});
  }
  const Counts& counts = conversion.counts();
  if (counts.records_read == 0 && counts.bad_units == 0) {
    RuleFindings& none = found[static_cast<std::size_t>(InputRule::kNoRecords)];
    none.count = 1;
    if (max_findings != 0) none.examples.emplace_back();
  }
  found[static_cast<std::size_t>(InputRule::kInterrupted)].count = conversion.stopped() ? 1 : 0;
  return found;
}

void AddFacts(const Conversion& conversion, const CheckSink& sink, bool rows, double seconds, Report& report) {
  const Counts& counts = conversion.counts();
  const auto add = [&](std::string_view name, std::uint64_t count) {
    report.facts.emplace_back(name, fmt::format("{}", count));
  };
  add("files", conversion.files_read());
  if (rows) {
    add("rows", counts.records_read);
    add("rows refused", counts.bad_units);
  } else {
    add("units", counts.units);
    add("units not checked to their end", counts.bad_units);
    add("records", counts.records_read);
  }
  constexpr std::string_view kRecords[kSignalCount] = {"spans", "log records", "data points"};
  for (std::size_t i = 0; i < kSignalCount; ++i) {
    if (counts.signal_records[i] != 0) add(kRecords[i], counts.signal_records[i]);
  }
  if (sink.parents()) {
    add("spans judged by --cross", sink.parents()->spans() - sink.parents()->not_judged());
    add("spans not judged by --cross", sink.parents()->not_judged());
  }
  if (conversion.stopped()) report.facts.emplace_back("interrupted", "yes");
  report.facts.emplace_back("seconds", fmt::format("{:.2f}", seconds));
}

Status RunValidate(const std::shared_ptr<ValidateFlags>& shared, const Env& env) {
  ValidateFlags& flags = *shared;
  if (flags.list_rules) return WriteAll(env.out, RuleList(RulesOf(flags)), "standard output");
  if (flags.input.inputs.empty()) return UsageError("INPUT is required: files, directories, or - for standard input");
  const auto begin = std::chrono::steady_clock::now();
  Report report;
  GF_RETURN_IF_ERROR(flags.report.Read(report));
  Result<Check> check = ReadFlags(flags);
  if (!check) return std::move(check.error());
  Result<std::unique_ptr<Conversion>> made = Conversion::Make(check->conversion);
  if (!made) return std::move(made.error());
  Conversion& conversion = **made;
  const auto max_findings = static_cast<std::size_t>(flags.max_findings);
  CheckSink sink(check->rules.size() - InputRules().size(), max_findings, flags.cross && !flags.row_check.rows);
  {
    const InterruptWatch watch([&] { conversion.Stop(); });
    const Progress bar(flags.run.ShowProgress(env), env,
                       [&] { return Progress::State{conversion.bytes_read(), conversion.total_bytes()}; });
    GF_RETURN_IF_ERROR(conversion.Run(sink, {}));
  }
  GF_RETURN_IF_ERROR(sink.Close());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  report.title = "validate";
  report.subject = Subject(flags.input.inputs);
  std::vector<RuleFindings> found = sink.found();
  std::ranges::move(InputFindings(conversion, max_findings), std::back_inserter(found));
  AddFindings(check->rules, check->chosen, found, flags.row_check.rows, report);
  AddFacts(conversion, sink, flags.row_check.rows, seconds.count(), report);
  if (!flags.run.quiet) {
    SayWhatWasLeftOut(conversion, env);
    if (conversion.stopped()) env.Say("interrupted: the report is of what was read before");
  }
  return flags.report.Finish(report, flags.run.quiet, env);
}

}  // namespace

Action BindValidate(CLI::App& sub) {
  auto flags = std::make_shared<ValidateFlags>();
  ValidateFlags& f = *flags;
  f.command = &sub;
  sub.footer(
      "Examples:\n"
      "  gf-otlp validate captures/\n"
      "  gf-otlp validate --cross --format junit -o report.xml capture.pb\n"
      "  gf-otlp validate --rows rows.jsonl --table otel_traces\n"
      "Manual: gf-otlp-validate(1)");
  f.input.Bind(sub);

  sub.add_option("--rule", f.rules, "Look for this only: an id, or the beginning of some and * (repeatable)")
      ->type_name("RULE")
      ->allow_extra_args(false)
      ->group("Rules");
  sub.add_option("--ignore", f.ignored, "Do not look for this (repeatable)")
      ->type_name("RULE")
      ->allow_extra_args(false)
      ->group("Rules");
  sub.add_flag("--strict", f.strict, "Also where JSON is read with tolerance")->group("Rules");
  sub.add_flag("--cross", f.cross, "Also spans whose parent is nowhere in the capture")->group("Rules");
  sub.add_flag("--list-rules", f.list_rules, "Print the rules and end")->group("Rules");
  f.tables.BindTables(sub);
  f.row_check.Bind(sub);

  f.report.Bind(sub, "error|warning|note|never", "warning");
  sub.add_option("--max-findings", f.max_findings, "Examples of each rule that are shown")
      ->type_name("N")
      ->capture_default_str()
      ->group("Output");
  f.run.BindThreads(sub);
  return [flags](const Env& env) { return RunValidate(flags, env); };
}

}  // namespace gf_otlp::cli
