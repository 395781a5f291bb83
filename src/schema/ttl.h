#ifndef GF_OTLP_SCHEMA_TTL_H_
#define GF_OTLP_SCHEMA_TTL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp::schema {

/// What becomes of rows when they are old enough.
struct TtlTier {
  enum class Action : std::uint8_t { kDelete, kToVolume, kToDisk };

  std::uint64_t seconds = 0;
  Action action = Action::kDelete;
  std::string place;  // the volume or disk
};

/// Reads tiers divided by commas, the young before the old: "30d to volume slow, 90d to disk 'cold', 180d". Durations
/// are ParseDuration()'s in whole seconds, or weeks ("2w"). Behind the tier that deletes there is none. kUsage says
/// what is wrong.
Result<std::vector<TtlTier>> ParseTtl(std::string_view text);

/// What follows TTL in a table's DDL: "toDateTime(Timestamp) + toIntervalDay(30) TO VOLUME 'slow', ...". `time` is an
/// expression of type DateTime.
std::string TtlSql(const std::vector<TtlTier>& tiers, std::string_view time);

}  // namespace gf_otlp::schema

#endif  // GF_OTLP_SCHEMA_TTL_H_
