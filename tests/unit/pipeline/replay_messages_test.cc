// Messages that are requests, as a replay sends them: moved in time, cut at gaps and limits, joined again.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "input/signal_detect.h"
#include "otlp/select.h"
#include "otlp/wire_to_json.h"
#include "unit/input/input_test_util.h"
#include "unit/otlp/json_test_util.h"
#include "unit/pipeline/messages_util.h"

namespace gf_otlp::test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kStart = 1'700'000'000 * kSecond;
const std::string kSignalFiles[] = {"traces", "logs", "metrics"};

std::vector<std::string> Values(const Outcome& outcome) {
  std::vector<std::string> values;
  for (const Sent& sent : outcome.sink.sent) values.push_back(sent.value);
  return values;
}

std::multiset<std::string> RowsOf(Signal signal, std::vector<std::string> requests) {
  const TempDir dir;
  for (std::string& request : requests) AppendSignalMark(signal, request);  // alone, some could be of another
  std::multiset<std::string> rows;
  for (const std::string& row : Rows({dir.Write("sent.framed", Join(requests, FramedMessage))})) rows.insert(row);
  return rows;
}

/// `{"resourceLogs":[...]}` of one record for each time (in seconds behind kStart; -1: none), its body the position.
std::string LogsAt(const std::vector<int>& seconds) {
  std::string records;
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    if (i > 0) records += ',';
    const std::uint64_t time = seconds[i] < 0 ? 0 : kStart + static_cast<std::uint64_t>(seconds[i]) * kSecond;
    records += fmt::format(R"({{"timeUnixNano":"{}","body":{{"stringValue":"{}"}}}})", time, i);
  }
  return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)" + records + "]}]}]}";
}

bool SameMeaning(std::string_view a, std::string_view b) {
  return Reference(Signal::kTraces, a) == Reference(Signal::kTraces, b);
}

struct Part {
  std::uint64_t time = 0;  // seconds behind kStart; 0: none
  std::string bodies;
  bool operator==(const Part&) const = default;
};

/// The messages that a request of such logs becomes.
std::vector<Part> CutAt(std::uint64_t span_seconds, const std::vector<int>& seconds) {
  const TempDir dir;
  MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
  options.max_span = span_seconds * kSecond;
  const auto outcome = Run({dir.Write("logs.json", LogsAt(seconds))}, options, false);
  REQUIRE(outcome->status.ok());
  std::vector<Part> parts;
  for (const Sent& sent : outcome->sink.sent) {
    Part& part = parts.emplace_back(Part{.time = sent.time == 0 ? 0 : (sent.time - kStart) / kSecond, .bodies = ""});
    RequestReader reader;
    reader.Start(Signal::kLogs, sent.value);
    while (reader.Next()) part.bodies += reader.log().body.bytes();
    CHECK(part.bodies.size() == sent.records);
  }
  return parts;
}

}  // namespace

TEST_CASE("what is sent is rewritten, what is asked and kept is not") {
  for (const std::string& name : kSignalFiles) {
    CAPTURE(name);
    const std::string capture = TestData("captures/plain/" + name + ".proto");
    const Signal signal = *ParseSignal(name);
    MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kTraceId);
    const auto plain = Run({capture}, options, false);
    options.rewriting.shift = 7'200 * static_cast<std::int64_t>(kSecond);
    options.rewriting.ids.emplace(5);
    const auto moved = Run({capture}, options, false);
    options.routes.front().form = OutputForm::kOtlpJson;
    const auto json = Run({capture}, options, false);
    REQUIRE(moved->status.ok());
    REQUIRE(json->status.ok());
    REQUIRE(moved->sink.sent.size() == plain->sink.sent.size());
    REQUIRE(json->sink.sent.size() == plain->sink.sent.size());
    bool differs = false;
    std::uint64_t clamped = 0;
    for (std::size_t i = 0; i < plain->sink.sent.size(); ++i) {
      std::string expected = plain->sink.sent[i].value;
      clamped += RewriteInPlace(signal, options.rewriting, expected);
      differs = differs || expected != plain->sink.sent[i].value;
      CHECK(moved->sink.sent[i].value == expected);
      CHECK(moved->sink.sent[i].key == plain->sink.sent[i].key);
      std::string text;
      REQUIRE(WireToJson(signal, expected, text).ok());
      CHECK(json->sink.sent[i].value == text);
    }
    CHECK(differs);
    CHECK(moved->counts.clamped_times == clamped);
    CHECK(json->counts.clamped_times == clamped);
  }
}

