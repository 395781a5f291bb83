#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "unit/input/input_test_util.h"
#include "unit/pipeline/messages_util.h"

namespace gf_otlp::test {

TEST_CASE("a message is a row, without its newline") {
  const std::string capture = TestData("captures/plain/traces.proto");
  const auto outcome = Run({capture}, Options(OutputForm::kRows, KeyStrategy::kTraceId), false);
  REQUIRE(outcome->status.ok());
  std::vector<std::string> values;
  for (const Sent& sent : outcome->sink.sent) {
    values.push_back(sent.value);
    CHECK(sent.value.find("\"TraceId\":\"" + sent.key + "\"") != std::string::npos);
    CHECK(sent.records == 1);
  }
  CHECK(values == Rows({capture}));
  CHECK(values.size() == outcome->counts.records_written);
}

TEST_CASE("rows are joined to messages of the wanted size") {
  const std::string capture = TestData("captures/plain/traces.proto");
  MessageOptions options = Options(OutputForm::kRows, KeyStrategy::kNone);
  options.rows_per_message = 7;
  const auto outcome = Run({capture}, options, false);
  REQUIRE(outcome->status.ok());
  const std::vector<std::string> rows = Rows({capture});
  CHECK(outcome->sink.sent.size() == (rows.size() + 6) / 7);
  std::string joined, expected;
  for (const Sent& sent : outcome->sink.sent) joined += sent.value + "\n";
  for (const std::string& row : rows) expected += row + "\n";
  CHECK(joined == expected);
}

TEST_CASE("requests are split by key, and nothing of them is lost") {
  const std::string capture = TestData("captures/plain/traces.proto");
  const std::vector<std::string> rows = Rows({capture});
  for (const OutputForm form : {OutputForm::kOtlpProto, OutputForm::kOtlpJson}) {
    const auto outcome = Run({capture}, Options(form, KeyStrategy::kTraceId), false);
    REQUIRE(outcome->status.ok());
    const TempDir dir;
    std::multiset<std::string> found;
    for (std::size_t i = 0; i < outcome->sink.sent.size(); ++i) {
      const Sent& sent = outcome->sink.sent[i];
      const std::vector<std::string> own =
          Rows({dir.Write(std::to_string(i) + (form == OutputForm::kOtlpProto ? ".pb" : ".json"), sent.value)});
      CHECK(own.size() == sent.records);
      for (const std::string& row : own) {
        CHECK(row.find("\"TraceId\":\"" + sent.key + "\"") != std::string::npos);
        found.insert(row);
      }
    }
    CHECK(found.size() == rows.size());
    // In JSON, bytes within values that are no UTF-8 are replaced: another text.
    if (form == OutputForm::kOtlpProto) CHECK(found == std::multiset<std::string>(rows.begin(), rows.end()));
  }
}

TEST_CASE("requests that are too large are split until they are not, records that are too large refused") {
  const std::string capture = TestData("captures/plain/traces.proto");
  const std::vector<std::string> rows = Rows({capture});
  constexpr std::size_t kMax = 700;
  const auto outcome = Run({capture}, Options(OutputForm::kOtlpProto, KeyStrategy::kNone, kMax), true);
  REQUIRE(outcome->status.ok());
  const TempDir dir;
  std::multiset<std::string> found;
  for (std::size_t i = 0; i < outcome->sink.sent.size(); ++i) {
    CHECK(outcome->sink.sent[i].value.size() <= kMax);
    for (const std::string& row : Rows({dir.Write(std::to_string(i) + ".pb", outcome->sink.sent[i].value)})) {
      found.insert(row);
    }
  }
  CHECK(outcome->counts.records_refused + found.size() == rows.size());
  CHECK(outcome->counts.records_written == found.size());
  if (outcome->counts.records_refused > 0) {
    for (const std::string& row : Rows({dir.Write("dead.jsonl", outcome->dead_letters)}, InputFormat::kDeadLetter))
      found.insert(row);
  }
  CHECK(found == std::multiset<std::string>(rows.begin(), rows.end()));
}

TEST_CASE("a record that is too large ends the run with its place, or is a dead letter") {
  const std::string capture = TestData("captures/plain/traces.proto");
  const std::vector<std::string> rows = Rows({capture});
  std::size_t longest = 0;
  for (const std::string& row : rows) longest = std::max(longest, row.size());
  const MessageOptions options = Options(OutputForm::kRows, KeyStrategy::kNone, longest - 1);
  SUBCASE("named") {
    const auto outcome = Run({capture}, options, false);
    REQUIRE_FALSE(outcome->status.ok());
    CHECK(outcome->status.code() == Code::kBadData);
    CHECK(outcome->status.message().starts_with(capture + ": frame "));
    CHECK(outcome->status.message().find(", record ") == std::string::npos);
    CHECK(outcome->status.message().find("record ") != std::string::npos);
    CHECK(outcome->status.message().find("larger than the " + std::to_string(longest - 1)) != std::string::npos);
  }
  SUBCASE("kept") {
    const auto outcome = Run({capture}, options, true);
    REQUIRE(outcome->status.ok());
    CHECK(outcome->counts.records_refused > 0);
    CHECK(outcome->counts.records_refused + outcome->counts.records_written == rows.size());
    const TempDir dir;
    std::vector<std::string> all = Rows({dir.Write("dead.jsonl", outcome->dead_letters)}, InputFormat::kDeadLetter);
    CHECK(all.size() == outcome->counts.records_refused);
    for (const Sent& sent : outcome->sink.sent) all.push_back(sent.value);
    CHECK(std::multiset<std::string>(all.begin(), all.end()) == std::multiset<std::string>(rows.begin(), rows.end()));
  }
}

TEST_CASE("messages that a broker refused become dead letters of their records") {
  const std::string capture = TestData("captures/plain/traces.proto");
  const std::vector<std::string> rows = Rows({capture});
  int n = 0;
  const auto refuse_some = [&](Conversion&, MessageSink& sink) {
    sink.refuse = [&](std::string_view) { return ++n % 3 == 0; };
  };
  for (const std::uint32_t per_message : {1u, 5u}) {
    n = 0;
    MessageOptions options = Options(OutputForm::kRows, KeyStrategy::kNone);
    options.rows_per_message = per_message;
    const auto outcome = Run({capture}, options, true, refuse_some);
    REQUIRE(outcome->status.ok());
    const TempDir dir;
    std::vector<std::string> refused;
    for (std::size_t i = 2; i < outcome->sink.sent.size(); i += 3) {
      const std::string& value = outcome->sink.sent[i].value;
      for (std::size_t at = 0; at < value.size();) {
        const std::size_t end = std::min(value.find('\n', at), value.size());
        refused.push_back(value.substr(at, end - at));
        at = end + 1;
      }
    }
    CHECK_FALSE(refused.empty());
    CHECK(Rows({dir.Write("dead.jsonl", outcome->dead_letters)}, InputFormat::kDeadLetter) == refused);
  }
}

TEST_CASE("a refused message is named by its first record without dead letters") {
  const auto outcome =
      Run({TestData("captures/plain/traces.proto")}, Options(OutputForm::kRows, KeyStrategy::kNone), false,
          [](Conversion&, MessageSink& sink) { sink.refuse = [n = 0](std::string_view) mutable { return ++n == 3; }; });
  REQUIRE_FALSE(outcome->status.ok());
  CHECK_MESSAGE(outcome->status.message().find("frame 2 at offset 385, record 1: no") != std::string::npos,
                outcome->status.message());
}

TEST_CASE("a run that goes on from what was taken before misses nothing and repeats nothing") {
  const TempDir dir;
  std::vector<std::string> inputs;
  for (const char* name : {"a", "b", "c"}) {
    std::string content;
    for (int i = 0; i < 2500; ++i)
      content += Join({GoldenProto("traces-basic"), GoldenProto("logs-basic")}, FramedMessage);
    inputs.push_back(dir.Write(std::string(name) + ".framed", content));
  }
  const MessageOptions options = Options(OutputForm::kRows, KeyStrategy::kNone);
  const auto whole = Run(inputs, options, false);
  REQUIRE(whole->status.ok());
  for (const int batches : {0, 1, 2, 3}) {
    const auto first =
        Run(inputs, options, false, [&](Conversion&, MessageSink& sink) { sink.batches_left = batches; });
    REQUIRE_FALSE(first->status.ok());
    const auto second = Run(inputs, options, false, [&](Conversion& conversion, MessageSink&) {
      std::vector<std::uint64_t> skip(first->sink.end.file, Source::kAllUnits);
      skip.push_back(first->sink.end.units);
      conversion.SkipUnits(skip);
    });
    REQUIRE(second->status.ok());
    std::vector<std::string> values;
    for (const Sent& sent : first->sink.sent) values.push_back(sent.value);
    for (const Sent& sent : second->sink.sent) values.push_back(sent.value);
    std::vector<std::string> expected;
    for (const Sent& sent : whole->sink.sent) expected.push_back(sent.value);
    CHECK(values == expected);
  }
}

TEST_CASE("records of a disabled kind are counted and not sent") {
  ConversionOptions options;
  const MessageOptions messages = Options(OutputForm::kRows, KeyStrategy::kNone);
  options.inputs = {TestData("captures/plain")};
  options.records.messages = &messages;
  options.records.choice.disabled[static_cast<std::size_t>(RecordKind::kLog)] = true;
  Result<std::unique_ptr<Conversion>> conversion = Conversion::Make(options);
  REQUIRE(conversion);
  MessageSink sink;
  REQUIRE((*conversion)->Run(sink, {}).ok());
  const Counts& counts = (*conversion)->counts();
  CHECK(counts.records_disabled[static_cast<std::size_t>(RecordKind::kLog)] > 0);
  CHECK(counts.records_read == counts.records_written + counts.records_filtered + counts.records_without_data +
                                   counts.records_disabled[static_cast<std::size_t>(RecordKind::kLog)]);
  CHECK(sink.sent.size() == counts.records_written);
}

}  // namespace gf_otlp::test
