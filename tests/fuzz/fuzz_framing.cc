// Two bytes of options, then a file's content.
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "gf_otlp/capture.h"
#include "gf_otlp/records.h"
#include "input/source.h"
#include "input/unit_decoder.h"

namespace gf_otlp::fuzz {
namespace {

constexpr std::size_t kMaxUnitBytes = std::size_t{1} << 18;

/// A file in memory that can be opened by its name.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("capture", 0)) { Require(fd_ >= 0, "memfd_create"); }

  std::string name() const { return "/proc/self/fd/" + std::to_string(fd_); }
  void Write(std::string_view content) {
    Require(ftruncate(fd_, 0) == 0, "ftruncate");
    Require(pwrite(fd_, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()), "pwrite");
  }

 private:
  int fd_;
};

/// Every format, compression and signal, and none of them, so that it is detected.
CaptureOptions TakeOptions(Input& input) {
  constexpr InputFormat kFormats[] = {InputFormat::kJson, InputFormat::kProto, InputFormat::kFramed,
                                      InputFormat::kDelimited, InputFormat::kDeadLetter};
  CaptureOptions options;
  const unsigned first = input.Take(), second = input.Take();
  if (const unsigned format = first % 8; format < std::size(kFormats)) options.format = kFormats[format];
  if (const unsigned compression = first / 8 % 4; compression < 3)
    options.compression = static_cast<Compression>(compression);
  if (const unsigned signal = first / 32 % 4; signal < 3) options.signal = static_cast<Signal>(signal);
  options.skip_partial_tail = (second & 1) != 0;
  options.max_unit_bytes = kMaxUnitBytes;
  return options;
}

void DecodeUnit(const InputFile& file, const Unit& unit, UnitDecoder& decoder) {
  const Result<std::vector<WireRequest>*> requests = decoder.Decode(file, unit);
  if (!requests) {
    const Code code = requests.error().code();
    Require(code == Code::kBadData || code == Code::kUsage, "what is wrong with a unit is its data");
    return;
  }
  for (const WireRequest& request : **requests) {
    RequestReader reader;
    reader.Start(request.signal, request.wire);
    while (reader.Next()) {
    }
  }
}

}  // namespace
}  // namespace gf_otlp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gf_otlp;
  static fuzz::MemoryFile memory_file;
  fuzz::Input input(data, size);
  const CaptureOptions options = fuzz::TakeOptions(input);
  const std::string_view content = input.rest();
  memory_file.Write(content);

  auto source = Source::Open({memory_file.name()}, options, /*block_bytes=*/256);
  fuzz::Require(source.has_value(), "the file opens");
  UnitDecoder decoder(options);
  Chunk chunk;
  std::uint64_t number = 0, end = 0;
  while (true) {
    const auto more = (*source)->Next(chunk);
    if (!more) {
      fuzz::Require(more.error().code() == Code::kUsage, "only the format can be in doubt");
      return 0;
    }
    if (!*more) return 0;
    for (const Unit& unit : chunk.units) {
      fuzz::Require(unit.number > number && unit.offset >= end, "units are in order");
      number = unit.number;
      end = unit.offset + unit.length;
      fuzz::Require(chunk.file->compression != Compression::kNone || end <= content.size(), "units are in the file");
      fuzz::Require(unit.bytes.size() <= fuzz::kMaxUnitBytes, "units are within the limit");
      fuzz::DecodeUnit(*chunk.file, unit, decoder);
    }
  }
}
