#include "input/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <utility>

#include "base/file.h"
#include "input/byte_stream.h"
#include "input/detect.h"
#include "input/framing.h"
#include "input/paths.h"

namespace gf_otlp {
namespace {

/// A chunk's buffer that a large unit has grown beyond this is given back.
constexpr std::size_t kKeptCapacity = std::size_t{4} << 20;

constexpr const char* kNothingFits = "neither JSON nor protobuf requests in any framing (--input-format forces one)";

}  // namespace

struct Source::State {
  /// The file that is being read.
  struct Open {
    std::shared_ptr<InputFile> file;
    std::unique_ptr<PeekStream> content;
    DecompressStream* decompress = nullptr;
    std::unique_ptr<Cutter> cutter;
    std::uint64_t offset = 0;  // of the first byte that is not yet in a chunk
    bool ended = false;        // all was read; if the content is broken there, how
    Status broken;
    bool cut_short = false;  // the carried bytes may hold whole units
  };

  std::uint64_t SkippedUnits(std::size_t file) const { return file < skip_units.size() ? skip_units[file] : 0; }
  Result<bool> OpenNext(Chunk& chunk);
  Status OpenStream(const InputPath& path);
  Status ChooseFormat(const InputPath& path, Chunk& chunk);
  Status Fill(Chunk& chunk);
  Status Read(PaddedBuffer& data, std::size_t size);
  std::size_t CutCarried(Chunk& chunk);
  std::string_view carried() const { return carry.view().substr(carry_begin); }
  void FinishFile(Chunk& chunk);
  void LeaveOutTail(Chunk& chunk);

