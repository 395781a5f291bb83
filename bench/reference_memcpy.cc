#include <cstdio>
#include <cstring>
#include <string>

#include "reference.h"

/// How long it takes only to copy a file's bytes from memory to memory that is already there.
namespace gf_otlp::bench {
namespace {

int Main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: reference_memcpy FILE\n", stderr);
    return 2;
  }
  const std::string bytes = ReadWhole(argv[1]);
  std::string copy(bytes.size(), '\1');
  const Stopwatch watch;
  std::memcpy(copy.data(), bytes.data(), bytes.size());
  const Seconds seconds = watch.Elapsed();
  return copy == bytes ? Report(seconds, bytes.size(), 1) : 5;
}

}  // namespace
}  // namespace gf_otlp::bench

int main(int argc, char** argv) { return gf_otlp::bench::Main(argc, argv); }
