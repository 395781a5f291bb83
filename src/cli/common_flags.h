#ifndef GF_OTLP_CLI_COMMON_FLAGS_H_
#define GF_OTLP_CLI_COMMON_FLAGS_H_

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "cli/env.h"
#include "gf_otlp/capture.h"
#include "gf_otlp/rows.h"
#include "gf_otlp/status.h"
#include "pipeline/record_choice.h"

/// Options that several commands have. Each group binds its own, and reads them into what the pipeline takes; kUsage
/// names the option.
namespace gf_otlp::cli {

/// A word of a fixed list, or kUsage that lists them.
template <class T, class Parse>
Status ParseWord(std::string_view flag, std::string_view word, std::string_view allowed, Parse parse, T& value) {
  const auto parsed = parse(word);
  if (!parsed) return UsageError(fmt::format("{} {}: must be one of {}", flag, word, allowed));
  value = *parsed;
  return {};
}

/// The position of a word in `list`, words divided by '|', or nothing.
std::optional<std::size_t> WordIndex(std::string_view list, std::string_view word);
/// The same, as kUsage if it is not there.
Status ParseWordIndex(std::string_view flag, std::string_view word, std::string_view list, std::size_t& index);

/// What is read, and how.
struct InputFlags {
  std::vector<std::string> inputs;
  std::string input_format, signal, compression, partial_tail = "error";
  bool base64_ids = false;
  std::uint64_t max_unit_size = CaptureOptions().max_unit_bytes;

  void Bind(CLI::App& sub);
  Status Read(CaptureOptions& capture) const;
};

/// Which records are taken.
struct ChoiceFlags {
  std::vector<std::string> tables;
  std::string since, until, sample;
  std::vector<std::tuple<std::string, std::string, std::string>> where;
  std::optional<std::uint64_t> limit;

  void Bind(CLI::App& sub);
  Status Read(ChoiceOptions& choice) const;
};

/// How rows look.
struct RowFlags {
  std::string shape = "clickhouse", schema_version;
  int time_digits = 0;
  bool keep_all = false;
  std::vector<std::string> maps;  // "model=llm.model,my.model"
  std::string price_table;        // file
  bool drop_content = false;

  void Bind(CLI::App& sub);
  /// Only those that say what tables there are, not how values look.
  void BindTables(CLI::App& sub);
  Status Read(RowOptions& rows) const;
  /// kUsage if options have no effect on what is written, rows or requests or both: requests are written as they came.
  Status CheckForms(bool rows, bool requests) const;

 private:
  Status ReadAgents(RowOptions& rows) const;
};

/// What tables are called.
struct TableNameFlags {
  std::vector<std::string> renames;  // "otel_traces=my_traces"

  void Bind(CLI::App& sub);
  /// Puts the names that the user wants in place of `names`.
  Status Rename(std::vector<std::string>& names) const;
  /// The same as a map, of those that change.
  Result<std::map<std::string, std::string>> NewNames(const std::vector<std::string>& names) const;
};

/// How a run shows what it does.
struct RunFlags {
  unsigned threads = 0;
  std::string stats = "text", progress = "auto";
  bool quiet = false;

  void Bind(CLI::App& sub);
  /// All but the form of the closing summary.
  void BindThreads(CLI::App& sub);
  /// kUsage for words and numbers that cannot be.
  Status Check() const;
  unsigned WorkerThreads() const;
  bool ShowProgress(const Env& env) const;
  bool JsonStats() const { return stats == "json"; }
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_COMMON_FLAGS_H_
