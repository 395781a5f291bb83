#ifndef GF_OTLP_OTLP_JSON_TO_WIRE_H_
#define GF_OTLP_OTLP_JSON_TO_WIRE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// Transcodes OTLP-JSON export requests to protobuf wire bytes. One per worker; buffers are used again.
class JsonToWire {
 public:
  struct Result {
    Signal signal = Signal::kTraces;
    std::string_view wire;  // valid until the next Transcode()
  };
  /// What is read beyond the specification (OTLP, JSON Protobuf Encoding).
  enum class Beyond : std::uint8_t {
    kSnakeCase,       // a field by its original name
    kDeprecatedName,  // a field by a name from before OTLP 1.0
    kUnknownField,
    kRepeatedField,
    kSeveralValues,  // of one oneof
    kEnumName,
    kNullElement,
    kBase64Id,
    kSeveralSignals,
  };
  struct Use {
    std::uint64_t count = 0;
    const char* at = nullptr;  // the first, in the document
    std::string text;          // of it
  };
  using Uses = std::array<Use, static_cast<std::size_t>(Beyond::kSeveralSignals) + 1>;

  struct Counts {
    std::uint64_t bad_text = 0;  // documents that held bytes that are not UTF-8 (kept), or lone surrogates (now U+FFFD)
    std::uint64_t deprecated_names = 0;  // instrumentationLibrary* fields, read as scopes
  };

  explicit JsonToWire(bool base64_ids);
  ~JsonToWire();

  /// One document (white space around it allowed), followed by PaddedBuffer::kPadding readable bytes. Gives one result
  /// for each signal the document holds, none for {} and null. kBadData with the offset in the document and the reason:
  /// also for a document of other keys only, and for profiles.
  Status Transcode(std::string_view json, std::vector<Result>& results);

  /// Gives memory back that documents of more than `keep` bytes took; their results are void.
  void Release(std::size_t keep);

  const Counts& counts() const;

  /// For each Beyond, of the last document.
  const Uses& uses() const;
  /// If the last document failed at a trace or span id that is not of the right length in hex: how many bytes it must
  /// have, else 0.
  std::size_t bad_id_size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_JSON_TO_WIRE_H_
