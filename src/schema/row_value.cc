#include <algorithm>

#include "base/shown_text.h"
#include "schema/row_type.h"

namespace gf_otlp::schema {
namespace {

using Kind = RowType::Kind;

constexpr ServerVersion kNewerTimes{26, 9};
constexpr int kLongBits = 64;

Kind KindOf(const Type& type) {
  switch (type.kind) {
    case Type::Kind::kInt: return type.size > kLongBits ? Kind::kWideInteger : Kind::kInteger;
    case Type::Kind::kFloat: return type.size >= 32 ? Kind::kFloat : Kind::kNotJudged;
    case Type::Kind::kBool: return Kind::kBool;
    case Type::Kind::kString: return Kind::kText;
    case Type::Kind::kFixedString: return Kind::kFixedText;
    case Type::Kind::kDate: return Kind::kDate;
    case Type::Kind::kDate32: return Kind::kDate32;
    case Type::Kind::kDateTime: return Kind::kDateTime;
    case Type::Kind::kDateTime64: return Kind::kDateTime64;
    case Type::Kind::kDecimal: return Kind::kDecimal;
    case Type::Kind::kUuid: return Kind::kUuid;
    case Type::Kind::kIpv4: return Kind::kIpv4;
    case Type::Kind::kIpv6: return Kind::kIpv6;
    case Type::Kind::kEnum: return Kind::kEnum;
    case Type::Kind::kArray:
    case Type::Kind::kNested: return Kind::kArray;
    case Type::Kind::kTuple: return type.names.empty() ? Kind::kTuple : Kind::kNamedTuple;
    case Type::Kind::kMap: return Kind::kMap;
    case Type::Kind::kJson:
      // Typed and skipped paths have rules of their own.
      return type.elements.empty() && type.arguments.find("SKIP") == std::string::npos ? Kind::kJson : Kind::kNotJudged;
    case Type::Kind::kTime:
    case Type::Kind::kTime64:
    case Type::Kind::kLowCardinality:
    case Type::Kind::kNullable:
    case Type::Kind::kOther: break;
  }
  return Kind::kNotJudged;
}

bool JudgeBool(RowText& row) {
  switch (row.Peek()) {
    case 't': return row.TakeWord("true");
    case 'f': return row.TakeWord("false");
    case '0':
    case '1': row.Step(); return true;
    default: return row.Refuse(RowRule::kValue, row.at(), "true, false, 1 or 0 is needed");
  }
}

bool JudgeText(RowText& row) {
  const char* const begin = row.at();
  std::string_view text;
  bool escaped = false;
  switch (row.Peek()) {
    case '"': return row.String(text, escaped);
    case '{':
    case '[':
      if (!row.SkipBrackets(text)) return false;
      break;
    case 't':
    case 'f':
      if (!row.TakeWord(row.Peek() == 't' ? "true" : "false")) return false;
      break;
    default: {
      const std::string_view first(begin, row.AtEnd() ? 0 : 1);
      if (first.empty() || std::string_view("+-.0123456789").find(first[0]) == std::string_view::npos) {
        return row.Refuse(RowRule::kValue, begin, "no text");
      }
      if (!row.SkipNumber()) return false;
      text = std::string_view(begin, row.at());
      if (text == "-" || text == "+" || (text.back() | 0x20) == 'e') {
        return row.Refuse(RowRule::kValue, begin, "no number");
      }
    }
  }
  row.Warn(RowRule::kTakenAsText, begin, [&] { return ShownPart({begin, row.at()}) + " is stored as text"; });
  return true;
}

bool JudgeFixedText(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  std::string_view text;
  if (row.Peek() != '"') return row.Refuse(RowRule::kValue, begin, "a string is needed");
  if (!row.Unescaped(text)) return false;
  return text.size() <= static_cast<std::size_t>(type.size) ||
         row.Refuse(RowRule::kValue, begin, "longer than the FixedString");
}

bool JudgeMap(RowText& row, const RowType& type) {
  const RowType &key = type.elements[0], &value = type.elements[1];
  if (!row.Take('{')) return row.Refuse(RowRule::kValue, row.at(), "a map takes objects");
  row.SkipSpace();
  if (row.Take('}')) return true;
  std::string_view text;
  bool escaped = false;
  while (true) {
    const bool plain = key.kind == Kind::kText && row.Peek() == '"';
    if (!(plain ? row.String(text, escaped) : JudgeValue(row, key))) return false;
    row.SkipSpace();
    if (!row.Take(':')) return row.Refuse(RowRule::kValue, row.at(), "a colon is missing");
    row.SkipSpace();
    const bool plain_value = value.kind == Kind::kText && row.Peek() == '"';
    if (!(plain_value ? row.String(text, escaped) : JudgeValue(row, value))) return false;
    row.SkipSpace();
    if (row.Take(',')) {
      row.SkipSpace();
      if (row.Take('}')) return true;
    } else if (row.Take('}')) {
      return true;
    } else {
      return row.Refuse(RowRule::kValue, row.at(), "a comma or } is missing in a map");
    }
  }
}

bool JudgeTuple(RowText& row, const RowType& type) {
  if (!row.Take('[')) return row.Refuse(RowRule::kValue, row.at(), "an array is needed");
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    row.SkipSpace();
    if (i > 0) {
      if (!row.Take(',')) return row.Refuse(RowRule::kValue, row.at(), "too few elements of a tuple");
      row.SkipSpace();
    }
    if (!JudgeValue(row, type.elements[i])) return false;
  }
  row.SkipSpace();
  return row.Take(']') || row.Refuse(RowRule::kValue, row.at(), "too many elements of a tuple");
}

bool JudgeNamedTuple(RowText& row, const RowType& type) {
  if (!row.Take('{')) return row.Refuse(RowRule::kValue, row.at(), "an object is needed");
  std::vector<bool> seen(type.names.size());
  row.SkipSpace();
  for (std::size_t count = 0, next = 0; !row.Take('}'); ++count) {
    if (count > 0) {
      if (!row.Take(',')) return row.Refuse(RowRule::kValue, row.at(), "a comma or } is missing in a tuple");
      row.SkipSpace();
    }
    const char* const begin = row.at();
    // The server compares what stands between the quotes, escapes and all.
    std::string_view name;
    bool escaped = false;
    if (!row.String(name, escaped)) return false;
    if (next >= type.names.size() || type.names[next] != name) {
      next = static_cast<std::size_t>(std::ranges::find(type.names, name) - type.names.begin());
    }
    if (next == type.names.size()) {
      row.Warn(RowRule::kUnknownColumn, begin, [&] { return "the tuple has no element " + ShownPart(name); });
    } else if (seen[next]) {
      return row.Refuse(RowRule::kDuplicateKey, begin, "given twice: " + ShownPart(name));
    }
    row.SkipSpace();
    if (!row.Take(':')) return row.Refuse(RowRule::kValue, row.at(), "a colon is missing");
    row.SkipSpace();
    if (next == type.names.size()) {
      if (!row.SkipValue()) return false;
    } else {
      seen[next] = true;
      if (!JudgeValue(row, type.elements[next])) return false;
      ++next;
    }
    row.SkipSpace();
  }
  return true;
}

bool JudgeNull(RowText& row, const RowType& type) {
  const char* const begin = row.at();
  if (!row.TakeWord("null")) return false;
  if (type.nullable || type.kind == Kind::kNotJudged) return true;
  const bool container = type.kind == Kind::kArray || type.kind == Kind::kMap || type.kind == Kind::kJson;
  row.Warn(container ? RowRule::kNullToEmpty : RowRule::kNullToDefault, begin,
           container ? "null is stored as empty" : "null is stored as the default");
  return true;
}

}  // namespace

