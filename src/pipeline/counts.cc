#include "pipeline/counts.h"

#include <algorithm>

namespace gf_otlp {

void Counts::Add(const Counts& other) {
  units += other.units;
  bad_units += other.bad_units;
  given_up += other.given_up;
  requests += other.requests;
  records_read += other.records_read;
  for (std::size_t i = 0; i < signal_records.size(); ++i) signal_records[i] += other.signal_records[i];
  records_written += other.records_written;
  records_refused += other.records_refused;
  records_filtered += other.records_filtered;
  for (std::size_t i = 0; i < records_disabled.size(); ++i) records_disabled[i] += other.records_disabled[i];
  records_without_data += other.records_without_data;
  rows.resize(std::max(rows.size(), other.rows.size()));
  for (std::size_t i = 0; i < other.rows.size(); ++i) rows[i] += other.rows[i];
  bytes_out += other.bytes_out;
  replaced_bytes += other.replaced_bytes;
  clamped_times += other.clamped_times;
  unread_numbers += other.unread_numbers;
  bad_text_documents += other.bad_text_documents;
  deprecated_names += other.deprecated_names;
}

}  // namespace gf_otlp
