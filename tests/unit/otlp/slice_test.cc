#include "otlp/slice.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "gf_otlp/records.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"
#include "unit/otlp/random_wire.h"

namespace gf_otlp {
namespace {

namespace collector = opentelemetry::proto::collector;
using opentelemetry::proto::metrics::v1::Metric;
using Keep = std::vector<std::uint8_t>;
using Indices = std::vector<std::uint32_t>;

/// Removes the elements for which `keep` is false.
template <class T, class F>
void Filter(google::protobuf::RepeatedPtrField<T>& list, F keep) {
  google::protobuf::RepeatedPtrField<T> kept;
  for (T& element : list) {
    if (keep(element)) kept.Add()->Swap(&element);
  }
  list.Swap(&kept);
}

/// The reference's way of slicing: parsed objects, visited in order, of which those without a chosen record go.
class ReferenceSlicer {
 public:
  explicit ReferenceSlicer(const Keep& keep) : keep_(keep) {}

  void Slice(collector::trace::v1::ExportTraceServiceRequest& request) {
    Filter(*request.mutable_resource_spans(), [this](auto& resource) {
      Filter(*resource.mutable_scope_spans(), [this](auto& scope) { return Choose(*scope.mutable_spans()); });
      return !resource.scope_spans().empty();
    });
  }
  void Slice(collector::logs::v1::ExportLogsServiceRequest& request) {
    Filter(*request.mutable_resource_logs(), [this](auto& resource) {
      Filter(*resource.mutable_scope_logs(), [this](auto& scope) { return Choose(*scope.mutable_log_records()); });
      return !resource.scope_logs().empty();
    });
  }
  void Slice(collector::metrics::v1::ExportMetricsServiceRequest& request) {
    Filter(*request.mutable_resource_metrics(), [this](auto& resource) {
      Filter(*resource.mutable_scope_metrics(), [this](auto& scope) {
        Filter(*scope.mutable_metrics(), [this](Metric& metric) { return ChoosePoints(metric); });
        return !scope.metrics().empty();
      });
      return !resource.scope_metrics().empty();
    });
  }

 private:
  template <class List>
  bool Choose(List& list) {
    Filter(list, [this](auto&) { return keep_[next_++] != 0; });
    return !list.empty();
  }
  bool ChoosePoints(Metric& metric) {
    switch (metric.data_case()) {
      case Metric::kGauge: return Choose(*metric.mutable_gauge()->mutable_data_points());
      case Metric::kSum: return Choose(*metric.mutable_sum()->mutable_data_points());
      case Metric::kHistogram: return Choose(*metric.mutable_histogram()->mutable_data_points());
      case Metric::kExponentialHistogram: return Choose(*metric.mutable_exponential_histogram()->mutable_data_points());
      case Metric::kSummary: return Choose(*metric.mutable_summary()->mutable_data_points());
      case Metric::DATA_NOT_SET: return keep_[next_++] != 0;
    }
    return false;
  }

