#include "cli/publish_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "cli/human.h"
#include "cli/publish_config.h"

namespace gf_otlp::cli {
namespace {

std::uint64_t Bytes(const PublishSummary& summary) {
  return std::accumulate(summary.topics.begin(), summary.topics.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const TopicStats& topic) { return sum + topic.bytes; });
}

std::uint64_t Disabled(const Counts& counts) {
  return std::accumulate(counts.records_disabled.begin(), counts.records_disabled.end(), std::uint64_t{0});
}

/// `noun`: what its messages hold.
std::string TopicLine(const TopicStats& topic, std::string_view noun) {
  std::string line =
      fmt::format("{}: {}, {}", topic.topic, Counted(topic.messages, "message"), HumanBytes(topic.bytes));
  if (topic.records != topic.messages) line += fmt::format(", {}", Counted(topic.records, noun));
  if (topic.keyless < topic.messages) line += fmt::format(", about {}", Counted(topic.keys.Estimate(), "key"));
  if (topic.keyless == topic.messages) {
    line += ", no keys";
  } else if (topic.keyless > 0) {
    line += fmt::format(", {} without a key", HumanCount(topic.keyless));
  }
  const std::vector<std::uint64_t>& partitions = topic.partitions;
  if (partitions.size() == 1) line += ", 1 partition";
  if (partitions.size() > 1) {
    const auto fullest = std::ranges::max_element(partitions);
    const auto emptiest = std::ranges::min_element(partitions);
    line += fmt::format(", {} partitions: fullest {} with {}, emptiest {} with {}", partitions.size(),
                        fullest - partitions.begin(), HumanCount(*fullest), emptiest - partitions.begin(),
                        HumanCount(*emptiest));
  }
  return line;
}

}  // namespace

std::string PublishSummaryText(const PublishSummary& summary) {
  const Counts& c = summary.read.counts;
  const double seconds = summary.read.seconds;
  const std::uint64_t bytes = Bytes(summary);
  std::string text = fmt::format("{} of {} {} in {}", HumanCount(summary.records), Counted(c.records_read, "record"),
                                 summary.dry_run ? "would be sent" : "sent", Counted(summary.delivered, "message"));
  const auto add = [&](std::uint64_t count, std::string_view noun, std::string_view what) {
    if (count != 0) text += fmt::format("; {} {}", Counted(count, noun), what);
  };
  add(summary.failed, "message", "not delivered");
  add(c.records_filtered, "record", "filtered");
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    add(c.records_disabled[i], "record", fmt::format("of {}, which is disabled", kSignalConfigNames[i]));
  }
  add(c.records_without_data, "metric", "without data");
  add(c.records_refused + summary.refused_records, "record", "dead-lettered");
  AddNotes(summary.read, text);
  text += fmt::format("; {} of {}, {} in, {} {}, {:.2f} s, {}/s", Counted(c.units, "unit"),
                      Counted(summary.read.files, "file"), HumanBytes(summary.read.bytes_in), HumanBytes(bytes),
                      summary.dry_run ? "to send" : "sent", seconds,
                      HumanBytes(seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds) : 0));
  for (const TopicStats& topic : summary.topics) {
    if (topic.messages == 0) continue;
    text += "\n  " + TopicLine(topic, summary.request_topics.contains(topic.topic) ? "record" : "row");
  }
  return text;
}

std::string PublishSummaryJson(const PublishSummary& summary) {
  const Counts& c = summary.read.counts;
  nlohmann::ordered_json json;
  json["dry_run"] = summary.dry_run;
  AddInputCounts(summary.read, json);
  json["records_read"] = c.records_read;
  json["records_written"] = summary.records;
  json["records_filtered"] = c.records_filtered;
  json["records_disabled"] = Disabled(c);
  json["disabled"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    if (c.records_disabled[i] != 0) json["disabled"][std::string(kSignalConfigNames[i])] = c.records_disabled[i];
  }
  json["records_without_data"] = c.records_without_data;
  json["records_failed"] = summary.failed_records;
  json["records_dead_lettered"] = c.records_refused + summary.refused_records;
  AddTextCounts(summary.read, json);
  json["messages"] = summary.delivered + summary.refused + summary.failed;
  json["messages_delivered"] = summary.delivered;
  json["messages_dead_lettered"] = summary.refused;
  json["messages_failed"] = summary.failed;
  json["bytes"] = Bytes(summary);
  json["bytes_in"] = summary.read.bytes_in;
  json["seconds"] = summary.read.seconds;
  json["interrupted"] = summary.read.interrupted;
  json["topics"] = nlohmann::ordered_json::array();
  for (const TopicStats& topic : summary.topics) {
    nlohmann::ordered_json entry;
    entry["topic"] = topic.topic;
    entry["messages"] = topic.messages;
    entry["records"] = topic.records;
    entry["bytes"] = topic.bytes;
    entry["keyless"] = topic.keyless;
    entry["distinct_keys"] = topic.keys.Estimate();
    entry["partitions"] = topic.partitions;
    json["topics"].push_back(std::move(entry));
  }
  return json.dump();
}

}  // namespace gf_otlp::cli
