#ifndef GF_OTLP_SINK_SINK_H_
#define GF_OTLP_SINK_SINK_H_

#include <chrono>
#include <optional>

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

/// A sink of messages, which are delivered some time behind Write().
class DeliverySink : public Sink {
 public:
  /// From another thread, to end the run early: no further batch is sent, and Close() gives up on what is under way
  /// (kIo) when this time is over.
  virtual void LimitFlush(std::chrono::milliseconds limit) = 0;
  /// An end of a unit or batch behind which, and behind all before it, every message is delivered or dealt with for
  /// good: the last one that the sink knows of. From any thread.
  virtual std::optional<InputPosition> delivered() const = 0;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_SINK_H_
