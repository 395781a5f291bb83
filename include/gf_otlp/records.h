#ifndef GF_OTLP_RECORDS_H_
#define GF_OTLP_RECORDS_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"
#include "gf_otlp/wire.h"

/// Views of OTLP records over the wire bytes of an export request (opentelemetry-proto, see proto/VERSION). Nothing is
/// copied: a view is valid as long as the request's bytes are and until the reader moves on. Times are nanoseconds
/// since 1970 UTC as OTLP has them (unsigned). Strings are raw bytes: they are not checked for UTF-8.
namespace gf_otlp {

/// Deepest nesting of arrays and key-value lists inside one attribute or body, and most attributes of one list.
inline constexpr int kMaxValueDepth = 100;
inline constexpr std::size_t kMaxAttributes = 65'536;
/// Of a record, a resource or a scope: most bytes of the paths of all nested attributes ("a.b.c"), which can be many
/// times those of the record.
inline constexpr std::uint64_t kMaxPathBytes = std::uint64_t{16} << 20;
/// Most attributes (also of what is in it), events, links, exemplars, quantiles and buckets of a record all together:
/// two bytes of a request can be one, which takes many times that in memory.
inline constexpr std::uint64_t kMaxParts = 262'144;

/// Bytes of an id that is not empty.
inline constexpr std::size_t kTraceIdSize = 16, kSpanIdSize = 8;

/// A vector whose elements outlive clear(), so that what they own is used again by the next record.
template <class T>
class ReusedVector {
 public:
  const T* begin() const { return items_.data(); }
  const T* end() const { return items_.data() + size_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T& operator[](std::size_t i) const { return items_[i]; }

  void clear() { size_ = 0; }
  /// A used element: the caller sets every member.
  T& Add() {
    if (size_ == items_.size()) items_.emplace_back();
    return items_[size_++];
  }

 private:
  std::vector<T> items_;
  std::size_t size_ = 0;
};

/// An AnyValue. Arrays and key-value lists stay wire bytes (an ArrayValue, a KeyValueList), already checked.
class Value {
 public:
  enum class Kind : std::uint8_t { kEmpty, kString, kBool, kInt, kDouble, kArray, kKvlist, kBytes };

  Value() = default;
  static Value OfBytes(Kind kind, std::string_view bytes) { return Value(kind, bytes.data(), bytes.size()); }
  static Value OfBits(Kind kind, std::uint64_t bits) { return Value(kind, nullptr, bits); }

  Kind kind() const { return kind_; }
  /// Of kString, kBytes, kArray, kKvlist.
  std::string_view bytes() const { return {data_, bits_}; }
  bool as_bool() const { return bits_ != 0; }
  std::int64_t as_int() const { return static_cast<std::int64_t>(bits_); }
  double as_double() const { return std::bit_cast<double>(bits_); }

 private:
  Value(Kind kind, const char* data, std::uint64_t bits) : data_(data), bits_(bits), kind_(kind) {}

