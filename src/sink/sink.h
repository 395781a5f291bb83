#ifndef GF_OTLP_SINK_SINK_H_
#define GF_OTLP_SINK_SINK_H_

#include "gf_otlp/status.h"
#include "sink/batch.h"

namespace gf_otlp {

/// Where output goes. Destroying a sink without Close() discards what can be discarded. Not thread-safe: the pipeline
/// calls it in input order, one thread at a time.
class Sink {
 public:
  virtual ~Sink() = default;
  /// Takes what is in the batch and leaves it empty; a sink that needs the bytes for longer leaves other buffers in
  /// their place. kIo, or kClosed when the reader of a pipe went away.
  virtual Status Write(Batch& batch) = 0;
  /// Makes everything written durable and visible. REQUIRES: last call.
  virtual Status Close() = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_SINK_H_
