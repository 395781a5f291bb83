#include "unit/receive/capture_test_util.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <future>
#include <utility>

#include "gf_otlp/capture.h"
#include "input/paths.h"
#include "sink/frame_compressor.h"

namespace gf_otlp::test {
namespace {

using namespace receive;

constexpr std::string_view kMark = "number ";

/// A field of protobuf wire: its tag and the length of less than 2^28 bytes in four bytes.
std::string Field(char tag, std::string_view content) {
  std::string field(1, tag);
  for (int i = 0; i < 3; ++i) field += static_cast<char>(content.size() >> (7 * i) | 0x80);
  field += static_cast<char>(content.size() >> 21);
  return field.append(content);
}

}  // namespace

std::string Framing::extension() const {
  return std::string(format == FileFormat::kProto ? ".proto" : ".json") + (zstd ? ".zst" : "");
}

CaptureWriterOptions OptionsOf(const std::string& dir, Framing framing) {
  return {.dir = dir, .format = framing.format, .zstd = framing.zstd, .durability = Durability::kNone};
}

StoredRequest NumberedRequest(std::uint64_t number, std::size_t more, Framing framing) {
  const std::string text = std::string(kMark) + std::to_string(number) + ";" + std::string(more, 'x');
  StoredRequest request{.signal = Signal::kLogs, .bytes = {}, .records = 1, .group = {}, .headers = {}};
  if (framing.format == FileFormat::kJson) {
    request.bytes = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":9,"body":{"stringValue":")" +
                    text + R"("}}]}]}]})";
  } else {
    // ResourceLogs.scope_logs.log_records: severity_number, body.string_value
    request.bytes = Field(0x0a, Field(0x12, Field(0x12, "\x10\x09" + Field(0x2a, Field(0x0a, text)))));
  }
  if (framing.zstd) {
    std::string frame;
    CHECK(FrameCompressor().Compress(request.bytes, frame).ok());
    request.bytes = frame;
  }
  return request;
}

std::vector<std::uint64_t> ReadNumbers(const std::vector<std::string>& inputs) {
  std::vector<std::uint64_t> numbers;
  Result<Capture> capture = Capture::Open(inputs);
  REQUIRE(capture.has_value());
  for (;;) {
    const Result<std::optional<Request>> request = capture->Next();
    if (!request) FAIL_CHECK(request.error().message());
    if (!request || !*request) return numbers;
    CHECK((*request)->signal == Signal::kLogs);
    const std::size_t at = (*request)->wire.find(kMark);
    REQUIRE(at != std::string_view::npos);
    const std::string_view text = (*request)->wire.substr(at + kMark.size());
    std::from_chars(text.data(), text.data() + text.size(), numbers.emplace_back());
  }
}

TestWriter::TestWriter(const CaptureWriterOptions& options) {
  auto writer = CaptureWriter::Open(options, [&](std::string_view line) { said_.emplace_back(line); });
  if (!writer) FAIL(writer.error().message());
  writer_ = std::move(*writer);
}

Status TestWriter::Store(StoredRequest request) {
  std::promise<Status> stored;
  writer_->Append(std::move(request), [&](const Status& status) { stored.set_value(status); });
  return stored.get_future().get();
}

std::vector<Status> TestWriter::StoreAll(std::vector<StoredRequest> requests) {
  std::vector<Status> all(requests.size());
  std::promise<void> queued, done;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    writer_->Append(std::move(requests[i]), [&, i](const Status& status) {
      if (i == 0) queued.get_future().wait();
      all[i] = status;
      if (i + 1 == all.size()) done.set_value();
    });
  }
  queued.set_value();
  done.get_future().wait();
  return all;
}

std::vector<std::string> NamesIn(const std::string& dir, bool times) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(dir)) {
    std::string name = entry.path().filename().string();
    const std::string stamp = RotationKeyOf(name).stamp;
    if (const std::size_t at = name.rfind(stamp); !times && at != std::string::npos) {
      name.replace(at + 1, stamp.size() - 1, "TIME");
    }
    names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace gf_otlp::test
