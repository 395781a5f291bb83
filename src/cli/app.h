#ifndef GF_OTLP_CLI_APP_H_
#define GF_OTLP_CLI_APP_H_

#include "cli/env.h"

namespace gf_otlp::cli {

/// The whole program. Gives the exit code (see gf-otlp(1)); after an interrupting signal it does not return but dies of
/// it.
int Run(int argc, const char* const* argv, Env env);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_APP_H_
