#ifndef GF_OTLP_INPUT_SOURCE_H_
#define GF_OTLP_INPUT_SOURCE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/capture.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/status.h"

namespace gf_otlp {

/// What is known of a file once it is open; shared by the chunks cut from it.
struct InputFile {
  std::string name;         // as the user would name it; "-" is standard input
  std::uint64_t index = 0;  // in Source::files()
  InputFormat format = InputFormat::kProto;
  Compression compression = Compression::kNone;
  /// Raw protobuf only: the signal that all of the file's first block agrees on, for elements that alone fit several.
  std::optional<Signal> signal_hint;
};

/// One unit as it stands in a file: a frame's payload, a JSON document, a `0a <length> <resource>` element.
struct Unit {
  std::string_view
      bytes;  // payload, perhaps still compressed; followed by at least PaddedBuffer::kPadding readable bytes
  std::uint64_t offset = 0;  // of the frame, framing included, in the decompressed file
  std::uint64_t length = 0;  // framing included
  std::uint64_t number = 0;  // from 1, in the file
  /// Set when this could not be cut (torn, too long): `bytes` is what there is of it (at most max_unit_bytes).
  std::string error;
  /// The error is that the file ends inside the unit.
  bool torn = false;
  /// Where the next unit would begin is not known: what is in the file behind `bytes` is not read.
  bool rest_given_up = false;
};

/// About a megabyte of whole units of one file, but not more than some thousands, or one large unit. The units' bytes
/// lie in `data`.
struct Chunk {
  std::shared_ptr<const InputFile> file;
  PaddedBuffer data;
  std::vector<Unit> units;
};

/// A file to be read, as the file system has it before it is opened.
struct InputPath {
  std::string name;  // "-" is standard input
  bool from_directory = false;
  bool has_size = false;  // a regular file
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds since 1970
};

struct SkippedFile {
  std::string name;
  std::string reason;
  bool no_capture = false;  // it was looked into, and is of no form that is known
};

/// A torn last unit that skip_partial_tail left out.
struct PartialTail {
  std::string name;
  std::uint64_t offset = 0, length = 0;
};

/// Opens the inputs one after the other and cuts them into chunks. Not thread-safe: workers take turns.
class Source {
 public:
  static constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

  /// Looks up the files (not their content). kIo if an input does not exist, kUsage if "-" is given twice.
  /// `block_bytes`: what a chunk is filled up to.
  static Result<std::unique_ptr<Source>> Open(const std::vector<std::string>& inputs, const CaptureOptions& options,
                                              std::size_t block_bytes = kBlockBytes);
  ~Source();

  /// In the order they are read.
  const std::vector<InputPath>& files() const;
  /// The number of units not to be given of each file, for those that were dealt with in an earlier run; kAllUnits: the
  /// file is not opened. Shorter than files(): 0 for the rest. REQUIRES: before Next()
  static constexpr std::uint64_t kAllUnits = ~std::uint64_t{0};
  void SkipUnits(std::vector<std::uint64_t> units);

  /// Fills `chunk` (its buffer is used again) with the next units; false at the end. What is wrong with the data is a
  /// unit with an error: a torn one, a broken compressed stream, a named file that fits no format. An error ends the
  /// run: kIo (cannot read, shrank) or kUsage (a format cannot be told: names the flag).
  Result<bool> Next(Chunk& chunk);

  /// Sizes as the file system has them; 0 when an input is a pipe.
  std::uint64_t total_bytes() const;
  /// Bytes read so far, before decompression. May be asked by another thread.
  std::uint64_t bytes_read() const;
  /// Hidden files and files of directories that no format fits, so far.
  const std::vector<SkippedFile>& skipped() const;
  const std::vector<PartialTail>& partial_tails() const;

 private:
  struct State;
  explicit Source(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_SOURCE_H_