TEST_CASE("conditions see the times before a shift, and clamped times are counted") {
  const TempDir dir;
  const std::string capture = dir.Write("logs.json", LogsAt({0, 10, 20, -1}));
  ChoiceOptions choice;
  choice.select.since = kStart + 5 * kSecond;
  for (const OutputForm form : {OutputForm::kOtlpProto, OutputForm::kOtlpJson}) {
    MessageOptions options = Options(form, KeyStrategy::kNone);
    options.rewriting.shift = -static_cast<std::int64_t>(kStart + 12 * kSecond);
    const auto outcome = Run({capture}, options, false, {}, choice);
    REQUIRE(outcome->status.ok());
    CHECK(outcome->counts.records_written == 2);
    CHECK(outcome->counts.clamped_times == 1);
    const auto all = Run({capture}, options, false);
    CHECK(all->counts.records_written == 4);
    CHECK(all->counts.clamped_times == 2);
  }
}

TEST_CASE("a request that is split counts each of its clamped times once, and dead letters are what was read") {
  const TempDir dir;
  const std::string large = LogsAt({0, 10, 20, 30, 40});
  const std::string capture = dir.Write("logs.json", large);
  MessageOptions options = Options(OutputForm::kOtlpJson, KeyStrategy::kNone, 200);
  options.routes.front().topic.clear();
  options.rewriting.shift = -static_cast<std::int64_t>(kStart + 25 * kSecond);
  const auto outcome = Run({capture}, options, false);
  REQUIRE(outcome->status.ok());
  CHECK(outcome->sink.sent.size() > 1);
  CHECK(outcome->counts.clamped_times == 3);

  options.routes.front().max_bytes = 40;
  const auto refused = Run({capture}, options, true);
  REQUIRE(refused->status.ok());
  CHECK(refused->counts.records_refused == 5);
  CHECK(refused->counts.clamped_times == 0);
  CHECK(refused->dead_letters.find("larger than the 40 that one may have (--max-request-bytes)") != std::string::npos);
  CHECK(Rows({dir.Write("dead.jsonl", refused->dead_letters)}, InputFormat::kDeadLetter) == Rows({capture}));
}

TEST_CASE("bytes that are no text are counted once, however often a request is split") {
  // Four log records with a time and a body of one byte that is not UTF-8.
  const std::string record = "\x12\x0e\x09\1\2\3\4\5\6\7\x10\x2a\x03\x0a\x01\xff";
  const std::string request = "\x0a\x42\x12\x40" + record + record + record + record;
  const TempDir dir;
  const auto outcome = Run({dir.Write("logs.framed", FramedMessage(request))},
                           Options(OutputForm::kOtlpJson, KeyStrategy::kNone, 200), false);
  REQUIRE_MESSAGE(outcome->status.ok(), outcome->status.message());
  CHECK(outcome->sink.sent.size() > 1);
  CHECK(outcome->counts.replaced_bytes == 4);
}

TEST_CASE("requests of too many records are split, and nothing of them is lost") {
  for (const std::string& name : kSignalFiles) {
    const std::string capture = TestData("captures/plain/" + name + ".proto");
    const Signal signal = *ParseSignal(name);
    const std::vector<std::string> rows = Rows({capture});
    for (const std::uint32_t most : {1u, 2u, 3u, 7u}) {
      CAPTURE(most);
      MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
      options.routes.front().max_records = most;
      const auto outcome = Run({capture}, options, false);
      REQUIRE(outcome->status.ok());
      std::size_t largest = 0;
      for (const Sent& sent : outcome->sink.sent) largest = std::max(largest, sent.records);
      CHECK(largest <= most);
      CHECK(RowsOf(signal, Values(*outcome)) == std::multiset<std::string>(rows.begin(), rows.end()));
    }
  }
}

