#include "otlp/record_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "base/shown_text.h"
#include "base/swar.h"
#include "base/time_write.h"
#include "base/utf8.h"
#include "otlp/attribute_paths.h"
#include "otlp/value_reader.h"

namespace gf_otlp {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kDay = 86'400 * kSecond;
/// 1973-03-03: what is before it, but not 0, is microseconds until the year 5138.
constexpr std::uint64_t kEarliestUsual = 100'000'000 * kSecond;
constexpr std::uint64_t kLatestDateTime64 = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kLatestDateTime = (std::uint64_t{1} << 32) * kSecond - 1;

/// More attributes than this are sorted to find equal keys.
constexpr std::size_t kFewAttributes = 64;

std::string TimeText(std::uint64_t time) {
  if (time > kLatestDateTime64) return fmt::format("{} ns", time);
  char text[kTimeRoom];
  TimeWriter writer;
  return {text, writer.WriteNanoseconds(text, static_cast<std::int64_t>(time))};
}

/// Of a key's length, first and last bytes: the keys of one record rarely have it in common.
std::uint64_t KeyHash(std::string_view key) {
  const char* const p = key.data();
  const std::size_t size = key.size();
  std::uint64_t hash = size;
  if (size >= 8) {
    hash += LoadWord(p) ^ std::rotl(LoadWord(p + size - 8), 23);
  } else if (size >= 4) {
    hash += LoadWord<std::uint32_t>(p) ^ std::rotl(std::uint64_t{LoadWord<std::uint32_t>(p + size - 4)}, 23);
  } else {
    for (const char c : key) hash = hash << 8 ^ static_cast<std::uint8_t>(c);
  }
  return hash * 0x9e3779b97f4a7c15u;
}

/// Written into a JSON column as digits only, which the server reads as an integer, and it is none of 64 bits. -2^63 is
/// one, but its digits behind the 16th are written as zeros: -9223372036854776000.
bool IsLargeJsonInteger(double value) { return std::abs(value) < 1e21 && (value >= 0x1p64 || value <= -0x1p63); }

/// Key and value in one look, if they stand next to each other, as they do on the wire.
bool IsAsciiAttribute(const Attribute& attribute) {
  constexpr std::ptrdiff_t kMostBetween = 8;
  const std::string_view text = attribute.value.bytes();
  const char* const key_end = attribute.key.data() + attribute.key.size();
  const std::ptrdiff_t between = text.data() - key_end;
  if (between < 0 || between > kMostBetween) return IsAscii(attribute.key) && IsAscii(text);
  return IsAscii(std::string_view(attribute.key.data(), text.data() + text.size()));
}

}  // namespace

std::string RecordChecker::Owner::Name() const {
  return index == kNone ? std::string(what) : fmt::format("{} {}", what, index);
}

RecordChecker::RecordChecker(const RecordCheckOptions& options) : options_(options), latest_(options.now + kDay) {}

void RecordChecker::Prepare(bool metric, RecordFindings& findings) {
  findings_ = &findings;
  json_columns_ = options_.json_columns && !metric;
  datetime_ = options_.metric_datetime && metric;
  latest_usual_ = std::min(latest_, datetime_ ? kLatestDateTime : kLatestDateTime64);
}

void RecordChecker::CheckEmpty(RequestReader::Level level, Signal signal, const RequestReader& reader,
                               RecordFindings& findings) {
  Prepare(signal == Signal::kMetrics, findings);
  switch (level) {
    case RequestReader::Level::kResource: CheckResource(reader.resource()); return;
    case RequestReader::Level::kScope: CheckScope(reader.scope()); return;
    case RequestReader::Level::kMetric:
      Found(OtlpRule::kMetricWithoutPoints, [&] { return "metric " + ShownText(reader.metric().name); });
      CheckMetric(reader.metric(), reader.kind());
  }
}

