#include "receive/capture_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "base/time_text.h"
#include "input/paths.h"

namespace gf_otlp::receive {
namespace {

/// So many data files are open at a time; the others are closed, and opened again when there is something for them.
constexpr std::size_t kMaxOpen = 100;
/// What readers take, ours and those of the Collector's files (gf-otlp-formats(5)).
constexpr std::size_t kMaxFrame = std::numeric_limits<std::int32_t>::max();
/// After this time, what failed is tried again without a request.
constexpr std::chrono::seconds kRetry{1};

std::int64_t MillisecondsNow() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// Of "-2026-11-21T00-18-54.769": milliseconds since 1970.
std::optional<std::int64_t> ReadStamp(std::string stamp) {
  constexpr std::size_t kHour = 14, kMinute = 17;  // what is behind it
  stamp[kHour] = stamp[kMinute] = ':';
  const Result<std::uint64_t> time = ParseTime(std::string_view(stamp).substr(1), 0);
  if (!time) return std::nullopt;
  return static_cast<std::int64_t>(*time / 1'000'000);
}

}  // namespace

CaptureFiles::CaptureFiles(const CaptureWriterOptions& options, CaptureDirectory directory)
    : options_(options),
      directory_(std::move(directory)),
      names_(options.format, options.zstd, options.split),
      framed_(options.zstd || options.format == FileFormat::kProto) {}

// Files that were put aside are not looked at: they are whole. A file is renamed between two requests, when all of it
// was written and synced (with every durability), so neither the end of the process nor that of the machine can take
// a part of it away; and a file whose end is not known to be whole is broken() and never renamed.
Status CaptureFiles::Recover(const std::function<void(std::string_view)>& say) {
  const Result<std::vector<std::string>> names = directory_.Names();
  if (!names) return names.error();
  GF_RETURN_IF_ERROR(BringBackHeaders(*names));
  TakeStamps(*names);
  for (const std::string& name : *names) {
    if (!names_.IsOurs(name)) continue;
    File& file = FileOf(name);
    GF_RETURN_IF_ERROR(Open(file));
    const Result<std::chrono::nanoseconds> age = file.file.Recover(say);
    if (!age) return age.error();
    if (file.file.size() > 0) SetDue(file, DueOf(Clock::now() - *age));
  }
  return SyncNames();
}

/// Of files that were about to be put aside when the process ended.
Status CaptureFiles::BringBackHeaders(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!name.ends_with(kHeadersExtension)) continue;
    const std::string aside = name.substr(0, name.size() - kHeadersExtension.size());
    const std::string before = NameBeforeAside(aside);
    if (before == aside || !names_.IsOurs(before) || std::ranges::binary_search(names, aside)) continue;
    const std::string headers = before + std::string(kHeadersExtension);
    if (std::ranges::binary_search(names, headers) || !std::ranges::binary_search(names, before)) continue;
    GF_RETURN_IF_ERROR(directory_.Rename(name, headers));
    names_changed_ = true;
  }
  return {};
}

/// The next file put aside comes behind those that are there, whatever the clock says.
void CaptureFiles::TakeStamps(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const RotationKey key = RotationKeyOf(name);
    if (key.base == name || !names_.IsOurs(NameBeforeAside(name))) continue;
    last_stamp_ = std::max(last_stamp_, ReadStamp(key.stamp).value_or(0));
  }
}

CaptureFiles::File& CaptureFiles::FileOf(const std::string& name) {
  std::unique_ptr<File>& file = files_[name];
  if (file == nullptr) file = std::make_unique<File>(directory_, name, framed_);
  return *file;
}

void CaptureFiles::Store(std::span<PendingRequest> group) {
  std::vector<File*> touched;
  for (PendingRequest& pending : group) {
    if (pending.request.bytes.size() > kMaxFrame) {
      pending.status =
          IoError(fmt::format("a request of {} bytes is too large for a file", pending.request.bytes.size()));
      continue;
    }
    File& file = FileOf(names_.Of(pending.request));
    if (file.pending.empty()) touched.push_back(&file);
    file.pending.push_back(&pending);
  }
  for (File* file : touched) Write(*file);
  if (options_.durability == Durability::kData) {
    // All are written before the first is synced: one commit of the file system's journal may do for them.
    for (File* file : touched) {
      if (fatal_.ok()) fatal_ = Sync(*file);
    }
  }
  if (fatal_.ok()) fatal_ = SyncNames();
  for (File* file : touched) file->pending.clear();
  for (PendingRequest& pending : group) {
    if (!fatal_.ok()) pending.status = fatal_;
    if (!pending.status.ok()) continue;
    ++totals_.requests;
    totals_.records += pending.request.records;
    totals_.bytes += CaptureFile::SizeOf(pending.request, framed_);
  }
}

void CaptureFiles::Write(File& file) {
  Requests rest = file.pending;
  while (!rest.empty() && fatal_.ok()) {
    if (const Status status = Open(file); !status.ok()) {
      Fail(file, rest, status);
      // Of many files it may be the trouble of this one alone: it does not speak for the disk.
      if (options_.split == Split::kHeader) trouble_ = {};
      return;
    }
    std::size_t count = CountThatFit(file, rest);
    if (count > 0) {
      WriteRun(file, rest.first(count));
    } else if (const Status status = PutAside(file, "size"); !status.ok()) {
      count = 1;
      Fail(file, rest.first(count), status);
    }
    rest = rest.subspan(count);
  }
}

