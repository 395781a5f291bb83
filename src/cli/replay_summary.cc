#include "cli/replay_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/time_write.h"
#include "cli/human.h"

namespace gf_otlp::cli {
namespace {

std::uint64_t Sum(const ReplaySummary& summary, std::uint64_t TopicStats::* count) {
  return std::accumulate(summary.signals.begin(), summary.signals.end(), std::uint64_t{0},
                         [&](std::uint64_t sum, const TopicStats& signal) { return sum + signal.*count; });
}

/// As RFC 3339, also of times that nanoseconds with a sign do not reach (up to 2554).
std::string TimeText(std::uint64_t time) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  char text[kTimeRoom];
  std::string shown(text, TimeWriter().WriteSeconds(text, static_cast<std::int64_t>(time / kSecond)));
  shown[shown.find(' ')] = 'T';
  if (const std::uint64_t rest = time % kSecond; rest != 0) {
    shown += fmt::format(".{:09}", rest);
    shown.resize(shown.find_last_not_of('0') + 1);
  }
  return shown + 'Z';
}

/// As a replay moves times.
std::uint64_t Shifted(std::uint64_t time, std::int64_t shift) {
  if (shift >= 0) return time + std::min<std::uint64_t>(shift, std::numeric_limits<std::uint64_t>::max() - time);
  const std::uint64_t back = std::uint64_t{0} - static_cast<std::uint64_t>(shift);
  return time > back ? time - back : 1;
}

/// "1d2h3m4.5s".
std::string DurationText(std::uint64_t nanoseconds) {
  std::string text;
  constexpr std::uint64_t kSecond = 1'000'000'000;
  for (const auto& [unit, name] : {std::pair{86'400 * kSecond, "d"}, {3'600 * kSecond, "h"}, {60 * kSecond, "m"}}) {
    if (nanoseconds >= unit) text += fmt::format("{}{}", nanoseconds / unit, name);
    nanoseconds %= unit;
  }
  if (nanoseconds > 0 || text.empty()) {
    text += fmt::format("{}s", static_cast<double>(nanoseconds) / static_cast<double>(kSecond));
  }
  return text;
}

/// With its sign.
std::string ShiftText(std::int64_t shift) {
  const auto distance = static_cast<std::uint64_t>(shift);
  return shift < 0 ? "-" + DurationText(0 - distance) : "+" + DurationText(distance);
}

std::string RangeText(const TimeRange& range, std::int64_t shift) {
  return fmt::format("{} to {}", TimeText(Shifted(*range.first, shift)), TimeText(Shifted(*range.last, shift)));
}

void AddDryRun(const ReplaySummary& summary, std::string& text) {
  if (!summary.range) {
    text += "\n  times: not known of standard input";
  } else if (!summary.range->first) {
    text += "\n  times: none";
  } else {
    text += "\n  times: " + RangeText(*summary.range, 0);
    if (summary.shift != 0) {
      text += fmt::format("; as sent: {} ({})", RangeText(*summary.range, summary.shift), ShiftText(summary.shift));
    }
  }
  if (summary.paced) {
    constexpr std::uint64_t kTenth = 100'000'000;
    const auto nanoseconds = static_cast<std::uint64_t>(summary.paced->count());
    text += fmt::format("\n  takes at least {}", DurationText(nanoseconds - nanoseconds % kTenth));
  } else {
    text += "\n  goes as fast as the endpoint takes it";
  }
}

std::string SignalLine(const TopicStats& signal, const std::string& partial_message) {
  std::string line = fmt::format("{}: {}, {}, {}", signal.topic, Counted(signal.messages, "request"),
                                 Counted(signal.records, "record"), HumanBytes(signal.bytes));
  if (!partial_message.empty()) line += "; the server said of some: " + partial_message;
  return line;
}

}  // namespace

std::uint64_t ReplaySummary::failed_records() const {
  const std::uint64_t dealt_with =
      (dry_run ? Sum(*this, &TopicStats::records) : totals.delivered_records) + refused_records;
  return read.counts.records_written - std::min(read.counts.records_written, dealt_with);
}

