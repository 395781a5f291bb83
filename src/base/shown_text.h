#ifndef GF_OTLP_BASE_SHOWN_TEXT_H_
#define GF_OTLP_BASE_SHOWN_TEXT_H_

#include <string>
#include <string_view>

namespace gf_otlp {

/// Text from data for a message: in quotes, cut after some 60 characters ("..." follows), control characters and bytes
/// that are not UTF-8 as \xNN.
std::string ShownText(std::string_view text);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_SHOWN_TEXT_H_
