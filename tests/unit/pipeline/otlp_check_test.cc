#include "pipeline/otlp_check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"

namespace gf_otlp {
namespace {

constexpr std::uint64_t kNow = 1'790'000'000'000'000'000;

/// A good log record, one with a wrong severity, and one with a trace id of `id_bytes`.
std::string Logs(std::size_t id_bytes = 16) {
  opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest request;
  auto* const resource = request.add_resource_logs();
  auto* const name = resource->mutable_resource()->add_attributes();
  name->set_key("service.name");
  name->mutable_value()->set_string_value("shop");
  auto* const scope = resource->add_scope_logs();
  for (int i = 0; i < 3; ++i) scope->add_log_records()->set_time_unix_nano(kNow);
  scope->mutable_log_records(1)->set_severity_number(static_cast<opentelemetry::proto::logs::v1::SeverityNumber>(99));
  scope->mutable_log_records(2)->set_trace_id(std::string(id_bytes, '\x01'));
  return request.SerializeAsString();
}

/// Units of one file, and what is found in them.
class Units {
 public:
  explicit Units(InputFormat format, bool base64_ids = false) {
    auto file = std::make_shared<InputFile>();
    file->name = "capture";
    file->format = format;
    chunk_->file = file;
    capture_.base64_ids = base64_ids;
  }
  /// `framing`: bytes in front of it.
  void Add(const std::string& bytes, std::uint64_t framing = 0, const std::string& error = "") {
    contents_.push_back(std::make_unique<PaddedBuffer>());
    contents_.back()->Append(bytes);
    chunk_->units.push_back({.bytes = contents_.back()->view(),
                             .offset = offset_,
                             .length = framing + bytes.size(),
                             .number = contents_.size(),
                             .error = error});
    offset_ += framing + bytes.size();
  }
  /// How often each rule is broken.
  std::map<std::string, std::uint64_t> Check() {
    auto check = OtlpCheck::Make({.now = kNow, .max_examples = 5}, capture_);
    REQUIRE(check);
    Batch batch;
    batch.streams.resize((*check)->stream_names().size());
    batch.origin = chunk_;
    for (std::size_t i = 0; i < chunk_->units.size(); ++i) {
      REQUIRE((*check)->Convert(*chunk_, i, {}, batch, nullptr, counts).ok());
    }
    (*check)->Finish(batch);
    FindingSink sink(kOtlpRuleCount, 5);
    REQUIRE(sink.Write(batch).ok());
    std::map<std::string, std::uint64_t> found;
    for (std::size_t i = 0; i < kOtlpRuleCount; ++i) {
      const std::string id(OtlpRules()[i].id);
      if (sink.found()[i].count == 0) continue;
      found[id] = sink.found()[i].count;
      examples[id] = sink.found()[i].examples;
    }
    return found;
  }

  Counts counts;
  std::map<std::string, std::vector<Finding>> examples;

