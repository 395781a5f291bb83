#include "receive/capture_writer.h"

#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/guard.h"
#include "receive/capture_directory.h"
#include "receive/capture_files.h"

namespace gf_otlp::receive {

class CaptureWriter::Impl {
 public:
  Impl(const CaptureWriterOptions& options, CaptureDirectory directory) : files_(options, std::move(directory)) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  Status Start(const std::function<void(std::string_view)>& say) {
    GF_RETURN_IF_ERROR(files_.Recover(say));
    thread_ = std::thread(&Impl::Run, this);
    return {};
  }

  void Append(StoredRequest request, Stored stored) {
    const std::scoped_lock lock(mutex_);
    queue_.push_back({.request = std::move(request), .stored = std::move(stored), .status = {}});
    work_.notify_one();
  }

  Status Close() {
    {
      const std::scoped_lock lock(mutex_);
      closing_ = true;
      work_.notify_one();
    }
    if (thread_.joinable()) thread_.join();
    return files_.fatal();
  }

  Totals totals() const {
    const std::scoped_lock lock(mutex_);
    return totals_;
  }

  Status health() const {
    const std::scoped_lock lock(mutex_);
    return health_;
  }

  void set_on_fatal(std::function<void(const Status&)> on_fatal) {
    const std::scoped_lock lock(mutex_);
    on_fatal_ = std::move(on_fatal);
  }

 private:
  /// The writer's thread: what has come in while the last group was written and synced is the next group.
  void Run() {
    std::vector<PendingRequest> group;
    while (Take(group)) {
      if (files_.NextDue() <= CaptureFiles::Clock::now()) files_.DoDue(CaptureFiles::Clock::now());
      if (Status status = Guard([&] { return files_.Store(group), Status(); }); !status.ok()) files_.SetFatal(status);
      Finish(group);
    }
  }

  /// Waits until there is something to do. False at the end, when everything is stored.
  bool Take(std::vector<PendingRequest>& group) {
    std::unique_lock lock(mutex_);
    const auto ready = [&] { return closing_ || !queue_.empty(); };
    if (files_.NextDue() == CaptureFiles::kNever) {
      work_.wait(lock, ready);
    } else {
      work_.wait_until(lock, files_.NextDue(), ready);
    }
    group.swap(queue_);
    return !closing_ || !group.empty();
  }

  void Finish(std::vector<PendingRequest>& group) {
    std::function<void(const Status&)> on_fatal;
    {
      const std::scoped_lock lock(mutex_);
      totals_ = files_.totals();
      health_ = files_.trouble();
      if (!files_.fatal().ok()) on_fatal.swap(on_fatal_);
    }
    for (PendingRequest& pending : group) {
      const Status& fatal = files_.fatal();
      // Its memory is free when the caller hears of it; an assignment of an empty one would keep it.
      static_cast<void>(std::exchange(pending.request, {}));
      pending.stored(fatal.ok() ? pending.status : fatal);
    }
    group.clear();
    if (on_fatal) on_fatal(files_.fatal());
  }

  CaptureFiles files_;  // of the writer's thread

  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::vector<PendingRequest> queue_;
  bool closing_ = false;
  Totals totals_;
  Status health_;
  std::function<void(const Status&)> on_fatal_;

  std::thread thread_;
};

CaptureWriter::CaptureWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<CaptureWriter>> CaptureWriter::Open(const CaptureWriterOptions& options,
                                                           const std::function<void(std::string_view)>& say) {
  Result<CaptureDirectory> directory = CaptureDirectory::Open(options.dir, say);
  if (!directory) return std::unexpected(directory.error());
  auto impl = std::make_unique<Impl>(options, std::move(*directory));
  GF_UNEXPECTED_IF_ERROR(impl->Start(say));
  return std::unique_ptr<CaptureWriter>(new CaptureWriter(std::move(impl)));
}

CaptureWriter::~CaptureWriter() { static_cast<void>(impl_->Close().ok()); }

void CaptureWriter::Append(StoredRequest request, Stored stored) {
  impl_->Append(std::move(request), std::move(stored));
}

Status CaptureWriter::Close() { return impl_->Close(); }

CaptureWriter::Totals CaptureWriter::totals() const { return impl_->totals(); }

Status CaptureWriter::health() const { return impl_->health(); }

void CaptureWriter::set_on_fatal(std::function<void(const Status&)> on_fatal) {
  impl_->set_on_fatal(std::move(on_fatal));
}

}  // namespace gf_otlp::receive
