#include "receive/grpc_server.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"

namespace gf_otlp::receive {
namespace {

using std::chrono::steady_clock;

/// gRPC gives a message only when all of it is there, whatever its size: so few are read at a time; the others wait
/// with what fits into a stream's window (64 KiB as long as gRPC does not probe the bandwidth).
constexpr std::size_t kReadsAtATime = 2;
/// So long may a client take for its message once it is being read, kPatience if others wait; then for what is in
/// flight when the server stops.
constexpr std::chrono::seconds kReadTime{15}, kStopTime{5};
/// How often readiness and the time of reads are looked at.
constexpr std::chrono::milliseconds kLookEvery{200};
constexpr std::chrono::milliseconds kHandshakeTime{10'000};
constexpr std::size_t kMaxPem = std::size_t{1} << 20;

struct Method {
  std::string_view service, path;
  Signal signal;
};
constexpr std::array<Method, kSignalCount> kMethods = {
    Method{"opentelemetry.proto.collector.trace.v1.TraceService",
           "/opentelemetry.proto.collector.trace.v1.TraceService/Export", Signal::kTraces},
    Method{"opentelemetry.proto.collector.logs.v1.LogsService",
           "/opentelemetry.proto.collector.logs.v1.LogsService/Export", Signal::kLogs},
    Method{"opentelemetry.proto.collector.metrics.v1.MetricsService",
           "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", Signal::kMetrics},
};

grpc::Status ToGrpc(const Answer& answer) {
  if (answer.code == RpcCode::kOk) return grpc::Status::OK;
  return {static_cast<grpc::StatusCode>(answer.code), answer.message, RpcStatusProto(answer)};
}

/// gRPC's own decompression knows no limit, so it is switched off, and messages come as they were sent. Which of them
/// are compressed it does not say; but no request begins like a gzip stream (field 3 of no type), and none like a zlib
/// stream (an odd field, a number) or zstd's (field 5, a number), because requests have only the field 1, of bytes.
BodyCoding CodingOf(std::string_view message) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(message[i]); };
  if (message.size() < 2) return BodyCoding::kIdentity;
  if (byte(0) == 0x1f && byte(1) == 0x8b) return BodyCoding::kGzip;
  if ((byte(0) & 0x8f) == 0x08 && (byte(0) * 256 + byte(1)) % 31 == 0) return BodyCoding::kDeflate;
  if (message.starts_with("\x28\xb5\x2f\xfd")) return BodyCoding::kZstd;
  return BodyCoding::kIdentity;
}

/// How snappy's streams begin: field 31 of no type.
constexpr std::string_view kSnappy{"\xff\x06\0\0sNaPpY", 10};

class Call;

/// Who reads its message now, and who waits for that.
class ReadQueue {
 public:
  /// Gives the call a place, and starts its read, now or when others are done.
  void Enter(Call* call);
  /// The call's message is there; false if EndOverdue() has ended the call.
  bool Claim(Call* call);
  /// The call keeps its place until there is memory for its message.
  void Hold(Call* call);
  /// The place is free. REQUIRES: the call was claimed
  void Leave(Call* call);
  /// Tries those again that wait for memory.
  void TryHeld();
  /// Ends those that have had their place for too long; if others wait and no place was left for kPatience, also those
  /// that have had theirs as long: whoever opens calls and sends nothing must not keep others out.
  void EndOverdue(steady_clock::time_point now);
  /// Ends the call of that number if its message is not there yet.
  void PushOut(std::uint64_t number);
  std::uint64_t NewNumber() { return ++last_number_; }

 private:
  enum class State : std::uint8_t { kReading, kHeld, kClaimed };
  struct Place {
    Call* call;
    steady_clock::time_point since;
    State state = State::kReading;
  };
  void StartNext();
  std::vector<Place>::iterator Find(const Call* call) { return std::ranges::find(places_, call, &Place::call); }

