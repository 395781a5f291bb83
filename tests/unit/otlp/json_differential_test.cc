// Both transcoders against libprotobuf's JSON, on random messages made by reflection over the descriptors of proto/.
// Ids are base64 there, so they are either base64 here too or left out.
#include <doctest/doctest.h>
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>

#include "otlp/wire_to_json.h"
#include "unit/otlp/json_test_util.h"
#include "unit/otlp/random_wire.h"

namespace gf_otlp::test {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DynamicMessageFactory;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr Signal kSignals[] = {Signal::kTraces, Signal::kLogs, Signal::kMetrics};

/// The messages as proto/ has them: strings are strings.
class Messages {
 public:
  Messages() : importer_((tree_.MapPath("", GF_OTLP_TESTDATA "/../proto"), &tree_), nullptr) {
    for (const char* signal : {"trace", "logs", "metrics"}) {
      const std::string dir = std::string("opentelemetry/proto/collector/") + signal + "/v1/";
      REQUIRE(importer_.Import(dir + signal + "_service.proto") != nullptr);
    }
  }

  std::unique_ptr<Message> New(Signal signal) {
    const std::string name = NewReferenceRequest(signal)->GetTypeName();
    return std::unique_ptr<Message>(factory_.GetPrototype(importer_.pool()->FindMessageTypeByName(name))->New());
  }

 private:
  google::protobuf::compiler::DiskSourceTree tree_;
  google::protobuf::compiler::Importer importer_;
  DynamicMessageFactory factory_;
};

class Filler {
 public:
  Filler(std::uint64_t seed, bool ids, bool minus_zero) : random_(seed), ids_(ids), minus_zero_(minus_zero) {}

  void Fill(Message& message, int depth = 0) {
    const Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      if (field.type() == FieldDescriptor::TYPE_BYTES && field.name().ends_with("_id") && !ids_) continue;
      if (field.message_type() != nullptr && depth > 12) continue;
      if (field.is_repeated()) {
        for (std::uint64_t n = Below(depth > 8 ? 2 : 4); n > 0; --n) Set(message, field, depth);
      } else if (Below(3) > 0) {
        Set(message, field, depth);
      }
    }
  }

 private:
  std::uint64_t Below(std::uint64_t limit) { return random_() % limit; }

  std::uint64_t Number() {
    switch (Below(5)) {
      case 0: return 0;
      case 1: return Below(1000);
      case 2: return std::numeric_limits<std::uint64_t>::max() - Below(2);
      case 3: return std::uint64_t{1} << 63;
      default: return random_();
    }
  }

  double Double() {
    constexpr double kSpecial[] = {0.0,
                                   1e21,
                                   1e-7,
                                   5e-324,
                                   std::numeric_limits<double>::quiet_NaN(),
                                   std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(),
                                   -0.0};
    if (Below(2) == 0) return kSpecial[Below(std::size(kSpecial) - (minus_zero_ ? 0 : 1))];
    const auto value = std::bit_cast<double>(random_());
    return std::isnan(value) ? 0.5 : value;
  }

  std::string Text() {
    constexpr const char* kPieces[] = {"a", "key", "\"",     "\\", "\n", "\x01", "\x7f",         "é",
                                       "€", "😀",  "\u2028", "/",  "<",  " ",    "service.name", "{}"};
    std::string text;
    for (std::uint64_t n = Below(2) == 0 ? Below(4) : Below(60); n > 0; --n) text += kPieces[Below(std::size(kPieces))];
    return text;
  }

  std::string Bytes(const FieldDescriptor& field) {
    std::string bytes(Below(30), '\0');
    if (field.name() == "trace_id") bytes.resize(16);
    if (field.name().ends_with("span_id")) bytes.resize(8);
    for (char& c : bytes) c = static_cast<char>(random_());
    return bytes;
  }

