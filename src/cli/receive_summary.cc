#include "cli/receive_summary.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/human.h"
#include "gf_otlp/signal.h"
#include "otlp/rpc_status.h"

namespace gf_otlp::cli {
namespace {

/// "traces 12, logs 3": of those that are not zero.
template <class Counts, class Name>
std::string Parts(const Counts& counts, Name name) {
  std::string text;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name(i), HumanCount(counts[i]));
  }
  return text;
}

std::uint64_t Sum(const auto& counts) { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

std::string NameOfSignal(std::size_t i) { return std::string(SignalName(static_cast<Signal>(i))); }
std::string NameOfCode(std::size_t i) { return RpcCodeName(static_cast<RpcCode>(i)); }

}  // namespace

std::string ReceiveSummaryText(const ReceiveSummary& summary) {
  const receive::Intake::Totals& r = summary.requests;
  std::string text = fmt::format("{} received", Counted(Sum(r.requests), "request"));
  if (const std::string parts = Parts(r.requests, NameOfSignal); !parts.empty()) text += fmt::format(" ({})", parts);
  text += fmt::format(" with {}", Counted(Sum(r.records), "record"));
  if (const std::string parts = Parts(r.records, NameOfSignal); !parts.empty()) text += fmt::format(" ({})", parts);
  if (r.empty != 0) text += fmt::format("; {} without a record", HumanCount(r.empty));
  if (r.replaced_bytes != 0) text += fmt::format("; {} not UTF-8, replaced", Counted(r.replaced_bytes, "byte"));
  if (const std::uint64_t refused = Sum(r.refused); refused != 0) {
    text += fmt::format("; {} refused ({})", HumanCount(refused), Parts(r.refused, NameOfCode));
  }
  text += fmt::format("; {} in {} written, {:.2f} s", HumanBytes(summary.files.bytes),
                      Counted(summary.files.files, "file"), summary.seconds);
  return text;
}

std::string ReceiveSummaryJson(const ReceiveSummary& summary) {
  const receive::Intake::Totals& r = summary.requests;
  nlohmann::ordered_json json;
  for (std::size_t i = 0; i < r.requests.size(); ++i) json["requests"][NameOfSignal(i)] = r.requests[i];
  for (std::size_t i = 0; i < r.records.size(); ++i) json["records"][NameOfSignal(i)] = r.records[i];
  json["requests_without_records"] = r.empty;
  json["replaced_bytes"] = r.replaced_bytes;
  json["refused"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < r.refused.size(); ++i) {
    if (r.refused[i] != 0) json["refused"][NameOfCode(i)] = r.refused[i];
  }
  json["requests_stored"] = summary.files.requests;
  json["records_stored"] = summary.files.records;
  json["bytes_written"] = summary.files.bytes;
  json["files"] = summary.files.files;
  json["syncs"] = summary.files.syncs;
  json["seconds"] = summary.seconds;
  return json.dump();
}

}  // namespace gf_otlp::cli
