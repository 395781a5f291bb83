#include "rows/keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/hex.h"
#include "base/sha256.h"
#include "otlp/value_text.h"
#include "rows/common_columns.h"

namespace gf_otlp {
namespace {

constexpr std::string_view kAttributesPrefix = "attributes:";
constexpr std::pair<std::string_view, KeyStrategy> kNamedStrategies[] = {
    {"none", KeyStrategy::kNone},
    {"trace_id", KeyStrategy::kTraceId},
    {"service_name", KeyStrategy::kServiceName},
    {"resource_hash", KeyStrategy::kResourceHash},
};

constexpr ValueTextStyle kKeyStyle{.html_escapes = true};
constexpr std::size_t kHashKeySize = 16;
/// What the exporter hashes before a key and before a value: bytes that no UTF-8 text has.
constexpr char kKeyMark = '\xf4', kValueMark = '\xf7';
/// How much text values may be repeated in.
constexpr std::size_t kMaxRepeatedText = 16 << 20;

/// The attributes of the record itself, or null.
const Attributes* RecordAttributes(const RequestReader& reader) {
  switch (reader.kind()) {
    case RecordKind::kSpan: return &reader.span().attributes;
    case RecordKind::kLog: return &reader.log().attributes;
    case RecordKind::kMetricWithoutData: return nullptr;
    default: return &reader.point().attributes;
  }
}

}  // namespace

Result<KeyOptions> ParseKeyOptions(std::string_view text) {
  for (const auto& [name, strategy] : kNamedStrategies) {
    if (text == name) return KeyOptions{.strategy = strategy, .attributes = {}};
  }
  if (!text.starts_with(kAttributesPrefix)) {
    return std::unexpected(UsageError(fmt::format(
        "'{}' is no key strategy: use none, trace_id, service_name, resource_hash or attributes:NAME,NAME", text)));
  }
  KeyOptions options{.strategy = KeyStrategy::kAttributes, .attributes = {}};
  for (std::size_t begin = kAttributesPrefix.size(); begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin) {
      return std::unexpected(
          UsageError(fmt::format("key strategy '{}': an attribute's name is missing: use attributes:NAME,NAME", text)));
    }
    options.attributes.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return options;
}

KeyMaker::KeyMaker(KeyOptions options, bool zero_ids) : options_(std::move(options)), zero_ids_(zero_ids) {}

std::string_view KeyMaker::KeyOf(const RequestReader& reader) {
  if (options_.strategy == KeyStrategy::kNone) return {};
  if (options_.strategy == KeyStrategy::kTraceId) return TraceIdKey(reader);
  if (resource_serial_ != reader.resource_serial()) {
    Remember(reader.resource().attributes);
    resource_serial_ = reader.resource_serial();
  }
  return options_.strategy == KeyStrategy::kAttributes ? AttributesKey(reader) : resource_text_.view();
}

std::string_view KeyMaker::TraceIdKey(const RequestReader& reader) {
  constexpr std::string_view kZeros("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", kTraceIdSize);
  std::string_view id;
  switch (reader.kind()) {
    case RecordKind::kSpan: id = reader.span().trace_id; break;
    case RecordKind::kLog: id = reader.log().trace_id; break;
    default: return {};
  }
  if (id.empty()) id = kZeros;
  if (id == kZeros && !zero_ids_) return {};
  key_.Clear();
  key_.Reserve(2 * kTraceIdSize);
  key_.SetEnd(WriteHex(key_.end(), id));
  return key_.view();
}

std::string_view KeyMaker::AttributesKey(const RequestReader& reader) {
  if (resource_has_all_) return resource_text_.view();
  const Attributes* const record = RecordAttributes(reader);
  key_.Clear();
  bool any = false;
  for (std::size_t i = 0; i < values_.size(); ++i) {
    if (i > 0) key_.Append('|');
    const auto& [found, begin, end] = values_[i];
    if (found) {
      key_.Append(resource_text_.view().substr(begin, end - begin));
      any = true;
    } else if (const Value* value = record ? FindAttribute(*record, options_.attributes[i]) : nullptr) {
      AppendValueText(*value, kKeyStyle, key_);
      any = true;
    }
  }
  return any ? key_.view() : std::string_view();
}

void KeyMaker::Remember(const Attributes& resource) {
  resource_text_.Clear();
  switch (options_.strategy) {
    case KeyStrategy::kServiceName:
      if (const Value* name = FindAttribute(resource, kServiceNameKey))
        AppendValueText(*name, kKeyStyle, resource_text_);
      return;
    case KeyStrategy::kResourceHash: return RememberHash(resource);
    case KeyStrategy::kAttributes: return RememberValues(resource);
    case KeyStrategy::kNone:
    case KeyStrategy::kTraceId: return;
  }
}

/// The exporter walks the sorted keys and looks each up: of duplicates it hashes the first value again and again. Not
/// without end here: a long value and many duplicates could make text of thousands of times their size.
void KeyMaker::RememberHash(const Attributes& resource) {
  if (resource.empty()) {
    resource_text_.Resize(kHashKeySize);
    std::memset(resource_text_.data(), 0, kHashKeySize);
    return;
  }
  const Attribute* first = nullptr;
  for (const std::uint32_t i : order_.Sort(resource)) {
    const Attribute& attribute = resource[i];
    const bool repeats = first != nullptr && first->key == attribute.key;
    if (!repeats) first = &attribute;
    resource_text_.Append(kKeyMark);
    resource_text_.Append(attribute.key);
    resource_text_.Append(kValueMark);
    if (!repeats || resource_text_.size() < kMaxRepeatedText) AppendValueText(first->value, kKeyStyle, resource_text_);
  }
  const auto hash = Sha256(resource_text_.view());
  resource_text_.Clear();
  resource_text_.Append({hash.data(), kHashKeySize});
}

void KeyMaker::RememberValues(const Attributes& resource) {
  values_.clear();
  resource_has_all_ = true;
  for (const std::string& name : options_.attributes) {
    if (!values_.empty()) resource_text_.Append('|');
    const std::size_t begin = resource_text_.size();
    const Value* const value = FindAttribute(resource, name);
    if (value != nullptr) AppendValueText(*value, kKeyStyle, resource_text_);
    resource_has_all_ = resource_has_all_ && value != nullptr;
    values_.push_back({.found = value != nullptr, .begin = begin, .end = resource_text_.size()});
  }
}

}  // namespace gf_otlp
