#ifndef GF_OTLP_SINK_RECORD_TALLY_H_
#define GF_OTLP_SINK_RECORD_TALLY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "sink/batch.h"

namespace gf_otlp {

/// Counts records, of which each may have several messages, by what became of these: a record is refused if one of its
/// messages is, else failed if one of them is, else delivered. Flights are those of Flights. Not thread-safe.
class RecordTally {
 public:
  /// Those of the records, each once, of which no message was refused before.
  std::vector<RecordPlace> NotYetRefused(std::uint32_t flight, std::span<const RecordPlace> records) const;

  /// What became of a message with these records.
  void Refuse(std::uint32_t flight, std::span<const RecordPlace> records);
  void Fail(std::uint32_t flight, std::span<const RecordPlace> records);
  /// All messages of a batch with so many records are dealt with.
  void Close(std::uint32_t flight, std::size_t records);

  // Of batches that are closed.
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t failed() const { return failed_; }

 private:
  struct Undelivered {
    std::set<RecordPlace> refused;
    std::vector<RecordPlace> failed;
  };

  std::map<std::uint32_t, Undelivered> undelivered_;  // by flight; mostly there are none
  std::uint64_t delivered_ = 0, refused_ = 0, failed_ = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_RECORD_TALLY_H_