  std::mutex mutex_;
  std::vector<Place> places_;
  std::vector<Call*> waiting_;
  steady_clock::time_point left_;  // when a place was, by a call whose message came
  std::atomic<std::uint64_t> last_number_ = 0;
};

/// One Export: reads its message, hands it to the intake, answers. Ends itself in OnDone().
class Call final : public grpc::ServerGenericBidiReactor {
 public:
  Call(const grpc::GenericCallbackServerContext& context, Signal signal, Intake& intake, ReadQueue& reads)
      : number_(reads.NewNumber()), intake_(intake), reads_(reads) {
    const auto& metadata = context.client_metadata();
    const HeaderLookup header = [&metadata](std::string_view name) {
      const auto found = metadata.find(grpc::string_ref(name.data(), name.size()));
      if (found == metadata.end()) return std::string_view();
      return std::string_view(found->second.data(), found->second.size());
    };
    const Answer admitted = intake_.Admit(header, ticket_, [&reads, number = number_] { reads.PushOut(number); });
    if (admitted.code != RpcCode::kOk) {
      Finish(ToGrpc(admitted));
      return;
    }
    request_.signal = signal;
    intake_.TakeHeaders(header, request_);
    reads_.Enter(this);
  }

  void Read() { StartRead(&message_); }

  void OnReadDone(bool ok) override {
    if (!reads_.Claim(this)) return;
    ticket_.Progress();
    if (ok) return Store();
    reads_.Leave(this);
    // The client went away, sent none, or gRPC has told it that the message is too large, and tells nobody else.
    Refuse({RpcCode::kCancelled, "no message came", {}});
  }

  /// Hands the message to the intake, or waits for memory.
  void Store() {
    const std::size_t size = message_.Length();
    if (!ticket_.Reserve(size)) return reads_.Hold(this);
    CopyBody(size);
    reads_.Leave(this);
    if (request_.body.starts_with(kSnappy)) {
      return Refuse({RpcCode::kUnimplemented, "grpc-encoding snappy is not supported: use gzip, deflate or zstd", {}});
    }
    request_.coding = CodingOf(request_.body);
    intake_.Take(std::move(ticket_), std::move(request_), [this](const Answer& answer) { Reply(answer); });
  }

  void OnDone() override {
    ReadQueue& reads = reads_;
    delete this;
    reads.TryHeld();
  }

  /// An answer that the intake does not know of.
  void Refuse(const Answer& answer) {
    intake_.CountRefused(answer.code);
    ticket_ = {};
    Finish(ToGrpc(answer));
  }

  /// It is not read any more, so that others are.
  void MakeWay() { Refuse({RpcCode::kResourceExhausted, "too much to do", kBusyDelay}); }

  std::uint64_t number() const { return number_; }

 private:
  void CopyBody(std::size_t size) {
    std::vector<grpc::Slice> slices;
    request_.body.reserve(size);
    if (message_.Dump(&slices).ok()) {
      for (const grpc::Slice& slice : slices) {
        request_.body.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
      }
    }
    message_.Clear();
  }

  void Reply(const Answer& answer) {
    if (answer.code != RpcCode::kOk) return Finish(ToGrpc(answer));
    // Everything was taken: a response without fields.
    const grpc::Slice empty;
    message_ = grpc::ByteBuffer(&empty, 1);
    StartWriteAndFinish(&message_, grpc::WriteOptions(), grpc::Status::OK);
  }

  const std::uint64_t number_;
  Intake& intake_;
  ReadQueue& reads_;
  Intake::Ticket ticket_;
  Intake::Request request_;
  grpc::ByteBuffer message_;  // what is read, then what is answered
};

void ReadQueue::Enter(Call* call) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(call);
  }
  StartNext();
}

void ReadQueue::StartNext() {
  Call* next = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty() || places_.size() >= kReadsAtATime) return;
    // The newest: those that wait for long may be of the kind that sends nothing.
    next = waiting_.back();
    waiting_.pop_back();
    places_.push_back({next, steady_clock::now()});
  }
  // Not under the lock: it may call back at once.
  next->Read();
}

bool ReadQueue::Claim(Call* call) {
  const std::lock_guard lock(mutex_);
  const auto place = Find(call);
  if (place == places_.end()) return false;
  place->state = State::kClaimed;
  return true;
}

