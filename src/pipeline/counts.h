#ifndef GF_OTLP_PIPELINE_COUNTS_H_
#define GF_OTLP_PIPELINE_COUNTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "gf_otlp/records.h"

namespace gf_otlp {

/// What a run did. records_read = written + refused + filtered + disabled + without_data (records of units that could
/// not be decoded are not known: those units are counted instead).
struct Counts {
  std::uint64_t units = 0;      // frames, documents, resource elements, the bad ones included
  std::uint64_t bad_units = 0;  // of them: not decodable, dead-lettered
  std::uint64_t given_up = 0;   // of these: those behind which a file could not be read on
  std::uint64_t requests = 0;
  std::uint64_t records_read = 0;
  std::array<std::uint64_t, kSignalCount> signal_records{};  // read of each Signal; counted by checks only
  std::uint64_t records_written = 0;
  std::uint64_t records_refused = 0;  // dead-lettered one by one
  std::uint64_t records_filtered = 0;
  std::array<std::uint64_t, kRecordKindCount> records_disabled{};  // of each RecordKind
  std::uint64_t records_without_data = 0;
  std::vector<std::uint64_t> rows;  // of each table
  std::uint64_t bytes_out = 0;      // before compression
  // See RowCounts and DecodeCounts.
  std::uint64_t replaced_bytes = 0, clamped_times = 0, unread_numbers = 0, bad_text_documents = 0, deprecated_names = 0;

  void Add(const Counts& other);
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_COUNTS_H_
