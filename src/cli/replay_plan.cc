#include "cli/replay_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "base/time_text.h"

namespace gf_otlp::cli {
namespace {

constexpr std::uint64_t kMaxRequestBytes = std::uint64_t{1} << 30;
constexpr unsigned kMaxConcurrency = 1000;
constexpr std::uint64_t kMaxRetryNanos = std::uint64_t{365} * 86'400 * 1'000'000'000;
/// Of a clock on the wall: records that were closer together go in one request.
constexpr double kPaceGrainNanos = 50e6;

/// "now", or as ParseTime().
Result<std::uint64_t> ReadTarget(const std::string& text, std::uint64_t now) {
  if (text == "now") return now;
  return ParseTime(text, now);
}

Result<ShiftPlan> ReadShift(const ReplayFlags& flags) {
  ShiftPlan shift{.to = flags.shift_to};
  if (!flags.shift_to.empty()) {
    if (!flags.shift.empty()) {
      return std::unexpected(UsageError("--shift-to and --shift exclude each other: both say where times move"));
    }
    const Result<std::uint64_t> target = ReadTarget(flags.shift_to, Now());
    if (!target) return std::unexpected(Status(target.error()).At("--shift-to"));
    return shift;
  }
  if (flags.shift.empty()) return shift;
  const bool back = flags.shift.starts_with('-'), sign = back || flags.shift.starts_with('+');
  const Result<std::uint64_t> nanos = ParseDuration(flags.shift.substr(sign ? 1 : 0));
  if (!nanos) return std::unexpected(Status(nanos.error()).At("--shift"));
  if (*nanos > std::numeric_limits<std::int64_t>::max()) {
    return std::unexpected(UsageError(fmt::format("--shift {}: at most 292 years", flags.shift)));
  }
  shift.by = static_cast<std::int64_t>(*nanos) * (back ? -1 : 1);
  return shift;
}

/// "10", "0.5x", "max" (0).
Result<double> ReadSpeed(const std::string& text) {
  if (text == "max") return 0.0;
  const std::string_view number(text.data(), text.size() - (text.ends_with('x') ? 1 : 0));
  double speed = 0;
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), speed, std::chars_format::fixed);
  if (error == std::errc() && end == number.data() + number.size() && std::isfinite(speed) && speed > 0) return speed;
  return std::unexpected(UsageError(fmt::format("--speed {}: write max, or a number such as 10, 10x or 0.5", text)));
}

Result<RetryOptions> ReadRetry(const ReplayFlags& flags) {
  RetryOptions retry;
  const Result<std::uint64_t> nanos = ParseDuration(flags.retry_for);
  if (!nanos) return std::unexpected(Status(nanos.error()).At("--retry-for"));
  if (*nanos > kMaxRetryNanos) {
    return std::unexpected(UsageError(fmt::format("--retry-for {}: at most 365d", flags.retry_for)));
  }
  constexpr std::uint64_t kNanosAMilli = 1'000'000;
  retry.give_up_after = std::chrono::milliseconds(*nanos / kNanosAMilli + (*nanos % kNanosAMilli != 0 ? 1 : 0));
  return retry;
}

MessageOptions Messages(const ReplayFlags& flags, const OtlpEndpoint& endpoint, double speed) {
  MessageOptions messages;
  const MessageRoute route{
      .form = endpoint.protocol == OtlpProtocol::kHttpJson ? OutputForm::kOtlpJson : OutputForm::kOtlpProto,
      .max_bytes = flags.max_request_bytes,
      .max_records = flags.max_records};
  messages.routes.assign(kSignalCount, route);
  for (int i = 0; i < kRecordKindCount; ++i) {
    const auto kind = static_cast<RecordKind>(i);
    const Signal signal = kind == RecordKind::kSpan  ? Signal::kTraces
                          : kind == RecordKind::kLog ? Signal::kLogs
                                                     : Signal::kMetrics;
    messages.route_of[i] = static_cast<std::uint32_t>(signal);
  }
  if (speed > 0) {
    constexpr double kMost = 1e18;
    messages.max_span = static_cast<std::uint64_t>(std::clamp(kPaceGrainNanos * speed, 1.0, kMost));
  }
  messages.join_elements = true;
  return messages;
}