 private:
  CaptureOptions capture_;
  std::shared_ptr<Chunk> chunk_ = std::make_shared<Chunk>();
  std::vector<std::unique_ptr<PaddedBuffer>> contents_;
  std::uint64_t offset_ = 0;
};

using Found = std::map<std::string, std::uint64_t>;

}  // namespace

TEST_CASE("findings have the place of their record in the file") {
  Units units(InputFormat::kFramed);
  units.Add(Logs(), 4);
  units.Add(Logs(), 4);
  CHECK(units.Check() == Found{{"log-severity-unknown", 2}});
  const std::vector<Finding>& examples = units.examples["log-severity-unknown"];
  REQUIRE(examples.size() == 2);
  CHECK(examples[1].unit == 2);
  CHECK(examples[1].record == 1);
  const std::string content = std::string(4, '\0') + Logs() + std::string(4, '\0') + Logs();
  // The record begins with its time (field 1, fixed64).
  for (const Finding& example : examples) CHECK(content[example.offset] == '\x09');
  CHECK(examples[1].offset - examples[0].offset == content.size() / 2);
  CHECK(units.counts.records_read == 6);
  CHECK(units.counts.signal_records == std::array<std::uint64_t, kSignalCount>{0, 6, 0});
}

TEST_CASE("units that cannot be read are findings, and the next ones are checked") {
  Units units(InputFormat::kFramed);
  units.Add("\x0a\xff", 4);
  units.Add("\x0a", 4, "the file ends inside the frame");
  units.Add(Logs(15), 4);
  units.Add("", 4);
  units.Add(Logs(), 4);
  CHECK(units.Check() ==
        Found{{"unreadable", 2}, {"trace-id-length", 1}, {"unit-empty", 1}, {"log-severity-unknown", 2}});
  CHECK(units.examples["unreadable"][1].detail == "the file ends inside the frame");
  CHECK(units.examples["unreadable"][1].unit == 2);
  CHECK(units.counts.units == 5);
  CHECK(units.counts.bad_units == 3);
}

TEST_CASE("what JSON is read with beyond the specification") {
  const auto log = [](const std::string& record) {
    return R"({"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},)"
           R"("scopeLogs":[{"logRecords":[)" +
           record + "]}]}]}";
  };
  const std::string time = R"("timeUnixNano":"1790000000000000000")";
  const auto check = [&](const std::string& document, bool base64_ids = false) {
    Units units(InputFormat::kJson, base64_ids);
    units.Add(document);
    return units.Check();
  };
  CHECK(check(log("{" + time + R"(,"severityNumber":9,"traceId":"0102030405060708090A0b0c0d0e0f10"})")) == Found{});
  CHECK(check(log(R"({"timeUnixNano":1790000000000000000,"droppedAttributesCount":"0"})")) == Found{});
  CHECK(check(log(R"({"time_unix_nano":"1790000000000000000"})")) == Found{{"json-snake-case", 1}});
  CHECK(check(log("{" + time + R"(,"severityNumber":"SEVERITY_NUMBER_INFO"})")) == Found{{"json-enum-name", 1}});
  CHECK(check(log("{" + time + R"(,"new":{"timeUnixNano":1},"other":1})")) == Found{{"json-unknown-field", 2}});
  CHECK(check(log("{" + time + "," + time + "}")) == Found{{"json-repeated-field", 1}});
  CHECK(check(log("{" + time + R"(,"attributes":[null]})")) ==
        Found{{"json-null-element", 1}, {"attribute-empty-key", 1}});
  CHECK(check(log("{" + time + R"(,"spanId":"AQIDBAUGBwg=","traceId":"AQIDBAUGBwgJCgsMDQ4PEA=="})"), true) ==
        Found{{"json-base64-id", 2}});
  CHECK(check(log("{" + time + R"(,"body":{"stringValue":"\ud800"}})")) == Found{{"json-bad-text", 1}});
  CHECK(check(log("{" + time + R"(,"traceId":"010203"})")) == Found{{"trace-id-length", 1}});
  CHECK(check(log("{" + time + R"(,"spanId":"010203"})")) == Found{{"span-id-length", 1}});
  CHECK(check(log("{" + time + R"(,"spanId":"xyz"})")) == Found{{"unreadable", 1}});
  CHECK(check(log("{" + time + "}, 1")) == Found{{"unreadable", 1}});

  std::string deprecated = log("{" + time + "}");
  deprecated.replace(deprecated.find("scopeLogs"), 9, "instrumentationLibraryLogs");
  CHECK(check(deprecated) == Found{{"json-deprecated-name", 1}});
  std::string both = log("{" + time + "}");
  both.insert(1, R"("resourceSpans":[],"resource_metrics":[],)");
  CHECK(check(both) == Found{{"json-several-signals", 2}, {"json-snake-case", 1}});
}

TEST_CASE("uses of tolerance have their place in the document") {
  Units units(InputFormat::kJson);
  const std::string document = R"({"resourceLogs": [], "what\u0065ver": 1, "other": 2})";
  units.Add("\n" + document);
  CHECK(units.Check() == Found{{"json-unknown-field", 2}, {"unit-without-records", 1}});
  const std::vector<Finding>& examples = units.examples["json-unknown-field"];
  REQUIRE(examples.size() == 1);
  CHECK(examples[0].offset == 1 + document.find("\"what"));
  CHECK(examples[0].detail == "\"whatever\"");
}

TEST_CASE("times of metrics are judged by the shape's tables") {
  // A gauge at 2106-02-07 06:28:16.
  const std::string document =
      R"({"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},)"
      R"("scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[)"
      R"({"timeUnixNano":"4294967296000000000","asInt":"1"}]}}]}]}]})";
  for (const auto& [shape, version, rule] : std::vector<std::tuple<Shape, std::string, std::string>>{
           {Shape::kClickHouse, "", "time-out-of-datetime"},
           {Shape::kClickHouse, "0.149", "time-in-future"},
           {Shape::kClickHouseJson, "0.161", "time-out-of-datetime"},
           {Shape::kGlassFlowFlat, "", "time-in-future"}}) {
    CAPTURE(rule);
    auto check = OtlpCheck::Make({.rows = {.shape = shape, .schema_version = version}, .now = kNow, .max_examples = 1},
                                 CaptureOptions());
    REQUIRE(check);
    auto file = std::make_shared<InputFile>();
    file->format = InputFormat::kJson;
    PaddedBuffer content;
    content.Append(document);
    auto chunk = std::make_shared<Chunk>();
    chunk->file = file;
    chunk->units.push_back({.bytes = content.view(), .length = document.size(), .number = 1});
    Batch batch;
    batch.streams.resize(2);
    batch.origin = chunk;
    Counts counts;
    REQUIRE((*check)->Convert(*chunk, 0, {}, batch, nullptr, counts).ok());
    (*check)->Finish(batch);
    FindingSink sink(kOtlpRuleCount, 1);
    REQUIRE(sink.Write(batch).ok());
    for (std::size_t i = 0; i < kOtlpRuleCount; ++i) {
      CHECK((sink.found()[i].count != 0) == (OtlpRules()[i].id == rule));
    }
  }
  CHECK(!OtlpCheck::Make({.rows = {.schema_version = "0.1"}}, CaptureOptions()));
}

}  // namespace gf_otlp
