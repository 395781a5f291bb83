#include "unit/input/input_test_util.h"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "base/file.h"
#include "gf_otlp/wire.h"
#include "input/json_scan.h"
#include "otlp/wire_to_json.h"

namespace gf_otlp::test {
namespace fs = std::filesystem;

TempDir::TempDir() {
  std::string name = (fs::temp_directory_path() / "gf-otlp-test-XXXXXX").string();
  REQUIRE(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TempDir::Write(const std::string& name, std::string_view content) const {
  const fs::path path = fs::path(path_) / name;
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
  return path.string();
}

std::string Slurp(const std::string& path) {
  Result<std::string> content = ReadFile(path, std::size_t{1} << 30);
  if (!content) FAIL(content.error().message());
  return content.value_or("");
}

std::string TestData(const std::string& name) { return std::string(GF_OTLP_TESTDATA) + "/" + name; }

const std::vector<std::string>& GoldenCases() {
  static const std::vector<std::string> kCases = [] {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(TestData("golden"))) {
      if (entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }();
  return kCases;
}

std::string GoldenProto(const std::string& name) { return Slurp(TestData("golden/" + name + "/input.pb")); }
std::string GoldenJson(const std::string& name) { return Slurp(TestData("golden/" + name + "/input.json")); }
Signal GoldenSignal(const std::string& name) { return *ParseSignal(name.substr(0, name.find('-'))); }

std::vector<std::string> GoldenProtos() {
  std::vector<std::string> all;
  for (const std::string& name : GoldenCases()) {
    if (std::string request = GoldenProto(name); !request.empty()) all.push_back(std::move(request));
  }
  return all;
}

std::vector<std::string> GoldenJsons() {
  std::vector<std::string> all;
  for (const std::string& name : GoldenCases()) {
    std::string json = GoldenJson(name);
    while (json.ends_with('\n')) json.pop_back();
    all.push_back(json.substr(SpaceBefore(json)));
  }
  return all;
}

std::string FramedMessage(std::string_view payload) {
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(payload.size() >> shift);
  return frame.append(payload);
}

std::string DelimitedMessage(std::string_view payload) {
  std::string frame;
  std::size_t length = payload.size();
  for (; length >= 0x80; length >>= 7) frame += static_cast<char>(length | 0x80);
  frame += static_cast<char>(length);
  return frame.append(payload);
}

std::string Gzip(std::string_view content) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Zstd(std::string_view content, bool with_size) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, with_size ? 1 : 0);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(content.size()), '\0');
  const std::size_t n = ZSTD_compress2(context.get(), out.data(), out.size(), content.data(), content.size());
  REQUIRE_FALSE(ZSTD_isError(n));
  out.resize(n);
  return out;
}

std::string Join(const std::vector<std::string>& parts, std::string (*wrap)(std::string_view)) {
  std::string joined;
  for (const std::string& part : parts) joined += wrap(part);
  return joined;
}

std::string Line(std::string_view json) { return std::string(json) + "\n"; }

std::vector<std::string> Elements(std::string_view request) {
  std::vector<std::string> elements;
  WireCursor c(request);
  while (!c.Done()) {
    const char* begin = c.position();
    const std::uint32_t tag = c.ReadTag();
    c.Skip(tag);
    REQUIRE(c.ok());
    if (tag == Tag(1, kBytes)) elements.emplace_back(begin, c.position());
  }
  return elements;
}

std::vector<std::string> CutResult::bytes() const {
  std::vector<std::string> all;
  for (const CutUnit& unit : units) {
    if (unit.error.empty()) all.push_back(unit.bytes);
  }
  return all;
}

std::vector<std::string> CutResult::errors() const {
  std::vector<std::string> all;
  for (const CutUnit& unit : units) {
    if (!unit.error.empty()) all.push_back(unit.error);
  }
  return all;
}

CutResult CutAll(const std::vector<std::string>& inputs, const CaptureOptions& options, std::size_t block_bytes) {
  CutResult result;
  const Result<std::unique_ptr<Source>> source = Source::Open(inputs, options, block_bytes);
  if (!source) {
    result.status = source.error();
    return result;
  }
  Chunk chunk;
  for (;;) {
    const Result<bool> more = (*source)->Next(chunk);
    if (!more) result.status = more.error();
    if (!more || !*more) break;
    result.format = chunk.file->format;
    for (const Unit& unit : chunk.units) {
      result.units.push_back({.file = chunk.file->name,
                              .bytes = std::string(unit.bytes),
                              .error = unit.error,
                              .offset = unit.offset,
                              .length = unit.length,
                              .number = unit.number,
                              .torn = unit.torn});
    }
  }
  result.skipped = (*source)->skipped();
  result.partial_tails = (*source)->partial_tails();
  return result;
}

CutResult CutContent(std::string_view content, const CaptureOptions& options, std::size_t block_bytes) {
  const TempDir dir;
  return CutAll({dir.Write("capture", content)}, options, block_bytes);
}

DecodeResult DecodeAll(const std::vector<std::string>& inputs, const CaptureOptions& options) {
  DecodeResult result;
  Result<Capture> capture = Capture::Open(inputs, options);
  if (!capture) {
    result.errors.push_back(capture.error());
    return result;
  }
  for (;;) {
    const Result<std::optional<Request>> request = capture->Next();
    if (!request) {
      result.errors.push_back(request.error());
      if (request.error().code() == Code::kBadData) continue;
      return result;
    }
    if (!*request) return result;
    result.requests.push_back({(*request)->signal, std::string((*request)->wire)});
  }
}

DecodeResult DecodeContent(std::string_view content, const CaptureOptions& options) {
  const TempDir dir;
  return DecodeAll({dir.Write("capture", content)}, options);
}

std::vector<std::string> Meaning(const std::vector<DecodedRequest>& requests) {
  std::vector<std::string> all;
  for (const DecodedRequest& request : requests) {
    std::string json;
    REQUIRE(WireToJson(request.signal, request.wire, json).ok());
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace gf_otlp::test
