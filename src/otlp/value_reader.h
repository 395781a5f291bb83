#ifndef GF_OTLP_OTLP_VALUE_READER_H_
#define GF_OTLP_OTLP_VALUE_READER_H_

#include <forward_list>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/records.h"
#include "gf_otlp/wire.h"

namespace gf_otlp {

/// Where and why a value is malformed; `why` is null while it is not.
struct ValueError {
  const char* why = nullptr;
  const char* at = nullptr;
};

/// Keeps the bytes of lists that came in several pieces and had to be joined: values point into it.
using JoinedBytes = std::forward_list<std::string>;

/// Instead of a depth: the bytes were checked before, lists are not descended into.
inline constexpr int kCheckedBefore = -1;

/// All of a checked message's length-delimited fields with that tag, one after the other: the merge of the
/// sub-messages.
std::string_view JoinPieces(std::string_view message, std::uint32_t tag, JoinedBytes& joined);

/// Reads an AnyValue, checked to the last nested byte, into `value`, whatever it held before. `depth`: how many lists
/// it is nested in, or kCheckedBefore.
bool ReadAnyValue(std::string_view message, int depth, Value& value, JoinedBytes& joined, ValueError& error);

/// Reads a KeyValue into `attribute`, whatever it held before.
bool ReadKeyValue(std::string_view message, int depth, Attribute& attribute, JoinedBytes& joined, ValueError& error);

/// Calls `use(Value)` for each element of a checked array (the bytes of a Value of kind kArray).
template <class F>
void ForEachElement(std::string_view array, F&& use) {
  WireCursor cursor(array);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    if (tag != Tag(1, kBytes)) {
      cursor.Skip(tag);
      continue;
    }
    JoinedBytes joined;
    ValueError error;
    Value value;
    if (ReadAnyValue(cursor.ReadBytes(), kCheckedBefore, value, joined, error)) use(value);
  }
}

/// The entries of a checked key-value list (the bytes of a Value of kind kKvlist), in its order.
void ReadEntries(std::string_view kvlist, std::vector<Attribute>& entries, JoinedBytes& joined);

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_VALUE_READER_H_
