#ifndef GF_OTLP_CLI_RECEIVE_FLAGS_H_
#define GF_OTLP_CLI_RECEIVE_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/receive_config.h"
#include "gf_otlp/status.h"
#include "receive/capture_writer.h"
#include "receive/intake.h"
#include "receive/server_tls.h"

namespace gf_otlp::cli {

/// Where a server listens.
struct ListenAddress {
  std::string host;  // a name or an address, without brackets
  std::uint16_t port = 0;

  /// As in a URL.
  std::string Text() const;
  /// Whether only this machine reaches it.
  bool IsLoopback() const;
};

/// What the command line asks for.
struct ReceiveOptions {
  receive::CaptureWriterOptions writer;
  receive::IntakeOptions intake;
  std::optional<ListenAddress> http, grpc;  // one of them at least
  receive::ServerTls tls;
  std::string auth_file;  // empty: everyone may send
};

/// The command line as it stands.
struct ReceiveFlags {
  std::string dir, http = "127.0.0.1:4318", grpc = "127.0.0.1:4317";
  std::string format = "proto", split = "none", durability = "data", rotate_every;
  bool zstd = false, require_pipeline_id = false;
  std::uint64_t rotate_size = receive::CaptureWriterOptions().rotate_bytes;
  std::uint64_t max_body = receive::IntakeOptions().max_body;
  std::uint64_t max_decompressed = receive::IntakeOptions().max_decompressed;
  unsigned max_in_flight = receive::IntakeOptions().max_in_flight;
  std::vector<std::string> keep_headers;
  std::string cert_file, key_file, client_ca_file, auth_file;
  std::string print_config, endpoint, ca_file;
  std::vector<std::string> pipelines;
  std::string stats = "text";
  bool quiet = false;

  void Bind(CLI::App& sub);

  // kUsage names the flag.
  Result<ReceiveOptions> Read() const;
  /// REQUIRES: !print_config.empty()
  Result<SenderConfig> ReadSenderConfig() const;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_RECEIVE_FLAGS_H_