/// How many of the requests the file takes before it is full; of a new one, one at least.
std::size_t CaptureFiles::CountThatFit(const File& file, Requests requests) const {
  if (options_.rotate_bytes == 0) return requests.size();
  std::uint64_t size = file.file.size();
  std::size_t count = 0;
  for (const PendingRequest* pending : requests) {
    size += CaptureFile::SizeOf(pending->request, framed_);
    if (size > options_.rotate_bytes) break;
    ++count;
  }
  return count == 0 && file.file.size() == 0 ? 1 : count;
}

void CaptureFiles::WriteRun(File& file, Requests run) {
  Status status = Append(file, run);
  if (status.ok()) return;
  if (run.size() == 1 || !fatal_.ok()) return Fail(file, run, status);
  // What there is no room for together may have some in parts.
  for (std::size_t i = 0; i < run.size() && fatal_.ok(); ++i) {
    status = Append(file, run.subspan(i, 1));
    if (!status.ok()) Fail(file, run.subspan(i, 1), status);
  }
}

Status CaptureFiles::Append(File& file, Requests run) {
  std::vector<const StoredRequest*> requests;
  requests.reserve(run.size());
  for (const PendingRequest* pending : run) requests.push_back(&pending->request);
  Status status = file.file.Append(requests, names_changed_);
  if (!status.ok()) {
    if (file.file.broken()) fatal_ = status;
    return status;
  }
  trouble_ = {};
  if (!std::exchange(file.written, true)) ++totals_.files;
  if (file.due == kNever) SetDue(file, DueOf(Clock::now()));
  return {};
}

void CaptureFiles::Fail(File& file, Requests requests, const Status& status) {
  for (PendingRequest* pending : requests) pending->status = status;
  trouble_ = status;
  troubled_ = &file;
  troubled_bytes_ = requests.empty() ? 1 : requests.back()->request.bytes.size();
  try_again_ = Clock::now() + kRetry;
}

Status CaptureFiles::Open(File& file) {
  if (!file.file.is_open()) {
    if (open_.size() >= kMaxOpen) GF_RETURN_IF_ERROR(CloseOne());
    open_.push_back(&file);
  }
  file.last_used = ++uses_;
  Status status = file.file.Open(names_changed_);
  if (!status.ok()) Close(file);
  return status;
}

void CaptureFiles::Close(File& file) {
  file.file.Close();
  std::erase(open_, &file);
}

/// The one that was not used for the longest time.
Status CaptureFiles::CloseOne() {
  File& file = **std::ranges::min_element(open_, {}, &File::last_used);
  if (options_.durability == Durability::kData) GF_RETURN_IF_ERROR(Sync(file));
  Close(file);
  return {};
}

Status CaptureFiles::Sync(File& file) {
  Status status = file.file.Sync(totals_.syncs);
  if (!status.ok()) fatal_ = status;
  return status;
}

Status CaptureFiles::SyncNames() {
  if (options_.durability == Durability::kNone || !std::exchange(names_changed_, false)) return {};
  return directory_.Sync();
}

Status CaptureFiles::PutAside(File& file, std::string_view reason) {
  GF_RETURN_IF_ERROR(Sync(file));
  std::string aside;
  do {
    last_stamp_ = std::max(MillisecondsNow(), last_stamp_ + 1);
    aside = names_.Aside(file.file.name(), last_stamp_, reason);
  } while (directory_.Has(aside) || directory_.Has(aside + std::string(kHeadersExtension)));
  GF_RETURN_IF_ERROR(file.file.Rename(aside));
  names_changed_ = true;
  Close(file);
  file.written = false;
  SetDue(file, kNever);
  return {};
}

void CaptureFiles::SetDue(File& file, Clock::time_point due) {
  by_due_.erase({file.due, &file});
  file.due = due;
  if (due != kNever) by_due_.emplace(due, &file);
}

/// Of a file that got its first request at `begin`.
CaptureFiles::Clock::time_point CaptureFiles::DueOf(Clock::time_point begin) const {
  constexpr std::chrono::nanoseconds kLongest = std::chrono::years(100);
  return options_.rotate_after.count() == 0 ? kNever : begin + std::min(options_.rotate_after, kLongest);
}

CaptureFiles::Clock::time_point CaptureFiles::NextDue() const {
  if (!fatal_.ok()) return kNever;
  const Clock::time_point old = by_due_.empty() ? kNever : by_due_.begin()->first;
  return trouble_.ok() ? old : std::min(old, try_again_);
}

void CaptureFiles::DoDue(Clock::time_point now) {
  while (fatal_.ok() && !by_due_.empty() && by_due_.begin()->first <= now) {
    File& file = *by_due_.begin()->second;
    Status status = Open(file);
    SetDue(file, kNever);
    if (status.ok() && file.file.size() > 0) status = PutAside(file, "time");
    if (status.ok()) continue;
    Fail(file, {}, status);
    SetDue(file, now + kRetry);
  }
  if (fatal_.ok() && !trouble_.ok() && try_again_ <= now) {
    Status status = Open(*troubled_);
    if (status.ok()) status = troubled_->file.CheckRoom(troubled_bytes_);
    trouble_ = std::move(status);
    try_again_ = now + kRetry;
  }
  if (fatal_.ok()) fatal_ = SyncNames();
}

}  // namespace gf_otlp::receive
