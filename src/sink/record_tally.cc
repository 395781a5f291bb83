#include "sink/record_tally.h"

#include <algorithm>

namespace gf_otlp {
namespace {

void SortUnique(std::vector<RecordPlace>& records) {
  std::ranges::sort(records);
  records.erase(std::ranges::unique(records).begin(), records.end());
}

}  // namespace

std::vector<RecordPlace> RecordTally::NotYetRefused(std::uint32_t flight, std::span<const RecordPlace> records) const {
  std::vector<RecordPlace> left(records.begin(), records.end());
  SortUnique(left);
  if (const auto found = undelivered_.find(flight); found != undelivered_.end()) {
    std::erase_if(left, [&](RecordPlace record) { return found->second.refused.contains(record); });
  }
  return left;
}

void RecordTally::Refuse(std::uint32_t flight, std::span<const RecordPlace> records) {
  undelivered_[flight].refused.insert(records.begin(), records.end());
}

void RecordTally::Fail(std::uint32_t flight, std::span<const RecordPlace> records) {
  std::vector<RecordPlace>& failed = undelivered_[flight].failed;
  failed.insert(failed.end(), records.begin(), records.end());
}

void RecordTally::Close(std::uint32_t flight, std::size_t records) {
  delivered_ += records;
  const auto found = undelivered_.find(flight);
  if (found == undelivered_.end()) return;
  auto& [refused, failed] = found->second;
  SortUnique(failed);
  std::erase_if(failed, [&](RecordPlace record) { return refused.contains(record); });
  refused_ += refused.size();
  failed_ += failed.size();
  delivered_ -= refused.size() + failed.size();
  undelivered_.erase(found);
}

}  // namespace gf_otlp
