#ifndef GF_OTLP_TESTS_UNIT_INPUT_INPUT_TEST_UTIL_H_
#define GF_OTLP_TESTS_UNIT_INPUT_INPUT_TEST_UTIL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/capture.h"
#include "input/source.h"

namespace gf_otlp::test {

/// A folder that is gone at the end of the test.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  /// Gives the file's path; makes the folders of `name`.
  std::string Write(const std::string& name, std::string_view content) const;

 private:
  std::string path_;
};

std::string Slurp(const std::string& path);
/// Path of a file of testdata/.
std::string TestData(const std::string& name);
/// The golden folders' names, sorted.
const std::vector<std::string>& GoldenCases();
std::string GoldenProto(const std::string& name);
std::string GoldenJson(const std::string& name);
Signal GoldenSignal(const std::string& name);
/// All golden requests that are not empty.
std::vector<std::string> GoldenProtos();
/// Without space around them.
std::vector<std::string> GoldenJsons();

std::string FramedMessage(std::string_view payload);
std::string DelimitedMessage(std::string_view payload);
std::string Gzip(std::string_view content);
std::string Zstd(std::string_view content, bool with_size = true);
/// `wrap` of each, one behind the other.
std::string Join(const std::vector<std::string>& parts, std::string (*wrap)(std::string_view));
std::string Line(std::string_view json);
/// The `0a <length> ...` elements of a request.
std::vector<std::string> Elements(std::string_view request);

struct CutUnit {
  std::string file, bytes, error;
  std::uint64_t offset = 0, length = 0, number = 0;
  bool torn = false;
};
struct CutResult {
  std::vector<CutUnit> units;
  InputFormat format = InputFormat::kProto;  // of the last file that had units
  Status status;                             // how the run ended
  std::vector<SkippedFile> skipped;
  std::vector<PartialTail> partial_tails;

  std::vector<std::string> bytes() const;  // of the units without an error
  std::vector<std::string> errors() const;
};
CutResult CutAll(const std::vector<std::string>& inputs, const CaptureOptions& options = {},
                 std::size_t block_bytes = Source::kBlockBytes);
/// The content as a file.
CutResult CutContent(std::string_view content, const CaptureOptions& options = {},
                     std::size_t block_bytes = Source::kBlockBytes);

struct DecodedRequest {
  Signal signal = Signal::kTraces;
  std::string wire;
  bool operator==(const DecodedRequest&) const = default;
};
struct DecodeResult {
  std::vector<DecodedRequest> requests;
  std::vector<Status> errors;  // kBadData on the way, and what ended the run
};
DecodeResult DecodeAll(const std::vector<std::string>& inputs, const CaptureOptions& options = {});
DecodeResult DecodeContent(std::string_view content, const CaptureOptions& options = {});
/// Each request as canonical JSON, to compare by meaning.
std::vector<std::string> Meaning(const std::vector<DecodedRequest>& requests);

}  // namespace gf_otlp::test

#endif  // GF_OTLP_TESTS_UNIT_INPUT_INPUT_TEST_UTIL_H_
