#ifndef GF_OTLP_RECEIVE_CAPTURE_FILE_H_
#define GF_OTLP_RECEIVE_CAPTURE_FILE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/status.h"
#include "receive/capture_directory.h"
#include "receive/capture_writer.h"

namespace gf_otlp::receive {

/// One file of requests that grows, with the file of their headers beside it. May be closed and opened again. Not
/// thread-safe.
class CaptureFile {
 public:
  /// The directory must outlive it. `framed`: a length in front of each request, else a newline behind it.
  CaptureFile(const CaptureDirectory& directory, std::string name, bool framed);

  const std::string& name() const { return name_; }
  std::string path() const { return directory_.PathOf(name_); }
  bool is_open() const { return static_cast<bool>(data_); }
  /// As of Open(), and what was appended since.
  std::uint64_t size() const { return size_; }
  static std::uint64_t SizeOf(const StoredRequest& request, bool framed) {
    return request.bytes.size() + (framed ? 4 : 1);
  }
  /// The file ends in what may be anything, or what was written may be gone: to be given up.
  bool broken() const { return broken_; }

  /// Opens the file, creates it if there is none and sets `created`. Of one that is open: looks whether it is still
  /// there, somebody may have deleted or emptied it.
  Status Open(bool& created);
  void Close();

  /// What a crash left of unfinished requests is cut off, and told to `say`. Gives the file's age. kUsage if it is not
  /// of our format. REQUIRES: is_open()
  Result<std::chrono::nanoseconds> Recover(const std::function<void(std::string_view)>& say);

  /// All requests or nothing: what a failure leaves of them is cut off again, if not the file is broken().
  /// `created`: set if a file was. REQUIRES: is_open()
  Status Append(std::span<const StoredRequest* const> requests, bool& created);
  /// Makes what was appended durable, also before it was closed. A failure makes it broken(). REQUIRES: is_open(), if
  /// anything was appended since the last call
  Status Sync(std::uint64_t& syncs);
  /// The next Open() after Close() creates a new one. REQUIRES: Sync()
  Status Rename(const std::string& aside);
  /// kIo if there is no room for so many bytes more, as far as can be told. REQUIRES: is_open()
  Status CheckRoom(std::uint64_t bytes);

 private:
  using Requests = std::span<const StoredRequest* const>;

  Status OpenHeaders(bool& created);
  PaddedBuffer HeaderLines(Requests requests) const;
  Status WriteData(Requests requests);
  Status CutBack(bool headers);
  Status SyncOne(const Descriptor& fd, bool& dirty, std::uint64_t& syncs);
  Status Break(std::string_view what);
  std::string HeadersName() const;

  const CaptureDirectory& directory_;
  std::string name_;
  bool framed_;
  bool dirty_ = false, headers_dirty_ = false, broken_ = false;
  Descriptor data_, headers_;
  std::uint64_t size_ = 0, headers_size_ = 0;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_CAPTURE_FILE_H_