void ReadQueue::Hold(Call* call) {
  const std::lock_guard lock(mutex_);
  Find(call)->state = State::kHeld;
}

void ReadQueue::Leave(Call* call) {
  {
    const std::lock_guard lock(mutex_);
    places_.erase(Find(call));
    left_ = steady_clock::now();
  }
  StartNext();
}

void ReadQueue::TryHeld() {
  std::vector<Call*> held;
  {
    const std::lock_guard lock(mutex_);
    for (Place& place : places_) {
      if (place.state != State::kHeld) continue;
      place.state = State::kClaimed;
      held.push_back(place.call);
    }
  }
  for (Call* call : held) call->Store();
}

void ReadQueue::EndOverdue(steady_clock::time_point now) {
  std::vector<Place> overdue;
  {
    const std::lock_guard lock(mutex_);
    const bool stuck = !waiting_.empty() && now - left_ >= kPatience;
    std::erase_if(places_, [&](const Place& place) {
      const steady_clock::duration time = stuck && place.state == State::kReading ? kPatience : kReadTime;
      if (now - place.since < time || place.state == State::kClaimed) return false;
      overdue.push_back(place);
      return true;
    });
  }
  // Nobody else ends these any more, so they live.
  for (const Place& place : overdue) {
    if (place.state == State::kReading && now - place.since >= kReadTime) {
      place.call->Refuse({RpcCode::kDeadlineExceeded, "the message did not come in time", {}});
    } else {
      place.call->MakeWay();
    }
    StartNext();
  }
}

void ReadQueue::PushOut(std::uint64_t number) {
  Call* call = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto place = std::ranges::find_if(places_, [&](const Place& p) { return p.call->number() == number; });
    const auto waiting = std::ranges::find(waiting_, number, &Call::number);
    if (waiting != waiting_.end()) {
      call = *waiting;
      waiting_.erase(waiting);
    } else if (place != places_.end() && place->state != State::kClaimed) {
      call = place->call;
      places_.erase(place);
    }
  }
  if (call == nullptr) return;
  call->MakeWay();
  StartNext();
}

class Unimplemented final : public grpc::ServerGenericBidiReactor {
 public:
  explicit Unimplemented(const std::string& method) {
    Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, fmt::format("no method {} here", method)));
  }
  void OnDone() override { delete this; }
};

class Service final : public grpc::CallbackGenericService {
 public:
  explicit Service(Intake& intake) : intake_(intake) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    const auto method = std::ranges::find(kMethods, std::string_view(context->method()), &Method::path);
    if (method != kMethods.end()) return new Call(*context, method->signal, intake_, reads_);
    intake_.CountRefused(RpcCode::kUnimplemented);
    return new Unimplemented(context->method());
  }

  ReadQueue& reads() { return reads_; }

 private:
  Intake& intake_;
  ReadQueue reads_;
};

Result<std::shared_ptr<grpc::ServerCredentials>> Credentials(const ServerTls& tls) {
  if (!tls.enabled()) return grpc::InsecureServerCredentials();
  const auto read = [](const std::string& file, std::string& pem) -> Status {
    Result<std::string> text = ReadFile(file, kMaxPem);
    if (!text) return UsageError(text.error().message());
    pem = std::move(*text);
    return {};
  };
  grpc::SslServerCredentialsOptions options;
  grpc::SslServerCredentialsOptions::PemKeyCertPair pair;
  GF_UNEXPECTED_IF_ERROR(read(tls.cert_file, pair.cert_chain));
  GF_UNEXPECTED_IF_ERROR(read(tls.key_file, pair.private_key));
  options.pem_key_cert_pairs.push_back(std::move(pair));
  if (!tls.client_ca_file.empty()) {
    GF_UNEXPECTED_IF_ERROR(read(tls.client_ca_file, options.pem_root_certs));
    options.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return grpc::SslServerCredentials(options);
}

/// Why gRPC, which only says that it does not, does not listen.
Status WhyNotListening(const GrpcServerOptions& options, const std::string& address) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  const int unknown = getaddrinfo(options.host.c_str(), std::to_string(options.port).c_str(), &hints, &found);
  if (unknown != 0) return UsageError(fmt::format("cannot listen on {}: {}", address, gai_strerror(unknown)));
  int error = 0;
  for (const addrinfo* one = found; one != nullptr && error == 0; one = one->ai_next) {
    const int fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, one->ai_addr, one->ai_addrlen) != 0) error = errno;
    close(fd);
  }
  freeaddrinfo(found);
  const std::string where = fmt::format("cannot listen on {}", address);
  if (error == EADDRNOTAVAIL) return UsageError(ErrnoError(where, error).message());
  if (error != 0) return ErrnoError(where, error);
  if (options.tls.enabled()) {
    return UsageError(
        fmt::format("{} and {} are no certificate and its key, in PEM", options.tls.cert_file, options.tls.key_file));
  }
  return IoError(where);
}

