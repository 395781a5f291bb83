// The transcoders on the files of testdata/: the golden cases and the captures of a real Collector.
#include <doctest/doctest.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"
#include "otlp/wire_to_json.h"
#include "unit/otlp/json_test_util.h"
#include "unit/otlp/random_wire.h"

namespace gf_otlp::test {
namespace {

std::string JsonOf(Signal signal, std::string_view wire) {
  std::string json;
  const Status status = WireToJson(signal, wire, json);
  CHECK_MESSAGE(status.ok(), (status.ok() ? "" : status.message()));
  return json;
}

/// Leaves out empty sub-messages and ids of zeros, which pdata always or never writes.
void Normalise(google::protobuf::Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->is_repeated() && field->message_type() != nullptr) {
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        Normalise(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    } else if (field->message_type() != nullptr) {
      google::protobuf::Message& child = *reflection.MutableMessage(&message, field);
      Normalise(child);
      if (child.ByteSizeLong() == 0 && field->real_containing_oneof() == nullptr)
        reflection.ClearField(&message, field);
    } else if (field->name().ends_with("_id") &&
               reflection.GetString(message, field).find_first_not_of('\0') == std::string::npos) {
      reflection.ClearField(&message, field);
    }
  }
}

std::string NormalReference(Signal signal, std::string_view wire) {
  const auto request = NewReferenceRequest(signal);
  CHECK(request->ParseFromString(std::string(wire)));
  Normalise(*request);
  return Reference(signal, request->SerializeAsString());
}

TEST_CASE("json files: each golden input means the same as JSON and as protobuf") {
  int compared = 0;
  for (const std::string& name : GoldenNames()) {
    CAPTURE(name);
    const Signal signal = SignalOfName(name);
    const std::string wire = ReadTestData("golden/" + name + "/input.pb");
    const std::string json = ReadTestData("golden/" + name + "/input.json");
    const Transcoded got = Transcode(json);
    CHECK(got.error() == "");
    CHECK(got.counts.bad_text == (IsUtf8(json) ? 0 : 1));
    if (name.ends_with("-json-variants")) {
      CHECK(NormalReference(signal, got.wire()) == NormalReference(signal, wire));
      continue;
    }
    CHECK(JsonOf(signal, got.wire()) == JsonOf(signal, wire));
    CHECK(Reference(signal, got.wire()) == Reference(signal, wire));
    ++compared;
  }
  CHECK(compared > 20);
}

TEST_CASE("json files: a document cut anywhere is an error or whole, never read past") {
  for (const std::string& name : GoldenNames()) {
    CAPTURE(name);
    const std::string json = ReadTestData("golden/" + name + "/input.json");
    const std::size_t whole = json.find_last_of('}') + 1;
    const std::size_t step = 1 + json.size() / 4000;
    for (std::size_t n = 0; n < json.size();) {
      CAPTURE(n);
      const Transcoded got = Transcode(std::string_view(json).substr(0, n));
      CHECK(got.status.ok() == (n >= whole));
      const bool near_end = n + 200 > whole;
      n += near_end ? 1 : step;
    }
  }
}

TEST_CASE("json files: every line of the captures is read, and stays what it is as JSON of ours") {
  for (const char* capture : {"plain", "gated"}) {
    const std::string lines = ReadTestData(std::string("captures/") + capture + "/all.json");
    std::size_t count = 0;
    std::uint64_t bad_text = 0;
    for (std::size_t begin = 0; begin < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', begin), lines.size());
      CAPTURE(begin);
      const Transcoded got = Transcode(std::string_view(lines).substr(begin, end - begin));
      CHECK(got.error() == "");
      bad_text += got.counts.bad_text;
      for (const auto& [signal, wire] : got.requests) {
        const std::string json = JsonOf(signal, wire);
        CHECK(IsUtf8(json));
        const std::string again = Transcode(json).wire();
        CHECK(JsonOf(signal, again) == json);
        if (got.counts.bad_text == 0) CHECK(Reference(signal, again) == Reference(signal, wire));
        ++count;
      }
      begin = end + 1;
    }
    CHECK(count > 50);
    CHECK(bad_text > 0);
  }
}

}  // namespace
}  // namespace gf_otlp::test
