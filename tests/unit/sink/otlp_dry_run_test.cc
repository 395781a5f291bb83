#include "sink/otlp_dry_run.h"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <vector>

#include "gf_otlp/signal.h"
#include "unit/sink/batch_util.h"

namespace gf_otlp::test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

constexpr auto kTraces = static_cast<std::uint32_t>(Signal::kTraces), kLogs = static_cast<std::uint32_t>(Signal::kLogs);

const std::vector<TestMessage> kRequests = {{.route = kTraces, .value = "abcd", .records = 10},
                                            {.route = kLogs, .value = "ab", .records = 20},
                                            {.route = kTraces, .value = "abc", .records = 5}};
const std::vector<std::uint64_t> kTimes = {1000 * kSecond, 1030 * kSecond, 1010 * kSecond};

/// What is between the first request and the last one when all are sent so many times.
double SecondsOf(SendRate rate, double speed, int passes = 1) {
  OtlpDryRun sink(rate, speed);
  for (int i = 0; i < passes; ++i) {
    sink.BeginPass();
    Batch batch = MakeBatch(kRequests);
    if (speed > 0) batch.times = kTimes;
    REQUIRE(sink.Write(batch).ok());
    CHECK(batch.messages.empty());
  }
  return std::chrono::duration<double>(sink.duration()).count();
}

}  // namespace

TEST_CASE("a dry run counts what would be sent of each signal") {
  OtlpDryRun sink({}, 0);
  Batch batch = MakeBatch(kRequests);
  REQUIRE(sink.Write(batch).ok());
  REQUIRE(sink.signals().size() == kSignalCount);
  const TopicStats& traces = sink.signals()[0];
  CHECK(traces.topic == "traces");
  CHECK(traces.messages == 2);
  CHECK(traces.records == 15);
  CHECK(traces.bytes == 7);
  CHECK(sink.signals()[1].records == 20);
  CHECK(sink.signals()[2].messages == 0);
  CHECK(sink.duration().count() == 0);
}

TEST_CASE("a dry run says how long pacing takes") {
  // Until the last of the records' times; what is older than what went before does not wait.
  CHECK(SecondsOf({}, 1) == doctest::Approx(30));
  CHECK(SecondsOf({}, 10) == doctest::Approx(3));
  CHECK(SecondsOf({}, 10, 2) == doctest::Approx(6));
  // The last request goes once those before it are paid for.
  CHECK(SecondsOf({.items = 10}, 0) == doctest::Approx(3));
  CHECK(SecondsOf({.bytes = 3}, 0) == doctest::Approx(2));
  // Both: 30 seconds by the records' times, then 20 records, less what is caught up.
  CHECK(SecondsOf({.items = 2}, 1) == doctest::Approx(40).epsilon(0.01));
}

}  // namespace gf_otlp::test
