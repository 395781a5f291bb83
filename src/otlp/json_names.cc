#include "otlp/json_names.h"

#include <utility>

namespace gf_otlp {
namespace {

/// Names from before scopes were called scopes, and what they are called now.
constexpr std::pair<std::string_view, std::string_view> kDeprecatedNames[] = {
    {"instrumentationLibrarySpans", "scopeSpans"},
    {"instrumentation_library_spans", "scopeSpans"},
    {"instrumentationLibraryLogs", "scopeLogs"},
    {"instrumentation_library_logs", "scopeLogs"},
    {"instrumentationLibraryMetrics", "scopeMetrics"},
    {"instrumentation_library_metrics", "scopeMetrics"},
    {"instrumentationLibrary", "scope"},
    {"instrumentation_library", "scope"},
    {"logs", "logRecords"},
};

/// What may be left out of a status code's name.
constexpr std::string_view kStatusCodePrefix = "STATUS_CODE_";

const FieldTable* FindCurrentName(const MessageTable& message, std::string_view name) {
  for (const FieldTable& field : message.fields) {
    if (field.json_name == name || field.proto_name == name) return &field;
  }
  return nullptr;
}

}  // namespace

const FieldTable& RequestField(Signal signal) { return RequestTable(signal).fields[0]; }

std::optional<Signal> SignalOfKey(std::string_view key) {
  for (const Signal signal : {Signal::kTraces, Signal::kLogs, Signal::kMetrics}) {
    if (FindCurrentName(RequestTable(signal), key) != nullptr) return signal;
  }
  return std::nullopt;
}

bool IsProfilesKey(std::string_view key) { return key == "resourceProfiles" || key == "resource_profiles"; }

const FieldTable* FindField(const MessageTable& message, std::string_view name, bool& deprecated) {
  if (const FieldTable* field = FindCurrentName(message, name)) return field;
  for (const auto& [old_name, new_name] : kDeprecatedNames) {
    if (old_name != name) continue;
    const FieldTable* const field = FindCurrentName(message, new_name);
    deprecated = field != nullptr;
    return field;
  }
  return nullptr;
}

bool FindEnumValue(std::span<const EnumValue> values, std::string_view name, std::int32_t& number) {
  for (const EnumValue& value : values) {
    std::string_view known = value.name;
    if (known.starts_with(kStatusCodePrefix) && !name.starts_with(kStatusCodePrefix)) {
      known.remove_prefix(kStatusCodePrefix.size());
    }
    if (known != name) continue;
    number = value.number;
    return true;
  }
  return false;
}

}  // namespace gf_otlp