RowType RowType::Of(const Type& type, ServerVersion server) {
  const Type* bare = &type;
  RowType made;
  while (bare->kind == Type::Kind::kNullable || bare->kind == Type::Kind::kLowCardinality) {
    made.nullable |= bare->kind == Type::Kind::kNullable;
    bare = &bare->elements.front();
  }
  made.kind = KindOf(*bare);
  made.is_signed = bare->is_signed;
  made.size = bare->size;
  made.scale = bare->scale;
  made.local = !bare->time_zone.empty() && bare->time_zone != "UTC";
  made.best_effort = server >= kReadsAnyTimeText;
  made.newer_times = server >= kNewerTimes;
  made.names = bare->names;
  made.values = bare->values;
  if (bare->kind == Type::Kind::kNested) {
    Type row = *bare;
    row.kind = Type::Kind::kTuple;
    made.elements.push_back(Of(row, server));
  } else {
    for (const Type& element : bare->elements) made.elements.push_back(Of(element, server));
  }
  return made;
}

bool JudgeArray(RowText& row, const RowType& type, std::size_t& length) {
  length = 0;
  if (row.Peek() == 'n') return JudgeNull(row, type);
  if (!row.Take('[')) return row.Refuse(RowRule::kValue, row.at(), "an array is needed");
  row.SkipSpace();
  while (!row.Take(']')) {
    if (!JudgeValue(row, type.elements[0])) return false;
    ++length;
    row.SkipSpace();
    if (row.Take(',')) {
      row.SkipSpace();
    } else if (row.Peek() != ']') {
      return row.Refuse(RowRule::kValue, row.at(), "a comma or ] is missing");
    }
  }
  return true;
}

bool JudgeValue(RowText& row, const RowType& type) {
  if (row.Peek() == 'n') return JudgeNull(row, type);
  std::size_t ignored = 0;
  switch (type.kind) {
    case Kind::kText: return JudgeText(row);
    case Kind::kInteger: return JudgeInteger(row, type);
    case Kind::kWideInteger: return JudgeWideInteger(row, type);
    case Kind::kFloat: return JudgeFloat(row, type);
    case Kind::kBool: return JudgeBool(row);
    case Kind::kFixedText: return JudgeFixedText(row, type);
    case Kind::kDate:
    case Kind::kDate32: return JudgeDate(row, type);
    case Kind::kDateTime:
    case Kind::kDateTime64: return JudgeDateTime(row, type);
    case Kind::kDecimal: return JudgeDecimal(row, type);
    case Kind::kUuid: return JudgeUuid(row);
    case Kind::kIpv4:
    case Kind::kIpv6: return JudgeIp(row, type);
    case Kind::kEnum: return JudgeEnum(row, type);
    case Kind::kArray: return JudgeArray(row, type, ignored);
    case Kind::kTuple: return JudgeTuple(row, type);
    case Kind::kNamedTuple: return JudgeNamedTuple(row, type);
    case Kind::kMap: return JudgeMap(row, type);
    case Kind::kJson: return JudgeJson(row);
    case Kind::kNotJudged: break;
  }
  row.Warn(RowRule::kTypeNotJudged, row.at(), "values of this type are not judged");
  return row.SkipValue();
}

}  // namespace gf_otlp::schema
