#include "base/json_reader.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace gf_otlp {
namespace {

/// A document in a buffer of its own.
class Document {
 public:
  explicit Document(std::string_view json) {
    text_.Reserve(1);
    text_.Append(json);
  }
  std::string_view view() const { return text_.view(); }

 private:
  PaddedBuffer text_;
};

/// Calls `read(reader)` on the only element of an array and says whether all went well.
template <class F>
bool ReadElement(std::string_view value, F&& read) {
  const Document document("[" + std::string(value) + "]");
  JsonReader reader;
  bool more = false;
  return reader.Start(document.view()) && reader.BeginArray(more) && more && read(reader) && reader.NextElement(more) &&
         !more && reader.Finish();
}

TEST_CASE("json_reader: walks objects and arrays") {
  const Document document(R"( { "a" : [ 1 , [ ] , { } ] , "b" : true } )");
  JsonReader reader;
  bool more = false, flag = false;
  std::string_view key;
  int number = 0;
  REQUIRE(reader.Start(document.view()));
  CHECK(reader.BeginObject(more));
  CHECK(reader.Key(key));
  CHECK(key == "a");
  CHECK(reader.BeginArray(more));
  CHECK(reader.Integer(number));
  CHECK(number == 1);
  CHECK(reader.NextElement(more));
  CHECK(reader.BeginArray(more));
  CHECK_FALSE(more);
  CHECK(reader.NextElement(more));
  CHECK(reader.BeginObject(more));
  CHECK_FALSE(more);
  CHECK(reader.NextElement(more));
  CHECK_FALSE(more);
  CHECK(reader.NextMember(more));
  CHECK(reader.position() == document.view().find("\"b\""));
  CHECK(reader.Key(key));
  CHECK(key == "b");
  CHECK(reader.Bool(flag));
  CHECK(flag);
  CHECK(reader.NextMember(more));
  CHECK_FALSE(more);
  CHECK(reader.Finish());
}

TEST_CASE("json_reader: integers of every width, exact") {
  const auto int64 = [](std::string_view text, std::int64_t expected) {
    std::int64_t value = 0;
    CHECK(ReadElement(text, [&](JsonReader& r) { return r.Integer(value); }));
    CHECK(value == expected);
  };
  int64("0", 0);
  int64("-1", -1);
  int64("\"12345678\"", 12345678);
  int64("1234567812345678", 1234567812345678);
  int64("-9223372036854775808", std::numeric_limits<std::int64_t>::min());
  int64("9223372036854775807", std::numeric_limits<std::int64_t>::max());
  int64("922337203685477580.7e1", std::numeric_limits<std::int64_t>::max());
  std::uint64_t u64 = 0;
  CHECK(ReadElement("18446744073709551615", [&](JsonReader& r) { return r.Integer(u64); }));
  CHECK(u64 == std::numeric_limits<std::uint64_t>::max());
  std::int32_t i32 = 0;
  CHECK(ReadElement("-2147483648", [&](JsonReader& r) { return r.Integer(i32); }));
  CHECK_FALSE(ReadElement("2147483648", [&](JsonReader& r) { return r.Integer(i32); }));
  CHECK_FALSE(ReadElement("-2147483649", [&](JsonReader& r) { return r.Integer(i32); }));
  for (const auto* text :
       {"18446744073709551616", "-1", "1.5", "99999999999999999999", "1234567a", "123456789:1", "\"1234567/\""}) {
    CAPTURE(text);
    CHECK_FALSE(ReadElement(text, [&](JsonReader& r) { return r.Integer(u64); }));
  }
  std::uint64_t power = 1;
  for (int digits = 1; digits <= 20; ++digits, power *= 10)
    int64(std::to_string(power % 1'000'000'007), static_cast<std::int64_t>(power % 1'000'000'007));
}

TEST_CASE("json_reader: doubles are the nearest, however many digits there are") {
  const auto read = [](std::string_view text) {
    double value = 0;
    CHECK(ReadElement(text, [&](JsonReader& r) { return r.Double(value); }));
    return value;
  };
  CHECK(read("0.1") == 0.1);
  CHECK(read("9007199254740993") == 9007199254740992.0);
  CHECK(read("1.7976931348623157e308") == std::numeric_limits<double>::max());
  CHECK(read("1e-999999") == 0);
  CHECK(std::signbit(read("-0")));
  CHECK(read("0." + std::string(500, '0') + "1e500") == 0.1);
  CHECK(std::isnan(read("\"NaN\"")));
  double value = 0;
  CHECK_FALSE(ReadElement("1e309", [&](JsonReader& r) { return r.Double(value); }));
}

TEST_CASE("json_reader: strings and their escapes") {
  const auto read = [](std::string_view text) {
    std::string_view value;
    std::string copy;
    CHECK(ReadElement(text, [&](JsonReader& r) {
      const bool good = r.String(value);
      copy = value;
      return good;
    }));
    return copy;
  };
  CHECK(read("\"\"") == "");
  CHECK(read("  \"a\\\"b\"  ") == "a\"b");
  CHECK(read("\"\\\\\"") == "\\");
  CHECK(read(R"("0123456789abcdef\u00410123456789abcdef")") == "0123456789abcdefA0123456789abcdef");
  CHECK(read(R"("[],{}:\"")") == "[],{}:\"");
  std::string_view value;
  for (const auto* text :
       {"\"\\a\"", "\"\\u\"", "\"\\u123\"", "\"\\u-123\"", "\"\\u 123\"", "\"a", "a\"", "\"a\"b", "1\"a\"", "\"\n\""}) {
    CAPTURE(text);
    CHECK_FALSE(ReadElement(text, [&](JsonReader& r) { return r.String(value); }));
  }
}

TEST_CASE("json_reader: says where") {
  const auto offset = [](std::string_view json) {
    const Document document(json);
    JsonReader reader;
    CHECK_FALSE((reader.Start(document.view()) && reader.Skip() && reader.Finish()));
    CHECK_FALSE(reader.error().empty());
    return reader.error_offset();
  };
  CHECK(offset("") == 0);
  CHECK(offset("{\"a\":tru}") == 5);
  CHECK(offset("{\"a\":1") == 6);
  CHECK(offset("{\"a\":\"b") == 7);
  CHECK(offset("{\"a\"\n1}") == 5);
  CHECK(offset("[1 2]") == 3);
  CHECK(offset("[1] 2") == 4);
  CHECK(offset("[\"a\tb\"]") == 3);
  CHECK(offset("[\"\\\"\", \"\\x\"]") == 8);
  CHECK(offset("[\"\xff\xfe\",x]") == 6);
}

TEST_CASE("json_reader: a reader that failed, or met bad text, starts afresh") {
  JsonReader reader;
  const Document bad("[\"\xff\"]"), good("[\"a\"]"), broken("[");
  CHECK((reader.Start(bad.view()) && reader.Skip() && reader.Finish()));
  CHECK(reader.bad_text());
  CHECK_FALSE((reader.Start(broken.view()) && reader.Skip()));
  CHECK_FALSE(reader.bad_text());
  CHECK((reader.Start(good.view()) && reader.Skip() && reader.Finish()));
  CHECK(reader.error().empty());
}

TEST_CASE("json_reader: nothing behind the document is part of it") {
  for (const std::string_view json : {"{\"a\":1", "{\"a\":", "{\"a\"", "{", "[1,", "[", "[1", "[\"a\"", "[[[[[["}) {
    CAPTURE(json);
    Document document(std::string(json) + "}]}]:,1\"}]}]}]}]}]}]}]}]}]");
    JsonReader reader;
    CHECK_FALSE((reader.Start(document.view().substr(0, json.size())) && reader.Skip() && reader.Finish()));
  }
}

TEST_CASE("json_reader: documents larger than the ones before") {
  JsonReader reader;
  for (const std::size_t size : {10, 100'000, 10, 1'000'000}) {
    std::string json = "[0";
    while (json.size() < size) json += ",1";
    const Document document(json + "]");
    CHECK((reader.Start(document.view()) && reader.Skip() && reader.Finish()));
  }
}

}  // namespace
}  // namespace gf_otlp