TEST_CASE("a paced run cuts requests by when their records happened") {
  using Parts = std::vector<Part>;
  CHECK(CutAt(5, {1, 2, 3}) == Parts{{1, "012"}});
  CHECK(CutAt(5, {3, 1, 2}) == Parts{{1, "012"}});
  CHECK(CutAt(5, {1, 6, 11, 16}) == Parts{{1, "01"}, {11, "23"}});
  CHECK(CutAt(4, {1, 6, 11}) == Parts{{1, "0"}, {6, "1"}, {11, "2"}});
  // In the order of time, and within a message in that of the request.
  CHECK(CutAt(5, {100, 2, 11, 1, 10, 3}) == Parts{{1, "135"}, {10, "24"}, {100, "0"}});
  // Close to one another, but not to the first.
  CHECK(CutAt(5, {1, 4, 8, 12, 14}) == Parts{{1, "01"}, {8, "23"}, {14, "4"}});
  // Without a time: with the one before, in front with the first that has one.
  CHECK(CutAt(5, {1, 10, -1, 2, -1, 100, -1}) == Parts{{1, "034"}, {10, "12"}, {100, "56"}});
  CHECK(CutAt(5, {-1, -1, 50, 1}) == Parts{{1, "3"}, {50, "012"}});
  CHECK(CutAt(5, {-1, -1}) == Parts{{0, "01"}});
}

TEST_CASE("times are those before the shift, also of parts that a limit makes") {
  const TempDir dir;
  MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
  options.max_span = 5 * kSecond;
  options.routes.front().max_records = 1;
  options.rewriting.shift = -static_cast<std::int64_t>(100 * kSecond);
  const auto outcome = Run({dir.Write("logs.json", LogsAt({3, 1, 2}))}, options, false);
  REQUIRE(outcome->status.ok());
  std::vector<std::uint64_t> times;
  for (const Sent& sent : outcome->sink.sent) times.push_back((sent.time - kStart) / kSecond);
  CHECK(times == std::vector<std::uint64_t>{3, 1, 2});
}

TEST_CASE("of a paced run nothing is lost, and no message spans more than it may") {
  constexpr std::uint64_t kSpan = kSecond / 100;
  for (const std::string& name : kSignalFiles) {
    CAPTURE(name);
    const std::string capture = TestData("captures/plain/" + name + ".proto");
    const Signal signal = *ParseSignal(name);
    MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
    const auto whole = Run({capture}, options, false);
    options.max_span = kSpan;
    const auto paced = Run({capture}, options, false);
    REQUIRE(paced->status.ok());
    CHECK(RowsOf(signal, Values(*paced)) == RowsOf(signal, Values(*whole)));
    if (signal == Signal::kTraces) CHECK(paced->sink.sent.size() > whole->sink.sent.size());
    for (const Sent& sent : paced->sink.sent) {
      std::vector<std::uint64_t> times;
      RequestReader reader;
      reader.Start(signal, sent.value);
      while (reader.Next()) {
        const auto time = RecordTime(reader);
        if (time && *time != 0) times.push_back(*time);
      }
      std::ranges::sort(times);
      CHECK((times.empty() ? 0 : times.front()) == sent.time);
      if (!times.empty()) CHECK(times.back() - times.front() <= kSpan);
    }
  }
}

TEST_CASE("the resources of a raw request are joined again") {
  const TempDir dir;
  std::string raw;
  for (int i = 0; i < 40; ++i) raw += GoldenProto("traces-basic");
  const std::vector<std::string> elements = Elements(raw);
  REQUIRE(elements.size() >= 40);
  const std::string capture = dir.Write("traces.pb", raw);
  MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
  REQUIRE(Run({capture}, options, false)->sink.sent.size() >= 40);
  options.join_elements = true;

  const auto whole = Run({capture}, options, false);
  REQUIRE(whole->status.ok());
  CHECK(Values(*whole) == std::vector<std::string>{raw});
  CHECK(whole->sink.sent.front().records == whole->counts.records_written);

  options.routes.front().form = OutputForm::kOtlpJson;
  const auto json = Run({capture}, options, false);
  REQUIRE(json->sink.sent.size() == 1);
  CHECK(SameMeaning(Transcode(json->sink.sent.front().value).wire(), raw));

  options.max_span = 1;
  CHECK(Run({capture}, options, false)->sink.sent.size() >= 40);
}

