#include "gf_otlp/records.h"
#include "otlp/wire_scalars.h"

/// RequestReader on data points (metrics.proto).
namespace gf_otlp {
namespace {

/// A repeated fixed64 field, packed.
template <class T>
void AddPackedFixed64(std::string_view packed, WireCursor& parent, std::vector<T>& values) {
  if (packed.size() % sizeof(T) != 0) return parent.Fail("packed numbers of a wrong length");
  const std::size_t old_size = values.size();
  values.resize(old_size + packed.size() / sizeof(T));
  if (!packed.empty()) std::memcpy(values.data() + old_size, packed.data(), packed.size());
}

}  // namespace

void RequestReader::ClearPoint() {
  DataPoint& p = point_;
  p.attributes.clear();
  p.start_time = p.time = 0;
  p.flags = 0;
  p.value = Number();
  p.exemplars.clear();
  p.count = p.zero_count = 0;
  p.has_sum = p.has_min = p.has_max = false;
  p.sum = p.min = p.max = p.zero_threshold = 0;
  p.bucket_counts.clear();
  p.explicit_bounds.clear();
  p.scale = p.positive.offset = p.negative.offset = 0;
  p.positive.counts.clear();
  p.negative.counts.clear();
  p.quantiles.clear();
}

bool RequestReader::ReadPoint(std::string_view message) {
  ClearPoint();
  switch (kind_) {
    case RecordKind::kGauge:
    case RecordKind::kSum: return ReadNumberPoint(message);
    case RecordKind::kHistogram: return ReadHistogramPoint(message);
    case RecordKind::kExponentialHistogram: return ReadExponentialHistogramPoint(message);
    default: return ReadSummaryPoint(message);
  }
}

bool RequestReader::ReadNumberPoint(std::string_view message) {
  DataPoint& p = point_;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(2, kFixed64): p.start_time = cursor.ReadFixed64(); break;
      case Tag(3, kFixed64): p.time = cursor.ReadFixed64(); break;
      case Tag(4, kFixed64): p.value = Number::OfBits(Value::Kind::kDouble, cursor.ReadFixed64()); break;
      case Tag(5, kBytes):
        if (!CountPart(message) || !ReadExemplar(cursor.ReadBytes(), p.exemplars.Add())) return false;
        break;
      case Tag(6, kFixed64): p.value = Number::OfBits(Value::Kind::kInt, cursor.ReadFixed64()); break;
      case Tag(7, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), p.attributes)) return false;
        break;
      case Tag(8, kVarint): p.flags = ReadUint32(cursor); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadHistogramPoint(std::string_view message) {
  DataPoint& p = point_;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(2, kFixed64): p.start_time = cursor.ReadFixed64(); break;
      case Tag(3, kFixed64): p.time = cursor.ReadFixed64(); break;
      case Tag(4, kFixed64): p.count = cursor.ReadFixed64(); break;
      case Tag(5, kFixed64):
        p.sum = cursor.ReadDouble();
        p.has_sum = true;
        break;
      case Tag(6, kBytes): AddPackedFixed64(cursor.ReadBytes(), cursor, p.bucket_counts); break;
      case Tag(6, kFixed64): p.bucket_counts.push_back(cursor.ReadFixed64()); break;
      case Tag(7, kBytes): AddPackedFixed64(cursor.ReadBytes(), cursor, p.explicit_bounds); break;
      case Tag(7, kFixed64): p.explicit_bounds.push_back(cursor.ReadDouble()); break;
      case Tag(8, kBytes):
        if (!CountPart(message) || !ReadExemplar(cursor.ReadBytes(), p.exemplars.Add())) return false;
        break;
      case Tag(9, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), p.attributes)) return false;
        break;
      case Tag(10, kVarint): p.flags = ReadUint32(cursor); break;
      case Tag(11, kFixed64):
        p.min = cursor.ReadDouble();
        p.has_min = true;
        break;
      case Tag(12, kFixed64):
        p.max = cursor.ReadDouble();
        p.has_max = true;
        break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadExponentialHistogramPoint(std::string_view message) {
  DataPoint& p = point_;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), p.attributes)) return false;
        break;
      case Tag(2, kFixed64): p.start_time = cursor.ReadFixed64(); break;
      case Tag(3, kFixed64): p.time = cursor.ReadFixed64(); break;
      case Tag(4, kFixed64): p.count = cursor.ReadFixed64(); break;
      case Tag(5, kFixed64):
        p.sum = cursor.ReadDouble();
        p.has_sum = true;
        break;
      case Tag(6, kVarint): p.scale = ReadSint32(cursor); break;
      case Tag(7, kFixed64): p.zero_count = cursor.ReadFixed64(); break;
      case Tag(8, kBytes):
        if (!ReadBuckets(cursor.ReadBytes(), p.positive)) return false;
        break;
      case Tag(9, kBytes):
        if (!ReadBuckets(cursor.ReadBytes(), p.negative)) return false;
        break;
      case Tag(10, kVarint): p.flags = ReadUint32(cursor); break;
      case Tag(11, kBytes):
        if (!CountPart(message) || !ReadExemplar(cursor.ReadBytes(), p.exemplars.Add())) return false;
        break;
      case Tag(12, kFixed64):
        p.min = cursor.ReadDouble();
        p.has_min = true;
        break;
      case Tag(13, kFixed64):
        p.max = cursor.ReadDouble();
        p.has_max = true;
        break;
      case Tag(14, kFixed64): p.zero_threshold = cursor.ReadDouble(); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadBuckets(std::string_view message, Buckets& buckets) {
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kVarint): buckets.offset = ReadSint32(cursor); break;
      case Tag(2, kBytes):
        if (!ReadBucketCounts(cursor.ReadBytes(), buckets.counts)) return false;
        break;
      case Tag(2, kVarint):
        if (!CountPart(message)) return false;
        buckets.counts.push_back(cursor.ReadVarint());
        break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadBucketCounts(std::string_view packed, std::vector<std::uint64_t>& counts) {
  WireCursor cursor(packed);
  while (!cursor.Done()) {
    if (!CountPart(packed)) return false;
    counts.push_back(cursor.ReadVarint());
  }
  return Finish(cursor);
}

