#ifndef GF_OTLP_CLI_HUMAN_H_
#define GF_OTLP_CLI_HUMAN_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace gf_otlp::cli {

/// "1,234,567".
std::string HumanCount(std::uint64_t count);
/// "1 file", "2,000 files".
std::string Counted(std::uint64_t count, std::string_view noun);
/// "17 B", "1.2 kB", "3.4 MB": powers of 1000.
std::string HumanBytes(std::uint64_t bytes);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_HUMAN_H_
