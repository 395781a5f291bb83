#include <google/protobuf/arena.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "opentelemetry/proto/logs/v1/logs.pb.h"
#include "opentelemetry/proto/metrics/v1/metrics.pb.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"
#include "reference.h"

/// How long libprotobuf takes only to parse the messages of a framed capture into objects on an arena. The arena is
/// one for the whole run and is given a block that holds any request, so that no time goes into malloc.
namespace gf_otlp::bench {
namespace {

constexpr std::size_t kArenaBlock = std::size_t{64} << 20;

template <class RequestData>
int Parse(std::string_view bytes) {
  std::vector<char> block(kArenaBlock, '\1');
  google::protobuf::ArenaOptions options;
  options.initial_block = block.data();
  options.initial_block_size = block.size();
  options.max_block_size = std::size_t{1} << 20;
  google::protobuf::Arena arena(options);

  std::size_t messages = 0;
  const std::string_view whole = bytes;
  const Stopwatch watch;
  while (bytes.size() >= 4) {
    const auto at = [&bytes](std::size_t i) { return std::uint32_t{static_cast<unsigned char>(bytes[i])}; };
    const std::uint32_t size = at(0) << 24 | at(1) << 16 | at(2) << 8 | at(3);
    bytes.remove_prefix(4);
    if (size > bytes.size()) return 3;
    auto* request = google::protobuf::Arena::CreateMessage<RequestData>(&arena);
    if (!request->ParseFromArray(bytes.data(), static_cast<int>(size))) return 3;
    bytes.remove_prefix(size);
    arena.Reset();
    ++messages;
  }
  return Report(watch.Elapsed(), whole.size(), messages);
}

int Main(int argc, char** argv) {
  namespace otlp = opentelemetry::proto;
  const std::string_view signal = argc == 3 ? argv[1] : "";
  if (signal != "spans" && signal != "logs" && signal != "metrics") {
    std::fputs("usage: reference_protobuf spans|logs|metrics FRAMED_FILE\n", stderr);
    return 2;
  }
  const std::string bytes = ReadWhole(argv[2]);
  if (signal == "spans") return Parse<otlp::trace::v1::TracesData>(bytes);
  if (signal == "logs") return Parse<otlp::logs::v1::LogsData>(bytes);
  return Parse<otlp::metrics::v1::MetricsData>(bytes);
}

}  // namespace
}  // namespace gf_otlp::bench

int main(int argc, char** argv) { return gf_otlp::bench::Main(argc, argv); }
