#ifndef GF_OTLP_CLI_REPLAY_ENDPOINT_H_
#define GF_OTLP_CLI_REPLAY_ENDPOINT_H_

#include <array>

#include "cli/replay_flags.h"
#include "gf_otlp/signal.h"
#include "sink/otlp_transport.h"

namespace gf_otlp::cli {

/// Where flags say that requests go.
struct ReplayEndpoint {
  OtlpEndpoint endpoint;
  /// The signals that --pipeline leaves out although it names others: GlassFlow would refuse their requests.
  std::array<bool, kSignalCount> without_pipeline{};
};

/// kUsage that names the flag, for files that are not there or hold no credentials, too. Connects to nothing.
Result<ReplayEndpoint> ReadEndpoint(const ReplayFlags& flags);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_REPLAY_ENDPOINT_H_
