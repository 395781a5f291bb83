#include "receive/capture_names.h"

#include <doctest/doctest.h>

#include <string>

#include "input/paths.h"

namespace gf_otlp::test {
namespace {

using namespace receive;

StoredRequest OfGroup(const std::string& group) {
  return {.signal = Signal::kMetrics, .bytes = {}, .records = 0, .group = group, .headers = {}};
}

}  // namespace

TEST_CASE("a file's name says format, compression and what it is split by") {
  const StoredRequest request = OfGroup("shop/eu 1%");
  CHECK(CaptureNames(FileFormat::kProto, false, Split::kNone).Of(request) == "otlp.proto");
  CHECK(CaptureNames(FileFormat::kJson, true, Split::kNone).Of(request) == "otlp.json.zst");
  CHECK(CaptureNames(FileFormat::kJson, false, Split::kSignal).Of(request) == "metrics.json");
  const CaptureNames names(FileFormat::kProto, true, Split::kHeader);
  CHECK(names.Of(request) == "otlp-shop%2Feu%201%25.proto.zst");
  CHECK(names.Of(OfGroup("")) == "otlp.proto.zst");
  CHECK(names.Of(OfGroup("a.B_c-9")) == "otlp-a.B_c-9.proto.zst");
  CHECK(names.Of(OfGroup(std::string("\0\xff", 2))) == "otlp-%00%FF.proto.zst");
  CHECK(names.Of(OfGroup("..")) == "otlp-...proto.zst");
}

TEST_CASE("long values have names of their own that fit a file system") {
  const CaptureNames names(FileFormat::kProto, true, Split::kHeader);
  const std::string a = names.Of(OfGroup(std::string(5000, '/') + "a")), b = names.Of(OfGroup(std::string(5000, '/')));
  CHECK(a != b);
  CHECK(a.contains('~'));
  CHECK(names.IsOurs(a));
  CHECK(names.Of(OfGroup(std::string(200, 'v'))) == "otlp-" + std::string(200, 'v') + ".proto.zst");
  const std::string aside = names.Aside(a, 1'795'220'334'769, "size") + std::string(kHeadersExtension);
  CHECK(aside.size() <= 255);
  CHECK(NameBeforeAside(aside) == a + std::string(kHeadersExtension));
}

TEST_CASE("no value makes a name that looks as if it had been put aside") {
  const CaptureNames names(FileFormat::kProto, false, Split::kHeader);
  for (const std::string value : {"2026-11-21T00-18-54.769", "2026-11-21T00-18-54.769-size",
                                  "x-2026-11-21T00-18-54.769-time", "2026-11-21T00-18-54.769-2026-11-21T00-18-54.769",
                                  "2026-11-21T00-18-54.769x", "2026-11-21T00-18-54.769-size.proto"}) {
    CAPTURE(value);
    const std::string name = names.Of(OfGroup(value));
    CHECK(RotationKeyOf(name).base == name);
    CHECK(names.IsOurs(name));
    const std::string aside = names.Aside(name, 1'795'220'334'769, "time");
    CHECK_FALSE(names.IsOurs(aside));
    CHECK(NameBeforeAside(aside) == name);
    CHECK(RotationKeyOf(aside) < RotationKeyOf(name));
  }
}

TEST_CASE("put aside, a file is called as the Collector does, and read before those that come later") {
  for (const char* extension : {".proto", ".proto.zst", ".json", ".json.zst"}) {
    const std::string_view ext = extension;
    const CaptureNames names(ext.starts_with(".proto") ? FileFormat::kProto : FileFormat::kJson, ext.ends_with(".zst"),
                             Split::kHeader);
    const std::string base = names.Of(OfGroup("a.proto")), first = names.Aside(base, 1'795'220'334'769, "size"),
                      second = names.Aside(base, 1'795'220'335'001, "time");
    CHECK(base == "otlp-a.proto" + std::string(ext));
    CHECK(first == "otlp-a.proto-2026-11-21T00-18-54.769-size" + std::string(ext));
    CHECK(second == "otlp-a.proto-2026-11-21T00-18-55.001-time" + std::string(ext));
    CHECK(NameBeforeAside(first) == base);
    CHECK(NameBeforeAside(base) == base);
    CHECK_FALSE(names.IsOurs(first));
    CHECK_FALSE(names.IsOurs(base + ".headers"));
    CHECK(RotationKeyOf(first) < RotationKeyOf(second));
    CHECK(RotationKeyOf(second) < RotationKeyOf(base));
  }
}

TEST_CASE("only names that requests may get are ours") {
  const CaptureNames all(FileFormat::kProto, false, Split::kNone);
  CHECK(all.IsOurs("otlp.proto"));
  for (const char* name : {"otlp.proto.zst", "otlp.json", "otlp-a.proto", "traces.proto", "xotlp.proto", ".proto"}) {
    CHECK_FALSE(all.IsOurs(name));
  }
  const CaptureNames signals(FileFormat::kProto, false, Split::kSignal);
  CHECK(signals.IsOurs("logs.proto"));
  CHECK_FALSE(signals.IsOurs("otlp.proto"));
}

}  // namespace gf_otlp::test