/// gRPC writes to standard error as it likes, unless somebody looks for something there.
void SilenceGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

}  // namespace

class GrpcServer::Impl {
 public:
  explicit Impl(Intake& intake) : intake_(intake), service_(intake) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { Stop(); }

  Status Start(const GrpcServerOptions& options) {
    SilenceGrpc();
    Result<std::shared_ptr<grpc::ServerCredentials>> credentials = Credentials(options.tls);
    if (!credentials) return std::move(credentials.error());
    const bool ipv6 = options.host.contains(':');
    const std::string address = fmt::format("{}{}{}:{}", ipv6 ? "[" : "", options.host, ipv6 ? "]" : "", options.port);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    builder.RegisterCallbackGenericService(&service_);
    builder.AddListeningPort(address, *credentials, &port_);
    constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<int>::max());
    builder.SetMaxReceiveMessageSize(static_cast<int>(std::min(intake_.options().max_body, kMost)));
    builder.AddChannelArgument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, static_cast<int>(kHandshakeTime.count()));
    server_ = builder.BuildAndStart();
    if (server_ == nullptr || port_ == 0) {
      server_.reset();
      return WhyNotListening(options, address);
    }
    SetServing(intake_.ready());
    looker_ = std::thread([this] { Look(); });
    return {};
  }

  int port() const { return port_; }

  void Stop() {
    if (server_ == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      ends_ = steady_clock::now() + kStopTime;
      SetServing(false);
    }
    server_->Shutdown(std::chrono::system_clock::now() + kStopTime);
    // Meanwhile calls that wait for memory still get some, or are ended.
    server_->Wait();
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    wake_.notify_all();
    looker_.join();
    server_.reset();
  }

 private:
  void SetServing(bool serving) {
    grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
    health->SetServingStatus("", serving);
    for (const Method& method : kMethods) health->SetServingStatus(std::string(method.service), serving);
  }

  void Look() {
    bool ready = intake_.ready();
    SetServing(ready);
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kLookEvery, [this] { return stopped_; })) {
      if (!ends_ && intake_.ready() != ready) SetServing(ready = !ready);
      const steady_clock::time_point now = steady_clock::now();
      service_.reads().TryHeld();
      service_.reads().EndOverdue(ends_ && now >= *ends_ ? steady_clock::time_point::max() : now);
    }
  }

  Intake& intake_;
  Service service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<steady_clock::time_point> ends_;  // since when it stops: when calls in flight are given up
  bool stopped_ = false;
  std::thread looker_;
};

Result<std::unique_ptr<GrpcServer>> GrpcServer::Start(const GrpcServerOptions& options, Intake& intake) {
  auto impl = std::make_unique<Impl>(intake);
  GF_UNEXPECTED_IF_ERROR(impl->Start(options));
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(impl)));
}

GrpcServer::GrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GrpcServer::~GrpcServer() = default;
std::uint16_t GrpcServer::port() const { return static_cast<std::uint16_t>(impl_->port()); }
void GrpcServer::Stop() { impl_->Stop(); }

}  // namespace gf_otlp::receive
