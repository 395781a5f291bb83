#include "input/capture_check.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "gf_otlp/records.h"
#include "gf_otlp/wire.h"
#include "input/signal_detect.h"
#include "unit/input/input_test_util.h"
#include "unit/otlp/random_wire.h"

namespace gf_otlp::test {
namespace {

std::string Bytes(std::uint32_t field, std::string_view value) {
  return static_cast<char>(Tag(field, kBytes)) + DelimitedMessage(value);
}
std::string Fixed64(std::uint32_t field) { return static_cast<char>(Tag(field, kFixed64)) + std::string(8, '\1'); }
std::string RequestOf(std::string_view record) { return Bytes(1, Bytes(2, Bytes(2, record))); }

/// "taken", "marked", or why not.
std::string Checked(Signal signal, std::string_view request) {
  const Result<CaptureCheck> check = CheckForCapture(signal, request);
  if (!check) return check.error().message();
  return check->needs_mark ? "marked" : "taken";
}

std::uint64_t CountRecords(const DecodedRequest& request) {
  RequestReader reader;
  reader.Start(request.signal, request.wire);
  std::uint64_t records = 0;
  while (reader.Next()) ++records;
  CHECK(reader.status().ok());
  return records;
}

struct Taken {
  Signal signal = Signal::kTraces;
  std::string stored;
  std::uint64_t records = 0;
};

/// A file of these requests is read as they were meant.
void CheckReadBack(const std::vector<Taken>& all) {
  std::string file;
  for (const Taken& taken : all) file += FramedMessage(taken.stored);
  const DecodeResult result = DecodeContent(file);
  REQUIRE_MESSAGE(result.errors.empty(), result.errors[0].message());
  REQUIRE(result.requests.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(result.requests[i].signal == all[i].signal);
    CHECK(result.requests[i].wire == all[i].stored);
    CHECK(CountRecords(result.requests[i]) == all[i].records);
  }
}

/// Of a few fields with any numbers and wire types.
std::string RandomRecord(RandomWire& random) {
  std::string record;
  for (std::uint64_t fields = random.Below(5); fields > 0; --fields) {
    const auto field = static_cast<std::uint32_t>(1 + random.Below(15));
    switch (random.Below(4)) {
      case 0: record += {static_cast<char>(Tag(field, kVarint)), static_cast<char>(random.Below(3))}; break;
      case 1: record += Fixed64(field); break;
      case 2: record += Bytes(field, std::string(random.OneIn(2) ? 8 : 16, 'i')); break;
      default: record += Bytes(field, Bytes(1, "z"));
    }
  }
  return record;
}

}  // namespace

TEST_CASE("golden requests are taken as they are") {
  for (const std::string& name : GoldenCases()) {
    CAPTURE(name);
    const std::string_view expected = name.ends_with("-unknown-fields") ? "marked" : "taken";
    CHECK(Checked(GoldenSignal(name), GoldenProto(name)) == expected);
  }
  CHECK(Checked(Signal::kLogs, "") == "taken");
}

TEST_CASE("a mark is for what cannot be told") {
  const std::string body = RequestOf(Bytes(5, Bytes(1, "hello")));
  CHECK(Checked(Signal::kLogs, body) == "marked");
  std::string marked = body;
  AppendSignalMark(Signal::kLogs, marked);
  CHECK(Checked(Signal::kLogs, marked) == "taken");
  // Else three of them would weigh as much as the zeros in front of a small frame's length.
  CHECK(Checked(Signal::kTraces, RequestOf(Fixed64(7)) + Bytes(9, "unknown")) == "marked");
}

TEST_CASE("what readers would refuse or take for something else is not taken") {
  const std::string body = RequestOf(Bytes(5, Bytes(1, "hello")));
  std::string other = body;
  AppendSignalMark(Signal::kTraces, other);
  CHECK(Checked(Signal::kLogs, other).contains("its fields"));
  AppendSignalMark(Signal::kLogs, other);
  CHECK(Checked(Signal::kLogs, other).contains("its fields"));
  CHECK(Checked(Signal::kLogs, RequestOf(Fixed64(7))).contains("its fields"));                 // a span's time
  CHECK(Checked(Signal::kTraces, RequestOf(Fixed64(5) + Fixed64(1))).contains("its fields"));  // of no signal
  CHECK(Checked(Signal::kTraces, RequestOf(Bytes(1, "short id"))).contains("trace id"));
  CHECK(Checked(Signal::kTraces, body.substr(0, body.size() - 1)).contains("end"));
  // Field 15 as a group, and 5 as a number: what JSON and zstd begin with.
  CHECK(Checked(Signal::kTraces, "{|" + RequestOf(Fixed64(7))).contains("JSON"));
  CHECK(Checked(Signal::kTraces, std::string("\x28\xb5\x2f\xfd\x3f\0\0\0\0", 9) + RequestOf(Fixed64(7)))
            .contains("compressed"));
}

TEST_CASE("whatever is taken is read back, wherever it stands") {
  constexpr int kRequests = 20'000;
  RandomWire random(6);
  const std::vector<std::string> golden = GoldenProtos();
  std::vector<Taken> all;
  int refused = 0, marked = 0;
  for (int i = 0; i < kRequests; ++i) {
    const auto signal = static_cast<Signal>(random.Below(kSignalCount));
    std::string request;
    switch (random.Below(3)) {
      case 0: request = RequestOf(RandomRecord(random)); break;
      case 1: request = random.Request(signal); break;
      default: request = golden[random.Below(golden.size())];
    }
    if (request.size() > 4000) continue;
    if (!random.OneIn(4)) random.Mutate(request);
    const Result<CaptureCheck> check = CheckForCapture(signal, request);
    refused += check ? 0 : 1;
    if (!check || check->records == 0) continue;
    marked += check->needs_mark ? 1 : 0;
    if (check->needs_mark) AppendSignalMark(signal, request);
    CAPTURE(i);
    all.push_back({signal, std::move(request), check->records});
    CheckReadBack({all.back()});
  }
  CHECK(refused > 100);
  CHECK(marked > 100);
  CHECK(all.size() > 500);
  CheckReadBack(all);
}

}  // namespace gf_otlp::test
