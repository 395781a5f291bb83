#ifndef GF_OTLP_PIPELINE_JOIN_ROWS_H_
#define GF_OTLP_PIPELINE_JOIN_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "sink/batch.h"

namespace gf_otlp {

/// Joins the batch's messages of one row each to messages of up to `rows` rows, divided by newlines: those of one route
/// and one key, in their order, up to `max_bytes(route)` of value and key. A message stands where its first row stood.
/// Messages of routes for which `max_bytes` is 0 stay as they are.
/// Rows that stand one behind the other stay where they are; if there are others, all are copied into `spare`, which
/// changes places with the batch's text.
/// REQUIRES: a newline follows each row in the batch's text
void JoinRows(Batch& batch, std::uint32_t rows, const std::function<std::size_t(std::uint32_t route)>& max_bytes,
              PaddedBuffer& spare);

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_JOIN_ROWS_H_
