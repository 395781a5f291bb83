#ifndef GF_OTLP_BASE_SHA256_H_
#define GF_OTLP_BASE_SHA256_H_

#include <array>
#include <string_view>

namespace gf_otlp {

std::array<char, 32> Sha256(std::string_view bytes);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_SHA256_H_
