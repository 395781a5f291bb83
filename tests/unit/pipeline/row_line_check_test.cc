#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "pipeline/conversion.h"
#include "pipeline/row_check.h"

namespace gf_otlp {
namespace {

struct Place {
  std::string_view rule;
  std::uint64_t line, offset;
  bool operator==(const Place&) const = default;
};

std::vector<Place> PlacesIn(const std::string& content, unsigned threads) {
  const std::string path = "row_line_check_test.jsonl";
  std::ofstream(path, std::ios::binary) << content;
  schema::Table table;
  table.columns.push_back({.name = "a", .type = {.kind = schema::Type::Kind::kInt, .size = 8}});
  auto maker = MakeRowCheck({table}, {.max_examples = 10});
  REQUIRE(maker);
  ConversionOptions options;
  options.inputs = {path};
  options.make_converter = *maker;
  options.threads = threads;
  options.capture.format = InputFormat::kLines;
  Result<std::unique_ptr<Conversion>> conversion = Conversion::Make(options);
  REQUIRE(conversion);
  FindingSink sink(schema::RowRules().size(), 10);
  REQUIRE((*conversion)->Run(sink, {}).ok());
  std::remove(path.c_str());
  std::vector<Place> places;
  for (std::size_t i = 0; i < sink.found().size(); ++i) {
    for (const Finding& finding : sink.found()[i].examples) {
      places.push_back({schema::RowRules()[i].id, finding.unit, finding.offset});
    }
  }
  return places;
}

TEST_CASE("each line is a row, and is named by its number") {
  const std::string content = "\xef\xbb\xbf{\"a\":1}\n\n  \n{\"a\":300}\r\nno row\n{\"a\":1}";
  for (const unsigned threads : {1u, 2u}) {
    CHECK(PlacesIn(content, threads) == std::vector<Place>{{"row-syntax", 5, 26}, {"row-integer-wrapped", 4, 20}});
  }
}

TEST_CASE("no table to judge by is an error") { CHECK_FALSE(MakeRowCheck({}, {})); }

}  // namespace
}  // namespace gf_otlp
