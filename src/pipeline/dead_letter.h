#ifndef GF_OTLP_PIPELINE_DEAD_LETTER_H_
#define GF_OTLP_PIPELINE_DEAD_LETTER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "input/source.h"

namespace gf_otlp {

/// Takes whole lines of dead letters.
using DeadLetterWriter = std::function<Status(std::string_view lines)>;

/// What a unit is called in messages: "captures/a.proto: frame 12 at offset 4096".
std::string UnitName(const InputFile& file, const Unit& unit);

/// Appends a JSON line with the unit's place, why it was refused and its bytes in base64 (--input-format dead-letter).
/// `signal`: what the user forced.
void AppendDeadLetter(const InputFile& file, const Unit& unit, std::optional<Signal> signal, std::string_view reason,
                      std::string& lines);

/// The same of one record (from 0) of a unit; `wire` is a request that holds it alone.
void AppendDeadRecord(const InputFile& file, const Unit& unit, std::uint32_t record, Signal signal,
                      std::string_view wire, std::string_view reason, std::string& lines);

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_DEAD_LETTER_H_
