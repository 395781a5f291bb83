#include "schema/agent_sql.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

using agents::Candidate;
using agents::Field;

/// Of all candidates of all fields, by `member` of a candidate.
std::string AllCandidates(std::string_view Candidate::* member) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < agents::kFields; ++i) {
    for (const Candidate& candidate : CandidatesOf(static_cast<Field>(i))) all.push_back(QuotedText(candidate.*member));
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

/// Where FoundTextsSql() has what is of one field: the first, and how many.
std::string PlaceOf(Field field) {
  std::size_t begin = 1;
  for (std::size_t i = 0; i < static_cast<std::size_t>(field); ++i) begin += CandidatesOf(static_cast<Field>(i)).size();
  return fmt::format("{}, {}", begin, CandidatesOf(field).size());
}
std::string FoundOf(Field field, std::string_view found) {
  return fmt::format("arraySlice({}, {})", found, PlaceOf(field));
}
std::string PlacesOf(std::span<const Field> fields) {
  std::vector<std::string> places;
  for (const Field field : fields) places.push_back(fmt::format("({})", PlaceOf(field)));
  return fmt::format("[{}]", fmt::join(places, ", "));
}

/// Marks for brackets that stand in texts, and for those of arrays and objects that are plain JSON already: bytes that
/// JSON never has as they are.
constexpr std::string_view kBrackets = "'{}[]'", kOfTexts = "char(1, 2, 3, 4)", kOfPlain = "char(5, 6, 7, 8)";

/// A JSON text with its quotes.
constexpr std::string_view kJsonText = R"re("(?:[^"\\]|\\.)*")re";

std::string Replace(std::string_view text, std::string_view pattern, std::string_view replacement) {
  return fmt::format("replaceRegexpAll({}, {}, {})", text, QuotedText(pattern), replacement);
}

/// `json` is an array or a key-value list with its name: {"arrayValue":{"values":[{"stringValue":"a"}]}} -> ["a"].
/// Inside out: scalars first, then what has no brackets in it any more, again and again. Otherwise it stays as it is.
std::string PlainJsonSql(std::string_view json) {
  std::string sql = fmt::format(
      "arrayStringConcat(arrayMap(t -> if(startsWith(t, '\"'), translate(t, {}, {}), t), extractAll({}, {})))",
      kBrackets, kOfTexts, json, QuotedText(fmt::format(R"re({}|[^"]+)re", kJsonText)));
  // Doubles keep a point or an exponent: whole ones would be integers, or too large to be one.
  sql = Replace(sql, R"re(\{"doubleValue":"?(-?[0-9]+)"?\})re", R"('\\1.0')");
  sql = Replace(sql, R"re(\{"doubleValue":"?(-?[0-9.]+)[eE]([0-9]+)"?\})re", R"('\\1e+\\2')");
  sql = Replace(sql,
                fmt::format(R"re(\{{"(?:stringValue|bytesValue)":({})\}}|\{{"boolValue":(true|false)\}}|)re"
                            R"re(\{{"(?:intValue|doubleValue)":"?(-?[0-9][0-9.eE+-]*)"?\}}|)re"
                            R"re(\{{"doubleValue":("NaN"|"-?Infinity")\}})re",
                            kJsonText),
                R"('\\1\\2\\3\\4')");
  for (const std::string_view list : {"arrayValue", "kvlistValue"}) {
    sql = fmt::format("replaceAll({0}, '\"{1}\":{{}}', '\"{1}\":{{\"values\":[]}}')", sql, list);
  }
  // Members without a value are left out.
  sql = Replace(sql, fmt::format(R"re(\{{"key":{}(?:,"value":\{{\}})?\}})re", kJsonText), "char(9)");
  for (const std::string_view member : {"concat(char(9), ',')", "concat(',', char(9))", "char(9)"}) {
    sql = fmt::format("replaceAll({}, {}, '')", sql, member);
  }
  sql = fmt::format("replaceAll({}, '{{}}', 'null')", sql);
  constexpr std::string_view kList = R"re(\{{"{}":\{{"values":\[([^{{}}\[\]]*)\]\}}\}})re";
  std::string once =
      Replace("x", fmt::format(R"re(\{{"key":({}),"value":([^{{}}\[\]]+)\}})re", kJsonText), R"('\\1:\\2')");
  once = Replace(once, fmt::format(kList, "arrayValue"), R"(concat(char(7), '\\1', char(8)))");
  once = Replace(once, fmt::format(kList, "kvlistValue"), R"(concat(char(5), '\\1', char(6)))");
  sql = fmt::format("arrayFold((x, i) -> if(position(x, '{{') = 0, x, {}), range({}), {})", once, kMostNested, sql);
  sql = fmt::format("translate(translate({}, {}, {}), {}, {})", sql, kOfPlain, kBrackets, kOfTexts, kBrackets);
  return fmt::format("arrayMap(p -> if(isValidJSON(p), p, {}), [{}])[1]", json, sql);
}

/// Whether JSON has it as a number.
std::string IsNumber(std::string_view text) {
  return fmt::format("match({}, {})", text,
                     QuotedText(R"re(^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$)re"));
}

/// A lambda over what the members of values have.
std::string MapValues(std::string_view values, std::string_view body, std::string_view more_names = {},
                      std::string_view more = {}) {
  return fmt::format(
      "arrayMap((s, b, i, d, y, a, k{0}) -> {1}, {2}.stringValue, {2}.boolValue, {2}.intValue, {2}.doubleValue, "
      "{2}.bytesValue, {2}.arrayValue, {2}.kvlistValue{3})",
      more_names, body, values, more);
}

}  // namespace

std::string OtlpValueType() {
  return "Tuple(stringValue Nullable(String), boolValue String, intValue String, doubleValue String, bytesValue "
         "String, "
         "arrayValue String, kvlistValue String)";
}

std::string OtlpAttributesType() { return fmt::format("Array(Tuple(key String, value {}))", OtlpValueType()); }

std::string ValueTextsSql(std::string_view values) {
  const std::string list = R"(if(a != '', concat('{"arrayValue":', a, '}'), concat('{"kvlistValue":', k, '}')))";
  return MapValues(values,
                   fmt::format("multiIf(isNotNull(s), assumeNotNull(s), i != '', i, b != '', b, d != '', {}, y != '', "
                               "y, (a != '') OR (k != ''), {}, '')",
                               R"re(replaceRegexpOne(d, '[eE]([0-9])', 'e+\\1'))re", PlainJsonSql(list)));
}

std::string ValueJsonsSql(std::string_view values, std::string_view texts) {
  return MapValues(
      values,
      fmt::format("multiIf(isNotNull(s) OR (y != ''), toJSONString(x), i != '', ifNull(toString(toInt64OrNull(i)), "
                  "toJSONString(i)), b != '', if(b IN ('true', 'false'), b, toJSONString(b)), d != '', "
                  "multiIf(match(d, '^-?[0-9]+$'), concat(d, '.0'), {}, d, toJSONString(d)), (x = '') OR "
                  "isValidJSON(x), x, toJSONString(x))",
                  IsNumber("d")),
      ", x", fmt::format(", {}", texts));
}

std::string FoundTextsSql(std::string_view keys, std::string_view texts) {
  std::string all = AllCandidates(&Candidate::attribute);
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < agents::kFields; ++i) {
    for (const Candidate& candidate : CandidatesOf(static_cast<Field>(i))) {
      if (!candidate.when.empty()) conditions.push_back(QuotedText(candidate.when));
    }
  }
  // Few of a record's attributes are candidates, and never the long ones: each candidate looks at those few alone.
  const auto few = [&](std::string_view list) {
    return fmt::format("arrayFilter((x, n) -> n IN ({}, {}), {}, {})", all, fmt::join(conditions, ", "), list, keys);
  };
  return fmt::format(
      "arrayMap(m -> arrayMap((n, c, v, p) -> if((c != '') AND (m[c] != v), '', if(p = '', m[n], JSONExtract(m[n], p, "
      "'String'))), [{}], [{}], [{}], [{}]), [mapFromArrays({}, {})])[1]",
      all, AllCandidates(&Candidate::when), AllCandidates(&Candidate::is), AllCandidates(&Candidate::member), few(keys),
      few(texts));
}

std::string FirstTextsSql(std::span<const Field> fields, std::string_view found, std::string_view otherwise) {
  const std::string first = fmt::format("arrayFirst(x -> x != '', arraySlice({}, p.1, p.2))", found);
  if (otherwise.empty()) return fmt::format("arrayMap(p -> {}, {})", first, PlacesOf(fields));
  return fmt::format("arrayMap((p, o) -> arrayFirst(x -> x != '', [{}, o]), {}, {})", first, PlacesOf(fields),
                     otherwise);
}

std::string FirstCountsSql(std::span<const Field> fields, std::string_view found) {
  return fmt::format(
      "arrayMap(p -> toUInt64OrNull(arrayFirst(x -> match(x, '^[0-9]+$') AND isNotNull(toUInt64OrNull(x)), "
      "arraySlice({}, p.1, p.2))), {})",
      found, PlacesOf(fields));
}

std::string FirstCostSql(std::string_view found) {
  return fmt::format("toFloat64OrNull(arrayFirst(x -> match(x, {}) AND isFinite(toFloat64OrZero(x)), {}))",
                     QuotedText(R"re(^-?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?$)re"),
                     FoundOf(Field::kCostUsd, found));
}

std::string EnumNameSql(std::string_view value, std::span<const EnumValue> values, std::string_view prefix) {
  std::vector<std::string> from, to;
  for (const EnumValue& known : values) {
    const std::string name = QuotedText(known.name.substr(prefix.size()));
    from.push_back(fmt::format("'{}', {}, {}", known.number, QuotedText(known.name), name));
    to.push_back(fmt::format("{0}, {0}, {0}", name));
  }
  return fmt::format("transform({}, [{}], [{}], {})", value, fmt::join(from, ", "), fmt::join(to, ", "),
                     QuotedText(values.front().name.substr(prefix.size())));
}

std::string IdSql(std::string_view id) { return fmt::format("if(replaceAll({0}, '0', '') = '', '', lower({0}))", id); }

std::string TimeSql(std::string_view nanoseconds) {
  return fmt::format("fromUnixTimestamp64Nano(greatest(toInt64({}), -9223372036000000000), 'UTC')", nanoseconds);
}

}  // namespace gf_otlp::schema