Status CheckNumbers(const ReplayFlags& flags) {
  if (flags.concurrency == 0 || flags.concurrency > kMaxConcurrency) {
    return UsageError(fmt::format("--concurrency {}: from 1 to {}", flags.concurrency, kMaxConcurrency));
  }
  if (flags.max_request_bytes == 0 || flags.max_request_bytes > kMaxRequestBytes) {
    return UsageError(fmt::format("--max-request-bytes {}: from 1 to 1GB", flags.max_request_bytes));
  }
  if (flags.max_records == 0) return UsageError("--max-records 0: at least 1");
  if (flags.loop == 0) return UsageError("--loop 0: at least 1");
  if (flags.loop > 1 && !flags.delivery.checkpoint.empty()) {
    return UsageError("--loop and --checkpoint exclude each other: in which pass a run ended is not recorded");
  }
  if (flags.dry_run && !flags.delivery.checkpoint.empty()) {
    return UsageError("--checkpoint records what was sent: it does not go with a dry run");
  }
  return {};
}

}  // namespace

std::uint64_t Now() {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
}

Result<std::int64_t> ShiftPlan::For(const TimeRange& range, std::uint64_t now) const {
  if (to.empty()) return by;
  if (!range.first) return 0;  // no record has a time
  const Result<std::uint64_t> target = ReadTarget(to, now);
  if (!target) return std::unexpected(Status(target.error()).At("--shift-to"));
  const bool back = *target < *range.first;
  const std::uint64_t distance = back ? *range.first - *target : *target - *range.first;
  if (distance > std::numeric_limits<std::int64_t>::max()) {
    return std::unexpected(UsageError(fmt::format("--shift-to {}: more than 292 years from the first record", to)));
  }
  return static_cast<std::int64_t>(distance) * (back ? -1 : 1);
}

Result<ReplayPlan> MakeReplayPlan(const ReplayFlags& flags) {
  ReplayPlan plan;
  GF_UNEXPECTED_IF_ERROR(CheckNumbers(flags));
  Result<ReplayEndpoint> where = ReadEndpoint(flags);
  if (!where) return std::unexpected(std::move(where.error()));
  plan.where = std::move(*where);
  Result<ShiftPlan> shift = ReadShift(flags);
  if (!shift) return std::unexpected(std::move(shift.error()));
  plan.shift = std::move(*shift);
  const Result<double> speed = ReadSpeed(flags.speed);
  if (!speed) return std::unexpected(speed.error());
  plan.speed = *speed;
  const Result<SendRate> rate = flags.delivery.ReadRate("records");
  if (!rate) return std::unexpected(rate.error());
  plan.rate = *rate;
  const Result<RetryOptions> retry = ReadRetry(flags);
  if (!retry) return std::unexpected(retry.error());
  plan.retry = *retry;
  plan.new_ids = flags.new_ids;
  plan.concurrency = flags.concurrency;
  plan.passes = flags.loop;
  plan.messages = Messages(flags, plan.where.endpoint, plan.speed);

  GF_UNEXPECTED_IF_ERROR(flags.run.Check());
  GF_UNEXPECTED_IF_ERROR(flags.input.Read(plan.conversion.capture));
  GF_UNEXPECTED_IF_ERROR(flags.choice.Read(plan.conversion.records.choice));
  plan.conversion.records.choice.requests.fill(true);
  plan.conversion.records.choice.metrics_without_data = true;
  plan.conversion.inputs = flags.input.inputs;
  plan.conversion.threads = flags.run.WorkerThreads();
  plan.conversion.dead_letters = !flags.delivery.dead_letter.empty();
  return plan;
}

}  // namespace gf_otlp::cli