bool RequestReader::ReadSummaryPoint(std::string_view message) {
  DataPoint& p = point_;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(2, kFixed64): p.start_time = cursor.ReadFixed64(); break;
      case Tag(3, kFixed64): p.time = cursor.ReadFixed64(); break;
      case Tag(4, kFixed64): p.count = cursor.ReadFixed64(); break;
      case Tag(5, kFixed64):
        p.sum = cursor.ReadDouble();
        p.has_sum = true;
        break;
      case Tag(6, kBytes):
        if (!CountPart(message) || !ReadQuantile(cursor.ReadBytes(), p.quantiles.emplace_back())) return false;
        break;
      case Tag(7, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), p.attributes)) return false;
        break;
      case Tag(8, kVarint): p.flags = ReadUint32(cursor); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadQuantile(std::string_view message, QuantileValue& quantile) {
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kFixed64): quantile.quantile = cursor.ReadDouble(); break;
      case Tag(2, kFixed64): quantile.value = cursor.ReadDouble(); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadExemplar(std::string_view message, Exemplar& exemplar) {
  exemplar.time = 0;
  exemplar.value = Number();
  exemplar.span_id = exemplar.trace_id = {};
  exemplar.filtered_attributes.clear();
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(2, kFixed64): exemplar.time = cursor.ReadFixed64(); break;
      case Tag(3, kFixed64): exemplar.value = Number::OfBits(Value::Kind::kDouble, cursor.ReadFixed64()); break;
      case Tag(4, kBytes):
        if (!ReadId(cursor.ReadBytes(), kSpanIdSize, exemplar.span_id)) return false;
        break;
      case Tag(5, kBytes):
        if (!ReadId(cursor.ReadBytes(), kTraceIdSize, exemplar.trace_id)) return false;
        break;
      case Tag(6, kFixed64): exemplar.value = Number::OfBits(Value::Kind::kInt, cursor.ReadFixed64()); break;
      case Tag(7, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), exemplar.filtered_attributes)) return false;
        break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

}  // namespace gf_otlp
