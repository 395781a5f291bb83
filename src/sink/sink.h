#ifndef GF_OTLP_SINK_SINK_H_
#define GF_OTLP_SINK_SINK_H_

#include <cstddef>
#include <string_view>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// Where output goes: one or several streams, numbered from 0. Destroying a sink without Close() discards what can be
/// discarded. Not thread-safe: the pipeline calls it in input order, one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Whole rows (requests) of one stream. kIo, or kClosed when the reader of a pipe went away.
  virtual Status Write(std::size_t stream, std::string_view text) = 0;
  /// Makes everything written durable and visible. REQUIRES: last call.
  virtual Status Close() = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_SINK_H_
