#ifndef GF_OTLP_BENCH_REFERENCE_H_
#define GF_OTLP_BENCH_REFERENCE_H_

#include <sys/stat.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <string>

/// What the references share. Each reads its whole file into memory, does its work on it, and prints one JSON object:
/// the seconds that the work alone took (by the clock on the wall and of processor time), the bytes it worked on and
/// how many pieces they were in.
namespace gf_otlp::bench {

/// The file's bytes; the program ends when they cannot be had. `padding` readable bytes follow them.
inline std::string ReadWhole(const char* path, std::size_t padding = 0) {
  std::FILE* file = std::fopen(path, "rb");
  struct stat info{};
  if (file == nullptr || fstat(fileno(file), &info) != 0) {
    std::perror(path);
    std::exit(4);
  }
  std::string bytes(static_cast<std::size_t>(info.st_size) + padding, '\0');
  const std::size_t read = std::fread(bytes.data(), 1, static_cast<std::size_t>(info.st_size), file);
  std::fclose(file);
  bytes.resize(read);
  return bytes;
}

struct Seconds {
  double wall, cpu;
};

class Stopwatch {
 public:
  Seconds Elapsed() const { return {Read(CLOCK_MONOTONIC) - start_.wall, Read(CLOCK_PROCESS_CPUTIME_ID) - start_.cpu}; }

 private:
  static double Read(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  }

  Seconds start_{Read(CLOCK_MONOTONIC), Read(CLOCK_PROCESS_CPUTIME_ID)};
};

inline int Report(Seconds seconds, std::size_t bytes, std::size_t pieces) {
  std::printf("{\"seconds\":%.6f,\"cpu_seconds\":%.6f,\"bytes\":%zu,\"pieces\":%zu}\n", seconds.wall, seconds.cpu,
              bytes, pieces);
  return 0;
}

}  // namespace gf_otlp::bench

#endif  // GF_OTLP_BENCH_REFERENCE_H_
