#ifndef GF_OTLP_BASE_SHOWN_TEXT_H_
#define GF_OTLP_BASE_SHOWN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace gf_otlp {

/// Text from data for a message: in quotes, cut after some 60 characters ("..." follows), control characters and bytes
/// that are not UTF-8 as \xNN.
std::string ShownText(std::string_view text);

/// The same without quotes, for what is no text ("300", "[1,2", "12,3..."), or what others said; cut after `most`
/// characters.
std::string ShownPart(std::string_view text, std::size_t most = 60);

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_SHOWN_TEXT_H_
