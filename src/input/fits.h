#ifndef GF_OTLP_INPUT_FITS_H_
#define GF_OTLP_INPUT_FITS_H_

#include <cstdint>
#include <string_view>

#include "gf_otlp/signal.h"
#include "otlp/field_tables.h"

namespace gf_otlp {

/// Traces, logs, metrics, and profiles as the fourth.
inline constexpr int kAnySignalCount = 4;
inline constexpr int kProfiles = 3;

/// A set of those, a bit each (1 << signal).
using SignalSet = std::uint8_t;
inline constexpr SignalSet kAllSignals = (1 << kAnySignalCount) - 1;

/// Whether the bytes may be such a message: no known field has another wire type than it should, ids are empty or of
/// their size, and all sub-messages fit too. Unknown fields and strings that are not UTF-8 are no contradiction.
/// `cut`: the message may go on behind the bytes.
bool Fits(const MessageTable& table, std::string_view message, bool cut = false);

/// The same for a record (Span, LogRecord, Metric, Profile) of the signal.
bool RecordFits(int signal, std::string_view record, bool cut = false);

/// The signals whose records may have such a field. `size` is a length-delimited field's length.
SignalSet SignalsWithField(std::uint32_t number, std::uint32_t wire_type, std::uint64_t size);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_FITS_H_
