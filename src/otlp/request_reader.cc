#include <fmt/format.h>

#include <atomic>

#include "gf_otlp/records.h"
#include "otlp/attribute_paths.h"
#include "otlp/value_reader.h"
#include "otlp/wire_scalars.h"

namespace gf_otlp {
namespace {

/// Fields of the request levels, the same for every signal (trace/logs/metrics.proto).
constexpr std::uint32_t kResourceElement = Tag(1, kBytes);
constexpr std::uint32_t kResource = Tag(1, kBytes), kScopes = Tag(2, kBytes), kSchemaUrl = Tag(3, kBytes);
/// Scopes under the name they had before 1.0 (deprecated_scope_spans and kin).
constexpr std::uint32_t kDeprecatedScopes = Tag(1000, kBytes);
constexpr std::uint32_t kScope = Tag(1, kBytes), kRecord = Tag(2, kBytes);
constexpr std::uint32_t kPoint = Tag(1, kBytes);

/// Fields of Metric's oneof `data`.
constexpr std::uint32_t kGaugeField = 5, kSumField = 7, kHistogramField = 9, kExponentialField = 10, kSummaryField = 11;

RecordKind PointKind(std::uint32_t field) {
  switch (field) {
    case kGaugeField: return RecordKind::kGauge;
    case kSumField: return RecordKind::kSum;
    case kHistogramField: return RecordKind::kHistogram;
    case kExponentialField: return RecordKind::kExponentialHistogram;
    case kSummaryField: return RecordKind::kSummary;
    default: return RecordKind::kMetricWithoutData;
  }
}

/// Reads an attribute in the form that almost all have: one key and one value of at most 127 bytes, nothing else, the
/// value a string, a number or a truth value. False, and nothing said of its being good, for any other.
bool ReadPlainAttribute(std::string_view message, Attribute& attribute) {
  using Kind = Value::Kind;
  const auto* const p = reinterpret_cast<const std::uint8_t*>(message.data());
  const std::size_t size = message.size();
  if (size < 4 || p[0] != Tag(1, kBytes) || p[1] >= 0x80) return false;
  const std::size_t value_at = 2u + p[1];
  if (value_at + 2 > size || p[value_at] != Tag(2, kBytes) || p[value_at + 1] >= 0x80) return false;
  const std::size_t value_size = p[value_at + 1];
  if (value_at + 2 + value_size != size || value_size < 2) return false;
  const std::uint8_t* const value = p + value_at + 2;
  switch (value[0]) {
    case Tag(1, kBytes):
      if (value[1] != value_size - 2) return false;
      attribute.value = Value::OfBytes(Kind::kString, message.substr(value_at + 4));
      break;
    case Tag(2, kVarint):
      if (value_size != 2 || value[1] >= 0x80) return false;
      attribute.value = Value::OfBits(Kind::kBool, value[1] != 0);
      break;
    case Tag(3, kVarint): {
      WireCursor cursor(message.substr(value_at + 3));
      attribute.value = Value::OfBits(Kind::kInt, cursor.ReadVarint());
      if (!cursor.ok() || !cursor.Done()) return false;
      break;
    }
    case Tag(4, kFixed64): {
      if (value_size != 9) return false;
      std::uint64_t bits;
      std::memcpy(&bits, value + 1, sizeof bits);
      attribute.value = Value::OfBits(Kind::kDouble, bits);
      break;
    }
    default: return false;
  }
  attribute.key = message.substr(2, p[1]);
  return true;
}

}  // namespace

const Value* FindAttribute(const Attributes& attributes, std::string_view key) {
  for (const Attribute& attribute : attributes) {
    if (attribute.key == key) return &attribute.value;
  }
  return nullptr;
}

RequestReader::RequestReader() {
  // Room for 2^40 resources, scopes and metrics of each of 2^24 readers.
  static std::atomic<std::uint64_t> readers = 0;
  serial_ = ++readers << 40;
}

void RequestReader::Start(Signal signal, std::string_view request) {
  signal_ = signal;
  request_ = request;
  status_ = Status();
  bad_id_size_ = 0;
  in_request_ = WireCursor(request);
  in_resource_ = in_scope_ = in_metric_ = WireCursor({});
  record_index_ = next_index_ = 0;
  joined_.clear();
  for (Opened& opened : opened_) opened.open = false;
}

void RequestReader::Close(Level level) {
  Opened& opened = opened_[static_cast<int>(level)];
  if (opened.open && opened.first_index == next_index_ && on_empty_) on_empty_(level);
  opened.open = false;
}

bool RequestReader::Next() {
  while (status_.ok()) {
    if (NextPoint()) return true;
    if (!status_.ok()) return false;
    if (!in_scope_.Done()) {
      const std::uint32_t tag = in_scope_.ReadTag();
      if (tag != kRecord) {
        in_scope_.Skip(tag);
        continue;
      }
      const std::string_view message = in_scope_.ReadBytes();
      if (!in_scope_.ok()) continue;
      if (signal_ != Signal::kMetrics) return ReadRecord(message);
      Close(Level::kMetric);
      if (!EnterMetric(message)) return false;
      if (kind_ == RecordKind::kMetricWithoutData) return true;
      continue;
    }
    if (!Finish(in_scope_)) return false;
    Close(Level::kMetric);
    Close(Level::kScope);
    if (!in_resource_.Done()) {
      const std::uint32_t tag = in_resource_.ReadTag();
      if (tag == kScopes || tag == kDeprecatedScopes) {
        EnterScope(in_resource_.ReadBytes());
      } else {
        in_resource_.Skip(tag);
      }
      continue;
    }
    if (!Finish(in_resource_)) return false;
    Close(Level::kResource);
    if (in_request_.Done()) return Finish(in_request_) && false;
    const std::uint32_t tag = in_request_.ReadTag();
    if (tag == kResourceElement) {
      EnterResource(in_request_.ReadBytes());
    } else {
      in_request_.Skip(tag);
    }
  }
  return false;
}

bool RequestReader::NextPoint() {
  while (!in_metric_.Done()) {
    const std::uint32_t tag = in_metric_.ReadTag();
    if (tag != kPoint) {
      in_metric_.Skip(tag);
      continue;
    }
    const std::string_view message = in_metric_.ReadBytes();
    if (in_metric_.ok()) return ReadRecord(message);
  }
  return Finish(in_metric_) && false;
}

bool RequestReader::ReadRecord(std::string_view message) {
  record_bytes_ = message;
  record_index_ = next_index_++;
  StartLimits();
  switch (signal_) {
    case Signal::kTraces: kind_ = RecordKind::kSpan; return ReadSpan(message);
    case Signal::kLogs: kind_ = RecordKind::kLog; return ReadLog(message);
    case Signal::kMetrics: return ReadPoint(message);
  }
  return false;
}

bool RequestReader::EnterResource(std::string_view message) {
  StartLimits();
  resource_.attributes.clear();
  resource_.dropped_attributes_count = 0;
  resource_.schema_url = {};
  resource_serial_ = ++serial_;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case kResource:
        if (!ReadResource(cursor.ReadBytes())) return false;
        break;
      case kSchemaUrl: resource_.schema_url = cursor.ReadBytes(); break;
      default: cursor.Skip(tag);
    }
  }
  in_resource_ = WireCursor(message);
  Open(Level::kResource);
  return Finish(cursor);
}

