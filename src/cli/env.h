#ifndef GF_OTLP_CLI_ENV_H_
#define GF_OTLP_CLI_ENV_H_

#include <unistd.h>

#include <string>
#include <string_view>

namespace gf_otlp::cli {

/// What a command talks to: the file descriptors of its output and its messages.
struct Env {
  int out = STDOUT_FILENO;
  int err = STDERR_FILENO;
  std::string command;  // "convert": what messages are prefixed with

  /// Writes "gf-otlp <command>: <message>" and a newline to `err`.
  void Say(std::string_view message) const;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_ENV_H_