  const Keep& keep_;
  std::size_t next_ = 0;
};

void ReferenceSlice(Signal signal, const Keep& keep, google::protobuf::Message& request) {
  ReferenceSlicer slicer(keep);
  switch (signal) {
    case Signal::kTraces: return slicer.Slice(dynamic_cast<collector::trace::v1::ExportTraceServiceRequest&>(request));
    case Signal::kLogs: return slicer.Slice(dynamic_cast<collector::logs::v1::ExportLogsServiceRequest&>(request));
    case Signal::kMetrics:
      return slicer.Slice(dynamic_cast<collector::metrics::v1::ExportMetricsServiceRequest&>(request));
  }
}

/// Every record as it stands in the request; the request must be good.
std::vector<std::string> Records(Signal signal, std::string_view request) {
  std::vector<std::string> records;
  RequestReader reader;
  reader.Start(signal, request);
  while (reader.Next()) records.emplace_back(reader.record_bytes());
  INFO((reader.status().ok() ? "" : reader.status().message()));
  REQUIRE(reader.status().ok());
  return records;
}

std::unique_ptr<google::protobuf::Message> Parse(Signal signal, std::string_view request) {
  auto message = test::NewReferenceRequest(signal);
  REQUIRE(message->ParseFromString(test::WithoutDeprecatedScopes(request)));
  return message;
}

Indices Chosen(const Keep& keep) {
  Indices chosen;
  for (std::uint32_t i = 0; i < keep.size(); ++i) {
    if (keep[i] != 0) chosen.push_back(i);
  }
  return chosen;
}

std::string SliceOf(Signal signal, std::string_view request, const Keep& keep) {
  Slicer slicer;
  slicer.Start(signal, request);
  REQUIRE(slicer.record_count() == keep.size());
  std::string out;
  slicer.Append(Chosen(keep), out);
  return out;
}

std::size_t CutOf(Signal signal, std::string_view request, const Indices& records) {
  Slicer slicer;
  slicer.Start(signal, request);
  return slicer.CutInTwo(records);
}

void Describe(std::string_view text, std::string& out) { out += std::to_string(text.size()) + ":" + std::string(text); }

void Describe(const Attributes& attributes, std::uint32_t dropped, std::string_view schema_url, std::string& out) {
  for (const auto& [key, value] : attributes) {
    Describe(key, out);
    const bool list = value.kind() == Value::Kind::kString || value.kind() == Value::Kind::kBytes ||
                      value.kind() == Value::Kind::kArray || value.kind() == Value::Kind::kKvlist;
    Describe(list ? value.bytes() : std::to_string(value.as_int()), out);
  }
  Describe(std::to_string(dropped), out);
  Describe(schema_url, out);
}

/// Every record with all that the reader knows of its resource, scope and metric.
std::vector<std::string> RecordsInContext(Signal signal, std::string_view request) {
  std::vector<std::string> records;
  RequestReader reader;
  reader.Start(signal, request);
  while (reader.Next()) {
    std::string& record = records.emplace_back(std::to_string(static_cast<int>(reader.kind())));
    Describe(reader.resource().attributes, reader.resource().dropped_attributes_count, reader.resource().schema_url,
             record);
    const Scope& scope = reader.scope();
    Describe(scope.name, record);
    Describe(scope.version, record);
    Describe(scope.attributes, scope.dropped_attributes_count, scope.schema_url, record);
    if (signal == Signal::kMetrics) {
      const gf_otlp::Metric& metric = reader.metric();
      for (const std::string_view text : {metric.name, metric.description, metric.unit}) Describe(text, record);
      Describe(std::to_string(metric.aggregation_temporality) + (metric.is_monotonic ? "+" : ""), record);
    }
    Describe(reader.record_bytes(), record);
  }
  INFO((reader.status().ok() ? "" : reader.status().message()));
  REQUIRE(reader.status().ok());
  return records;
}

/// Cuts in two until there is one record left, which has to be the next of `expected`.
void Bisect(Signal signal, Slicer& slicer, std::span<const std::uint32_t> records,
            const std::vector<std::string>& expected, std::size_t& next) {
  if (records.size() > 1) {
    const std::size_t cut = slicer.CutInTwo(records);
    REQUIRE(cut >= 1);
    REQUIRE(cut < records.size());
    Bisect(signal, slicer, records.first(cut), expected, next);
    Bisect(signal, slicer, records.subspan(cut), expected, next);
    return;
  }
  std::string out;
  slicer.Append(records, out);
  REQUIRE(RecordsInContext(signal, out) == std::vector<std::string>{expected[records[0]]});
  REQUIRE(records[0] == next++);
}

/// A field with a short content.
std::string Field(int number, const std::string& content) {
  const auto tag = static_cast<char>(Tag(static_cast<std::uint32_t>(number), kBytes));
  return tag + std::string(1, static_cast<char>(content.size())) + content;
}

TEST_CASE("a slice equals what libprotobuf has after the other records are removed") {
  for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    test::RandomWire random(1 + static_cast<std::uint64_t>(signal));
    Slicer slicer;
    std::size_t chosen_in_all = 0;
    for (int round = 0; round < 2000; ++round) {
      CAPTURE(round);
      const std::string request = random.Request(signal);
      const std::vector<std::string> records = Records(signal, request);
      Keep keep(records.size());
      std::vector<std::string> chosen;
      const std::uint64_t one_in = 1 + random.Below(4);
      for (std::size_t i = 0; i < keep.size(); ++i) {
        if ((keep[i] = random.OneIn(one_in))) chosen.push_back(records[i]);
      }
      std::string out = "before";
      slicer.Start(signal, request);
      REQUIRE(slicer.record_count() == records.size());
      slicer.Append(Chosen(keep), out);
      REQUIRE(out.starts_with("before"));
      out.erase(0, 6);

      const auto expected = Parse(signal, request);
      ReferenceSlice(signal, keep, *expected);
      REQUIRE(Parse(signal, out)->SerializeAsString() == expected->SerializeAsString());
      // Of a metric without data, the record is the metric itself: also there byte for byte.
      REQUIRE(Records(signal, out) == chosen);
      chosen_in_all += chosen.size();
    }
    CHECK(chosen_in_all > 1000);
  }
}

TEST_CASE("whatever parts a request is cut into, every record is in one of them, in its context") {
  for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    test::RandomWire random(21 + static_cast<std::uint64_t>(signal));
    Slicer slicer;
    for (int round = 0; round < 1000; ++round) {
      CAPTURE(round);
      const std::string request = random.Request(signal);
      std::vector<std::string> expected = RecordsInContext(signal, request);
      std::vector<Indices> parts(1 + random.Below(5));
      for (std::uint32_t i = 0; i < expected.size(); ++i) parts[random.Below(parts.size())].push_back(i);

      slicer.Start(signal, request);
      std::vector<std::string> found;
      for (const Indices& part : parts) {
        std::string out;
        slicer.Append(part, out);
        for (std::string& record : RecordsInContext(signal, out)) found.push_back(std::move(record));
      }
      std::ranges::sort(found);
      std::ranges::sort(expected);
      REQUIRE(found == expected);
    }
  }
}

