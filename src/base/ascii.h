#ifndef GF_OTLP_BASE_ASCII_H_
#define GF_OTLP_BASE_ASCII_H_

namespace gf_otlp {

constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_ASCII_H_
