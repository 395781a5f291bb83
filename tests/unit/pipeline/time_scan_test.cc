#include "pipeline/time_scan.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "gf_otlp/records.h"
#include "otlp/select.h"
#include "unit/input/input_test_util.h"
#include "unit/pipeline/messages_util.h"

namespace gf_otlp::test {
namespace {

struct Scanned {
  Status status;
  TimeRange range;
  Counts counts;
};

Scanned Scan(const ConversionOptions& options) {
  Result<std::unique_ptr<TimeScan>> scan = TimeScan::Make(options);
  REQUIRE_MESSAGE(scan, scan.error().message());
  Status status = (*scan)->Run();
  return {std::move(status), (*scan)->range(), (*scan)->counts()};
}

ConversionOptions OptionsOf(std::vector<std::string> inputs) {
  ConversionOptions options;
  options.inputs = std::move(inputs);
  options.threads = 2;
  return options;
}

/// The times of all records that have one, sorted.
std::vector<std::uint64_t> AllTimes(const std::vector<std::string>& inputs) {
  std::vector<std::uint64_t> times;
  const DecodeResult decoded = DecodeAll(inputs);
  REQUIRE(decoded.errors.empty());
  for (const DecodedRequest& request : decoded.requests) {
    RequestReader reader;
    reader.Start(request.signal, request.wire);
    while (reader.Next()) {
      if (const auto time = RecordTime(reader); time && *time != 0) times.push_back(*time);
    }
  }
  std::ranges::sort(times);
  return times;
}

/// A log record whose only field is its time.
std::string LogAt(std::uint64_t time) {
  std::string request = "\x0a\x0d\x12\x0b\x12\x09\x09";
  for (int i = 0; i < 8; ++i) request += static_cast<char>(time >> 8 * i);
  return request;
}

}  // namespace

TEST_CASE("a scan finds the first and the last record") {
  const std::vector<std::string> inputs = {TestData("captures/plain/all.proto"), TestData("captures/plain/logs.proto")};
  const std::vector<std::uint64_t> times = AllTimes(inputs);
  REQUIRE(times.size() > 50);
  const Scanned scanned = Scan(OptionsOf(inputs));
  REQUIRE(scanned.status.ok());
  CHECK(scanned.range.first == times.front());
  CHECK(scanned.range.last == times.back());
}

TEST_CASE("times of zero do not count") {
  const TempDir dir;
  ConversionOptions options =
      OptionsOf({dir.Write("logs.framed", Join({LogAt(0), LogAt(7), LogAt(0), LogAt(5)}, FramedMessage))});
  options.capture.signal = Signal::kLogs;
  Scanned scanned = Scan(options);
  CHECK(scanned.range.first == 5u);
  CHECK(scanned.range.last == 7u);
  CHECK(scanned.counts.records_written == 4);
  options.inputs = {dir.Write("zero.framed", FramedMessage(LogAt(0)))};
  scanned = Scan(options);
  REQUIRE(scanned.status.ok());
  CHECK_FALSE(scanned.range.first);
  CHECK_FALSE(scanned.range.last);
  CHECK(scanned.counts.records_written == 1);
}

TEST_CASE("only records that the run takes count") {
  const std::vector<std::string> inputs = {TestData("captures/plain/all.proto")};
  const std::vector<std::uint64_t> times = AllTimes(inputs);
  ConversionOptions options = OptionsOf(inputs);
  options.records.choice.metrics_without_data = true;
  const auto check = [&] {
    const Scanned scanned = Scan(options);
    const MessageOptions messages = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
    const Counts counts = Run(inputs, messages, false, {}, options.records.choice)->counts;
    CHECK(scanned.counts.records_written == counts.records_written);
    CHECK(scanned.counts.records_read == counts.records_read);
    CHECK(scanned.counts.records_filtered == counts.records_filtered);
    CHECK(scanned.counts.requests == counts.requests);
    CHECK(scanned.counts.units == counts.units);
    return scanned;
  };
  SUBCASE("all") { CHECK(check().range.last == times.back()); }
  SUBCASE("in time") {
    options.records.choice.select.since = times[times.size() / 3];
    options.records.choice.select.until = times[times.size() / 2] + 1;
    const TimeRange range = check().range;
    CHECK(range.first == times[times.size() / 3]);
    CHECK(range.last == times[times.size() / 2]);
  }
  SUBCASE("a number of them") {
    options.records.choice.limit = 3;
    CHECK(check().counts.records_written == 3);
  }
}

TEST_CASE("a unit that cannot be read ends the scan, or is passed over") {
  const TempDir dir;
  const std::string half = LogAt(3) + LogAt(1).substr(0, 10);  // its first record is good
  ConversionOptions options = OptionsOf({dir.Write("logs.framed", Join({LogAt(7), half, LogAt(9)}, FramedMessage))});
  options.capture.signal = Signal::kLogs;
  const Scanned ended = Scan(options);
  REQUIRE_FALSE(ended.status.ok());
  CHECK(ended.status.code() == Code::kBadData);
  CHECK(ended.status.message().find("frame 2") != std::string::npos);
  options.dead_letters = true;
  const Scanned passed = Scan(options);
  REQUIRE(passed.status.ok());
  CHECK(passed.range.first == 7u);
  CHECK(passed.range.last == 9u);
  CHECK(passed.counts.bad_units == 1);
  CHECK(passed.counts.records_written == 2);
}

TEST_CASE("units that an earlier run dealt with are not looked at") {
  const TempDir dir;
  ConversionOptions options = OptionsOf({dir.Write("logs.framed", Join({LogAt(3), LogAt(7)}, FramedMessage))});
  options.capture.signal = Signal::kLogs;
  Result<std::unique_ptr<TimeScan>> scan = TimeScan::Make(options);
  REQUIRE(scan);
  (*scan)->conversion().SkipUnits({1});
  REQUIRE((*scan)->Run().ok());
  CHECK((*scan)->range().first == 7u);
}

}  // namespace gf_otlp::test
