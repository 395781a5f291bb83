#include <simdjson.h>

#include <string_view>

#include "reference.h"

/// How long simdjson takes only to parse the lines of a file into its DOM, one parser used again for every line.
namespace gf_otlp::bench {
namespace {

int Main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: reference_simdjson JSON_LINES_FILE\n", stderr);
    return 2;
  }
  const std::string bytes = ReadWhole(argv[1], simdjson::SIMDJSON_PADDING);
  simdjson::dom::parser parser;
  std::string_view rest = bytes;
  std::size_t lines = 0;
  const Stopwatch watch;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    if (parser.parse(line.data(), line.size(), /*realloc_if_needed=*/false).error() != simdjson::SUCCESS) return 3;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    ++lines;
  }
  return Report(watch.Elapsed(), bytes.size(), lines);
}

}  // namespace
}  // namespace gf_otlp::bench

int main(int argc, char** argv) { return gf_otlp::bench::Main(argc, argv); }
