#ifndef GF_OTLP_RECEIVE_CAPTURE_NAMES_H_
#define GF_OTLP_RECEIVE_CAPTURE_NAMES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "receive/capture_writer.h"

namespace gf_otlp::receive {

/// Of the file with the requests' headers: behind the data's name.
inline constexpr std::string_view kHeadersExtension = ".headers";

/// How the files of a capture directory are called.
class CaptureNames {
 public:
  CaptureNames(FileFormat format, bool zstd, Split split);

  /// The file that takes the request: otlp.proto, traces.json.zst, otlp-VALUE.proto. In a value all but letters, digits
  /// and . _ - is written %XX; so is the T of one that would make the name that of a file put aside. What is longer
  /// than a file name may be is cut, with a hash behind a ~.
  std::string Of(const StoredRequest& request) const;
  /// Whether Of() gives such names: no file that was put aside, no headers.
  bool IsOurs(std::string_view name) const;
  /// What a file of ours is called when it is put aside, as the Collector does:
  /// otlp-2026-11-21T00-18-54.769-size.proto. `milliseconds`: since 1970.
  std::string Aside(std::string_view name, std::int64_t milliseconds, std::string_view reason) const;

 private:
  Split split_;
  std::string extension_;  // ".proto.zst"
};

/// Of the name of a file that was put aside, or of its headers: the name that it had. Others are given as they
/// are.
std::string NameBeforeAside(std::string_view aside);

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_CAPTURE_NAMES_H_
