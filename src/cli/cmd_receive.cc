#include <fmt/format.h>
#include <malloc.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/atomic_file.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/receive_flags.h"
#include "cli/receive_summary.h"
#include "receive/authenticator.h"
#include "receive/grpc_server.h"
#include "receive/http_server.h"

namespace gf_otlp::cli {
namespace {

/// So long what is in flight may take when the run is to end: a little more than both servers wait for that.
constexpr std::chrono::seconds kGrace{20};
constexpr std::chrono::milliseconds kLookEvery{500};

/// Bodies come and go in many threads: keep their memory together, and give that of large ones back at once.
void TuneMemory() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

/// Why the run is to end.
class Ending {
 public:
  void Ask(const Status& why) {
    {
      const std::lock_guard lock(mutex_);
      if (!asked_) why_ = why;
      asked_ = true;
    }
    asked_now_.notify_all();
  }

  /// Whether it was asked for, after this time at most.
  bool WaitFor(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return asked_now_.wait_for(lock, time, [this] { return asked_; });
  }

  Status why() {
    const std::lock_guard lock(mutex_);
    return why_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable asked_now_;
  bool asked_ = false;
  Status why_;
};

/// The writer, and the servers that feed it.
class Receiver {
 public:
  Receiver(const ReceiveOptions& options, const Env& env) : options_(options), env_(env) {}
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver() { static_cast<void>(Stop()); }

  Status Start(Ending& ending) {
    GF_RETURN_IF_ERROR(CheckTlsFiles());
    if (!options_.auth_file.empty()) {
      Result<receive::Authenticator> read = receive::Authenticator::Read(options_.auth_file);
      if (!read) return std::move(read.error()).At("--auth-file");
      authenticator_ = std::move(*read);
    }
    Result<std::unique_ptr<receive::CaptureWriter>> writer =
        receive::CaptureWriter::Open(options_.writer, [this](std::string_view text) { env_.Say(text); });
    if (!writer) return std::move(writer.error());
    writer_ = std::move(*writer);
    writer_->set_on_fatal([&ending](const Status& why) { ending.Ask(why); });
    intake_.emplace(options_.intake, authenticator_ ? &*authenticator_ : nullptr, *writer_);
    GF_RETURN_IF_ERROR(StartServer(options_.http, http_));
    return StartServer(options_.grpc, grpc_);
  }

  /// Where programs look for the ports.
  void SayWhere() const {
    const auto say = [&](const auto& server, std::optional<ListenAddress> address, std::string_view what) {
      if (server == nullptr) return;
      address->port = server->port();
      env_.Say(fmt::format("{}{}", what, address->Text()));
    };
    say(http_, options_.http, options_.tls.enabled() ? "OTLP/HTTP on https://" : "OTLP/HTTP on http://");
    say(grpc_, options_.grpc, "OTLP/gRPC on ");
    env_.Say(fmt::format("writing to {}", options_.writer.dir));
  }

  /// Says when the disk begins to refuse, and when that is over.
  void LookAtDisk() {
    const Status health = writer_->health();
    if (health.ok() == disk_is_well_) return;
    disk_is_well_ = health.ok();
    env_.Say(disk_is_well_ ? "requests are written again"
                           : fmt::format("warning: {}; requests are refused until that works", health.message()));
  }

  /// Finishes what is in flight, closes the files. May be called again.
  Status Stop() {
    if (http_ != nullptr) http_->Stop();
    if (grpc_ != nullptr) grpc_->Stop();
    return writer_ != nullptr && !std::exchange(closed_, true) ? writer_->Close() : Status();
  }

  receive::Intake::Totals requests() const { return intake_->totals(); }
  receive::CaptureWriter::Totals files() const { return writer_->totals(); }

