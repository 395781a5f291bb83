#ifndef GF_OTLP_SCHEMA_SERVER_VERSION_H_
#define GF_OTLP_SCHEMA_SERVER_VERSION_H_

#include <charconv>
#include <compare>
#include <optional>
#include <string_view>

namespace gf_otlp::schema {

/// A release of ClickHouse: "26.5", "26.5.1.1", "v26.5.1.1-stable" are all {26, 5}.
struct ServerVersion {
  int year = 0, month = 0;
  auto operator<=>(const ServerVersion&) const = default;
};
inline constexpr ServerVersion kDefaultServerVersion{26, 5};

/// Since when servers match a row's names to columns in any case, if nothing else fits.
inline constexpr ServerVersion kMatchesAnyCase{26, 5};
/// Since when date_time_input_format is best_effort if nothing is set: before, "basic" knew no fraction in DateTime and
/// no RFC 3339.
inline constexpr ServerVersion kReadsAnyTimeText{26, 5};
/// Since when columns may have the type JSON without a setting that allows it.
inline constexpr ServerVersion kHasJsonType{25, 3};

inline std::optional<ServerVersion> ParseServerVersion(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  ServerVersion version;
  const char* const end = text.data() + text.size();
  const auto [dot, bad_year] = std::from_chars(text.data(), end, version.year);
  if (bad_year != std::errc() || dot == end || *dot != '.') return std::nullopt;
  const auto [rest, bad_month] = std::from_chars(dot + 1, end, version.month);
  if (bad_month != std::errc() || (rest != end && *rest != '.')) return std::nullopt;
  if (version.year < 1 || version.month < 1) return std::nullopt;
  return version;
}

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_SERVER_VERSION_H_
