#ifndef GF_OTLP_OTLP_JSON_NAMES_H_
#define GF_OTLP_OTLP_JSON_NAMES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "gf_otlp/signal.h"
#include "otlp/field_tables.h"

/// The names by which OTLP-JSON calls fields and enum values.
namespace gf_otlp {

/// Whether a key is a name of the tables. REQUIRES: 8 readable bytes behind the key.
inline bool IsName(std::string_view key, std::string_view name) {
  if (key.size() != name.size()) return false;
  const auto word = [](std::string_view text, std::size_t at) {
    std::uint64_t loaded;
    std::memcpy(&loaded, text.data() + at, sizeof loaded);
    return loaded;
  };
  std::size_t at = 0;
  for (; at + 8 < key.size(); at += 8) {
    if (word(key, at) != word(name, at)) return false;
  }
  return (word(key, at) ^ word(name, at)) << (64 - 8 * (key.size() - at)) == 0;
}

/// A request's only field: its list of resources.
const FieldTable& RequestField(Signal signal);

/// The signal whose request has a field of that name.
std::optional<Signal> SignalOfKey(std::string_view key);

/// Names the list of resources of a profiles request.
bool IsProfilesKey(std::string_view key);

/// The field of that camelCase or snake_case name, null if there is none. A name from before scopes were called scopes
/// finds what took its place and sets `deprecated`.
const FieldTable* FindField(const MessageTable& message, std::string_view name, bool& deprecated);

/// By full name; a status code also by OK, ERROR, UNSET.
bool FindEnumValue(std::span<const EnumValue> values, std::string_view name, std::int32_t& number);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_JSON_NAMES_H_
