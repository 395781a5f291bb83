#include "receive/intake.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <new>

#include "receive/request_decoder.h"

namespace gf_otlp::receive {
namespace {

Answer Ok() { return {}; }

}  // namespace

class Intake::Impl {
 public:
  Impl(const IntakeOptions& options, const Authenticator* authenticator, CaptureWriter& writer)
      : options_(options),
        authenticator_(authenticator),
        writer_(writer),
        memory_(std::max(kRequestMemory, options.max_body + options.max_decompressed)) {}

  Answer Authorize(const HeaderLookup& header);
  Answer Admit(const HeaderLookup& header, std::function<void()> push_out, std::uint64_t& reader);
  Answer Decode(Request& request, Ticket& ticket, StoredRequest& stored);
  Answer Counted(Answer answer);
  void CountTaken(Signal signal, std::uint64_t records);
  bool Reserve(std::size_t bytes, std::size_t has);
  void GiveBack(std::size_t bytes) { bytes_ -= bytes; }
  void Progress(std::uint64_t& reader);
  bool pushed_out(std::uint64_t reader) const;
  void EndReading(std::uint64_t reader);
  void Leave(std::uint64_t reader);
  Totals totals() const;
  CaptureWriter& writer() { return writer_; }
  std::string challenge() const { return authenticator_ == nullptr ? std::string() : authenticator_->challenge(); }

 private:
  /// Decoders hold buffers, so there are as many as were at work at a time.
  std::unique_ptr<RequestDecoder> BorrowDecoder();
  void ReturnDecoder(std::unique_ptr<RequestDecoder> decoder);

  const IntakeOptions& options_;
  const Authenticator* const authenticator_;
  CaptureWriter& writer_;
  const std::size_t memory_;
  std::atomic<std::size_t> bytes_ = 0;

  struct Reader {
    std::chrono::steady_clock::time_point progress;
    std::function<void()> push_out;
  };
  mutable std::mutex places_mutex_;
  unsigned in_flight_ = 0;
  std::map<std::uint64_t, Reader> readers_;  // the number is new with each progress: the first had none for longest
  std::uint64_t last_reader_ = 0;

  std::mutex decoders_mutex_;
  std::vector<std::unique_ptr<RequestDecoder>> decoders_;

  std::array<std::atomic<std::uint64_t>, kSignalCount> requests_{}, records_{};
  std::atomic<std::uint64_t> empty_ = 0, replaced_ = 0;
  std::array<std::atomic<std::uint64_t>, std::tuple_size_v<decltype(Totals::refused)>> refused_{};
};

Answer Intake::Impl::Counted(Answer answer) {
  if (answer.code != RpcCode::kOk) ++refused_[static_cast<std::size_t>(answer.code)];
  return answer;
}

void Intake::Impl::CountTaken(Signal signal, std::uint64_t records) {
  ++requests_[static_cast<std::size_t>(signal)];
  records_[static_cast<std::size_t>(signal)] += records;
  if (records == 0) ++empty_;
}

Answer Intake::Impl::Authorize(const HeaderLookup& header) {
  if (authenticator_ == nullptr) return Ok();
  const std::string_view given = header("authorization");
  if (authenticator_->Allows(given)) return Ok();
  const std::string_view why = given.empty() ? "missing authorization header" : "these credentials are not known here";
  return {RpcCode::kUnauthenticated, std::string(why), {}};
}

Answer Intake::Impl::Admit(const HeaderLookup& header, std::function<void()> push_out, std::uint64_t& reader) {
  if (options_.require_pipeline_id && header(kPipelineHeader).empty()) {
    return {RpcCode::kInvalidArgument, "missing " + std::string(kPipelineHeader) + " header", {}};
  }
  if (const Status health = writer_.health(); !health.ok()) {
    return {RpcCode::kUnavailable, "cannot be stored now: " + health.message(), kDiskDelay};
  }
  std::function<void()> push_other;
  {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(places_mutex_);
    if (in_flight_ < options_.max_in_flight) {
      ++in_flight_;
    } else if (!readers_.empty() && now - readers_.begin()->second.progress >= kPatience) {
      push_other = std::move(readers_.extract(readers_.begin()).mapped().push_out);
    } else {
      return {RpcCode::kResourceExhausted, "too many requests at a time", kBusyDelay};
    }
    if (push_out) readers_.emplace(reader = ++last_reader_, Reader{now, std::move(push_out)});
  }
  if (push_other) push_other();
  return Ok();
}

void Intake::Impl::Progress(std::uint64_t& reader) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(places_mutex_);
  auto node = readers_.extract(reader);
  if (!node) return;
  node.key() = reader = ++last_reader_;
  node.mapped().progress = now;
  readers_.insert(readers_.end(), std::move(node));
}

bool Intake::Impl::pushed_out(std::uint64_t reader) const {
  const std::lock_guard lock(places_mutex_);
  return reader != 0 && !readers_.contains(reader);
}

/// One that was pushed out, but is complete before it hears of it, counts again.
void Intake::Impl::EndReading(std::uint64_t reader) {
  const std::lock_guard lock(places_mutex_);
  if (reader != 0 && readers_.erase(reader) == 0) ++in_flight_;
}

void Intake::Impl::Leave(std::uint64_t reader) {
  const std::lock_guard lock(places_mutex_);
  if (reader == 0 || readers_.erase(reader) > 0) --in_flight_;
}