std::string ReplaySummaryText(const ReplaySummary& summary) {
  const Counts& c = summary.read.counts;
  const double seconds = summary.read.seconds;
  const std::uint64_t bytes = Sum(summary, &TopicStats::bytes);
  std::string text = fmt::format("{} of {} {} in {}", HumanCount(Sum(summary, &TopicStats::records)),
                                 Counted(c.records_read, "record"), summary.dry_run ? "would be sent" : "sent",
                                 Counted(Sum(summary, &TopicStats::messages), "request"));
  const auto add = [&](std::uint64_t count, std::string_view noun, std::string_view what) {
    if (count != 0) text += fmt::format("; {} {}", Counted(count, noun), what);
  };
  if (summary.passes > 1) text += fmt::format("; {} passes", summary.passes);
  add(summary.totals.rejected_records, "record", "of those rejected by the server");
  add(summary.failed_records(), "record", "not delivered");
  add(c.records_filtered, "record", "filtered");
  add(c.records_refused + summary.refused_records, "record", "dead-lettered");
  add(summary.totals.retries, "request", "tried again");
  add(c.clamped_times, "time", "moved to the end of what can be told");
  Summary notes = summary.read;
  notes.counts.clamped_times = 0;  // said above, in other words
  AddNotes(notes, text);
  if (summary.shift != 0 && !summary.dry_run) text += "; times moved by " + ShiftText(summary.shift);
  text += fmt::format("; {} of {}, {} in, {} {}, {:.2f} s, {}/s", Counted(c.units, "unit"),
                      Counted(summary.read.files, "file"), HumanBytes(summary.read.bytes_in), HumanBytes(bytes),
                      summary.dry_run ? "to send" : "sent", seconds,
                      HumanBytes(seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds) : 0));
  for (std::size_t i = 0; i < summary.signals.size(); ++i) {
    if (summary.signals[i].messages != 0) text += "\n  " + SignalLine(summary.signals[i], summary.partial_messages[i]);
  }
  if (summary.dry_run) AddDryRun(summary, text);
  return text;
}

std::string ReplaySummaryJson(const ReplaySummary& summary) {
  const Counts& c = summary.read.counts;
  nlohmann::ordered_json json;
  json["dry_run"] = summary.dry_run;
  json["passes"] = summary.passes;
  AddInputCounts(summary.read, json);
  json["records_read"] = c.records_read;
  json["records_written"] = Sum(summary, &TopicStats::records);
  json["records_rejected"] = summary.totals.rejected_records;
  json["records_filtered"] = c.records_filtered;
  json["records_without_data"] = c.records_without_data;
  json["records_failed"] = summary.failed_records();
  json["records_dead_lettered"] = c.records_refused + summary.refused_records;
  AddTextCounts(summary.read, json);
  json["requests_delivered"] = Sum(summary, &TopicStats::messages);
  json["requests_dead_lettered"] = summary.totals.refused;
  json["requests_failed"] = summary.totals.failed;
  json["retries"] = summary.totals.retries;
  json["shift_ns"] = summary.shift;
  json["bytes"] = Sum(summary, &TopicStats::bytes);
  json["bytes_in"] = summary.read.bytes_in;
  json["seconds"] = summary.read.seconds;
  json["interrupted"] = summary.read.interrupted;
  json["signals"] = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < summary.signals.size(); ++i) {
    const TopicStats& signal = summary.signals[i];
    nlohmann::ordered_json& entry = json["signals"][signal.topic];
    entry["requests"] = signal.messages;
    entry["records"] = signal.records;
    entry["bytes"] = signal.bytes;
    if (!summary.partial_messages[i].empty()) entry["partial_success"] = summary.partial_messages[i];
  }
  if (!summary.dry_run) return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const auto add_time = [&](const char* name, const std::optional<std::uint64_t>& time, std::int64_t shift) {
    if (time) json[name] = TimeText(Shifted(*time, shift));
  };
  if (summary.range) {
    add_time("first_time", summary.range->first, 0);
    add_time("last_time", summary.range->last, 0);
    add_time("first_time_sent", summary.range->first, summary.shift);
    add_time("last_time_sent", summary.range->last, summary.shift);
  }
  json["paced_seconds"] = nullptr;
  if (summary.paced) json["paced_seconds"] = std::chrono::duration<double>(*summary.paced).count();
  return json.dump();
}

}  // namespace gf_otlp::cli
