#ifndef GF_OTLP_RECEIVE_CAPTURE_WRITER_H_
#define GF_OTLP_RECEIVE_CAPTURE_WRITER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp::receive {

enum class FileFormat : std::uint8_t { kProto, kJson };
/// What requests share a file: all of them, those of a signal, those with the same value of a header.
enum class Split : std::uint8_t { kNone, kSignal, kHeader };
enum class Durability : std::uint8_t {
  kNone,  // written: survives the end of the process
  kData,  // synced: survives the end of the machine
};

struct CaptureWriterOptions {
  std::string dir;
  FileFormat format = FileFormat::kProto;
  bool zstd = false;
  Split split = Split::kNone;
  Durability durability = Durability::kData;
  /// A file is put aside before it becomes larger than so many bytes, and when it is so old; 0: never.
  std::uint64_t rotate_bytes = std::uint64_t{100} << 20;
  std::chrono::nanoseconds rotate_after{0};
};

/// One request as it is to be stored.
struct StoredRequest {
  Signal signal = Signal::kTraces;
  /// The file's content of it, in the file's format, without framing, compressed if files are: a protobuf request, or a
  /// JSON document without newlines. Not empty.
  std::string bytes;
  std::uint64_t records = 0;
  /// Of Split::kHeader: the header's value; empty: it had none.
  std::string group;
  /// Kept beside the data, in the order they came.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Writes requests to the files of a directory as the Collector's file exporter does (its framings, its names of files
/// that were put aside). One thread of its own writes and syncs what has come in meanwhile (group commit). Thread-safe.
class CaptureWriter {
 public:
  /// Called by the writer's thread, in the order of Append(): ok once the request is as durable as asked for; kIo if it
  /// could not be written now (a full disk), nothing of it is in a file then. After what on_fatal is told, kIo for all,
  /// also for what may be in a file.
  using Stored = std::function<void(const Status&)>;

  /// Creates the directory if it is not there; goes on with its files: what a crash left of an unfinished request at
  /// their ends is cut off, and told to `say`. kUsage if another process writes there, or a file of a name that would
  /// be ours is not of our format; kIo.
  static Result<std::unique_ptr<CaptureWriter>> Open(const CaptureWriterOptions& options,
                                                     const std::function<void(std::string_view)>& say);
  /// As Close().
  ~CaptureWriter();

  void Append(StoredRequest request, Stored stored);

  /// Stores what was given; the directory is free for others once the writer is destroyed. Gives what on_fatal was
  /// told. REQUIRES: no Append() under way or later
  Status Close();

  struct Totals {
    std::uint64_t requests = 0, records = 0, bytes = 0;  // stored; bytes: of files, with framing
    std::uint64_t files = 0;                             // that something was written to
    std::uint64_t syncs = 0;
  };
  /// From any thread.
  Totals totals() const;
  /// Ok if the last write went well, else what is wrong; looked at again every second, so that it becomes ok without a
  /// request too. From any thread.
  Status health() const;
  /// Called once, by the writer's thread, when nothing can be written any more whatever happens (a sync failed): the
  /// run is to end with it. REQUIRES: before Append()
  void set_on_fatal(std::function<void(const Status&)> on_fatal);

 private:
  class Impl;
  explicit CaptureWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_CAPTURE_WRITER_H_
