#include "unit/otlp/json_test_util.h"

#include <doctest/doctest.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "unit/otlp/random_wire.h"

namespace gf_otlp::test {
namespace {

std::string TextOf(const google::protobuf::Message& message) {
  std::string text;
  CHECK(google::protobuf::TextFormat::PrintToString(message, &text));
  return text;
}

}  // namespace

Transcoded Transcode(std::string_view json, bool base64_ids) {
  PaddedBuffer padded;
  padded.Reserve(1);
  padded.Append(json);
  JsonToWire transcoder(base64_ids);
  std::vector<JsonToWire::Result> results;
  Transcoded transcoded;
  transcoded.status = transcoder.Transcode(padded.view(), results);
  for (const auto& result : results) transcoded.requests.emplace_back(result.signal, result.wire);
  transcoded.counts = transcoder.counts();
  return transcoded;
}

std::string Reference(Signal signal, std::string_view wire) {
  const auto request = NewReferenceRequest(signal);
  if (!request->ParseFromArray(wire.data(), static_cast<int>(wire.size()))) return "malformed";
  request->DiscardUnknownFields();
  return TextOf(*request);
}

std::string ReferenceOfText(Signal signal, const std::string& text) {
  const auto request = NewReferenceRequest(signal);
  REQUIRE(google::protobuf::TextFormat::ParseFromString(text, request.get()));
  return TextOf(*request);
}

std::string ReadTestData(const std::string& name) {
  std::ifstream file(std::string(GF_OTLP_TESTDATA "/") + name, std::ios::binary);
  REQUIRE_MESSAGE(file, name);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> GoldenNames() {
  std::vector<std::string> cases;
  for (const auto& entry : std::filesystem::directory_iterator(GF_OTLP_TESTDATA "/golden")) {
    if (entry.is_directory()) cases.push_back(entry.path().filename().string());
  }
  std::ranges::sort(cases);
  return cases;
}

Signal SignalOfName(std::string_view name) { return ParseSignal(name.substr(0, name.find('-'))).value(); }

}  // namespace gf_otlp::test