  void Set(Message& message, const FieldDescriptor& field, int depth) {
    const Reflection& reflection = *message.GetReflection();
    const auto put = [&](auto add, auto set, auto value) {
      field.is_repeated() ? (reflection.*add)(&message, &field, value) : (reflection.*set)(&message, &field, value);
    };
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        Fill(field.is_repeated() ? *reflection.AddMessage(&message, &field)
                                 : *reflection.MutableMessage(&message, &field),
             depth + 1);
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        return put(&Reflection::AddString, &Reflection::SetString,
                   field.type() == FieldDescriptor::TYPE_STRING ? Text() : Bytes(field));
      case FieldDescriptor::CPPTYPE_BOOL: return put(&Reflection::AddBool, &Reflection::SetBool, Below(2) == 0);
      case FieldDescriptor::CPPTYPE_INT32:
        return put(&Reflection::AddInt32, &Reflection::SetInt32, static_cast<std::int32_t>(Number()));
      case FieldDescriptor::CPPTYPE_UINT32:
        return put(&Reflection::AddUInt32, &Reflection::SetUInt32, static_cast<std::uint32_t>(Number()));
      case FieldDescriptor::CPPTYPE_INT64:
        return put(&Reflection::AddInt64, &Reflection::SetInt64, static_cast<std::int64_t>(Number()));
      case FieldDescriptor::CPPTYPE_UINT64: return put(&Reflection::AddUInt64, &Reflection::SetUInt64, Number());
      case FieldDescriptor::CPPTYPE_DOUBLE: return put(&Reflection::AddDouble, &Reflection::SetDouble, Double());
      case FieldDescriptor::CPPTYPE_ENUM:
        return put(&Reflection::AddEnumValue, &Reflection::SetEnumValue,
                   static_cast<int>(Below(field.enum_type()->value_count() + 2)));
      default: FAIL("a type that OTLP does not have: ", field.full_name());
    }
  }

  std::mt19937_64 random_;
  const bool ids_, minus_zero_;
};

TEST_CASE("json differential: what libprotobuf writes as JSON is read as it was") {
  Messages messages;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const Signal signal = kSignals[seed % kSignalCount];
    const auto message = messages.New(signal);
    Filler(seed, /*ids=*/true, /*minus_zero=*/true).Fill(*message);
    google::protobuf::util::JsonPrintOptions options;
    options.add_whitespace = seed % 2 == 1;
    options.preserve_proto_field_names = seed % 5 == 1;
    options.always_print_enums_as_ints = seed % 7 == 1;
    options.always_print_primitive_fields = seed % 11 == 1;
    std::string json;
    REQUIRE(google::protobuf::util::MessageToJsonString(*message, &json, options).ok());
    const Transcoded got = Transcode(json, /*base64_ids=*/true);
    CHECK(got.error() == "");
    CHECK(Reference(signal, got.wire()) == Reference(signal, message->SerializeAsString()));
  }
}

TEST_CASE("json differential: libprotobuf reads our JSON as it was") {
  Messages messages;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const Signal signal = kSignals[seed % kSignalCount];
    const auto message = messages.New(signal);
    Filler(seed, /*ids=*/false, /*minus_zero=*/false).Fill(*message);  // libprotobuf reads -0 as the integer 0
    const std::string wire = message->SerializeAsString();
    std::string json;
    REQUIRE(WireToJson(signal, wire, json).ok());
    const auto read = messages.New(signal);
    const auto status = google::protobuf::util::JsonStringToMessage(json, read.get());
    CHECK_MESSAGE(status.ok(), status.ToString());
    CHECK(Reference(signal, read->SerializeAsString()) == Reference(signal, wire));
    CHECK(Reference(signal, Transcode(json).wire()) == Reference(signal, wire));
  }
}

/// Our JSON of a request; empty if it is refused.
std::string JsonOf(Signal signal, std::string_view wire) {
  std::string json;
  return WireToJson(signal, wire, json).ok() ? json : std::string();
}

TEST_CASE("json differential: odd wire forms mean what libprotobuf reads from them") {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    const Signal signal = kSignals[seed % kSignalCount];
    RandomWire random(seed, {.deprecated_scopes = false});
    std::string wire = random.Request(signal);
    if (seed % 4 == 3) random.Mutate(wire);
    const std::string json = JsonOf(signal, wire);
    if (seed % 4 != 3) CHECK(json != "");
    if (json.empty()) continue;
    const auto reference = NewReferenceRequest(signal);
    if (reference->ParseFromString(wire)) CHECK(JsonOf(signal, reference->SerializeAsString()) == json);
    const Transcoded again = Transcode(json);
    CHECK(again.error() == "");
    CHECK(JsonOf(signal, again.wire()) == json);
  }
}

}  // namespace
}  // namespace gf_otlp::test
