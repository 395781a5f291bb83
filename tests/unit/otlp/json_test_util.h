#ifndef GF_OTLP_TESTS_UNIT_OTLP_JSON_TEST_UTIL_H_
#define GF_OTLP_TESTS_UNIT_OTLP_JSON_TEST_UTIL_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/signal.h"
#include "gf_otlp/status.h"
#include "otlp/json_to_wire.h"

namespace gf_otlp::test {

/// What a document of OTLP-JSON was transcoded to.
struct Transcoded {
  Status status;
  std::vector<std::pair<Signal, std::string>> requests;
  JsonToWire::Counts counts;

  /// The only request; empty if there is none.
  std::string wire() const { return requests.size() == 1 ? requests[0].second : std::string(); }
  std::string error() const { return status.ok() ? std::string() : status.message(); }
};

/// With a transcoder and a buffer of its own, so that a sanitizer sees a read behind the padding.
Transcoded Transcode(std::string_view json, bool base64_ids = false);

/// What libprotobuf reads from wire bytes, in its text format (a NaN is a NaN there); "malformed" if it refuses them.
std::string Reference(Signal signal, std::string_view wire);

/// The same of a text-format request.
std::string ReferenceOfText(Signal signal, const std::string& text);

/// A file of testdata/.
std::string ReadTestData(const std::string& name);

/// Folders of testdata/golden.
std::vector<std::string> GoldenNames();
Signal SignalOfName(std::string_view name);

}  // namespace gf_otlp::test

#endif  // GF_OTLP_TESTS_UNIT_OTLP_JSON_TEST_UTIL_H_