  const char* data_ = nullptr;
  std::uint64_t bits_ = 0;
  Kind kind_ = Kind::kEmpty;
};

struct Attribute {
  std::string_view key;
  Value value;
};

/// In the order of the request; keys may repeat.
using Attributes = ReusedVector<Attribute>;

/// The value of the first attribute of that key, or null.
const Value* FindAttribute(const Attributes& attributes, std::string_view key);

struct Resource {
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view schema_url;
};

struct Scope {
  std::string_view name, version;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::string_view schema_url;
};

/// Ids are empty or 16 (trace) and 8 (span) bytes; they may be all zeros.
struct SpanEvent {
  std::uint64_t time = 0;
  std::string_view name;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
};

struct SpanLink {
  std::string_view trace_id, span_id, trace_state;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
};

struct Span {
  std::string_view trace_id, span_id, trace_state, parent_span_id, name;
  std::int32_t kind = 0;
  std::uint64_t start_time = 0, end_time = 0;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  ReusedVector<SpanEvent> events;
  std::uint32_t dropped_events_count = 0;
  ReusedVector<SpanLink> links;
  std::uint32_t dropped_links_count = 0;
  std::string_view status_message;
  std::int32_t status_code = 0;
  std::uint32_t flags = 0;
};

struct LogRecord {
  std::uint64_t time = 0, observed_time = 0;
  std::int32_t severity_number = 0;
  std::string_view severity_text;
  Value body;
  Attributes attributes;
  std::uint32_t dropped_attributes_count = 0;
  std::uint32_t flags = 0;
  std::string_view trace_id, span_id, event_name;
};

/// What a metric's data points share.
struct Metric {
  std::string_view name, description, unit;
  std::int32_t aggregation_temporality = 0;
  bool is_monotonic = false;
};

/// A number that is kInt, kDouble or kEmpty (no value).
using Number = Value;

struct Exemplar {
  Attributes filtered_attributes;
  std::uint64_t time = 0;
  Number value;
  std::string_view span_id, trace_id;
};

struct Buckets {
  std::int32_t offset = 0;
  std::vector<std::uint64_t> counts;
};

struct QuantileValue {
  double quantile = 0, value = 0;
};

/// A data point of any kind; what its kind does not have is zero or empty.
struct DataPoint {
  Attributes attributes;
  std::uint64_t start_time = 0, time = 0;
  std::uint32_t flags = 0;
  Number value;  // gauge, sum
  ReusedVector<Exemplar> exemplars;
  std::uint64_t count = 0;
  bool has_sum = false, has_min = false, has_max = false;
  double sum = 0, min = 0, max = 0;
  std::vector<std::uint64_t> bucket_counts;
  std::vector<double> explicit_bounds;
  std::int32_t scale = 0;
  std::uint64_t zero_count = 0;
  double zero_threshold = 0;
  Buckets positive, negative;
  std::vector<QuantileValue> quantiles;
};

enum class RecordKind : std::uint8_t {
  kSpan,
  kLog,
  kGauge,
  kSum,
  kHistogram,
  kExponentialHistogram,
  kSummary,
  kMetricWithoutData,  // a metric whose data is not set: it has a name, and no point
};
inline constexpr int kRecordKindCount = 8;

/// Walks the records of one export request in order. Everything in the request is checked on the way, also what no
/// record holds: only when Next() gave false and status() is ok was the whole request good.
///
///   RequestReader reader;
///   reader.Start(Signal::kTraces, request);
///   while (reader.Next()) Use(reader.span());
///   if (!reader.status().ok()) ...
///
/// A field of the wrong wire type counts as unknown, a repeated singular field's last value wins and repeated
/// sub-messages are merged, as proto3 says (encoding guide, "Last One Wins").
class RequestReader {
 public:
  RequestReader();
  /// `request`: an Export*ServiceRequest (or TracesData, LogsData, MetricsData: the same bytes). Must outlive the walk.
  void Start(Signal signal, std::string_view request);

  /// What a request's records are in.
  enum class Level : std::uint8_t { kResource, kScope, kMetric };
  /// Is called when the walk leaves a resource, scope or metric in which there was no record: resource(), scope(),
  /// metric() and kind() still give what it was. Null: nothing is.
  void set_on_empty(std::function<void(Level)> on_empty) { on_empty_ = std::move(on_empty); }

  /// Moves to the next record; false at the end and at an error.
  bool Next();
  /// kBadData with the offset into the request, or ok.
  const Status& status() const { return status_; }
  /// If the error is a trace or span id of a wrong length: how many bytes it must have (kTraceIdSize, kSpanIdSize),
  /// else 0.
  std::size_t bad_id_size() const { return bad_id_size_; }

  RecordKind kind() const { return kind_; }
  /// The record as it stands in the request: a Span, LogRecord or data point (of kMetricWithoutData: the Metric).
  std::string_view record_bytes() const { return record_bytes_; }
  /// How many records came before this one in the request.
  std::uint64_t record_index() const { return record_index_; }