bool Intake::Impl::Reserve(std::size_t bytes, std::size_t has) {
  const std::size_t now = bytes_ += bytes;
  if (now <= memory_ || now == has + bytes) return true;
  bytes_ -= bytes;
  return false;
}

std::unique_ptr<RequestDecoder> Intake::Impl::BorrowDecoder() {
  {
    const std::lock_guard lock(decoders_mutex_);
    if (!decoders_.empty()) {
      std::unique_ptr<RequestDecoder> decoder = std::move(decoders_.back());
      decoders_.pop_back();
      return decoder;
    }
  }
  return std::make_unique<RequestDecoder>(options_);
}

void Intake::Impl::ReturnDecoder(std::unique_ptr<RequestDecoder> decoder) {
  const std::lock_guard lock(decoders_mutex_);
  decoders_.push_back(std::move(decoder));
}

Answer Intake::Impl::Decode(Request& request, Ticket& ticket, StoredRequest& stored) {
  try {
    std::unique_ptr<RequestDecoder> decoder = BorrowDecoder();
    std::uint64_t replaced = 0;
    Answer answer = decoder->Decode(request, ticket, stored, replaced);
    replaced_ += replaced;
    ReturnDecoder(std::move(decoder));
    return answer;
  } catch (const std::bad_alloc&) {
    return {RpcCode::kResourceExhausted, "out of memory", kBusyDelay};
  } catch (const std::exception& error) {
    return {RpcCode::kInternal, error.what(), {}};
  }
}

Intake::Totals Intake::Impl::totals() const {
  Totals totals;
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    totals.requests[i] = requests_[i];
    totals.records[i] = records_[i];
  }
  totals.empty = empty_;
  totals.replaced_bytes = replaced_;
  std::ranges::copy(refused_, totals.refused.begin());
  return totals;
}

Intake::Intake(const IntakeOptions& options, const Authenticator* authenticator, CaptureWriter& writer)
    : options_(options), impl_(std::make_unique<Impl>(options_, authenticator, writer)) {}
Intake::~Intake() = default;

Intake::Ticket::~Ticket() {
  if (intake_ == nullptr) return;
  intake_->impl_->GiveBack(bytes_);
  intake_->impl_->Leave(reader_);
}

bool Intake::Ticket::Reserve(std::size_t bytes) {
  if (!intake_->impl_->Reserve(bytes, bytes_)) return false;
  bytes_ += bytes;
  return true;
}

void Intake::Ticket::Keep(std::size_t bytes) {
  if (bytes >= bytes_) return;
  intake_->impl_->GiveBack(bytes_ - bytes);
  bytes_ = bytes;
}

void Intake::Ticket::Progress() {
  if (reader_ != 0) intake_->impl_->Progress(reader_);
}

bool Intake::Ticket::pushed_out() const { return intake_ != nullptr && intake_->impl_->pushed_out(reader_); }

void Intake::Ticket::EndReading() { intake_->impl_->EndReading(std::exchange(reader_, 0)); }

std::string Intake::challenge() const { return impl_->challenge(); }

Answer Intake::Authorize(const HeaderLookup& header) { return impl_->Counted(impl_->Authorize(header)); }

Answer Intake::Admit(const HeaderLookup& header, Ticket& ticket, std::function<void()> push_out) {
  Answer answer = impl_->Authorize(header);
  std::uint64_t reader = 0;
  if (answer.code == RpcCode::kOk) answer = impl_->Admit(header, std::move(push_out), reader);
  if (answer.code == RpcCode::kOk) {
    ticket = Ticket(*this);
    ticket.reader_ = reader;
  }
  return impl_->Counted(std::move(answer));
}

void Intake::TakeHeaders(const HeaderLookup& header, Request& request) const {
  if (!options_.split_header.empty()) request.group = header(options_.split_header);
  for (const std::string& name : options_.keep_headers) {
    const std::string_view value = header(name);
    if (!value.empty()) request.headers.emplace_back(name, value);
  }
}

void Intake::Take(Ticket ticket, Request request, Done done) {
  ticket.EndReading();
  StoredRequest stored{
      .signal = request.signal, .group = std::move(request.group), .headers = std::move(request.headers)};
  Answer answer = impl_->Decode(request, ticket, stored);
  if (answer.code != RpcCode::kOk || stored.records == 0) {
    if (answer.code == RpcCode::kOk) impl_->CountTaken(request.signal, 0);
    ticket = Ticket();
    done(impl_->Counted(std::move(answer)));
    return;
  }
  // std::function wants what can be copied.
  auto held = std::make_shared<Ticket>(std::move(ticket));
  const Signal signal = stored.signal;
  const std::uint64_t records = stored.records;
  impl_->writer().Append(
      std::move(stored), [this, held, done = std::move(done), signal, records](const Status& status) {
        *held = Ticket();
        if (status.ok()) {
          impl_->CountTaken(signal, records);
          done(Ok());
        } else {
          done(impl_->Counted({RpcCode::kUnavailable, "cannot be stored now: " + status.message(), kDiskDelay}));
        }
      });
}

Intake::Totals Intake::totals() const { return impl_->totals(); }

void Intake::CountRefused(RpcCode code) { impl_->Counted({code, {}, {}}); }

Status Intake::health() const { return impl_->writer().health(); }

}  // namespace gf_otlp::receive
