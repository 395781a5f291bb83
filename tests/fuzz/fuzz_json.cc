// First byte: bit 0, whether ids are base64. Then a JSON document.
#include <string>
#include <vector>

#include "fuzz/fuzz.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/records.h"
#include "otlp/json_to_wire.h"
#include "otlp/wire_to_json.h"

namespace gf_otlp::fuzz {
namespace {

void RequireReadable(const JsonToWire::Result& result) {
  RequestReader reader;
  reader.Start(result.signal, result.wire);
  while (reader.Next()) {
  }
  Require(reader.status(), "transcoded JSON can be read");
}

std::string ToJson(const JsonToWire::Result& result) {
  std::string json;
  Require(WireToJson(result.signal, result.wire, json), "transcoded JSON can be written as JSON");
  return json;
}

/// Canonical JSON stays what it is on the way through wire bytes.
void RequireStable(const std::string& json) {
  static JsonToWire transcoder(/*base64_ids=*/false);
  PaddedBuffer buffer;
  buffer.Append(json);
  std::vector<JsonToWire::Result> results;
  Require(transcoder.Transcode(buffer.view(), results), "our own JSON can be read");
  Require(results.size() <= 1, "our own JSON holds one signal");
  if (!results.empty()) Require(ToJson(results[0]) == json, "our own JSON is stable");
}

}  // namespace
}  // namespace gf_otlp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gf_otlp;
  fuzz::Input input(data, size);
  const bool base64_ids = (input.Take() & 1) != 0;
  static JsonToWire transcoders[] = {JsonToWire(false), JsonToWire(true)};
  PaddedBuffer document;  // of its own each time, so that only the padding can be read behind it
  document.Append(input.rest());

  std::vector<JsonToWire::Result> results;
  const Status status = transcoders[base64_ids ? 1 : 0].Transcode(document.view(), results);
  if (!status.ok()) {
    fuzz::Require(status.code() == Code::kBadData, "what is wrong with a document is bad data");
    return 0;
  }
  for (const JsonToWire::Result& result : results) {
    fuzz::RequireReadable(result);
    fuzz::RequireStable(fuzz::ToJson(result));
  }
  return 0;
}
