#include "cli/summary.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/human.h"

namespace gf_otlp::cli {
namespace {

void AddNote(std::uint64_t count, std::string_view noun, std::string_view what, std::string& text) {
  if (count != 0) text += fmt::format("; {} {}", Counted(count, noun), what);
}

}  // namespace

Summary Summarize(const Conversion& conversion, const std::vector<std::string>& names, bool rows, bool kept,
                  double seconds) {
  Summary summary;
  summary.counts = conversion.counts();
  summary.files = conversion.files_read();
  summary.skipped_files = conversion.skipped().size();
  summary.partial_tails = conversion.partial_tails().size();
  summary.bytes_in = conversion.bytes_read();
  summary.seconds = seconds;
  summary.interrupted = conversion.stopped();
  summary.kept = kept;
  if (!rows) return summary;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (summary.counts.rows[i] != 0) summary.output.emplace_back(names[i], summary.counts.rows[i]);
  }
  return summary;
}

void SayWhatWasLeftOut(const Conversion& conversion, const Env& env) {
  for (const SkippedFile& file : conversion.skipped()) env.Say(fmt::format("skipped {}: {}", file.name, file.reason));
  for (const PartialTail& tail : conversion.partial_tails()) {
    env.Say(fmt::format("left out the torn end of {}: {} bytes at offset {}", tail.name, tail.length, tail.offset));
  }
}

std::string SummaryText(const Summary& summary) {
  const Counts& c = summary.counts;
  std::string tables;
  for (const auto& [name, rows] : summary.output) {
    tables += fmt::format("{}{} {}", tables.empty() ? " (" : ", ", name, HumanCount(rows));
  }
  if (!tables.empty()) tables += ")";
  std::string text =
      fmt::format("{} of {} written{}", HumanCount(c.records_written), Counted(c.records_read, "record"), tables);
  AddNote(c.records_filtered, "record", "filtered", text);
  AddNote(c.records_without_data, "metric", "without data", text);
  AddNotes(summary, text);
  text += fmt::format("; {} of {}, {} in, {} out, {:.2f} s", Counted(c.units, "unit"), Counted(summary.files, "file"),
                      HumanBytes(summary.bytes_in), HumanBytes(c.bytes_out), summary.seconds);
  return text;
}

void AddNotes(const Summary& summary, std::string& text) {
  const Counts& c = summary.counts;
  const auto add = [&](std::uint64_t count, std::string_view noun, std::string_view what) {
    AddNote(count, noun, what, text);
  };
  add(c.bad_units, "bad unit", "dead-lettered");
  add(c.given_up, "file", "given up behind a bad unit");
  add(c.replaced_bytes, "byte", "not UTF-8, replaced");
  add(c.bad_text_documents, "JSON document", "not UTF-8");
  add(c.clamped_times, "time", "clamped to what ClickHouse reads");
  add(c.unread_numbers, "value", "of tokens or cost not a number");
  add(c.deprecated_names, "deprecated name", "read");
  add(summary.skipped_files, "file", "skipped");
  add(summary.partial_tails, "torn end", "left out");
}

void AddInputCounts(const Summary& summary, nlohmann::ordered_json& json) {
  const Counts& c = summary.counts;
  json["files"] = summary.files;
  json["files_skipped"] = summary.skipped_files;
  json["partial_tails"] = summary.partial_tails;
  json["units"] = c.units;
  json["units_dead_lettered"] = c.bad_units;
  json["files_given_up"] = c.given_up;
  json["requests"] = c.requests;
}

void AddTextCounts(const Summary& summary, nlohmann::ordered_json& json) {
  const Counts& c = summary.counts;
  json["replaced_bytes"] = c.replaced_bytes;
  json["bad_text_documents"] = c.bad_text_documents;
  json["clamped_times"] = c.clamped_times;
  json["unread_numbers"] = c.unread_numbers;
  json["deprecated_names"] = c.deprecated_names;
}

std::string SummaryJson(const Summary& summary) {
  const Counts& c = summary.counts;
  nlohmann::ordered_json json;
  AddInputCounts(summary, json);
  json["records_read"] = c.records_read;
  json["records_written"] = c.records_written;
  json["records_filtered"] = c.records_filtered;
  json["records_without_data"] = c.records_without_data;
  json["rows"] = nlohmann::ordered_json::object();
  for (const auto& [name, rows] : summary.output) json["rows"][name] = rows;
  AddTextCounts(summary, json);
  json["bytes_in"] = summary.bytes_in;
  json["bytes_out"] = c.bytes_out;
  json["seconds"] = summary.seconds;
  json["interrupted"] = summary.interrupted;
  json["output_kept"] = summary.kept;
  return json.dump();
}

}  // namespace gf_otlp::cli
