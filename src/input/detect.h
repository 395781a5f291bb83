#ifndef GF_OTLP_INPUT_DETECT_H_
#define GF_OTLP_INPUT_DETECT_H_

#include <cstddef>
#include <optional>
#include <string_view>

#include "gf_otlp/capture.h"
#include "gf_otlp/signal.h"

namespace gf_otlp {

/// How much of a file is looked at to tell its format.
inline constexpr std::size_t kDetectBytes = std::size_t{1} << 20;
/// Of each candidate so many bytes are checked down to the last field; behind them only the lengths are followed.
inline constexpr std::size_t kCheckedBytes = std::size_t{64} << 10;

struct FormatDetection {
  /// Nothing if no format fits, or if `other` is set too.
  std::optional<InputFormat> format;
  /// A second format that is as plausible as the first.
  std::optional<InputFormat> other;
};

/// The format of a file (of its content after decompression) that begins with `head`; nothing comes behind it if
/// `ended`. REQUIRES: head is not empty
FormatDetection DetectFormat(std::string_view head, bool ended);

/// A JSON object without any of a request's names: some other file. `head` as above, of format kJson.
bool IsForeignJson(std::string_view head);

/// Of a raw protobuf request: the one signal that all resources in the head may be.
std::optional<Signal> DetectRawSignal(std::string_view head);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_DETECT_H_
