#ifndef GF_OTLP_CLI_NEAREST_WORD_H_
#define GF_OTLP_CLI_NEAREST_WORD_H_

#include <cstddef>
#include <string_view>

namespace gf_otlp::cli {

/// How many characters have to change to make one word the other.
std::size_t EditDistance(std::string_view a, std::string_view b);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_NEAREST_WORD_H_