void RecordChecker::Check(const RequestReader& reader, RecordFindings& findings) {
  const RecordKind kind = reader.kind();
  const bool metric = kind != RecordKind::kSpan && kind != RecordKind::kLog;
  Prepare(metric, findings);
  if (reader.resource_serial() != resource_) CheckResource(reader.resource());
  resource_ = reader.resource_serial();
  if (reader.scope_serial() != scope_) CheckScope(reader.scope());
  scope_ = reader.scope_serial();
  if (metric && reader.metric_serial() != metric_) {
    CheckMetric(reader.metric(), kind);
    metric_ = reader.metric_serial();
  }
  switch (kind) {
    case RecordKind::kSpan: CheckSpan(reader.span()); return;
    case RecordKind::kLog: CheckLog(reader.log()); return;
    case RecordKind::kMetricWithoutData: return;
    default: CheckPoint(reader.metric(), kind, reader.point());
  }
}

void RecordChecker::CheckResource(const Resource& resource) {
  constexpr Owner kOwner{"resource"};
  const Value* const name = FindAttribute(resource.attributes, "service.name");
  if (name == nullptr) {
    Found(OtlpRule::kServiceNameMissing);
  } else if (name->kind() == Value::Kind::kEmpty || (name->kind() == Value::Kind::kString && name->bytes().empty())) {
    Found(OtlpRule::kServiceNameEmpty);
  }
  CheckText(kOwner, "schema_url", resource.schema_url);
  CheckAttributes(kOwner, resource.attributes, false);
  CheckDropped(kOwner, "attributes", resource.dropped_attributes_count);
}

void RecordChecker::CheckScope(const Scope& scope) {
  constexpr Owner kOwner{"scope"};
  CheckText(kOwner, "name", scope.name);
  CheckText(kOwner, "version", scope.version);
  CheckText(kOwner, "schema_url", scope.schema_url);
  CheckAttributes(kOwner, scope.attributes, false);
  CheckDropped(kOwner, "attributes", scope.dropped_attributes_count);
}

void RecordChecker::CheckAttributes(Owner owner, const Attributes& attributes, bool limited) {
  if (attributes.empty()) return;
  if (limited && attributes.size() > kUsualAttributes) {
    Found(OtlpRule::kAttributeTooMany,
          [&] { return fmt::format("{}: {} attributes", owner.Name(), attributes.size()); });
  }
  bool nested = false;
  for (const Attribute& attribute : attributes) {
    const Value& value = attribute.value;
    if (value.kind() == Value::Kind::kString && value.bytes().size() <= kUsualValueBytes && IsAsciiAttribute(attribute))
        [[likely]]
      continue;
    nested |= value.kind() == Value::Kind::kKvlist || value.kind() == Value::Kind::kArray;
    CheckText(owner, "attribute key", attribute.key);
    CheckValue(owner, attribute.key, value);
  }
  CheckKeys(owner, attributes.begin(), attributes.size());
  if (nested && json_columns_) CheckPaths(owner, attributes);
}

void RecordChecker::CheckKeys(Owner owner, const Attribute* attributes, std::size_t count) {
  if (count > kFewAttributes) return CheckManyKeys(owner, attributes, count);
  constexpr int kHashBits = 9;
  std::array<std::uint64_t, (1 << kHashBits) / 64> seen{};
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view key = attributes[i].key;
    if (key.empty()) Found(OtlpRule::kAttributeEmptyKey, [&] { return owner.Name(); });
    if (key.size() > kUsualKeyBytes) {
      Found(OtlpRule::kAttributeKeyTooLong,
            [&] { return fmt::format("{}: key {} has {} bytes", owner.Name(), ShownText(key), key.size()); });
    }
    const std::uint64_t hash = KeyHash(key) >> (64 - kHashBits);
    const std::uint64_t bit = std::uint64_t{1} << hash % 64;
    if ((seen[hash / 64] & bit) == 0) [[likely]] {
      seen[hash / 64] |= bit;
      continue;
    }
    if (std::ranges::find(attributes, attributes + i, key, &Attribute::key) == attributes + i) continue;
    Found(OtlpRule::kAttributeDuplicateKey, [&] { return fmt::format("{}: key {}", owner.Name(), ShownText(key)); });
  }
}

