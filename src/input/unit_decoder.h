#ifndef GF_OTLP_INPUT_UNIT_DECODER_H_
#define GF_OTLP_INPUT_UNIT_DECODER_H_

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "gf_otlp/capture.h"
#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"
#include "input/source.h"
#include "otlp/json_to_wire.h"

namespace gf_otlp {

struct WireRequest {
  Signal signal = Signal::kTraces;
  std::string_view wire;
};

/// What was put right on the way from bytes to wire; summed over the units of a decoder.
struct DecodeCounts {
  std::uint64_t bad_text = 0;          // JSON units that held bytes that are not UTF-8, or lone surrogates
  std::uint64_t deprecated_names = 0;  // instrumentationLibrary* and kin, read as scopes
};

/// Whether a payload whose form its file does not tell is taken for protobuf: not for something compressed, or for
/// JSON.
bool IsProtoPayload(std::string_view payload);

/// Turns a unit into requests in the one form: decompresses a frame, transcodes JSON, detects the signal of protobuf.
/// One per worker; buffers are used again.
class UnitDecoder {
 public:
  explicit UnitDecoder(const CaptureOptions& options);
  ~UnitDecoder();

  /// The unit's requests: none if it holds none, several for a JSON document of several signals. Views are valid until
  /// the next call and as long as the unit's chunk. kBadData if the unit is no request, kUsage if the signal is
  /// ambiguous (names --signal).
  /// `before_large` is called before a compressed frame is decompressed to more than kLargeContent bytes: a caller with
  /// several decoders may wait there for the others.
  Result<std::vector<WireRequest>*> Decode(const InputFile& file, const Unit& unit,
                                           const std::function<void()>& before_large = {});

  /// Gives back the memory that a large unit took; its requests are void.
  void Release();

  const DecodeCounts& counts() const;

  /// How the last unit's JSON was written beyond the specification; null if it was none.
  const JsonToWire::Uses* json_uses() const;
  /// If the last unit's JSON failed at an id of a wrong length: see JsonToWire.
  std::size_t bad_id_size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_UNIT_DECODER_H_
