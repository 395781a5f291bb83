#include "schema/type_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/sql_text.h"

namespace gf_otlp::schema {
namespace {

using Kind = Type::Kind;

/// A name of a type. Those of other databases stand for a type of ours.
struct TypeName {
  std::string_view name;
  Kind kind;
  int size = 0;
  bool is_signed = false;
  bool any_case = false;
};

constexpr bool kSigned = true, kUnsigned = false, kAnyCase = true;

constexpr TypeName kTypeNames[] = {
    {"Int8", Kind::kInt, 8, kSigned},
    {"Int16", Kind::kInt, 16, kSigned},
    {"Int32", Kind::kInt, 32, kSigned},
    {"Int64", Kind::kInt, 64, kSigned},
    {"Int128", Kind::kInt, 128, kSigned},
    {"Int256", Kind::kInt, 256, kSigned},
    {"UInt8", Kind::kInt, 8},
    {"UInt16", Kind::kInt, 16},
    {"UInt32", Kind::kInt, 32},
    {"UInt64", Kind::kInt, 64},
    {"UInt128", Kind::kInt, 128},
    {"UInt256", Kind::kInt, 256},
    {"BFloat16", Kind::kFloat, 16},
    {"Float32", Kind::kFloat, 32},
    {"Float64", Kind::kFloat, 64},
    {"Bool", Kind::kBool, 0, kUnsigned, kAnyCase},
    {"Boolean", Kind::kBool, 0, kUnsigned, kAnyCase},
    {"String", Kind::kString},
    {"FixedString", Kind::kFixedString},
    {"Date", Kind::kDate, 0, kUnsigned, kAnyCase},
    {"Date32", Kind::kDate32, 0, kUnsigned, kAnyCase},
    {"DateTime", Kind::kDateTime, 0, kUnsigned, kAnyCase},
    {"DateTime32", Kind::kDateTime, 0, kUnsigned, kAnyCase},
    {"TIMESTAMP", Kind::kDateTime, 0, kUnsigned, kAnyCase},
    {"DateTime64", Kind::kDateTime64, 0, kUnsigned, kAnyCase},
    {"Time", Kind::kTime, 0, kUnsigned, kAnyCase},
    {"Time64", Kind::kTime64, 0, kUnsigned, kAnyCase},
    {"Decimal", Kind::kDecimal, 0, kUnsigned, kAnyCase},
    {"DEC", Kind::kDecimal, 0, kUnsigned, kAnyCase},
    {"NUMERIC", Kind::kDecimal, 0, kUnsigned, kAnyCase},
    {"FIXED", Kind::kDecimal, 0, kUnsigned, kAnyCase},
    {"Decimal32", Kind::kDecimal, 9, kUnsigned, kAnyCase},
    {"Decimal64", Kind::kDecimal, 18, kUnsigned, kAnyCase},
    {"Decimal128", Kind::kDecimal, 38, kUnsigned, kAnyCase},
    {"Decimal256", Kind::kDecimal, 76, kUnsigned, kAnyCase},
    {"UUID", Kind::kUuid},
    {"IPv4", Kind::kIpv4},
    {"INET4", Kind::kIpv4, 0, kUnsigned, kAnyCase},
    {"IPv6", Kind::kIpv6},
    {"INET6", Kind::kIpv6, 0, kUnsigned, kAnyCase},
    {"Enum", Kind::kEnum, 0, kUnsigned, kAnyCase},
    {"Enum8", Kind::kEnum, 8},
    {"Enum16", Kind::kEnum, 16},
    {"LowCardinality", Kind::kLowCardinality},
    {"Nullable", Kind::kNullable},
    {"Array", Kind::kArray},
    {"Tuple", Kind::kTuple},
    {"Map", Kind::kMap},
    {"Nested", Kind::kNested},
    {"JSON", Kind::kJson, 0, kUnsigned, kAnyCase},

    // Other databases' numbers. "INT UNSIGNED" and the like are dealt with below.
    {"TINYINT", Kind::kInt, 8, kSigned, kAnyCase},
    {"INT1", Kind::kInt, 8, kSigned, kAnyCase},
    {"BYTE", Kind::kInt, 8, kSigned, kAnyCase},
    {"SMALLINT", Kind::kInt, 16, kSigned, kAnyCase},
    {"MEDIUMINT", Kind::kInt, 32, kSigned, kAnyCase},
    {"INT", Kind::kInt, 32, kSigned, kAnyCase},
    {"INTEGER", Kind::kInt, 32, kSigned, kAnyCase},
    {"BIGINT", Kind::kInt, 64, kSigned, kAnyCase},
    {"SIGNED", Kind::kInt, 64, kSigned, kAnyCase},
    {"UNSIGNED", Kind::kInt, 64, kUnsigned, kAnyCase},
    {"BIT", Kind::kInt, 64, kUnsigned, kAnyCase},
    {"SET", Kind::kInt, 64, kUnsigned, kAnyCase},
    {"YEAR", Kind::kInt, 16, kUnsigned, kAnyCase},
    {"FLOAT", Kind::kFloat, 32, kUnsigned, kAnyCase},
    {"REAL", Kind::kFloat, 32, kUnsigned, kAnyCase},
    {"SINGLE", Kind::kFloat, 32, kUnsigned, kAnyCase},
    {"DOUBLE", Kind::kFloat, 64, kUnsigned, kAnyCase},
    {"DOUBLE PRECISION", Kind::kFloat, 64, kUnsigned, kAnyCase},

    // And their strings.
    {"CHAR", Kind::kString, 0, kUnsigned, kAnyCase},
    {"CHARACTER", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NCHAR", Kind::kString, 0, kUnsigned, kAnyCase},
    {"VARCHAR", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NVARCHAR", Kind::kString, 0, kUnsigned, kAnyCase},
    {"VARCHAR2", Kind::kString, 0, kUnsigned, kAnyCase},
    {"TEXT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"TINYTEXT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"MEDIUMTEXT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"LONGTEXT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"CLOB", Kind::kString, 0, kUnsigned, kAnyCase},
    {"BLOB", Kind::kString, 0, kUnsigned, kAnyCase},
    {"TINYBLOB", Kind::kString, 0, kUnsigned, kAnyCase},
    {"MEDIUMBLOB", Kind::kString, 0, kUnsigned, kAnyCase},
    {"LONGBLOB", Kind::kString, 0, kUnsigned, kAnyCase},
    {"VARBINARY", Kind::kString, 0, kUnsigned, kAnyCase},
    {"BYTEA", Kind::kString, 0, kUnsigned, kAnyCase},
    {"BINARY", Kind::kFixedString, 0, kUnsigned, kAnyCase},
    {"NATIONAL CHAR", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NATIONAL CHARACTER", Kind::kString, 0, kUnsigned, kAnyCase},
    {"CHAR VARYING", Kind::kString, 0, kUnsigned, kAnyCase},
    {"CHARACTER VARYING", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NCHAR VARYING", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NATIONAL CHAR VARYING", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NATIONAL CHARACTER VARYING", Kind::kString, 0, kUnsigned, kAnyCase},
    {"BINARY VARYING", Kind::kString, 0, kUnsigned, kAnyCase},
    {"CHAR LARGE OBJECT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"CHARACTER LARGE OBJECT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NCHAR LARGE OBJECT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"NATIONAL CHARACTER LARGE OBJECT", Kind::kString, 0, kUnsigned, kAnyCase},
    {"BINARY LARGE OBJECT", Kind::kString, 0, kUnsigned, kAnyCase},

    // Kept as they are written.
    {"AggregateFunction", Kind::kOther},
    {"SimpleAggregateFunction", Kind::kOther},
    {"Variant", Kind::kOther},
    {"Dynamic", Kind::kOther},
    {"Object", Kind::kOther},
    {"QBit", Kind::kOther},
    {"Nothing", Kind::kOther},
    {"Point", Kind::kOther},
    {"Ring", Kind::kOther},
    {"LineString", Kind::kOther},
    {"MultiLineString", Kind::kOther},
    {"Polygon", Kind::kOther},
    {"MultiPolygon", Kind::kOther},
    {"Geometry", Kind::kOther, 0, kUnsigned, kAnyCase},
    {"IntervalNanosecond", Kind::kOther},
    {"IntervalMicrosecond", Kind::kOther},
    {"IntervalMillisecond", Kind::kOther},
    {"IntervalSecond", Kind::kOther},
    {"IntervalMinute", Kind::kOther},
    {"IntervalHour", Kind::kOther},
    {"IntervalDay", Kind::kOther},
    {"IntervalWeek", Kind::kOther},
    {"IntervalMonth", Kind::kOther},
    {"IntervalQuarter", Kind::kOther},
    {"IntervalYear", Kind::kOther},
};

const TypeName* FindTypeName(std::string_view name) {
  const auto* found = std::ranges::find_if(kTypeNames, [&](const TypeName& known) {
    return known.any_case ? SameWord(known.name, name) : known.name == name;
  });
  return found == std::end(kTypeNames) ? nullptr : found;
}

/// What can stand within Nullable() and LowCardinality().
bool IsScalar(const Type& type) {
  switch (type.kind) {
    case Kind::kNullable:
    case Kind::kLowCardinality:
    case Kind::kArray:
    case Kind::kMap:
    case Kind::kNested: return false;
    default: return true;
  }
}

/// A word of JSON's and Dynamic's arguments, how many of it there are if nothing is said, and the most there may be.
struct Limit {
  std::string_view name;
  int normal, most;
};
constexpr Limit kMaxDynamicTypes{"max_dynamic_types", 32, 254};
constexpr Limit kMaxDynamicPaths{"max_dynamic_paths", 1024, 10000};
constexpr Limit kMaxTypes{"max_types", 32, 254};

/// Reads one type and all it holds. The functions give false when something is wrong, which error() then says.
class TypeReader {
 public:
  explicit TypeReader(TokenCursor& cursor) : cursor_(cursor) {}

  bool Read(Type& type) {
    if (++depth_ > kMaxTypeDepth) return Fail({cursor_.Peek().offset, "types are nested too deep"});
    const bool good = ReadNamed(type);
    --depth_;
    return good;
  }
  SqlError& error() { return error_; }

 private:
  bool Fail(SqlError error) {
    error_ = std::move(error);
    return false;
  }
  bool Expected(std::string_view what) { return Fail(cursor_.Expected(what)); }
  bool TakeSymbol(std::string_view symbol) {
    return cursor_.TakeSymbol(symbol) || Expected(fmt::format("'{}'", symbol));
  }

  bool ReadNamed(Type& type) {
    if (!cursor_.Peek().IsName()) return Expected("a data type");
    const std::size_t begin = cursor_.Peek().offset;
    const TypeName* known = TakeName();
    if (known == nullptr) return false;
    type.kind = known->kind;
    type.size = known->size;
    type.is_signed = known->is_signed;
    const bool open = cursor_.TakeSymbol("(");
    if (!ReadArguments(*known, open, type)) return false;
    if (open && !TakeSymbol(")")) return false;
    TakeSign(type);
    return Check(type, begin);
  }

  /// The longest name of a type that stands here.
  const TypeName* TakeName() {
    constexpr std::size_t kMostWords = 4;
    const SqlToken first = cursor_.Peek();
    std::string name = TokenValue(first);
    const TypeName* known = FindTypeName(name);
    TokenCursor end = cursor_;
    end.Take();
    TokenCursor next = end;
    for (std::size_t words = 2; words <= kMostWords && next.Peek().kind == SqlToken::Kind::kName; ++words) {
      name += ' ';
      name += next.Take().text;
      if (const TypeName* longer = FindTypeName(name); longer != nullptr) {
        known = longer;
        end = next;
      }
    }
    if (known == nullptr) {
      Fail({first.offset, fmt::format("there is no data type {}", DescribeToken(first))});
      return nullptr;
    }
    cursor_ = end;
    return known;
  }

  /// INT UNSIGNED, TINYINT(1) SIGNED.
  void TakeSign(Type& type) {
    if (type.kind != Kind::kInt) return;
    if (cursor_.TakeWord("UNSIGNED")) {
      type.is_signed = false;
      if (cursor_.TakeSymbol("("))
        while (!cursor_.AtEnd() && !cursor_.TakeSymbol(")")) cursor_.Take();
    } else if (cursor_.TakeWord("SIGNED")) {
      type.is_signed = true;
    }
  }

  bool ReadArguments(const TypeName& known, bool open, Type& type) {
    switch (type.kind) {
      case Kind::kFixedString: return open ? ReadSize(1, 0xFFFFFF, type.size) : TakeSymbol("(");
      case Kind::kDateTime:
      case Kind::kDateTime64: return ReadTime(open, Kind::kDateTime64, type);
      case Kind::kTime:
      case Kind::kTime64: return ReadTime(open, Kind::kTime64, type);
      case Kind::kDecimal: return ReadDecimal(open, type);
      case Kind::kEnum: return open ? ReadEnum(type) : TakeSymbol("(");
      case Kind::kNullable:
      case Kind::kLowCardinality:
      case Kind::kArray: return (open || TakeSymbol("(")) && ReadElements(1, type);
      case Kind::kMap: return (open || TakeSymbol("(")) && ReadElements(2, type);
      case Kind::kTuple: return !open || ReadTuple(/*named=*/false, type);
      case Kind::kNested: return (open || TakeSymbol("(")) && ReadTuple(/*named=*/true, type);
      case Kind::kJson: return !open || ReadJson(type);
      case Kind::kOther: return ReadOther(known, open, type);
      default: return !open || SkipNumbers();
    }
  }

  /// What other databases have behind types and ClickHouse passes over: INT(11), FLOAT(10, 2), VARCHAR(255).
  bool SkipNumbers() {
    if (cursor_.Peek().Is(")")) return true;
    do {
      if (cursor_.Peek().kind != SqlToken::Kind::kNumber) return Expected("a number");
      cursor_.Take();
    } while (cursor_.TakeSymbol(","));
    return true;
  }

  bool ReadSize(std::int64_t least, std::int64_t most, int& size) {
    std::int64_t value = 0;
    const std::size_t begin = cursor_.Peek().offset;
    if (!ReadInteger(value)) return false;
    if (value < least || value > most)
      return Fail({begin, fmt::format("expected a number from {} to {}", least, most)});
    size = static_cast<int>(value);
    return true;
  }

  bool ReadInteger(std::int64_t& value) {
    const SqlToken sign = cursor_.Peek();
    if (sign.Is("-") || sign.Is("+")) cursor_.Take();
    const std::optional<std::uint64_t> number = WholeNumber(cursor_.Peek());
    if (!number || *number > std::numeric_limits<std::int32_t>::max()) return Expected("a whole number");
    cursor_.Take();
    value = static_cast<std::int64_t>(*number) * (sign.Is("-") ? -1 : 1);
    return true;
  }

  bool ReadString(std::string& text) {
    if (cursor_.Peek().kind != SqlToken::Kind::kString) return Expected("a string");
    text = TokenValue(cursor_.Take());
    return true;
  }

  /// DateTime('UTC'), DateTime(3, 'UTC'), DateTime64(9), Time64. Digits make the kind one of 64 bits.
  bool ReadTime(bool open, Kind long_kind, Type& type) {
    constexpr int kUsualDigits = 3, kMostDigits = 9;
    if (type.kind == long_kind) type.scale = kUsualDigits;
    if (!open || cursor_.Peek().Is(")")) return true;
    const bool is_date = long_kind == Kind::kDateTime64;
    if (type.kind == long_kind || cursor_.Peek().kind != SqlToken::Kind::kString || !is_date) {
      if (!ReadSize(0, kMostDigits, type.scale)) return false;
      if (type.scale > 0) type.kind = long_kind;
      if (!is_date || !cursor_.TakeSymbol(",")) return true;
    }
    return ReadString(type.time_zone);
  }

  bool ReadDecimal(bool open, Type& type) {
    constexpr int kUsualDigits = 10, kMostDigits = 76;
    if (type.size > 0) return (open || TakeSymbol("(")) && ReadSize(0, type.size, type.scale);
    type.size = kUsualDigits;
    if (!open || cursor_.Peek().Is(")")) return true;
    if (!ReadSize(1, kMostDigits, type.size)) return false;
    return !cursor_.TakeSymbol(",") || ReadSize(0, type.size, type.scale);
  }

  bool ReadEnum(Type& type) {
    const std::size_t begin = cursor_.Peek().offset;
    std::int64_t next = 1, least = 0, most = 0;
    do {
      std::string name;
      if (!ReadString(name)) return false;
      if (cursor_.TakeSymbol("=") && !ReadInteger(next)) return false;
      least = std::min(least, next);
      most = std::max(most, next);
      type.values.emplace_back(std::move(name), static_cast<std::int32_t>(next));
      ++next;
    } while (cursor_.TakeSymbol(","));
    if (type.size == 0) type.size = least < -128 || most > 127 ? 16 : 8;
    const std::int64_t limit = std::int64_t{1} << (type.size - 1);
    if (least < -limit || most >= limit)
      return Fail({begin, fmt::format("a value does not fit into {} bits", type.size)});
    return CheckEnum(type, begin);
  }

  bool CheckEnum(Type& type, std::size_t begin) {
    std::ranges::sort(type.values);
    const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
    if (std::ranges::adjacent_find(type.values, same_name) != type.values.end())
      return Fail({begin, "two values have the same name"});
    std::ranges::sort(type.values, {}, &std::pair<std::string, std::int32_t>::second);
    const auto same_number = [](const auto& a, const auto& b) { return a.second == b.second; };
    if (std::ranges::adjacent_find(type.values, same_number) != type.values.end())
      return Fail({begin, "two values have the same number"});
    return true;
  }

  bool ReadElements(std::size_t count, Type& type) {
    while (true) {
      if (!Read(type.elements.emplace_back())) return false;
      if (type.elements.size() == count) return true;
      if (!TakeSymbol(",")) return false;
    }
  }

  /// Tuple(Int8, String), Tuple(a Int8, b String), Nested(a Int8).
  bool ReadTuple(bool named, Type& type) {
    while (!cursor_.Peek().Is(")")) {
      const bool has_name = named || (cursor_.Peek().IsName() && cursor_.Peek(1).IsName());
      if (has_name != (type.names.size() == type.elements.size()) && !type.elements.empty())
        return Fail({cursor_.Peek().offset, "only some of the elements have names"});
      if (has_name && !ReadElementName(type)) return false;
      if (!Read(type.elements.emplace_back())) return false;
      if (!cursor_.TakeSymbol(",")) break;
    }
    if (named && type.elements.empty()) return Expected("a name");
    return DistinctNames(type);
  }

  bool ReadElementName(Type& type) {
    if (!cursor_.Peek().IsName()) return Expected("a name");
    type.names.push_back(TokenValue(cursor_.Take()));
    return true;
  }

  bool DistinctNames(const Type& type) {
    std::vector<std::string_view> names(type.names.begin(), type.names.end());
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    return twice == names.end() || Fail(cursor_.Expected(fmt::format("each name once, not '{}' again", *twice)));
  }

  /// What is said of limits, of paths with types, and of what is skipped, in the order in which ClickHouse has them.
  bool ReadJson(Type& type) {
    std::vector<std::string> types, paths, skipped, patterns, limits;
    std::vector<std::pair<std::string, Type>> typed;
    while (!cursor_.Peek().Is(")")) {
      std::string path;
      if (cursor_.TakeWords("SKIP REGEXP")) {
        if (!ReadString(path)) return false;
        patterns.push_back("SKIP REGEXP " + QuotedText(path));
      } else if (cursor_.Peek().IsWord("SKIP") && cursor_.Peek(1).IsName()) {
        cursor_.Take();
        if (!ReadPath(path)) return false;
        skipped.push_back("SKIP " + QuotedName(path));
      } else if (cursor_.Peek(1).Is("=")) {
        const bool of_types = cursor_.Peek().IsWord(kMaxDynamicTypes.name);
        if (!ReadLimit(of_types ? kMaxDynamicTypes : kMaxDynamicPaths, of_types ? types : paths)) return false;
      } else {
        Type element;
        if (!ReadPath(path) || !Read(element)) return false;
        typed.emplace_back(std::move(path), std::move(element));
      }
      if (!cursor_.TakeSymbol(",")) break;
    }
    std::ranges::sort(typed, {}, &std::pair<std::string, Type>::first);
    limits = std::move(types);
    limits.insert(limits.end(), paths.begin(), paths.end());
    for (auto& [path, element] : typed) {
      limits.push_back(QuotedName(path) + " " + TypeText(element));
      type.names.push_back(std::move(path));
      type.elements.push_back(std::move(element));
    }
    for (auto* part : {&skipped, &patterns}) {
      std::ranges::sort(*part);
      limits.insert(limits.end(), part->begin(), part->end());
    }
    type.arguments = fmt::format("{}", fmt::join(limits, ", "));
    return DistinctNames(type);
  }

  /// a.b.c, each part perhaps quoted.
  bool ReadPath(std::string& path) {
    do {
      if (!cursor_.Peek().IsName()) return Expected("a path");
      if (!path.empty()) path += '.';
      path += TokenValue(cursor_.Take());
    } while (cursor_.TakeSymbol("."));
    return true;
  }

  /// "max_dynamic_paths = 100"; not in `out` if it is the usual number.
  bool ReadLimit(const Limit& limit, std::vector<std::string>& out) {
    if (!cursor_.TakeWord(limit.name)) return Expected(limit.name);
    int value = 0;
    if (!TakeSymbol("=") || !ReadSize(0, limit.most, value)) return false;
    if (value != limit.normal) out.push_back(fmt::format("{}={}", limit.name, value));
    return true;
  }

  bool ReadOther(const TypeName& known, bool open, Type& type) {
    type.name = known.name;
    if (!open || cursor_.Peek().Is(")")) return true;
    std::vector<std::string> arguments;
    if (type.name == "Dynamic") {
      if (!ReadLimit(kMaxTypes, arguments)) return false;
    } else if (type.name == "Variant") {
      if (!ReadVariants(arguments)) return false;
    } else {
      do {
        if (!ReadOpaque(arguments.emplace_back())) return false;
      } while (cursor_.TakeSymbol(","));
    }
    type.arguments = fmt::format("{}", fmt::join(arguments, ", "));
    return true;
  }

  /// ClickHouse sorts a variant's types and has each of them once.
  bool ReadVariants(std::vector<std::string>& arguments) {
    do {
      Type type;
      if (!Read(type)) return false;
      arguments.push_back(TypeText(type));
    } while (cursor_.TakeSymbol(","));
    std::ranges::sort(arguments);
    arguments.erase(std::ranges::unique(arguments).begin(), arguments.end());
    return true;
  }

  /// An argument that is a type, or whatever stands up to the next comma: a function, a number.
  bool ReadOpaque(std::string& text) {
    TokenCursor look = cursor_;
    TypeReader reader(look);
    reader.depth_ = depth_;
    if (Type type; cursor_.Peek().IsName() && reader.Read(type) && (look.Peek().Is(",") || look.Peek().Is(")"))) {
      text = TypeText(type);
      cursor_ = look;
      return true;
    }
    const char* const begin = cursor_.Peek().text.data();
    if (!SkipBalanced()) return false;
    text = NormalSql({begin, cursor_.Peek().text.data()});
    return !text.empty() || Expected("an argument");
  }

  /// Up to the comma or parenthesis that ends an argument.
  bool SkipBalanced() {
    int open = 0;
    while (open > 0 || !(cursor_.Peek().Is(",") || cursor_.Peek().Is(")"))) {
      const SqlToken& token = cursor_.Peek();
      if (token.kind == SqlToken::Kind::kEnd || token.kind == SqlToken::Kind::kBad) return Expected("')'");
      open += token.Is("(") ? 1 : token.Is(")") ? -1 : 0;
      cursor_.Take();
    }
    return true;
  }

  bool Check(const Type& type, std::size_t begin) {
    if ((type.kind == Kind::kNullable || type.kind == Kind::kLowCardinality) && !IsScalar(type.elements[0]) &&
        !(type.kind == Kind::kLowCardinality && type.elements[0].kind == Kind::kNullable))
      return Fail({begin, fmt::format("{} cannot be within {}", TypeText(type.elements[0]),
                                      type.kind == Kind::kNullable ? "Nullable" : "LowCardinality")});
    if (type.kind == Kind::kMap && IsNullable(type.elements[0]))
      return Fail({begin, "the key of a Map cannot be Nullable"});
    return true;
  }

  TokenCursor& cursor_;
  SqlError error_;
  int depth_ = 0;
};

}  // namespace

std::expected<Type, SqlError> ReadType(TokenCursor& cursor) {
  Type type;
  TypeReader reader(cursor);
  if (!reader.Read(type)) return std::unexpected(std::move(reader.error()));
  return type;
}

}  // namespace gf_otlp::schema
