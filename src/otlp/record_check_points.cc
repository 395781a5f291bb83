#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "base/shown_text.h"
#include "otlp/id_check.h"
#include "otlp/record_check.h"

/// RecordChecker on metrics and their data points.
namespace gf_otlp {
namespace {

constexpr std::uint32_t kNoRecordedValue = 1;
constexpr std::int32_t kTemporalities = 3;
/// What SDKs use (Base2 Exponential Bucket Histogram Aggregation).
constexpr std::int32_t kLeastScale = -10, kMostScale = 20;

bool HasTemporality(RecordKind kind) {
  return kind == RecordKind::kSum || kind == RecordKind::kHistogram || kind == RecordKind::kExponentialHistogram;
}

bool IsNegative(const Number& value) {
  return value.kind() == Value::Kind::kInt ? value.as_int() < 0
                                           : value.kind() == Value::Kind::kDouble && value.as_double() < 0;
}

std::string NumberText(const Number& value) {
  return value.kind() == Value::Kind::kInt ? fmt::format("{}", value.as_int()) : fmt::format("{}", value.as_double());
}

/// Wraps, as the count of a point would.
std::uint64_t Total(std::span<const std::uint64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

}  // namespace

void RecordChecker::CheckMetric(const Metric& metric, RecordKind kind) {
  constexpr Owner kOwner{"metric"};
  if (metric.name.empty()) Found(OtlpRule::kMetricNameEmpty);
  if (kind == RecordKind::kMetricWithoutData) {
    Found(OtlpRule::kMetricWithoutData, [&] { return "metric " + ShownText(metric.name); });
  }
  if (HasTemporality(kind)) {
    const std::int32_t temporality = metric.aggregation_temporality;
    if (temporality == 0) {
      Found(OtlpRule::kTemporalityUnspecified, [&] { return "metric " + ShownText(metric.name); });
    } else if (temporality < 0 || temporality >= kTemporalities) {
      Found(OtlpRule::kTemporalityUnknown,
            [&] { return fmt::format("metric {}: temporality {}", ShownText(metric.name), temporality); });
    }
  }
  CheckText(kOwner, "name", metric.name);
  CheckText(kOwner, "description", metric.description);
  CheckText(kOwner, "unit", metric.unit);
}

void RecordChecker::CheckPoint(const Metric& metric, RecordKind kind, const DataPoint& point) {
  constexpr Owner kOwner{"data point"};
  if (point.time == 0) {
    Found(OtlpRule::kPointTimeZero, [&] { return "metric " + ShownText(metric.name); });
  } else if (point.start_time > point.time) {
    Found(OtlpRule::kPointStartAfterTime, [&] {
      return fmt::format("metric {}: starts {} ns after its time", ShownText(metric.name),
                         point.start_time - point.time);
    });
  }
  if (point.start_time == 0 && kind != RecordKind::kGauge && kind != RecordKind::kSummary) {
    Found(OtlpRule::kPointStartMissing, [&] { return "metric " + ShownText(metric.name); });
  }
  CheckTime(kOwner, "start_time_unix_nano", point.start_time);
  CheckTime(kOwner, "time_unix_nano", point.time);
  CheckAttributes(kOwner, point.attributes, false);
  if (kind == RecordKind::kGauge || kind == RecordKind::kSum) {
    CheckNumber(metric, kind, point);
  } else if ((point.flags & kNoRecordedValue) != 0) {
    if (point.count != 0) {
      Found(OtlpRule::kPointValueAndFlag, [&] { return fmt::format("count {}", point.count); });
    }
  } else {
    CheckDistribution(point);
    if (kind == RecordKind::kHistogram) CheckHistogram(point);
    if (kind == RecordKind::kExponentialHistogram) CheckExponentialHistogram(point);
    if (kind == RecordKind::kSummary) CheckSummary(point);
  }
  for (std::size_t i = 0; i < point.exemplars.size(); ++i) CheckExemplar(i, point);
}

void RecordChecker::CheckNumber(const Metric& metric, RecordKind kind, const DataPoint& point) {
  const bool has_value = point.value.kind() != Value::Kind::kEmpty;
  if ((point.flags & kNoRecordedValue) != 0) {
    if (has_value) Found(OtlpRule::kPointValueAndFlag, [&] { return "value " + NumberText(point.value); });
    return;
  }
  if (!has_value) Found(OtlpRule::kPointWithoutValue, [&] { return "metric " + ShownText(metric.name); });
  if (point.value.kind() == Value::Kind::kDouble) CheckFinite({"data point"}, "value", point.value.as_double());
  if (kind == RecordKind::kSum && metric.is_monotonic && IsNegative(point.value)) {
    Found(OtlpRule::kSumMonotonicNegative,
          [&] { return fmt::format("metric {}: {}", ShownText(metric.name), NumberText(point.value)); });
  }
}

void RecordChecker::CheckDistribution(const DataPoint& point) {
  constexpr Owner kOwner{"data point"};
  if (point.count == 0 && point.sum != 0) {
    Found(OtlpRule::kSumWithoutCount, [&] { return fmt::format("sum {}", point.sum); });
  }
  CheckFinite(kOwner, "sum", point.sum);
  CheckFinite(kOwner, "min", point.min);
  CheckFinite(kOwner, "max", point.max);
  if (point.has_min && point.has_max && point.min > point.max) {
    Found(OtlpRule::kHistogramMinAboveMax, [&] { return fmt::format("min {}, max {}", point.min, point.max); });
  }
}

void RecordChecker::CheckHistogram(const DataPoint& point) {
  const std::vector<std::uint64_t>& counts = point.bucket_counts;
  const std::vector<double>& bounds = point.explicit_bounds;
  if (counts.empty() ? !bounds.empty() : counts.size() != bounds.size() + 1) {
    Found(OtlpRule::kHistogramBucketCount,
          [&] { return fmt::format("{} bucket counts, {} bounds", counts.size(), bounds.size()); });
  }
  if (!counts.empty() && Total(counts) != point.count) {
    Found(OtlpRule::kHistogramCountSum,
          [&] { return fmt::format("the buckets' counts are {}, the count is {}", Total(counts), point.count); });
  }
  const auto not_finite = std::ranges::find_if_not(bounds, [](double bound) { return std::isfinite(bound); });
  if (not_finite != bounds.end()) {
    Found(OtlpRule::kHistogramBoundNotFinite, [&] { return fmt::format("bound {}", *not_finite); });
  }
  const auto not_above = std::ranges::adjacent_find(bounds, [](double a, double b) { return b <= a; });
  if (not_above != bounds.end()) {
    Found(OtlpRule::kHistogramBoundsOrder, [&] { return fmt::format("{} behind {}", not_above[1], not_above[0]); });
  }
}

void RecordChecker::CheckExponentialHistogram(const DataPoint& point) {
  const std::uint64_t total = Total(point.positive.counts) + Total(point.negative.counts) + point.zero_count;
  if (total != point.count) {
    Found(OtlpRule::kExponentialCountSum,
          [&] { return fmt::format("buckets and zeros are {}, the count is {}", total, point.count); });
  }
  if (point.scale < kLeastScale || point.scale > kMostScale) {
    Found(OtlpRule::kExponentialScale, [&] { return fmt::format("scale {}", point.scale); });
  }
  CheckBuckets("positive", point.positive);
  CheckBuckets("negative", point.negative);
  if (!(point.zero_threshold >= 0) || !std::isfinite(point.zero_threshold)) {
    Found(OtlpRule::kExponentialZeroThreshold, [&] { return fmt::format("zero threshold {}", point.zero_threshold); });
  }
}

void RecordChecker::CheckBuckets(const char* what, const Buckets& buckets) {
  const std::int64_t end = buckets.offset + static_cast<std::int64_t>(buckets.counts.size());
  if (end - 1 <= std::numeric_limits<std::int32_t>::max()) return;
  Found(OtlpRule::kExponentialOffset,
        [&] { return fmt::format("{}: offset {}, {} bucket counts", what, buckets.offset, buckets.counts.size()); });
}

void RecordChecker::CheckSummary(const DataPoint& point) {
  double last = -std::numeric_limits<double>::infinity();
  for (const auto& [quantile, value] : point.quantiles) {
    if (!(quantile >= 0 && quantile <= 1)) {
      Found(OtlpRule::kQuantileOutOfRange, [&] { return fmt::format("quantile {}", quantile); });
    } else if (quantile <= last) {
      Found(OtlpRule::kQuantileOrder, [&] { return fmt::format("{} behind {}", quantile, last); });
    }
    if (!std::isfinite(value)) {
      Found(OtlpRule::kQuantileValueNotFinite, [&] { return fmt::format("quantile {}: {}", quantile, value); });
    } else if (value < 0) {
      Found(OtlpRule::kQuantileValueNegative, [&] { return fmt::format("quantile {}: {}", quantile, value); });
    }
    last = quantile;
  }
}

void RecordChecker::CheckExemplar(std::size_t index, const DataPoint& point) {
  const Exemplar& exemplar = point.exemplars[index];
  const Owner owner{"exemplar", index};
  const Id trace = IdState(exemplar.trace_id), span = IdState(exemplar.span_id);
  if (trace != span || trace == Id::kZero) {
    Found(OtlpRule::kExemplarIdInvalid, [&] { return owner.Name(); });
  }
  if (exemplar.time == 0) {
    Found(OtlpRule::kExemplarTimeZero, [&] { return owner.Name(); });
  } else if (exemplar.time < point.start_time || (point.time >= point.start_time && exemplar.time > point.time)) {
    Found(OtlpRule::kExemplarOutsidePoint, [&] { return owner.Name(); });
  }
  CheckTime(owner, "time_unix_nano", exemplar.time);
  if (exemplar.value.kind() == Value::Kind::kEmpty) {
    Found(OtlpRule::kExemplarWithoutValue, [&] { return owner.Name(); });
  } else if (exemplar.value.kind() == Value::Kind::kDouble) {
    CheckFinite(owner, "value", exemplar.value.as_double());
  }
  CheckAttributes(owner, exemplar.filtered_attributes, false);
}

void RecordChecker::CheckFinite(Owner owner, const char* what, double value) {
  if (std::isfinite(value)) return;
  Found(OtlpRule::kValueNotFinite, [&] { return fmt::format("{}: {} {}", owner.Name(), what, value); });
}

}  // namespace gf_otlp
