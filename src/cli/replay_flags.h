#ifndef GF_OTLP_CLI_REPLAY_FLAGS_H_
#define GF_OTLP_CLI_REPLAY_FLAGS_H_

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/common_flags.h"
#include "cli/delivery.h"
#include "pipeline/checkpoint.h"

namespace gf_otlp::cli {

/// The command line as it stands.
struct ReplayFlags {
  InputFlags input;
  ChoiceFlags choice;
  RunFlags run;
  DeliveryFlags delivery;

  std::string endpoint, protocol, compression;
  std::vector<std::string> paths, headers, pipelines;
  std::string auth_file, ca_file, cert_file, key_file;
  std::string timeout = "30s", retry_for = "5m";
  bool no_retry_exhausted = false;

  unsigned concurrency = 1;
  std::uint64_t max_request_bytes = std::uint64_t{4} << 20;
  std::uint32_t max_records = ~0u;
  bool dry_run = false;

  std::string shift_to, shift, speed = "max";
  unsigned loop = 1;
  bool new_ids = false;

  void Bind(CLI::App& sub);
};

/// The options that tell one job from another: those that say what is sent where.
Checkpoint::Options JobOptions(const CLI::App& sub);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPLAY_FLAGS_H_
