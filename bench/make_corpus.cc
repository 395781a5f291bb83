#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "corpus/generator.h"

/// Writes a capture as the Collector's file exporter does in its proto format: u32 big-endian length, request;
/// repeated. The same arguments give the same bytes.
namespace gf_otlp::bench {
namespace {

constexpr std::uint64_t kDefaultSeed = 1;

template <class RequestData>
bool Write(World& world, void (*fill)(World&, RequestData&), std::uint64_t bytes, std::FILE* file) {
  std::uint64_t written = 0;
  std::string message;
  while (written < bytes) {
    RequestData request;
    fill(world, request);
    request.SerializeToString(&message);
    const auto size = static_cast<std::uint32_t>(message.size());
    const unsigned char prefix[] = {static_cast<unsigned char>(size >> 24), static_cast<unsigned char>(size >> 16),
                                    static_cast<unsigned char>(size >> 8), static_cast<unsigned char>(size)};
    if (std::fwrite(prefix, 1, sizeof prefix, file) != sizeof prefix) return false;
    if (std::fwrite(message.data(), 1, message.size(), file) != message.size()) return false;
    written += sizeof prefix + message.size();
  }
  return true;
}

bool WriteSignal(std::string_view signal, std::uint64_t seed, std::uint64_t bytes, std::FILE* file) {
  World world(seed);
  if (signal == "spans") return Write<otlp::trace::v1::TracesData>(world, Fill, bytes, file);
  if (signal == "genai") return Write<otlp::trace::v1::TracesData>(world, FillAgents, bytes, file);
  if (signal == "logs") return Write<otlp::logs::v1::LogsData>(world, Fill, bytes, file);
  return Write<otlp::metrics::v1::MetricsData>(world, Fill, bytes, file);
}

int Usage() {
  std::fputs("usage: make_corpus spans|logs|metrics|genai MEGABYTES FILE [SEED]\n", stderr);
  return 2;
}

int Main(int argc, char** argv) {
  if (argc < 4 || argc > 5) return Usage();
  const std::string_view signal = argv[1];
  if (signal != "spans" && signal != "logs" && signal != "metrics" && signal != "genai") return Usage();
  const std::uint64_t bytes = std::strtoull(argv[2], nullptr, 10) * 1'000'000;
  const std::uint64_t seed = argc == 5 ? std::strtoull(argv[4], nullptr, 10) : kDefaultSeed;
  std::FILE* file = std::fopen(argv[3], "wb");
  const bool written = file != nullptr && WriteSignal(signal, seed, bytes, file);
  const bool closed = file != nullptr && std::fclose(file) == 0;
  if (!written || !closed) {
    std::perror(argv[3]);
    return 4;
  }
  return 0;
}

}  // namespace
}  // namespace gf_otlp::bench

int main(int argc, char** argv) { return gf_otlp::bench::Main(argc, argv); }
