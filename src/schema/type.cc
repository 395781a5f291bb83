#include "schema/type.h"

#include <fmt/format.h>

#include <iterator>
#include <vector>

#include "schema/sql_lexer.h"
#include "schema/sql_text.h"
#include "schema/type_reader.h"

namespace gf_otlp::schema {
namespace {

using Kind = Type::Kind;

void Append(const Type& type, std::string& out);

void AppendElements(std::string_view name, const Type& type, std::string& out) {
  out += name;
  out += '(';
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    if (i > 0) out += ", ";
    if (!type.names.empty()) {
      out += QuotedName(type.names[i]);
      out += ' ';
    }
    Append(type.elements[i], out);
  }
  out += ')';
}

void AppendEnum(const Type& type, std::string& out) {
  fmt::format_to(std::back_inserter(out), "Enum{}(", type.size);
  for (const auto& [name, number] : type.values) {
    if (&name != &type.values.front().first) out += ", ";
    fmt::format_to(std::back_inserter(out), "{} = {}", QuotedText(name), number);
  }
  out += ')';
}

void AppendDateTime(const Type& type, std::string& out) {
  out += "DateTime";
  const bool has_digits = type.kind == Kind::kDateTime64;
  if (has_digits) fmt::format_to(std::back_inserter(out), "64({}", type.scale);
  if (!type.time_zone.empty()) {
    out += has_digits ? ", " : "(";
    out += QuotedText(type.time_zone);
  }
  if (has_digits || !type.time_zone.empty()) out += ')';
}

void AppendNamed(std::string_view name, std::string_view arguments, std::string& out) {
  out += name;
  if (!arguments.empty()) fmt::format_to(std::back_inserter(out), "({})", arguments);
}

void Append(const Type& type, std::string& out) {
  switch (type.kind) {
    case Kind::kInt: fmt::format_to(std::back_inserter(out), "{}Int{}", type.is_signed ? "" : "U", type.size); break;
    case Kind::kFloat:
      fmt::format_to(std::back_inserter(out), "{}Float{}", type.size == 16 ? "B" : "", type.size);
      break;
    case Kind::kBool: out += "Bool"; break;
    case Kind::kString: out += "String"; break;
    case Kind::kFixedString: fmt::format_to(std::back_inserter(out), "FixedString({})", type.size); break;
    case Kind::kDate: out += "Date"; break;
    case Kind::kDate32: out += "Date32"; break;
    case Kind::kDateTime:
    case Kind::kDateTime64: AppendDateTime(type, out); break;
    case Kind::kTime: out += "Time"; break;
    case Kind::kTime64: fmt::format_to(std::back_inserter(out), "Time64({})", type.scale); break;
    case Kind::kDecimal: fmt::format_to(std::back_inserter(out), "Decimal({}, {})", type.size, type.scale); break;
    case Kind::kUuid: out += "UUID"; break;
    case Kind::kIpv4: out += "IPv4"; break;
    case Kind::kIpv6: out += "IPv6"; break;
    case Kind::kEnum: AppendEnum(type, out); break;
    case Kind::kLowCardinality: AppendElements("LowCardinality", type, out); break;
    case Kind::kNullable: AppendElements("Nullable", type, out); break;
    case Kind::kArray: AppendElements("Array", type, out); break;
    case Kind::kTuple: AppendElements("Tuple", type, out); break;
    case Kind::kMap: AppendElements("Map", type, out); break;
    case Kind::kNested: AppendElements("Nested", type, out); break;
    case Kind::kJson: AppendNamed("JSON", type.arguments, out); break;
    case Kind::kOther: AppendNamed(type.name, type.arguments, out); break;
  }
}

}  // namespace

Result<Type> ParseType(std::string_view text) {
  const std::vector<SqlToken> tokens = ReadSqlTokens(text);
  TokenCursor cursor(tokens);
  std::expected<Type, SqlError> type = ReadType(cursor);
  if (type && !cursor.AtEnd()) type = std::unexpected(cursor.Expected("the end of the data type"));
  if (!type) return std::unexpected(BadData(fmt::format("byte {}: {}", type.error().offset, type.error().message)));
  return *std::move(type);
}

std::string TypeText(const Type& type) {
  std::string text;
  Append(type, text);
  return text;
}

const Type& Bare(const Type& type) {
  const bool wrapped = type.kind == Kind::kLowCardinality || type.kind == Kind::kNullable;
  return wrapped ? Bare(type.elements[0]) : type;
}

bool IsNullable(const Type& type) {
  if (type.kind == Kind::kLowCardinality) return IsNullable(type.elements[0]);
  return type.kind == Kind::kNullable;
}

}  // namespace gf_otlp::schema