TEST_CASE("resources are joined up to the limits, and no further") {
  const TempDir dir;
  std::string raw;
  for (int i = 0; i < 40; ++i) raw += GoldenProto("traces-basic");
  const std::string capture = dir.Write("traces.pb", raw);
  for (const OutputForm form : {OutputForm::kOtlpProto, OutputForm::kOtlpJson}) {
    MessageOptions options = Options(form, KeyStrategy::kNone);
    const Sent alone = Run({capture}, options, false)->sink.sent.front();
    options.join_elements = true;
    const auto check = [&](std::size_t together) {
      const auto outcome = Run({capture}, options, false);
      REQUIRE(outcome->status.ok());
      const std::vector<Sent>& sent = outcome->sink.sent;
      REQUIRE(sent.size() == (40 + together - 1) / together);
      std::string all;
      for (std::size_t i = 0; i < sent.size(); ++i) {
        CAPTURE(i);
        const std::size_t resources = i + 1 < sent.size() ? together : 40 - i * together;
        CHECK(sent[i].value.size() == resources * alone.value.size());
        CHECK(sent[i].records == resources * alone.records);
        all += form == OutputForm::kOtlpProto ? sent[i].value : Transcode(sent[i].value).wire();
      }
      CHECK(SameMeaning(all, raw));
    };
    options.routes.front().max_bytes = 7 * alone.value.size();
    check(7);
    options.routes.front().max_bytes = 7 * alone.value.size() - 1;
    check(6);
    options.routes.front().max_records = static_cast<std::uint32_t>(5 * alone.records);
    check(5);
    options.routes.front().max_records -= 1;
    check(4);
  }
}

TEST_CASE("requests that came as such stay as they came") {
  const TempDir dir;
  const std::vector<std::string> requests(40, GoldenProto("traces-basic"));
  const std::string capture = dir.Write("traces.framed", Join(requests, FramedMessage));
  MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
  options.join_elements = true;
  CHECK(Values(*Run({capture}, options, false)) == requests);
}

TEST_CASE("what is sent as it was read is not copied") {
  const TempDir dir;
  const std::vector<std::string> requests(40, GoldenProto("traces-basic"));
  const std::string framed = dir.Write("traces.framed", Join(requests, FramedMessage));
  const std::string raw =
      dir.Write("traces.pb", Join(requests, [](std::string_view bytes) { return std::string(bytes); }));
  MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
  options.join_elements = true;
  const auto copied = [&](const std::string& capture) {
    const auto outcome = Run({capture}, options, false);
    REQUIRE(outcome->status.ok());
    REQUIRE_FALSE(outcome->sink.sent.empty());
    return std::ranges::count_if(outcome->sink.sent, &Sent::copied);
  };
  CHECK(copied(framed) == 0);
  CHECK(copied(raw) == 0);
  options.routes.front().max_records = 1;
  CHECK(copied(framed) > 0);
  options.routes.front().max_records = ~0u;
  options.rewriting.shift = 1;
  CHECK(copied(framed) == 40);
  options.rewriting.shift = 0;
  options.routes.front().form = OutputForm::kOtlpJson;
  CHECK(copied(framed) == 40);
}

TEST_CASE("records of joined resources that are refused become dead letters") {
  const TempDir dir;
  std::string raw;
  for (int i = 0; i < 5; ++i) raw += GoldenProto("logs-basic");
  const std::string capture = dir.Write("logs.pb", raw);
  MessageOptions options = Options(OutputForm::kOtlpProto, KeyStrategy::kNone);
  options.join_elements = true;
  const auto outcome = Run({capture}, options, true,
                           [](Conversion&, MessageSink& sink) { sink.refuse = [](std::string_view) { return true; }; });
  REQUIRE(outcome->status.ok());
  CHECK(outcome->sink.sent.size() == 1);
  CHECK(Rows({dir.Write("dead.jsonl", outcome->dead_letters)}, InputFormat::kDeadLetter) == Rows({capture}));
}

}  // namespace gf_otlp::test