 private:
  /// What cannot be read is told here, before anything is made; what does not hold what it should, by the servers.
  Status CheckTlsFiles() const {
    constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
    for (const auto& [flag, file] :
         {std::pair{"--cert-file", &options_.tls.cert_file}, std::pair{"--key-file", &options_.tls.key_file},
          std::pair{"--client-ca-file", &options_.tls.client_ca_file}}) {
      if (file->empty()) continue;
      Result<std::string> read = ReadFile(*file, kMaxBytes);
      if (!read) return std::move(read.error()).At(flag);
    }
    return {};
  }

  template <class Server>
  Status StartServer(const std::optional<ListenAddress>& address, std::unique_ptr<Server>& server) {
    if (!address) return {};
    auto started = Server::Start({.host = address->host, .port = address->port, .tls = options_.tls}, *intake_);
    if (!started) return std::move(started.error());
    server = std::move(*started);
    return {};
  }

  const ReceiveOptions& options_;
  const Env& env_;
  std::unique_ptr<receive::CaptureWriter> writer_;
  bool closed_ = false, disk_is_well_ = true;
  std::optional<receive::Authenticator> authenticator_;
  std::optional<receive::Intake> intake_;
  std::unique_ptr<receive::HttpServer> http_;
  std::unique_ptr<receive::GrpcServer> grpc_;
};

void WarnOfStrangers(const ReceiveOptions& options, const Env& env) {
  const auto is_open = [](const std::optional<ListenAddress>& address) { return address && !address->IsLoopback(); };
  if (!is_open(options.http) && !is_open(options.grpc)) return;
  if (options.auth_file.empty() && options.tls.client_ca_file.empty()) {
    env.Say("warning: whoever reaches this machine may send: --auth-file or --client-ca-file says who may");
  } else if (!options.tls.enabled()) {
    env.Say("warning: tokens and passwords cross the network as they are: --cert-file and --key-file hide them");
  }
}

Status Serve(const ReceiveFlags& flags, const ReceiveOptions& options, const Env& env) {
  TuneMemory();
  Ending ending;
  const InterruptWatch watch([&] { ending.Ask({}); }, kGrace, InterruptWatch::Then::kReturn);
  const auto begin = std::chrono::steady_clock::now();
  Receiver receiver(options, env);
  GF_RETURN_IF_ERROR(receiver.Start(ending));
  if (!flags.quiet) WarnOfStrangers(options, env);
  receiver.SayWhere();
  while (!ending.WaitFor(kLookEvery)) {
    if (!flags.quiet) receiver.LookAtDisk();
  }

  Status status = ending.why();
  if (Status stopped = receiver.Stop(); status.ok()) status = std::move(stopped);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
  const ReceiveSummary summary{receiver.requests(), receiver.files(), seconds.count()};
  if (flags.stats == "json") {
    static_cast<void>(WriteAll(env.err, ReceiveSummaryJson(summary) + "\n", "standard error"));
  } else if (!flags.quiet) {
    env.Say(ReceiveSummaryText(summary));
  }
  return status;
}

Status RunReceive(const ReceiveFlags& flags, const Env& env) {
  if (!flags.print_config.empty()) {
    const Result<SenderConfig> config = flags.ReadSenderConfig();
    if (!config) return config.error();
    return WriteAll(env.out, config->Text(), "standard output");
  }
  const Result<ReceiveOptions> options = flags.Read();
  if (!options) return options.error();
  return Serve(flags, *options, env);
}

}  // namespace

Action BindReceive(CLI::App& sub) {
  auto flags = std::make_shared<ReceiveFlags>();
  sub.footer(
      "Examples:\n"
      "  gf-otlp receive --dir captures/\n"
      "  gf-otlp receive --dir captures/ --http 0.0.0.0:4318 --grpc off --auth-file tokens\n"
      "  gf-otlp receive --print-config alloy --endpoint http://glassflow:4318 --pipeline traces=ID\n"
      "Manual: gf-otlp-receive(1)");
  flags->Bind(sub);
  return [flags](const Env& env) { return RunReceive(*flags, env); };
}

}  // namespace gf_otlp::cli
