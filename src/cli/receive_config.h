#ifndef GF_OTLP_CLI_RECEIVE_CONFIG_H_
#define GF_OTLP_CLI_RECEIVE_CONFIG_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"

namespace gf_otlp::cli {

/// Whether only this machine reaches a server there.
bool IsLoopbackHost(std::string_view host);

/// A configuration for an agent that sends OTLP to `receive`, or to GlassFlow's receiver.
struct SenderConfig {
  enum class Agent : std::uint8_t { kAlloy, kCollector };

  Agent agent = Agent::kAlloy;
  bool grpc = false, tls = false;  // SetEndpoint() says
  std::string address;             // HOST:PORT, of HTTP with a path behind it
  std::array<std::string, kSignalCount> pipelines;
  std::string ca_file, cert_file, key_file;

  // kUsage says what is wrong.
  /// http://, https://, grpc:// or grpcs://, and HOST:PORT.
  Status SetEndpoint(std::string_view url);
  /// "SIGNAL=ID". Once one signal has a pipeline those without are not sent.
  Status SetPipeline(std::string_view text);

  /// The configuration file.
  std::string Text() const;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_RECEIVE_CONFIG_H_
