#ifndef GF_OTLP_OTLP_ATTRIBUTE_PATHS_H_
#define GF_OTLP_OTLP_ATTRIBUTE_PATHS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "gf_otlp/records.h"

namespace gf_otlp {

/// The paths of a JSON column's values: keys, those of nested key-value lists joined by "."; arrays are not descended
/// into, an empty list has no path. Sorted bytewise, each once (clickhouseexporter's *Keys columns).
void AttributePaths(const Attributes& attributes, std::vector<std::string>& paths);

/// A path that two values would have in a JSON column, as of "a.b" beside "a": {"b"}; empty if there is none. Of equal
/// keys in one list the last one counts, values that are written as null have no path, and objects in arrays have paths
/// of their own.
std::string RepeatedPath(const Attributes& attributes);

/// How many bytes the paths of an attribute have, repeated ones too; something above `limit` if they have more. A long
/// key in front of many entries makes thousands of times the attribute's own bytes.
std::uint64_t PathBytes(const Attribute& attribute, std::uint64_t limit);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_ATTRIBUTE_PATHS_H_
