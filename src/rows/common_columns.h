#ifndef GF_OTLP_ROWS_COMMON_COLUMNS_H_
#define GF_OTLP_ROWS_COMMON_COLUMNS_H_

#include <string_view>
#include <tuple>

#include "rows/column.h"
#include "rows/types.h"

/// Columns that tables of several signals share.
namespace gf_otlp {

/// The resource attribute that names a service (semantic conventions, service.name).
inline constexpr std::string_view kServiceNameKey = "service.name";

/// A number's name in OTLP's enumerations: `names[number]`, the last of them for any other number.
template <std::size_t kCount>
constexpr std::string_view EnumName(const std::string_view (&names)[kCount], std::int32_t number) {
  return names[number >= 0 && number < static_cast<std::int32_t>(kCount) ? number
                                                                         : static_cast<std::int32_t>(kCount) - 1];
}

inline constexpr auto kServiceName = Col<type::LowCardinalityString, Level::kResource>(
    {"ServiceName", "resource attribute service.name"}, [](auto& out, const RequestReader& r) {
      const Value* name = FindAttribute(r.resource().attributes, kServiceNameKey);
      out.Text(name != nullptr ? *name : Value());
    });

template <class T>
inline constexpr auto kResourceSchemaUrl =
    Col<T, Level::kResource>({"ResourceSchemaUrl", "schema URL of the resource"},
                             [](auto& out, const RequestReader& r) { out.String(r.resource().schema_url); });
template <class T>
inline constexpr auto kScopeSchemaUrl =
    Col<T, Level::kScope>({"ScopeSchemaUrl", "schema URL of the scope"},
                          [](auto& out, const RequestReader& r) { out.String(r.scope().schema_url); });
inline constexpr auto kScopeName =
    Col<type::String, Level::kScope>({"ScopeName", "name of the instrumentation scope"},
                                     [](auto& out, const RequestReader& r) { out.String(r.scope().name); });
template <class T>
inline constexpr auto kScopeVersion =
    Col<T, Level::kScope>({"ScopeVersion", "version of the instrumentation scope"},
                          [](auto& out, const RequestReader& r) { out.String(r.scope().version); });

/// A column of attributes: as a map of texts, or as JSON beside an array of its paths.
enum class AttributeColumns { kMap, kJson };

template <AttributeColumns kAs, Level kOf, class Get>
constexpr auto AttributesColumn(ColumnText text, [[maybe_unused]] ColumnText paths, Get get) {
  if constexpr (kAs == AttributeColumns::kMap) {
    return std::tuple{Col<type::StringMap, kOf>(text, [get](auto& out, const RequestReader& r) { out.Map(get(r)); })};
  } else {
    return std::tuple{Col<type::Json, kOf>(text, [get](auto& out, const RequestReader& r) { out.Json(get(r)); }),
                      Col<type::Array<type::LowCardinalityString>, kOf>(
                          paths, [get](auto& out, const RequestReader& r) { out.Paths(get(r)); })};
  }
}

template <AttributeColumns kAs>
inline constexpr auto kResourceAttributes = AttributesColumn<kAs, Level::kResource>(
    {"ResourceAttributes", "attributes of the resource"}, {"ResourceAttributesKeys", "paths of ResourceAttributes"},
    [](const RequestReader& r) -> const Attributes& { return r.resource().attributes; });
template <AttributeColumns kAs>
inline constexpr auto kScopeAttributes = AttributesColumn<kAs, Level::kScope>(
    {"ScopeAttributes", "attributes of the scope"}, {"ScopeAttributesKeys", "paths of ScopeAttributes"},
    [](const RequestReader& r) -> const Attributes& { return r.scope().attributes; });

/// The type of attributes nested in a record (events, links), and how they are written.
template <AttributeColumns kAs>
using NestedAttributes = std::conditional_t<kAs == AttributeColumns::kMap, type::StringMap, type::Json>;
template <AttributeColumns kAs>
inline constexpr auto kWriteNestedAttributes = [](auto& out, const Attributes& attributes) {
  if constexpr (kAs == AttributeColumns::kMap) {
    out.Map(attributes);
  } else {
    out.Json(attributes);
  }
};

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_COMMON_COLUMNS_H_