bool RequestReader::EnterScope(std::string_view message) {
  scope_.name = scope_.version = scope_.schema_url = {};
  StartLimits();
  scope_.attributes.clear();
  scope_.dropped_attributes_count = 0;
  scope_serial_ = ++serial_;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case kScope:
        if (!ReadScope(cursor.ReadBytes())) return false;
        break;
      case kSchemaUrl: scope_.schema_url = cursor.ReadBytes(); break;
      default: cursor.Skip(tag);
    }
  }
  in_scope_ = WireCursor(message);
  Open(Level::kScope);
  return Finish(cursor);
}

bool RequestReader::EnterMetric(std::string_view message) {
  StartLimits();
  metric_ = Metric();
  metadata_.clear();
  metric_serial_ = ++serial_;
  std::uint32_t data_field = 0;
  int pieces = 0;
  std::string_view data;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes): metric_.name = cursor.ReadBytes(); break;
      case Tag(2, kBytes): metric_.description = cursor.ReadBytes(); break;
      case Tag(3, kBytes): metric_.unit = cursor.ReadBytes(); break;
      case Tag(kGaugeField, kBytes):
      case Tag(kSumField, kBytes):
      case Tag(kHistogramField, kBytes):
      case Tag(kExponentialField, kBytes):
      case Tag(kSummaryField, kBytes): {
        const bool first = data_field == 0;
        if (!first && !CheckMetricData(data_field, data)) return false;
        pieces = data_field == tag >> 3 ? pieces + 1 : 1;
        data_field = tag >> 3;
        data = cursor.ReadBytes();
        break;
      }
      case Tag(12, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), metadata_)) return false;
        break;
      default: cursor.Skip(tag);
    }
  }
  if (!Finish(cursor)) return false;
  kind_ = PointKind(data_field);
  if (kind_ == RecordKind::kMetricWithoutData) {
    record_bytes_ = message;
    record_index_ = next_index_++;
    return true;
  }
  if (pieces > 1) {
    if (!CheckMetricData(data_field, data)) return false;
    data = JoinMetricData(message, data_field);
  }
  return ReadMetricHead(data);
}

