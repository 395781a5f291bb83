#include "sink/batch.h"

namespace gf_otlp {

void Batch::Clear(std::size_t keep) {
  for (PaddedBuffer& stream : streams) stream.Shrink(keep);
  keys.Shrink(keep);
  messages.clear();
  places.clear();
  repeated_places = 0;
  times.clear();
  origin.reset();
  origin_bytes = 0;
}

}  // namespace gf_otlp
