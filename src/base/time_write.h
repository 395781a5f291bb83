#ifndef GF_OTLP_BASE_TIME_WRITE_H_
#define GF_OTLP_BASE_TIME_WRITE_H_

#include <cstddef>
#include <cstdint>
#include <limits>

namespace gf_otlp {

/// Room that each function of TimeWriter may need.
inline constexpr std::size_t kTimeRoom = 32;

/// Writes times in UTC; remembers the text of the last day, as times come in clusters.
class TimeWriter {
 public:
  /// "2023-11-14 22:13:20.123456789" of nanoseconds since 1970.
  char* WriteNanoseconds(char* out, std::int64_t nanoseconds);
  /// "2023-11-14 22:13:20" of seconds since 1970; years 0 to 9999.
  char* WriteSeconds(char* out, std::int64_t seconds);
  /// "2023-11-14T22:13:20.1234Z", Go's RFC3339Nano: the fraction without trailing zeros, none if it is zero.
  char* WriteRfc3339(char* out, std::int64_t nanoseconds);

 private:
  char* WriteDateAndTime(char* out, std::int64_t seconds, char separator);

  std::int64_t day_ = std::numeric_limits<std::int64_t>::min();
  char date_[10] = {};
};

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_TIME_WRITE_H_