void RecordChecker::CheckManyKeys(Owner owner, const Attribute* attributes, std::size_t count) {
  keys_.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view key = attributes[i].key;
    // Said one by one as of few.
    if (key.empty() || key.size() > kUsualKeyBytes) CheckKeys(owner, attributes + i, 1);
    keys_.push_back(key);
  }
  std::ranges::sort(keys_);
  for (auto at = keys_.begin(); (at = std::adjacent_find(at, keys_.end())) != keys_.end(); ++at) {
    Found(OtlpRule::kAttributeDuplicateKey, [&] { return fmt::format("{}: key {}", owner.Name(), ShownText(*at)); });
  }
}

void RecordChecker::CheckValue(Owner owner, std::string_view key, const Value& value) {
  const auto named = [&](std::string_view what) {
    return fmt::format("{}: attribute {}{}", owner.Name(), ShownText(key), what);
  };
  const auto check_size = [&] {
    if (value.bytes().size() <= kUsualValueBytes) return;
    Found(OtlpRule::kAttributeValueTooLong, [&] { return named(fmt::format(" has {} bytes", value.bytes().size())); });
  };
  switch (value.kind()) {
    case Value::Kind::kString:
      check_size();
      if (!IsUtf8(value.bytes())) Found(OtlpRule::kInvalidUtf8, [&] { return named(": " + ShownText(value.bytes())); });
      return;
    case Value::Kind::kBytes: check_size(); return;
    case Value::Kind::kDouble:
      if (!std::isfinite(value.as_double())) {
        Found(OtlpRule::kAttributeNotFinite, [&] { return named(fmt::format(": {}", value.as_double())); });
      } else if (json_columns_ && IsLargeJsonInteger(value.as_double())) {
        Found(OtlpRule::kAttributeJsonNumber, [&] { return named(fmt::format(": {:.0f}", value.as_double())); });
      }
      return;
    case Value::Kind::kArray:
    case Value::Kind::kKvlist: CheckList(owner, key, value); return;
    default: return;
  }
}

void RecordChecker::CheckList(Owner owner, std::string_view key, const Value& list) {
  if (list.kind() == Value::Kind::kArray) {
    ForEachElement(list.bytes(), [&](const Value& element) { CheckValue(owner, key, element); });
    return;
  }
  JoinedBytes joined;
  std::vector<Attribute> entries;
  ReadEntries(list.bytes(), entries, joined);
  CheckKeys(owner, entries.data(), entries.size());
  for (const Attribute& entry : entries) {
    CheckText(owner, "nested key", entry.key);
    CheckValue(owner, key, entry.value);
  }
}

void RecordChecker::CheckPaths(Owner owner, const Attributes& attributes) {
  const std::string path = RepeatedPath(attributes);
  if (path.empty()) return;
  Found(OtlpRule::kAttributePathConflict, [&] { return fmt::format("{}: path {}", owner.Name(), ShownText(path)); });
}

void RecordChecker::CheckText(Owner owner, const char* what, std::string_view text) {
  if (IsAscii(text) || IsUtf8(text)) return;
  Found(OtlpRule::kInvalidUtf8, [&] { return fmt::format("{}: {}: {}", owner.Name(), what, ShownText(text)); });
}

void RecordChecker::CheckDropped(Owner owner, const char* what, std::uint32_t count) {
  if (count == 0) return;
  Found(OtlpRule::kDroppedCounts, [&] { return fmt::format("{}: {} {}", owner.Name(), count, what); });
}

void RecordChecker::CheckTime(Owner owner, const char* what, std::uint64_t time) {
  if (time - kEarliestUsual <= latest_usual_ - kEarliestUsual) [[likely]]
    return;
  if (time != 0) CheckUnusualTime(owner, what, time);
}

void RecordChecker::CheckUnusualTime(Owner owner, const char* what, std::uint64_t time) {
  OtlpRule rule = OtlpRule::kTimeInFuture;
  if (time > kLatestDateTime64) {
    rule = OtlpRule::kTimeOutOfRange;
  } else if (datetime_ && time > kLatestDateTime) {
    rule = OtlpRule::kTimeOutOfDateTime;
  } else if (time < kEarliestUsual) {
    rule = OtlpRule::kTimeUnit;
  } else if (time <= latest_) {
    return;
  }
  Found(rule, [&] { return fmt::format("{}: {}: {}", owner.Name(), what, TimeText(time)); });
}

}  // namespace gf_otlp
