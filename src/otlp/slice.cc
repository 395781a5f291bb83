#include "otlp/slice.h"

#include "gf_otlp/wire.h"

namespace gf_otlp {
namespace {

constexpr std::uint32_t kResourceElement = Tag(1, kBytes);
constexpr std::uint32_t kScopes = Tag(2, kBytes), kDeprecatedScopes = Tag(1000, kBytes);
constexpr std::uint32_t kRecord = Tag(2, kBytes), kPoint = Tag(1, kBytes);

/// Whether the field is a member of Metric's oneof `data`: gauge, sum, histogram, exponential histogram, summary.
constexpr bool IsData(std::uint32_t tag) {
  return tag == Tag(5, kBytes) || tag == Tag(7, kBytes) || tag == Tag(9, kBytes) || tag == Tag(10, kBytes) ||
         tag == Tag(11, kBytes);
}

void AppendVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void AppendField(std::uint32_t tag, std::string_view content, std::string& out) {
  AppendVarint(tag, out);
  AppendVarint(content.size(), out);
  out += content;
}

/// Skips the field whose tag was just read and appends it as it stands; `begin` is where its tag begins.
void CopyField(WireCursor& cursor, std::uint32_t tag, const char* begin, std::string& out) {
  cursor.Skip(tag);
  out.append(begin, cursor.position());
}

/// Which of a metric's data fields count: those with the tag of the last one that no other data field follows.
struct EffectiveData {
  std::uint32_t tag = 0;     // 0: the metric has no data
  std::size_t replaced = 0;  // how many data fields stand before them
};

EffectiveData FindData(std::string_view metric) {
  EffectiveData found;
  std::size_t seen = 0;
  WireCursor cursor(metric);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    if (IsData(tag)) {
      if (tag != found.tag) found = {tag, seen};
      ++seen;
    }
    cursor.Skip(tag);
  }
  return found;
}

}  // namespace

void Slicer::Slice(Signal signal, std::string_view request, std::span<const std::uint8_t> keep, std::string& out) {
  signal_ = signal;
  keep_ = keep;
  next_ = 0;
  WireCursor cursor(request);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    if (tag != kResourceElement) {
      CopyField(cursor, tag, begin, out);
      continue;
    }
    resource_.clear();
    if (SliceResource(cursor.ReadBytes(), resource_)) AppendField(tag, resource_, out);
  }
}

bool Slicer::SliceResource(std::string_view resource, std::string& out) {
  bool any = false;
  WireCursor cursor(resource);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    if (tag != kScopes && tag != kDeprecatedScopes) {
      CopyField(cursor, tag, begin, out);
      continue;
    }
    scope_.clear();
    if (!SliceScope(cursor.ReadBytes(), scope_)) continue;
    AppendField(tag, scope_, out);
    any = true;
  }
  return any;
}

bool Slicer::SliceScope(std::string_view scope, std::string& out) {
  bool any = false;
  WireCursor cursor(scope);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    if (tag != kRecord) {
      CopyField(cursor, tag, begin, out);
      continue;
    }
    const std::string_view record = cursor.ReadBytes();
    if (signal_ == Signal::kMetrics) {
      metric_.clear();
      if (!SliceMetric(record, metric_)) continue;
      AppendField(tag, metric_, out);
    } else {
      if (!TakeKeep()) continue;
      out.append(begin, cursor.position());
    }
    any = true;
  }
  return any;
}

bool Slicer::SliceMetric(std::string_view metric, std::string& out) {
  EffectiveData data = FindData(metric);
  if (data.tag == 0) {
    out += metric;
    return TakeKeep();
  }
  bool any = false;
  WireCursor cursor(metric);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    if (!IsData(tag)) {
      CopyField(cursor, tag, begin, out);
    } else if (data.replaced > 0) {
      --data.replaced;
      cursor.Skip(tag);
    } else {
      data_.clear();
      any |= SliceData(cursor.ReadBytes(), data_);
      AppendField(tag, data_, out);
    }
  }
  return any;
}

bool Slicer::SliceData(std::string_view data, std::string& out) {
  bool any = false;
  WireCursor cursor(data);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    if (tag != kPoint) {
      CopyField(cursor, tag, begin, out);
      continue;
    }
    cursor.ReadBytes();
    if (!TakeKeep()) continue;
    out.append(begin, cursor.position());
    any = true;
  }
  return any;
}

}  // namespace gf_otlp
