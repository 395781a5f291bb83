#ifndef GF_OTLP_ROWS_TYPES_H_
#define GF_OTLP_ROWS_TYPES_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

/// ClickHouse types as C++ types, so that an encoder can choose by a column's type when compiling. kText is the type as
/// DDL has it.
namespace gf_otlp::type {

struct String {
  static constexpr std::string_view kText = "String";
};
struct LowCardinalityString {
  static constexpr std::string_view kText = "LowCardinality(String)";
};
struct Boolean {
  static constexpr std::string_view kText = "Boolean";
};
struct UInt8 {
  static constexpr std::string_view kText = "UInt8";
};
struct UInt32 {
  static constexpr std::string_view kText = "UInt32";
};
struct UInt64 {
  static constexpr std::string_view kText = "UInt64";
};
struct Int32 {
  static constexpr std::string_view kText = "Int32";
};
struct Int64 {
  static constexpr std::string_view kText = "Int64";
};
struct Float64 {
  static constexpr std::string_view kText = "Float64";
};
/// Seconds, 1970-01-01 00:00:00 to 2106-02-07 06:28:15.
struct DateTime {
  static constexpr std::string_view kText = "DateTime";
};
/// Nanoseconds, 1900 to 2262.
struct DateTime64 {
  static constexpr std::string_view kText = "DateTime64(9)";
};
struct StringMap {
  static constexpr std::string_view kText = "Map(LowCardinality(String), String)";
};
struct Json {
  static constexpr std::string_view kText = "JSON";
};

/// One object of arrays, as GlassFlow's exporter writes what is Nested in the tables.
struct NestedExemplars {
  static constexpr std::string_view kText =
      "Nested(FilteredAttributes Map(LowCardinality(String), String), TimeUnix DateTime64(9), Value Float64, SpanId "
      "String, "
      "TraceId String)";
};
struct NestedQuantiles {
  static constexpr std::string_view kText = "Nested(Quantile Float64, Value Float64)";
};

/// Arrays of objects: the element's members are named.
struct FlatEvents {
  static constexpr std::string_view kText =
      "Array(Tuple(timestamp DateTime64(9), name String, attributes Map(LowCardinality(String), String), "
      "dropped_attributes_count UInt32))";
};
struct FlatLinks {
  static constexpr std::string_view kText =
      "Array(Tuple(trace_id String, span_id String, trace_state String, attributes Map(LowCardinality(String), "
      "String), "
      "dropped_attributes_count UInt32))";
};
struct FlatExemplars {
  static constexpr std::string_view kText =
      "Array(Tuple(timestamp DateTime64(9), value_double Nullable(Float64), value_int Nullable(Int64), trace_id "
      "String, "
      "span_id String, filtered_attributes Map(LowCardinality(String), String)))";
};

namespace internal {
/// `before` T::kText `after`, joined when compiling.
template <class T, const auto& kBefore, const auto& kAfter>
struct Joined {
  static constexpr std::size_t kBeforeSize = sizeof(kBefore) - 1, kAfterSize = sizeof(kAfter) - 1;
  static constexpr auto kChars = [] {
    std::array<char, kBeforeSize + T::kText.size() + kAfterSize> chars{};
    auto at = std::copy_n(kBefore, kBeforeSize, chars.begin());
    at = std::ranges::copy(T::kText, at).out;
    std::copy_n(kAfter, kAfterSize, at);
    return chars;
  }();
  static constexpr std::string_view kText{kChars.data(), kChars.size()};
};
inline constexpr char kArray[] = "Array(";
inline constexpr char kNullable[] = "Nullable(";
inline constexpr char kClose[] = ")";
}  // namespace internal

template <class T>
struct Array : internal::Joined<T, internal::kArray, internal::kClose> {
  using Element = T;
};
template <class T>
struct Nullable : internal::Joined<T, internal::kNullable, internal::kClose> {};

/// What an encoder sees of the values inside a column: of Array(T) a T, else the type itself.
template <class T>
struct ElementOf {
  using Type = T;
};
template <class T>
struct ElementOf<Array<T>> {
  using Type = T;
};

}  // namespace gf_otlp::type

#endif  // GF_OTLP_ROWS_TYPES_H_
