#include <algorithm>
#include <iterator>
#include <string>

#include "corpus/generator.h"

namespace gf_otlp::bench {
namespace {

using namespace otlp::metrics::v1;

constexpr double kBounds[] = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10};
constexpr std::uint64_t kInterval = 60'000'000'000;

void AddPointAttributes(Random& random, KeyValues& attributes) {
  constexpr const char* kRoutes[] = {"/api/v1/orders/{orderId}", "/api/v1/cart/items", "/api/v1/search"};
  constexpr const char* kMethods[] = {"GET", "POST", "PUT"};
  Add(attributes, "http.request.method", random.Pick(kMethods));
  Add(attributes, "http.route", random.Pick(kRoutes));
  Add(attributes, "http.response.status_code", std::int64_t{random.Percent(90) ? 200 : 500});
  Add(attributes, "server.address", "shop.example.com");
  Add(attributes, "cpu.share", random.Unit());
  if (random.Percent(30)) Add(attributes, "app.canary", random.Percent(10));
}

template <class Point>
void AddTimes(World& world, Point& point) {
  const std::uint64_t now = world.Now();
  point.set_start_time_unix_nano(now - kInterval);
  point.set_time_unix_nano(now);
}

void FillExemplar(World& world, Exemplar& exemplar) {
  exemplar.set_time_unix_nano(world.now);
  exemplar.set_as_double(world.random.Unit());
  exemplar.set_trace_id(world.random.Bytes(16));
  exemplar.set_span_id(world.random.Bytes(8));
  Add(*exemplar.mutable_filtered_attributes(), "app.customer.tier", "gold");
}

void FillNumber(World& world, NumberDataPoint& point) {
  Random& random = world.random;
  AddPointAttributes(random, *point.mutable_attributes());
  AddTimes(world, point);
  if (random.Percent(50)) {
    point.set_as_int(static_cast<std::int64_t>(random.LongTail(1, 30)));
  } else {
    point.set_as_double(random.Unit() * 100);
  }
}

void FillHistogram(World& world, HistogramDataPoint& point) {
  Random& random = world.random;
  AddPointAttributes(random, *point.mutable_attributes());
  AddTimes(world, point);
  std::uint64_t count = 0;
  for (std::size_t i = 0; i <= std::size(kBounds); ++i) {
    point.add_bucket_counts(random.LongTail(1, 8) - 1);
    count += point.bucket_counts(static_cast<int>(i));
  }
  for (const double bound : kBounds) point.add_explicit_bounds(bound);
  point.set_count(count);
  point.set_sum(random.Unit() * static_cast<double>(count));
  point.set_min(random.Unit() / 1000);
  point.set_max(random.Unit() * 10);
  if (random.Percent(20)) FillExemplar(world, *point.add_exemplars());
}

void FillExponential(World& world, ExponentialHistogramDataPoint& point) {
  Random& random = world.random;
  AddPointAttributes(random, *point.mutable_attributes());
  AddTimes(world, point);
  point.set_scale(3);
  point.set_zero_count(random.Below(3));
  point.mutable_positive()->set_offset(-static_cast<std::int32_t>(random.Below(40)));
  std::uint64_t count = point.zero_count();
  for (std::uint64_t i = random.Between(10, 40); i > 0; --i) {
    const std::uint64_t in_bucket = random.LongTail(1, 6) - 1;
    point.mutable_positive()->add_bucket_counts(in_bucket);
    count += in_bucket;
  }
  point.set_count(count);
  point.set_sum(random.Unit() * 1000);
}

void FillSummary(World& world, SummaryDataPoint& point) {
  Random& random = world.random;
  AddPointAttributes(random, *point.mutable_attributes());
  AddTimes(world, point);
  point.set_count(random.Below(100'000));
  point.set_sum(random.Unit() * 10'000);
  for (const double quantile : {0.0, 0.5, 0.9, 0.99, 1.0}) {
    auto& added = *point.add_quantile_values();
    added.set_quantile(quantile);
    added.set_value(random.Unit() * 10);
  }
}

/// A metric of `points` points. Gauges and sums are the most, as in real exports.
void FillMetric(World& world, std::uint64_t points, Metric& metric) {
  const auto describe = [&metric](const char* name, const char* description, const char* unit) {
    metric.set_name(name);
    metric.set_description(description);
    metric.set_unit(unit);
  };
  const std::uint64_t kind = world.random.Below(10);
  if (kind < 3) {
    describe("jvm.memory.used", "Measure of memory used.", "By");
    for (; points > 0; --points) FillNumber(world, *metric.mutable_gauge()->add_data_points());
  } else if (kind < 7) {
    describe("http.server.active_requests", "Number of active HTTP server requests.", "{request}");
    metric.mutable_sum()->set_aggregation_temporality(AGGREGATION_TEMPORALITY_CUMULATIVE);
    metric.mutable_sum()->set_is_monotonic(world.random.Percent(80));
    for (; points > 0; --points) FillNumber(world, *metric.mutable_sum()->add_data_points());
  } else if (kind == 7) {
    describe("http.server.request.duration", "Duration of HTTP server requests.", "s");
    metric.mutable_histogram()->set_aggregation_temporality(AGGREGATION_TEMPORALITY_CUMULATIVE);
    for (; points > 0; --points) FillHistogram(world, *metric.mutable_histogram()->add_data_points());
  } else if (kind == 8) {
    describe("db.client.operation.duration", "Duration of database client operations.", "s");
    metric.mutable_exponential_histogram()->set_aggregation_temporality(AGGREGATION_TEMPORALITY_DELTA);
    for (; points > 0; --points) FillExponential(world, *metric.mutable_exponential_histogram()->add_data_points());
  } else {
    describe("rpc.server.latency", "Latency of RPC handling (legacy summary).", "ms");
    for (; points > 0; --points) FillSummary(world, *metric.mutable_summary()->add_data_points());
  }
}

}  // namespace

void Fill(World& world, MetricsData& request) {
  Random& random = world.random;
  for (int r = 0; r < kResourcesPerRequest; ++r) {
    auto& resource_metrics = *request.add_resource_metrics();
    FillResource(random, *resource_metrics.mutable_resource());
    for (std::uint64_t scopes = random.Between(1, 2); scopes > 0; --scopes) {
      auto& scope_metrics = *resource_metrics.add_scope_metrics();
      FillScope(random, *scope_metrics.mutable_scope());
      for (std::uint64_t points = random.Between(10, 50); points > 0;) {
        const std::uint64_t of_metric = std::min(points, random.Between(2, 10));
        FillMetric(world, of_metric, *scope_metrics.add_metrics());
        points -= of_metric;
      }
    }
  }
}

}  // namespace gf_otlp::bench