bool RequestReader::CheckMetricData(std::uint32_t field, std::string_view data) {
  kind_ = PointKind(field);
  WireCursor cursor(data);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    if (tag != kPoint) {
      cursor.Skip(tag);
      continue;
    }
    StartLimits();
    if (!ReadPoint(cursor.ReadBytes())) return false;
  }
  return Finish(cursor);
}

std::string_view RequestReader::JoinMetricData(std::string_view metric, std::uint32_t field) {
  std::string& all = joined_.emplace_front();
  WireCursor cursor(metric);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    if (tag == Tag(field, kBytes)) {
      all += cursor.ReadBytes();
    } else {
      if ((tag & 7) == kBytes && PointKind(tag >> 3) != RecordKind::kMetricWithoutData) all.clear();
      cursor.Skip(tag);
    }
  }
  return all;
}

bool RequestReader::ReadMetricHead(std::string_view data) {
  Open(Level::kMetric);
  in_metric_ = WireCursor(data);
  if (kind_ == RecordKind::kGauge || kind_ == RecordKind::kSummary) return true;
  WireCursor cursor(data);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(2, kVarint): metric_.aggregation_temporality = ReadInt32(cursor); break;
      case Tag(3, kVarint): {
        const bool monotonic = cursor.ReadVarint() != 0;
        if (kind_ == RecordKind::kSum) metric_.is_monotonic = monotonic;
        break;
      }
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadResource(std::string_view message) {
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), resource_.attributes)) return false;
        break;
      case Tag(2, kVarint): resource_.dropped_attributes_count = ReadUint32(cursor); break;
      case Tag(3, kBytes):
        if (!CheckEntityRef(cursor.ReadBytes())) return false;
        break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::CheckEntityRef(std::string_view message) {
  WireCursor cursor(message);
  while (!cursor.Done()) cursor.Skip(cursor.ReadTag());
  return Finish(cursor);
}

bool RequestReader::ReadScope(std::string_view message) {
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes): scope_.name = cursor.ReadBytes(); break;
      case Tag(2, kBytes): scope_.version = cursor.ReadBytes(); break;
      case Tag(3, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), scope_.attributes)) return false;
        break;
      case Tag(4, kVarint): scope_.dropped_attributes_count = ReadUint32(cursor); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadAttribute(std::string_view message, Attributes& attributes) {
  if (attributes.size() == kMaxAttributes) return Fail("more attributes than the limit of 65,536", message.data());
  if (!CountPart(message)) return false;
  Attribute& attribute = attributes.Add();
  if (ReadPlainAttribute(message, attribute)) [[likely]]
    return true;
  ValueError error;
  if (!ReadKeyValue(message, 0, attribute, joined_, error)) return Fail(error.why, error.at);
  if (attribute.value.kind() != Value::Kind::kKvlist) return true;
  path_bytes_ += PathBytes(attribute, kMaxPathBytes);
  return path_bytes_ <= kMaxPathBytes || Fail("nested keys make paths of more than 16 MiB", message.data());
}

bool RequestReader::ReadId(std::string_view bytes, std::size_t size, std::string_view& id) {
  id = bytes;
  if (id.empty() || id.size() == size) return true;
  bad_id_size_ = size;
  return Fail(size == kTraceIdSize ? "trace id that is not 16 bytes long" : "span id that is not 8 bytes long",
              id.data());
}

bool RequestReader::FailAtParts(std::string_view part) {
  return Fail("more attributes, events, links, exemplars and buckets than the limit of 262,144", part.data());
}

bool RequestReader::Fail(const char* why, const char* at) {
  const bool inside = at >= request_.data() && at <= request_.data() + request_.size();
  const std::string where = inside ? fmt::format(" at byte {} of the request", at - request_.data()) : std::string();
  status_ = BadData(fmt::format("{} (record {}{})", why, next_index_, where));
  return false;
}

}  // namespace gf_otlp
