#ifndef GF_OTLP_RECEIVE_INTAKE_H_
#define GF_OTLP_RECEIVE_INTAKE_H_

#include <array>
#include <chrono>
#include <cstddef>
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
#include "otlp/rpc_status.h"
#include "receive/authenticator.h"
#include "receive/capture_writer.h"

namespace gf_otlp::receive {

/// The header by which GlassFlow's receiver tells pipelines apart.
inline constexpr std::string_view kPipelineHeader = "x-glassflow-pipeline-id";

/// Memory for the requests of both servers together: their bodies, and what becomes of them.
inline constexpr std::size_t kRequestMemory = std::size_t{84} << 20;
/// How long a client is told to wait when there is too much to do, and when the disk fails.
inline constexpr std::chrono::seconds kBusyDelay{1}, kDiskDelay{5};
/// A request whose bytes do not come for so long makes place for others that wait.
inline constexpr std::chrono::milliseconds kPatience{1'000};

enum class BodyType : std::uint8_t { kProtobuf, kJson };
enum class BodyCoding : std::uint8_t { kIdentity, kGzip, kDeflate, kZstd };

struct IntakeOptions {
  FileFormat format = FileFormat::kProto;  // as the writer's
  bool zstd = false;
  /// Bytes of a body as it is sent, and of what it decompresses to.
  std::size_t max_body = std::size_t{20} << 20, max_decompressed = std::size_t{64} << 20;
  unsigned max_in_flight = 100;  // requests that are being read, checked or written
  bool require_pipeline_id = false;
  std::string split_header;               // lower case; of Split::kHeader
  std::vector<std::string> keep_headers;  // lower case
};

/// What is answered: kOk, or why not. A retry_delay says that the client is to come again.
using Answer = RpcStatus;

/// Gives a request's header by its name in lower case; the first if there are several, empty if there is none.
using HeaderLookup = std::function<std::string_view(std::string_view name)>;

/// What both servers do with a request between its bytes and its answer: who may send, how much at a time, is it OTLP,
/// how it is stored. Thread-safe.
class Intake {
 public:
  /// All must outlive the intake, and the intake whatever it gave to the writer. `authenticator` may be null: everyone
  /// may send.
  Intake(const IntakeOptions& options, const Authenticator* authenticator, CaptureWriter& writer);
  ~Intake();

  const IntakeOptions& options() const { return options_; }
  /// For WWW-Authenticate; empty if everyone may send.
  std::string challenge() const;

  /// The right to be one of the requests in flight, and the memory that its bytes take; given back with it.
  class Ticket {
   public:
    Ticket() = default;
    explicit Ticket(Intake& intake) : intake_(&intake) {}
    Ticket(Ticket&& other) noexcept
        : intake_(std::exchange(other.intake_, nullptr)),
          bytes_(std::exchange(other.bytes_, 0)),
          reader_(std::exchange(other.reader_, 0)) {}
    Ticket& operator=(Ticket&& other) noexcept {
      std::swap(intake_, other.intake_);
      std::swap(bytes_, other.bytes_);
      std::swap(reader_, other.reader_);
      return *this;
    }
    ~Ticket();
    explicit operator bool() const { return intake_ != nullptr; }
    /// Counts so many bytes more; false if there is no room for them now. There always is if no other ticket has any,
    /// so that a request that may be as large as it is gets its turn.
    bool Reserve(std::size_t bytes);
    /// Counts so many bytes at most from now on: the rest is given back.
    void Keep(std::size_t bytes);
    /// Some bytes of the request have come.
    void Progress();
    /// Another request has its place now.
    bool pushed_out() const;

   private:
    friend class Intake;
    /// All bytes are there: it is not pushed out any more.
    void EndReading();

    Intake* intake_ = nullptr;
    std::size_t bytes_ = 0;
    std::uint64_t reader_ = 0;  // 0: none that can be pushed out
  };

  /// Unauthenticated or kOk. Part of Admit(); for a server that looks at other things before that.
  Answer Authorize(const HeaderLookup& header);

  /// Before the body is read: Unauthenticated, InvalidArgument (no pipeline id), ResourceExhausted (too many in flight)
  /// or Unavailable (the disk fails) with a retry_delay. With kOk `ticket` is one.
  /// When too many are in flight, the one whose bytes have not come for the longest time makes place, if that is
  /// kPatience at least: its `push_out` is called, in the thread of another request, and is to end it if its ticket is
  /// still pushed_out() by then. Without `push_out` it keeps its place.
  Answer Admit(const HeaderLookup& header, Ticket& ticket, std::function<void()> push_out = {});

  using Done = std::function<void(const Answer&)>;

  /// A request as it came.
  struct Request {
    Signal signal = Signal::kTraces;
    BodyType type = BodyType::kProtobuf;
    BodyCoding coding = BodyCoding::kIdentity;
    std::string body;
    std::string group;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  /// The parts of Request that headers say.
  void TakeHeaders(const HeaderLookup& header, Request& request) const;

  /// Decompresses, checks and stores it; the ticket counts the bytes of its body. `done` is called once, in this thread
  /// or the writer's: kOk when it is as durable as promised; InvalidArgument for what is not OTLP; ResourceExhausted
  /// without retry_delay if it decompresses to too much, with one if there is no memory now; Unavailable with one if it
  /// cannot be written now.
  void Take(Ticket ticket, Request request, Done done);

  /// What came of requests, for the summary. From any thread.
  struct Totals {
    std::array<std::uint64_t, kSignalCount> requests{}, records{};  // acknowledged
    std::uint64_t empty = 0;                                        // of those, without a record: not stored
    std::uint64_t replaced_bytes = 0;                               // not UTF-8, became U+FFFD in JSON files
    std::array<std::uint64_t, 17> refused{};                        // by RpcCode
  };
  Totals totals() const;
  /// Counts a refusal that a server made itself (a body too large, a path that is none).
  void CountRefused(RpcCode code);

  /// Why requests would not be taken now, or ok (readyz, grpc.health.v1).
  Status health() const;
  bool ready() const { return health().ok(); }

 private:
  class Impl;
  IntakeOptions options_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_INTAKE_H_
