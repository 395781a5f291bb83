#include "pipeline/row_writer.h"

namespace gf_otlp {

Status RowWriter::Append(const WireRequest& request, UnitWork& work, Batch& batch) {
  reader_.Start(request.signal, request.wire);
  while (reader_.Next()) {
    if (!work.choice.Take(reader_, work.counts)) continue;
    for (const std::size_t table : mapper_.TablesOf(reader_.kind())) {
      if (!work.choice.WritesTable(table)) continue;
      PaddedBuffer& stream = batch.streams[separate_ ? table : 0];
      work.counts.rows[table] += mapper_.Append(table, reader_, stream);
      if (stream.size() >= kLargeBatch) GF_RETURN_IF_ERROR(work.make_room(batch));
    }
  }
  return reader_.status();
}

}  // namespace gf_otlp
