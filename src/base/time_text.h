#ifndef GF_OTLP_BASE_TIME_TEXT_H_
#define GF_OTLP_BASE_TIME_TEXT_H_

#include <cstdint>
#include <string_view>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// Reads a point in time as users write it, in nanoseconds since 1970 UTC (as OTLP has them: up to the year 2554).
/// Calendar forms may leave out the seconds; without a zone they are UTC, without a time they are midnight:
///   2026-11-20T08:30:00.123456789Z   2026-11-20T08:30:00+02:00   2026-11-20 08:30:00   2026-11-20
/// A duration (see ParseDuration) is a time before `now`. kUsage with the accepted forms.
Result<std::uint64_t> ParseTime(std::string_view text, std::uint64_t now);

/// Reads "100ms", "1.5s", "1h30m" as nanoseconds: numbers with a unit (ns us ms s m h d) that are added up, or "0".
/// kUsage with the accepted forms; also for what is finer than a nanosecond or longer than 584 years.
Result<std::uint64_t> ParseDuration(std::string_view text);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_TIME_TEXT_H_
