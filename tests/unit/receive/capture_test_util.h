#ifndef GF_OTLP_TESTS_UNIT_RECEIVE_CAPTURE_TEST_UTIL_H_
#define GF_OTLP_TESTS_UNIT_RECEIVE_CAPTURE_TEST_UTIL_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "receive/capture_writer.h"

namespace gf_otlp::test {

/// How files are framed: format and compression.
struct Framing {
  receive::FileFormat format = receive::FileFormat::kProto;
  bool zstd = false;

  std::string extension() const;
};
inline constexpr Framing kFramings[] = {{receive::FileFormat::kProto, false},
                                        {receive::FileFormat::kProto, true},
                                        {receive::FileFormat::kJson, false},
                                        {receive::FileFormat::kJson, true}};

receive::CaptureWriterOptions OptionsOf(const std::string& dir, Framing framing = {});

/// A request of one log record whose text is `number` and so many bytes more.
receive::StoredRequest NumberedRequest(std::uint64_t number, std::size_t more = 0, Framing framing = {});
/// The numbers of all requests of the inputs as this program reads them, in its order. Bad input fails the test.
std::vector<std::uint64_t> ReadNumbers(const std::vector<std::string>& inputs);

/// A writer that must open, and what it said.
class TestWriter {
 public:
  explicit TestWriter(const receive::CaptureWriterOptions& options);

  receive::CaptureWriter& operator*() const { return *writer_; }
  receive::CaptureWriter* operator->() const { return writer_.get(); }
  const std::vector<std::string>& said() const { return said_; }

  /// Appends and waits: what came of it.
  Status Store(receive::StoredRequest request);
  /// The first alone, the others as one group; what came of each.
  std::vector<Status> StoreAll(std::vector<receive::StoredRequest> requests);

 private:
  std::vector<std::string> said_;
  std::unique_ptr<receive::CaptureWriter> writer_;
};

/// The names in a folder, sorted; of rotated files with TIME in place of the time.
std::vector<std::string> NamesIn(const std::string& dir, bool times = false);

}  // namespace gf_otlp::test

#endif  // GF_OTLP_TESTS_UNIT_RECEIVE_CAPTURE_TEST_UTIL_H_