  /// Numbers that change whenever the current resource, scope or metric is another one than before: never 0 while on a
  /// record, and not used twice in the process, by whatever reader.
  std::uint64_t resource_serial() const { return resource_serial_; }
  std::uint64_t scope_serial() const { return scope_serial_; }
  std::uint64_t metric_serial() const { return metric_serial_; }

  const Resource& resource() const { return resource_; }
  const Scope& scope() const { return scope_; }
  const Span& span() const { return span_; }         // kSpan
  const LogRecord& log() const { return log_; }      // kLog
  const Metric& metric() const { return metric_; }   // every kind of data point and kMetricWithoutData
  const DataPoint& point() const { return point_; }  // kGauge ... kSummary

 private:
  struct Opened {
    bool open = false;
    std::uint64_t first_index = 0;  // of its records
  };
  void Open(Level level) { opened_[static_cast<int>(level)] = {true, next_index_}; }
  void Close(Level level);

  bool NextPoint();
  bool EnterResource(std::string_view message);
  bool EnterScope(std::string_view message);
  bool EnterMetric(std::string_view message);
  bool CheckMetricData(std::uint32_t field, std::string_view data);
  std::string_view JoinMetricData(std::string_view metric, std::uint32_t field);
  bool ReadMetricHead(std::string_view data);
  bool ReadRecord(std::string_view message);

  bool ReadSpan(std::string_view message);
  bool ReadEvent(std::string_view message, SpanEvent& event);
  bool ReadLink(std::string_view message, SpanLink& link);
  bool ReadStatus(std::string_view message);
  bool ReadLog(std::string_view message);
  void ClearPoint();
  bool ReadPoint(std::string_view message);
  bool ReadNumberPoint(std::string_view message);
  bool ReadHistogramPoint(std::string_view message);
  bool ReadExponentialHistogramPoint(std::string_view message);
  bool ReadSummaryPoint(std::string_view message);
  bool ReadExemplar(std::string_view message, Exemplar& exemplar);
  bool ReadBuckets(std::string_view message, Buckets& buckets);
  bool ReadBucketCounts(std::string_view packed, std::vector<std::uint64_t>& counts);
  bool ReadQuantile(std::string_view message, QuantileValue& quantile);
  bool ReadResource(std::string_view message);
  bool CheckEntityRef(std::string_view message);
  bool ReadScope(std::string_view message);
  bool ReadAttribute(std::string_view message, Attributes& attributes);
  bool ReadId(std::string_view bytes, std::size_t size, std::string_view& id);
  /// Inline, so that cursors stay in registers.
  bool Finish(const WireCursor& cursor) { return cursor.ok() || Fail(cursor.error(), cursor.position()); }
  bool Fail(const char* why, const char* at);
  /// Where a record, resource or scope begins, whose limits these are.
  void StartLimits() { path_bytes_ = parts_ = 0; }
  bool CountPart(std::string_view part) { return ++parts_ <= kMaxParts || FailAtParts(part); }
  bool FailAtParts(std::string_view part);

  Signal signal_ = Signal::kTraces;
  std::string_view request_;
  Status status_;
  std::size_t bad_id_size_ = 0;
  std::function<void(Level)> on_empty_;
  Opened opened_[3];  // by Level
  WireCursor in_request_{{}}, in_resource_{{}}, in_scope_{{}}, in_metric_{{}};

  RecordKind kind_ = RecordKind::kSpan;
  std::string_view record_bytes_;
  std::uint64_t record_index_ = 0, next_index_ = 0;
  std::uint64_t serial_ = 0, resource_serial_ = 0, scope_serial_ = 0, metric_serial_ = 0;

  Resource resource_;
  Scope scope_;
  Metric metric_;
  Span span_;
  LogRecord log_;
  DataPoint point_;
  Attributes metadata_;  // only checked
  // Since the record, resource or scope began: of nested attributes, and what kMaxParts counts.
  std::uint64_t path_bytes_ = 0, parts_ = 0;
  /// Bytes of values that came in pieces, which proto3 merges; such requests are rare.
  std::forward_list<std::string> joined_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_RECORDS_H_
