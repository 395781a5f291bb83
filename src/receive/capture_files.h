#ifndef GF_OTLP_RECEIVE_CAPTURE_FILES_H_
#define GF_OTLP_RECEIVE_CAPTURE_FILES_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gf_otlp/status.h"
#include "receive/capture_directory.h"
#include "receive/capture_file.h"
#include "receive/capture_names.h"
#include "receive/capture_writer.h"

namespace gf_otlp::receive {

/// A request on its way to its file.
struct PendingRequest {
  StoredRequest request;
  CaptureWriter::Stored stored;
  Status status;
};

/// The files of a capture directory: which request goes to which, when they are put aside, which of them are open. Not
/// thread-safe.
class CaptureFiles {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::time_point kNever = Clock::time_point::max();

  CaptureFiles(const CaptureWriterOptions& options, CaptureDirectory directory);

  /// Looks through the files that are there, see CaptureWriter::Open(). REQUIRES: before anything else
  Status Recover(const std::function<void(std::string_view)>& say);

  /// Writes the requests, syncs their files if that is asked for, and sets what came of each.
  void Store(std::span<PendingRequest> group);
  /// What is to be done at its time: puts old files aside, looks whether what failed goes well again.
  void DoDue(Clock::time_point now);
  /// When, perhaps kNever.
  Clock::time_point NextDue() const;

  /// Why the last write failed, if it did.
  const Status& trouble() const { return fatal_.ok() ? trouble_ : fatal_; }
  /// Set once nothing is written any more.
  const Status& fatal() const { return fatal_; }
  void SetFatal(const Status& status) { fatal_ = status; }
  const CaptureWriter::Totals& totals() const { return totals_; }

 private:
  /// A file, and what there is for it.
  struct File {
    File(const CaptureDirectory& directory, const std::string& name, bool framed) : file(directory, name, framed) {}

    CaptureFile file;
    std::vector<PendingRequest*> pending;
    std::uint64_t last_used = 0;
    bool written = false;            // and counted
    Clock::time_point due = kNever;  // when it is put aside
  };
  using Requests = std::span<PendingRequest* const>;

  Status BringBackHeaders(const std::vector<std::string>& names);
  void TakeStamps(const std::vector<std::string>& names);

  File& FileOf(const std::string& name);
  void Write(File& file);
  std::size_t CountThatFit(const File& file, Requests requests) const;
  void WriteRun(File& file, Requests run);
  Status Append(File& file, Requests run);
  void Fail(File& file, Requests requests, const Status& status);

  Status Open(File& file);
  void Close(File& file);
  Status CloseOne();
  Status Sync(File& file);
  Status SyncNames();
  Status PutAside(File& file, std::string_view reason);
  void SetDue(File& file, Clock::time_point due);
  Clock::time_point DueOf(Clock::time_point begin) const;

  const CaptureWriterOptions options_;
  const CaptureDirectory directory_;
  const CaptureNames names_;
  const bool framed_;

  std::unordered_map<std::string, std::unique_ptr<File>> files_;
  std::vector<File*> open_;
  std::set<std::pair<Clock::time_point, File*>> by_due_;
  std::int64_t last_stamp_ = 0;  // of files put aside, milliseconds since 1970
  std::uint64_t uses_ = 0;
  bool names_changed_ = false;  // since the directory was synced

  CaptureWriter::Totals totals_;
  Status fatal_, trouble_;
  File* troubled_ = nullptr;  // with the bytes that there was no room for
  std::uint64_t troubled_bytes_ = 0;
  Clock::time_point try_again_ = kNever;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_CAPTURE_FILES_H_