TEST_CASE("cutting in two ends with every record by itself") {
  for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    test::RandomWire random(31 + static_cast<std::uint64_t>(signal));
    Slicer slicer;
    std::size_t most = 0;
    for (int round = 0; round < 1000; ++round) {
      CAPTURE(round);
      const std::string request = random.Request(signal);
      const std::vector<std::string> expected = RecordsInContext(signal, request);
      if (expected.empty()) continue;
      Indices all(expected.size());
      std::iota(all.begin(), all.end(), 0u);
      slicer.Start(signal, request);
      std::size_t next = 0;
      Bisect(signal, slicer, all, expected, next);
      CHECK(next == expected.size());
      most = std::max(most, next);
    }
    CHECK(most > 10);
  }
}

TEST_CASE("keeping every record keeps the request as it is") {
  for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    test::RandomWire random(11, {.odd_forms = false, .unknown_fields = true, .deprecated_scopes = false});
    for (int round = 0; round < 500; ++round) {
      CAPTURE(round);
      const std::string request = random.Request(signal);
      const Keep all(Records(signal, request).size(), 1);
      const std::string without_empty = SliceOf(signal, request, all);
      // Containers without records went; what is left is canonical and stays byte for byte.
      CHECK(SliceOf(signal, without_empty, all) == without_empty);
      CHECK(Records(signal, without_empty) == Records(signal, request));
    }
  }
}

TEST_CASE("containers go with their last record, other fields stay in their order") {
  const std::string span_a = Field(2, Field(5, "a")), span_b = Field(2, Field(5, "b"));
  const std::string unknown = Field(15, "?"), resource = Field(1, Field(1, Field(1, "k"))), url = Field(3, "url");
  const std::string request = unknown + Field(1, url + Field(2, span_a + unknown + span_b) + unknown + resource) +
                              Field(1, resource + Field(2, span_b));

  CHECK(SliceOf(Signal::kTraces, request, {1, 1, 1}) == request);
  CHECK(SliceOf(Signal::kTraces, request, {0, 1, 0}) ==
        unknown + Field(1, url + Field(2, unknown + span_b) + unknown + resource));
  CHECK(SliceOf(Signal::kTraces, request, {0, 0, 1}) == unknown + Field(1, resource + Field(2, span_b)));
  CHECK(SliceOf(Signal::kTraces, request, {0, 0, 0}) == unknown);
}

