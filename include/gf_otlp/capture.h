#ifndef GF_OTLP_CAPTURE_H_
#define GF_OTLP_CAPTURE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// How requests stand in a file; see gf-otlp-formats(5).
enum class InputFormat : std::uint8_t {
  kJson,        // JSON documents, one a line or pretty-printed, one after the other
  kProto,       // one protobuf request without framing (also several, concatenated)
  kFramed,      // u32 big-endian length, then a request (JSON or protobuf, each may be a zstd or gzip frame)
  kDelimited,   // varint length, then a protobuf request
  kDeadLetter,  // lines written by --dead-letter
  kLines,       // lines of anything: no requests, never detected
};

/// "json", "proto", "framed", "delimited", "dead-letter", "lines".
std::string_view InputFormatName(InputFormat format);
/// Of formats that requests come in.
std::optional<InputFormat> ParseInputFormat(std::string_view name);

enum class Compression : std::uint8_t { kNone, kGzip, kZstd };

/// What is not set is detected.
struct CaptureOptions {
  std::optional<InputFormat> format;
  std::optional<Compression> compression;  // of whole files; frames are always looked at
  std::optional<Signal> signal;
  /// A directory that is still written to: a torn last unit of a file is left out instead of an error.
  bool skip_partial_tail = false;
  /// Trace and span ids in JSON are base64 (plain protojson dumps), not hex.
  bool base64_ids = false;
  /// A unit (frame, JSON document, resource element) larger than this, also after decompression, is an error.
  std::size_t max_unit_bytes = std::size_t{512} << 20;
};

/// Where a unit of input stands. `offset` and `length` are bytes of the file's content after decompression of the
/// whole file, framing included; `number` counts the file's units from 1.
struct Position {
  std::string file;  // "-" is standard input
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t number = 0;
};

/// One export request of one signal, as protobuf wire bytes (the one form that everything starts from).
struct Request {
  Signal signal = Signal::kTraces;
  std::string_view wire;  // valid until the next call of Capture::Next()
  Position position;
};

/// Reads captures one request after the other: the simple way in for other programs. Not thread-safe.
class Capture {
 public:
  /// `inputs`: files, directories (read recursively), "-" for standard input.
  static Result<Capture> Open(const std::vector<std::string>& inputs, const CaptureOptions& options = {});
  Capture(Capture&&) noexcept;
  Capture& operator=(Capture&&) noexcept;
  ~Capture();

  /// The next request; nothing at the end. After an error of code kBadData the next call goes on behind the bad unit;
  /// other errors are final.
  Result<std::optional<Request>> Next();

 private:
  struct State;
  explicit Capture(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_CAPTURE_H_
