#ifndef GF_OTLP_CLI_VERSION_H_
#define GF_OTLP_CLI_VERSION_H_

#include <string>

namespace gf_otlp::cli {

/// "gf-otlp X.Y.Z" and, a line each, what it was built with.
std::string VersionText();

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_VERSION_H_
