#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "input/codec.h"
#include "unit/input/input_test_util.h"

namespace gf_otlp::test {
namespace {

using Strings = std::vector<std::string>;

/// Compressed in pieces of that size, each a frame or member of its own.
std::string InPieces(std::string_view content, std::size_t size, std::string (*compress)(std::string_view)) {
  std::string out;
  for (; !content.empty(); content.remove_prefix(std::min(size, content.size()))) {
    out += compress(content.substr(0, size));
  }
  return out;
}

std::string ZstdFrame(std::string_view content) { return Zstd(content); }
std::string ZstdUnsized(std::string_view content) { return Zstd(content, false); }

}  // namespace

TEST_CASE("whole files are decompressed, over any framing and cut into frames anywhere") {
  const Strings protos = GoldenProtos(), jsons = GoldenJsons();
  const std::string raw = GoldenProto("traces-seed-3") + GoldenProto("traces-seed-2");
  for (std::string (*compress)(std::string_view) : {ZstdFrame, ZstdUnsized, Gzip}) {
    for (const std::size_t piece : {std::size_t{100}, std::size_t{5000}, std::size_t{1} << 20}) {
      CAPTURE(piece);
      CHECK(CutContent(InPieces(Join(protos, FramedMessage), piece, compress)).bytes() == protos);
      CHECK(CutContent(InPieces(Join(protos, DelimitedMessage), piece, compress)).bytes() == protos);
      CHECK(CutContent(InPieces(Join(jsons, Line), piece, compress), {}, 999).bytes() == jsons);
      CHECK(CutContent(InPieces(raw, piece, compress), {}, 10).bytes() == Elements(raw));
    }
  }
}

TEST_CASE("skippable zstd frames are skipped") {
  const std::string skippable = std::string("\x50\x2a\x4d\x18\x04\x00\x00\x00", 8) + "abcd";
  const std::string json = "{\"resourceSpans\":[]}";
  CHECK(CutContent(skippable + Zstd(json) + skippable).bytes() == Strings{json});
}

TEST_CASE("a compressed file that ends too early gives the units before and names the rest") {
  const Strings jsons = GoldenJsons();
  const std::string content = Join(jsons, Line);
  const TempDir dir;
  const std::string next = dir.Write("next", "{\"resourceLogs\":[]}\n");
  for (std::string (*compress)(std::string_view) : {ZstdFrame, Gzip}) {
    const std::string whole = InPieces(content, 1000, compress);
    for (std::size_t n = 1; n < whole.size(); n += 97) {
      CAPTURE(n);
      const std::string path = dir.Write("capture", whole.substr(0, n));
      const CaptureOptions options{.format = InputFormat::kJson, .compression = DetectCompression(whole)};
      const CutResult result = CutAll({path}, options);
      CHECK(result.status.ok());
      const Strings good = result.bytes();
      REQUIRE(good.size() <= jsons.size());
      CHECK(std::equal(good.begin(), good.end(), jsons.begin()));
      CHECK(result.errors().size() <= 1);
      if (good.size() < jsons.size() && !result.errors().empty()) {
        const CutUnit& last = result.units.back();
        CHECK(last.number == good.size() + 1);
        CHECK(content.substr(last.offset, last.length) == last.bytes);
      }
      CaptureOptions skip = options;
      skip.skip_partial_tail = true;
      const CutResult skipped = CutAll({path}, skip);
      CHECK(skipped.errors().empty());
      CHECK(skipped.bytes() == good);
      CHECK(skipped.partial_tails.size() == result.errors().size());
      if (n % 5 == 0) CHECK(CutAll({path, next}).bytes().back() == "{\"resourceLogs\":[]}");
    }
  }
}

TEST_CASE("broken compressed data is an error, also when partial tails are skipped") {
  for (std::string (*compress)(std::string_view) : {ZstdFrame, Gzip}) {
    const Strings jsons = GoldenJsons();
    std::string broken = compress(Join(jsons, Line));
    broken[broken.size() - 6] = static_cast<char>(broken[broken.size() - 6] ^ 0x55);  // in the checksum or before
    for (const bool skip : {false, true}) {
      const CutResult result = CutContent(broken, {.skip_partial_tail = skip});
      CHECK(result.status.ok());
      REQUIRE(result.errors().size() == 1);
      CHECK(result.errors()[0].find("broken") != std::string::npos);
    }
  }
  const std::string json = "{}\n";
  const CutResult trailing = CutContent(Gzip(json) + "trailing");
  CHECK(trailing.bytes() == Strings{"{}"});
  CHECK(trailing.errors().size() == 1);
}

TEST_CASE("compression can be forced") {
  const std::string json = "{\"resourceSpans\":[]}";
  CHECK(CutContent(json, {.compression = Compression::kNone}).bytes() == Strings{json});
  CHECK(CutContent(Gzip(json), {.compression = Compression::kGzip}).bytes() == Strings{json});
  CHECK(CutContent(json, {.compression = Compression::kZstd}).errors().size() == 1);
  CHECK(CutContent(Gzip(json), {.compression = Compression::kNone}).errors().size() == 1);
  CHECK(CutContent("", {.compression = Compression::kGzip}).units.empty());
}

TEST_CASE("a frame is decompressed up to the limit, whatever its header says") {
  const std::string zeros(std::size_t{20} << 20, '\0');
  for (std::string (*compress)(std::string_view) : {ZstdFrame, ZstdUnsized, Gzip}) {
    PaddedBuffer out;
    const std::string bomb = compress(zeros);
    const std::unique_ptr<Codec> codec = Codec::Create(DetectCompression(bomb));
    REQUIRE(codec != nullptr);
    const Status status = DecompressFrame(*codec, bomb, std::size_t{1} << 20, out);
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Code::kBadData);
    CHECK(status.message().find("--max-unit-size") != std::string::npos);
    CHECK(out.capacity() < std::size_t{4} << 20);
    CHECK(DecompressFrame(*codec, bomb, zeros.size(), out).ok());
    CHECK(out.view() == zeros);
    CHECK_FALSE(DecompressFrame(*codec, bomb, zeros.size() - 1, out).ok());
    CHECK_FALSE(DecompressFrame(*codec, std::string_view(bomb).substr(0, bomb.size() - 1), zeros.size(), out).ok());
    CHECK(DecompressFrame(*codec, compress("after an error"), zeros.size(), out).ok());
    CHECK(out.view() == "after an error");
  }
}

TEST_CASE("a header that promises more than there is costs no memory") {
  // Magic, single segment with 8 bytes of content size: 2^60.
  const std::string lie = std::string("\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\0\0\x10", 13) + std::string("\x01\0\0", 3);
  const std::unique_ptr<Codec> codec = Codec::Create(Compression::kZstd);
  PaddedBuffer out;
  CHECK_FALSE(DecompressFrame(*codec, lie, std::size_t{512} << 20, out).ok());
  CHECK(out.capacity() <= std::size_t{1} << 20);
}

TEST_CASE("a stream that swells is cut at the limit of a unit") {
  const std::string bomb = Zstd("{\"resourceSpans\":\"" + std::string(std::size_t{30} << 20, ' '));
  const CutResult result = CutContent(bomb, {.max_unit_bytes = std::size_t{2} << 20});
  REQUIRE(result.units.size() == 1);
  CHECK(result.units[0].error.find("--max-unit-size") != std::string::npos);
  CHECK(result.units[0].bytes.size() <= std::size_t{2} << 20);
}

}  // namespace gf_otlp::test