  CaptureOptions options;
  std::size_t block_bytes = kBlockBytes;
  InputPaths paths;
  std::size_t next_path = 0;
  std::vector<std::uint64_t> skip_units;
  std::unique_ptr<Open> open;
  PaddedBuffer carry;           // what was read behind the last chunk: a partial unit, or more if there were too many
  std::size_t carry_begin = 0;  // what stands before is in chunks
  std::atomic<std::uint64_t> bytes_read = 0;
  std::vector<PartialTail> partial_tails;
};

Status Source::State::OpenStream(const InputPath& path) {
  Result<InputFd> fd = path.name == "-" ? InputFd::StandardInput() : InputFd::Open(path.name);
  if (!fd) return std::move(fd.error());
  open = std::make_unique<Open>();
  open->file = std::make_shared<InputFile>();
  open->file->name = path.name;
  open->file->index = next_path - 1;
  auto stream = std::make_unique<FileStream>(*std::move(fd), path.name, bytes_read);
  open->content = std::make_unique<PeekStream>(std::move(stream));
  bool ended = false;
  constexpr std::size_t kMagicBytes = 4;
  const std::string_view head = open->content->Peek(kMagicBytes, ended);
  const Compression compression = options.compression.value_or(DetectCompression(head));
  open->file->compression = compression;
  if (compression != Compression::kNone && !head.empty()) {
    auto decompress = std::make_unique<DecompressStream>(std::move(open->content), compression);
    open->decompress = decompress.get();
    open->content = std::make_unique<PeekStream>(std::move(decompress));
  }
  return {};
}

/// Leaves `open` empty if the file is to be skipped.
Status Source::State::ChooseFormat(const InputPath& path, Chunk& chunk) {
  InputFile& file = *open->file;
  bool ended = false;
  const std::string_view head = open->content->Peek(kDetectBytes, ended);
  const Status& failure = open->content->failure();
  if (!failure.ok() && failure.code() != Code::kBadData) return failure;
  if (options.format || head.empty()) {
    file.format = options.format.value_or(InputFormat::kProto);
  } else {
    const FormatDetection detected = DetectFormat(head, ended);
    if (detected.format && detected.other) {
      return UsageError(fmt::format("{}: may be of format {} or {}: say which with --input-format", path.name,
                                    InputFormatName(*detected.format), InputFormatName(*detected.other)));
    }
    if (!detected.format && path.from_directory) {
      paths.skipped.push_back({path.name, kNothingFits, true});
      open.reset();
      return {};
    }
    if (path.from_directory && detected.format == InputFormat::kJson && IsForeignJson(head)) {
      paths.skipped.push_back({path.name, "JSON, but no OTLP requests", true});
      open.reset();
      return {};
    }
    if (!detected.format) {
      file.format = InputFormat::kJson;  // messages speak of a document
      chunk.file = open->file;
      chunk.data.Append(head.substr(0, options.max_unit_bytes));
      chunk.units.push_back(Unit{.bytes = chunk.data.view(),
                                 .length = head.size(),
                                 .number = 1,
                                 .error = kNothingFits,
                                 .rest_given_up = true});
      open.reset();
      return {};
    }
    file.format = *detected.format;
  }
  if (file.format == InputFormat::kProto) file.signal_hint = DetectRawSignal(head);
  open->cutter = Cutter::Create(file.format, options.max_unit_bytes);
  return {};
}

/// False when there is no further file.
Result<bool> Source::State::OpenNext(Chunk& chunk) {
  while (next_path < paths.files.size() && SkippedUnits(next_path) == kAllUnits) ++next_path;
  if (next_path == paths.files.size()) return false;
  const InputPath& path = paths.files[next_path++];
  GF_UNEXPECTED_IF_ERROR(OpenStream(path));
  GF_UNEXPECTED_IF_ERROR(ChooseFormat(path, chunk));
  return true;
}

/// Reads until `data` has that size or the file ends.
Status Source::State::Read(PaddedBuffer& data, std::size_t size) {
  while (!open->ended && data.size() < size) {
    data.Reserve(size - data.size());
    const Result<std::size_t> n = open->content->Read(data.end(), size - data.size());
    if (n) data.AddSize(*n);
    if (!n && n.error().code() != Code::kBadData) return n.error();
    if (!n) open->broken = n.error();
    open->ended = !n || *n == 0;
  }
  return {};
}

/// Cuts units from the carried bytes alone; gives how many bytes they took.
std::size_t Source::State::CutCarried(Chunk& chunk) {
  const std::string_view from = carried();
  const std::size_t done = open->cutter->Cut(from, open->offset, false, chunk.units);
  chunk.data.Append(from.substr(0, done));
  for (Unit& unit : chunk.units) {
    unit.bytes = chunk.data.view().substr(static_cast<std::size_t>(unit.bytes.data() - from.data()), unit.bytes.size());
  }
  carry_begin += done;
  open->offset += done;
  return done;
}

/// Goes on until there are whole units, or some bytes are done with, or the file ends.
Status Source::State::Fill(Chunk& chunk) {
  chunk.file = open->file;
  if (open->cut_short) {
    const std::size_t done = CutCarried(chunk);
    if (open->cutter->lost()) FinishFile(chunk);
    if (done > 0) return {};
    open->cut_short = false;
  }
  if (carry_begin == 0) {
    std::swap(chunk.data, carry);  // which is empty
  } else {
    chunk.data.Append(carried());
    carry.Clear();
    carry_begin = 0;
  }
  std::size_t target = std::max(chunk.data.size() + 1, block_bytes);
  for (;;) {
    GF_RETURN_IF_ERROR(Read(chunk.data, target));
    const std::size_t done = open->cutter->Cut(chunk.data.view(), open->offset, open->ended, chunk.units);
    open->cut_short = done < chunk.data.size() && chunk.units.size() >= Cutter::kMaxUnits;
    if (open->cutter->lost() || (open->ended && !open->cut_short)) {
      open->offset += chunk.data.size();
      FinishFile(chunk);
      return {};
    }
    if (done > 0) {
      open->offset += done;
      carry.Append(chunk.data.view().substr(done));
      return {};
    }
    target = chunk.data.size() + block_bytes;
  }
}

/// REQUIRES: the file's last bytes are in the chunk, or where its next unit begins is not known.
void Source::State::FinishFile(Chunk& chunk) {
  const Status& broken = open->broken;
  const bool torn = !chunk.units.empty() && chunk.units.back().torn;
  const bool truncated = broken.ok() || (open->decompress != nullptr && open->decompress->truncated());
  if (torn && truncated && options.skip_partial_tail) {
    LeaveOutTail(chunk);
  } else if (!broken.ok() && torn) {
    chunk.units.back().error = fmt::format("{} ({})", broken.message(), chunk.units.back().error);
    chunk.units.back().rest_given_up = !truncated;
  } else if (!broken.ok() && truncated && options.skip_partial_tail) {
    partial_tails.push_back({open->file->name, open->offset, 0});
  } else if (!broken.ok() && !open->cutter->lost()) {
    chunk.units.push_back(Unit{.bytes = {},
                               .offset = open->offset,
                               .number = open->cutter->next_number(),
                               .error = broken.message(),
                               .rest_given_up = !truncated});
  }
  carry.Clear();
  carry_begin = 0;
  open.reset();
}

void Source::State::LeaveOutTail(Chunk& chunk) {
  const Unit& tail = chunk.units.back();
  partial_tails.push_back({open->file->name, tail.offset, tail.length});
  chunk.units.pop_back();
}

Source::Source(std::unique_ptr<State> state) : state_(std::move(state)) {}
Source::~Source() = default;

Result<std::unique_ptr<Source>> Source::Open(const std::vector<std::string>& inputs, const CaptureOptions& options,
                                             std::size_t block_bytes) {
  Result<InputPaths> paths = ListInputs(inputs);
  if (!paths) return std::unexpected(std::move(paths.error()));
  auto state = std::make_unique<State>();
  state->options = options;
  state->block_bytes = block_bytes;
  state->paths = *std::move(paths);
  return std::unique_ptr<Source>(new Source(std::move(state)));
}

Result<bool> Source::Next(Chunk& chunk) {
  while (true) {
    chunk.units.clear();
    chunk.data.Shrink(kKeptCapacity);
    if (state_->open) {
      GF_UNEXPECTED_IF_ERROR(state_->Fill(chunk));
    } else {
      const Result<bool> more = state_->OpenNext(chunk);
      if (!more || !*more) return more;
    }
    if (!chunk.units.empty() && state_->SkippedUnits(chunk.file->index) > 0) {
      const std::uint64_t skipped = state_->SkippedUnits(chunk.file->index);
      std::erase_if(chunk.units, [&](const Unit& unit) { return unit.number <= skipped; });
    }
    if (!chunk.units.empty()) return true;
  }
}

const std::vector<InputPath>& Source::files() const { return state_->paths.files; }
void Source::SkipUnits(std::vector<std::uint64_t> units) { state_->skip_units = std::move(units); }

std::uint64_t Source::total_bytes() const {
  const std::vector<InputPath>& files = state_->paths.files;
  if (!std::ranges::all_of(files, &InputPath::has_size)) return 0;
  return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const InputPath& file) { return sum + file.size; });
}

std::uint64_t Source::bytes_read() const { return state_->bytes_read.load(std::memory_order_relaxed); }
const std::vector<SkippedFile>& Source::skipped() const { return state_->paths.skipped; }
const std::vector<PartialTail>& Source::partial_tails() const { return state_->partial_tails; }

}  // namespace gf_otlp