TEST_CASE("points of data that a later member of the oneof replaced are no records") {
  const std::string point_1 = Field(1, Field(15, "1")), point_2 = Field(1, Field(15, "2")), name = Field(1, "name");
  const std::string temporality = "\x10\x02";
  const auto in_request = [](const std::string& metric) { return Field(1, Field(2, Field(2, metric))); };
  const std::string request =
      in_request(Field(7, point_1) + Field(5, point_1) + Field(7, point_1 + temporality) + name + Field(7, point_2));

  CHECK(SliceOf(Signal::kMetrics, request, {1, 1}) == in_request(Field(7, point_1 + temporality + point_2) + name));
  CHECK(SliceOf(Signal::kMetrics, request, {1, 0}) == in_request(Field(7, point_1 + temporality) + name));
  CHECK(SliceOf(Signal::kMetrics, request, {0, 1}) == in_request(Field(7, temporality + point_2) + name));
  CHECK(SliceOf(Signal::kMetrics, request, {0, 0}).empty());
}

TEST_CASE("a cut is between resources, else scopes, else metrics, else records, near the middle") {
  const std::string span = Field(2, Field(5, "name")), scope = Field(2, span + span + span);
  const std::string large(60, 'x');

  SUBCASE("records") {
    CHECK(CutOf(Signal::kTraces, Field(1, scope), {0, 1}) == 1);
    const std::string long_span = Field(2, Field(5, large));
    const std::string request = Field(1, Field(2, span + span + span + long_span));
    CHECK(CutOf(Signal::kTraces, request, {0, 1, 2}) == 1);
    CHECK(CutOf(Signal::kTraces, request, {0, 1, 2, 3}) == 3);
    CHECK(CutOf(Signal::kTraces, request, {1, 3}) == 1);
  }
  SUBCASE("scopes") {
    const std::string request = Field(1, scope + Field(2, span) + scope);
    CHECK(CutOf(Signal::kTraces, request, {0, 1, 2, 3, 4, 5, 6}) == 3);
    CHECK(CutOf(Signal::kTraces, request, {0, 1, 2, 3}) == 3);
    CHECK(CutOf(Signal::kTraces, request, {2, 3, 4, 5, 6}) == 2);
  }
  SUBCASE("resources") {
    const std::string request = Field(1, scope + Field(2, span)) + Field(1, Field(2, span));
    CHECK(CutOf(Signal::kTraces, request, {0, 1, 2, 3, 4}) == 4);
    CHECK(CutOf(Signal::kTraces, request, {0, 1, 2, 3}) == 3);
  }
  SUBCASE("what a resource has counts, what all records share does not") {
    const std::string attribute = Field(1, Field(1, Field(1, large)));
    const std::string small = Field(1, Field(2, span));
    const std::string request = Field(1, attribute + Field(2, span)) + small + small + small;
    CHECK(CutOf(Signal::kTraces, request, {0, 1, 2, 3}) == 1);
    CHECK(CutOf(Signal::kTraces, Field(1, attribute + scope + Field(2, span + span)), {0, 1, 2, 3, 4}) == 3);
    CHECK(CutOf(Signal::kTraces, Field(1, attribute + Field(2, span + span + span + span)), {0, 1, 2, 3}) == 2);
  }
  SUBCASE("metrics") {
    const std::string point = Field(1, ""), bare = Field(2, Field(1, "m"));
    const std::string gauge = Field(2, Field(1, "m") + Field(5, point + point + point));
    CHECK(CutOf(Signal::kMetrics, Field(1, Field(2, gauge)), {0, 1, 2}) == 1);
    CHECK(CutOf(Signal::kMetrics, Field(1, Field(2, gauge + bare)), {0, 1, 2, 3}) == 3);
    CHECK(CutOf(Signal::kMetrics, Field(1, Field(2, bare + bare + bare + bare)), {0, 1, 2, 3}) == 2);
    CHECK(CutOf(Signal::kMetrics, Field(1, Field(2, bare + gauge)), {0, 1, 2, 3}) == 1);
  }
}

TEST_CASE("a metric without data is a record of its own") {
  const std::string bare = Field(2, Field(1, "bare")), gauge = Field(2, Field(1, "g") + Field(5, Field(1, "")));
  const std::string request = Field(1, Field(2, bare + gauge + Field(2, Field(5, ""))));
  CHECK(SliceOf(Signal::kMetrics, request, {1, 0}) == Field(1, Field(2, bare)));
  CHECK(SliceOf(Signal::kMetrics, request, {0, 1}) == Field(1, Field(2, gauge)));
}

}  // namespace
}  // namespace gf_otlp
