#ifndef GF_OTLP_RECEIVE_CAPTURE_RECOVERY_H_
#define GF_OTLP_RECEIVE_CAPTURE_RECOVERY_H_

#include <cstdint>
#include <string>

#include "gf_otlp/status.h"

namespace gf_otlp::receive {

/// Where the last whole request of a file of `size` bytes ends: what is behind it is what a crash left of one, a part
/// of a request or bytes that are zero. `framed`: lengths and requests; else JSON lines. kUsage if the file is not of
/// that framing: nothing of it is ours to cut off.
Result<std::uint64_t> FindWholeEnd(int fd, std::uint64_t size, bool framed, const std::string& path);

/// Of a file of requests' headers: where the last line ends that is whole and of a request that stands in the first
/// `data_size` bytes of the data file.
Result<std::uint64_t> FindHeadersEnd(int fd, std::uint64_t size, std::uint64_t data_size, const std::string& path);

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_CAPTURE_RECOVERY_H_
