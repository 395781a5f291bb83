#include "otlp/value_reader.h"

namespace gf_otlp {
namespace {

/// A string as an index into the dictionary that only profiles have: no value here, but a member of the oneof.
constexpr std::uint32_t kStringIndex = Tag(8, kVarint);

bool Finish(const WireCursor& cursor, ValueError& error) {
  if (cursor.ok()) return true;
  error = {cursor.error(), cursor.position()};
  return false;
}

/// Checks an ArrayValue or KeyValueList and all that is nested in it.
bool CheckList(Value::Kind kind, std::string_view list, int depth, ValueError& error) {
  if (depth > kMaxValueDepth) {
    error = {"values are nested too deeply", list.data()};
    return false;
  }
  JoinedBytes joined;
  Value element;
  Attribute entry;
  WireCursor cursor(list);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    if (tag != Tag(1, kBytes)) {
      cursor.Skip(tag);
      continue;
    }
    const std::string_view item = cursor.ReadBytes();
    const bool good = kind == Value::Kind::kArray ? ReadAnyValue(item, depth, element, joined, error)
                                                  : ReadKeyValue(item, depth, entry, joined, error);
    if (!good) return false;
    joined.clear();
  }
  return Finish(cursor, error);
}

/// A list that came in pieces: those behind the last value of another kind are one list (proto3's oneof and merging).
std::string_view JoinList(std::string_view message, std::uint32_t tag, JoinedBytes& joined) {
  std::string& all = joined.emplace_front();
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t next = cursor.ReadTag();
    if (next == tag) {
      all += cursor.ReadBytes();
      continue;
    }
    const bool other_value = next == Tag(1, kBytes) || next == Tag(2, kVarint) || next == Tag(3, kVarint) ||
                             next == Tag(4, kFixed64) || next == Tag(5, kBytes) || next == Tag(6, kBytes) ||
                             next == Tag(7, kBytes) || next == kStringIndex;
    if (other_value) all.clear();
    cursor.Skip(next);
  }
  return all;
}

}  // namespace

std::string_view JoinPieces(std::string_view message, std::uint32_t tag, JoinedBytes& joined) {
  std::string& all = joined.emplace_front();
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t next = cursor.ReadTag();
    if (next == tag) {
      all += cursor.ReadBytes();
    } else {
      cursor.Skip(next);
    }
  }
  return all;
}

bool ReadAnyValue(std::string_view message, int depth, Value& value, JoinedBytes& joined, ValueError& error) {
  using Kind = Value::Kind;
  value = Value();
  int pieces = 0;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes): value = Value::OfBytes(Kind::kString, cursor.ReadBytes()); break;
      case Tag(2, kVarint): value = Value::OfBits(Kind::kBool, cursor.ReadVarint() != 0); break;
      case Tag(3, kVarint): value = Value::OfBits(Kind::kInt, cursor.ReadVarint()); break;
      case Tag(4, kFixed64): value = Value::OfBits(Kind::kDouble, cursor.ReadFixed64()); break;
      case Tag(7, kBytes): value = Value::OfBytes(Kind::kBytes, cursor.ReadBytes()); break;
      case Tag(5, kBytes):
      case Tag(6, kBytes): {
        const Kind kind = tag == Tag(5, kBytes) ? Kind::kArray : Kind::kKvlist;
        const std::string_view list = cursor.ReadBytes();
        if (depth != kCheckedBefore && !CheckList(kind, list, depth + 1, error)) return false;
        pieces = value.kind() == kind ? pieces + 1 : 0;
        value = Value::OfBytes(kind, list);
        break;
      }
      case kStringIndex:
        cursor.ReadVarint();
        value = Value();
        break;
      default: cursor.Skip(tag);
    }
  }
  if (!Finish(cursor, error)) return false;
  const bool list = value.kind() == Kind::kArray || value.kind() == Kind::kKvlist;
  if (pieces > 0 && list) [[unlikely]] {
    const std::uint32_t tag = Tag(value.kind() == Kind::kArray ? 5 : 6, kBytes);
    value = Value::OfBytes(value.kind(), JoinList(message, tag, joined));
  }
  return true;
}

bool ReadKeyValue(std::string_view message, int depth, Attribute& attribute, JoinedBytes& joined, ValueError& error) {
  attribute = Attribute();
  int values = 0;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes): attribute.key = cursor.ReadBytes(); break;
      case Tag(2, kBytes):
        ++values;
        if (!ReadAnyValue(cursor.ReadBytes(), depth, attribute.value, joined, error)) return false;
        break;
      default: cursor.Skip(tag);
    }
  }
  if (!Finish(cursor, error)) return false;
  if (values > 1) [[unlikely]] {
    return ReadAnyValue(JoinPieces(message, Tag(2, kBytes), joined), kCheckedBefore, attribute.value, joined, error);
  }
  return true;
}

void ReadEntries(std::string_view kvlist, std::vector<Attribute>& entries, JoinedBytes& joined) {
  ValueError error;
  WireCursor cursor(kvlist);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    if (tag == Tag(1, kBytes)) {
      ReadKeyValue(cursor.ReadBytes(), kCheckedBefore, entries.emplace_back(), joined, error);
    } else {
      cursor.Skip(tag);
    }
  }
}

}  // namespace gf_otlp
