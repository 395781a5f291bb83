#include "otlp/slice.h"

#include <doctest/doctest.h>

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

std::string SliceOf(Signal signal, std::string_view request, const Keep& keep) {
  std::string out;
  Slicer().Slice(signal, request, keep, out);
  return out;
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
      slicer.Slice(signal, request, keep, out);
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

  CHECK(SliceOf(Signal::kMetrics, request, {1, 1}) ==
        in_request(Field(7, point_1 + temporality) + name + Field(7, point_2)));
  CHECK(SliceOf(Signal::kMetrics, request, {0, 1}) == in_request(Field(7, temporality) + name + Field(7, point_2)));
  CHECK(SliceOf(Signal::kMetrics, request, {0, 0}).empty());
}

TEST_CASE("a metric without data is a record of its own") {
  const std::string bare = Field(2, Field(1, "bare")), gauge = Field(2, Field(1, "g") + Field(5, Field(1, "")));
  const std::string request = Field(1, Field(2, bare + gauge + Field(2, Field(5, ""))));
  CHECK(SliceOf(Signal::kMetrics, request, {1, 0}) == Field(1, Field(2, bare)));
  CHECK(SliceOf(Signal::kMetrics, request, {0, 1}) == Field(1, Field(2, gauge)));
}

}  // namespace
}  // namespace gf_otlp
