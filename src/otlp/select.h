#ifndef GF_OTLP_OTLP_SELECT_H_
#define GF_OTLP_OTLP_SELECT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/records.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// One `--where KEY OP VALUE`.
///
/// KEY: resource.NAME and attr.NAME (the attribute of that name), scope.name, name (of the span, the metric, the log's
/// event), severity (logs), status and duration (spans).
/// OP: = != ~ (RE2 regular expression, found anywhere) >= <=.
///
/// Values are compared as the text that a map column shows; >= and <= as numbers if both sides are decimal numbers,
/// else by their bytes. A severity is a number, or a level (TRACE DEBUG INFO WARN ERROR FATAL, each also with 2 to 4
/// behind it) that stands for its numbers, and for = and != also any text; `~` looks at the text. A log without a
/// number has that of its text if that is a level. A status is Unset, Ok or Error. Levels, severity texts and statuses
/// in any case. A duration is as in ParseDuration(); of a span that ends before it starts it is the huge one of the
/// Duration column. What a record does not have, or records of its kind never have: != holds, everything else does not.
struct WhereCondition {
  std::string key, op, value;
};

/// A span's start, a log's time (its observed time if that is 0), a point's time; 0 if the record does not say. Nothing
/// for a metric without data.
std::optional<std::uint64_t> RecordTime(const RequestReader& reader);

/// Which records to take; all conditions must hold.
struct SelectOptions {
  /// Of RecordTime(); half open, nanoseconds since 1970.
  std::optional<std::uint64_t> since, until;
  std::vector<WhereCondition> where;
  /// One in N traces: spans and logs by the hash of their trace id, everything else by that of the record's bytes.
  std::uint64_t sample_n = 1;

  bool all() const { return !since && !until && where.empty() && sample_n <= 1; }
};

/// Reads "1/N". kUsage if N is not a number from 1.
Result<std::uint64_t> ParseSample(std::string_view text);

/// The hash that --sample goes by. It stays as it is for ever: samples of different runs and releases fit together.
std::uint64_t SampleHash(std::string_view bytes);

/// SelectOptions made ready to be asked. One per reader: remembers answers by the reader's serials. Not thread-safe.
class Selection {
 public:
  /// kUsage that names the word that is wrong, and what is allowed.
  static Result<Selection> Compile(const SelectOptions& options);
  Selection(Selection&&) noexcept;
  Selection& operator=(Selection&&) noexcept;
  ~Selection();

  /// Whether the record that the reader is on is chosen. A metric without data has neither time nor attributes.
  bool Matches(const RequestReader& reader);

 private:
  struct State;
  explicit Selection(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_SELECT_H_
