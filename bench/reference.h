#ifndef GF_OTLP_BENCH_REFERENCE_H_
#define GF_OTLP_BENCH_REFERENCE_H_

#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

/// What the references share. Each reads its whole file into memory, does its work on it, and prints one JSON object:
/// the seconds that the work alone took, the bytes it worked on and how many pieces they were in.
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

class Stopwatch {
 public:
  double Seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

inline int Report(double seconds, std::size_t bytes, std::size_t pieces) {
  std::printf("{\"seconds\":%.6f,\"bytes\":%zu,\"pieces\":%zu}\n", seconds, bytes, pieces);
  return 0;
}

}  // namespace gf_otlp::bench

#endif  // GF_OTLP_BENCH_REFERENCE_H_
