#ifndef GF_OTLP_ROWS_JSON_VALUE_H_
#define GF_OTLP_ROWS_JSON_VALUE_H_

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/hex.h"
#include "base/json_text.h"
#include "base/number_text.h"
#include "base/time_write.h"
#include "gf_otlp/padded_buffer.h"
#include "gf_otlp/rows.h"
#include "otlp/attribute_paths.h"
#include "otlp/value_text.h"
#include "rows/column.h"
#include "rows/key_order.h"
#include "rows/types.h"

namespace gf_otlp {

/// What the values of one table's rows share while they are written. One per table writer.
struct JsonState {
  PaddedBuffer* out = nullptr;
  RowCounts* counts = nullptr;
  int time_digits = 0;  // as RowOptions has it
  TimeWriter times;
  PaddedBuffer text;               // of nested values, before it is escaped
  std::vector<std::string> paths;  // of a JSON column's keys
};

/// Writes the values of a column of ClickHouse type T as JSON: the encoder that column functions see.
template <class T, Dialect kDialect>
class JsonValue {
 public:
  JsonValue(JsonState& state, KeyOrder& order) : state_(state), out_(*state.out), order_(order) {}

  void String(std::string_view text) {
    out_.Reserve(JsonStringRoom(text.size()));
    out_.SetEnd(WriteJsonString(out_.end(), text, state_.counts->replaced_bytes));
  }

  /// A known text that needs no escape.
  void Name(std::string_view name) {
    out_.Reserve(name.size() + 2);
    char* p = out_.end();
    *p = '"';
    std::memcpy(p + 1, name.data(), name.size());
    p[name.size() + 1] = '"';
    out_.AddSize(name.size() + 2);
  }

  template <std::integral I>
  void Integer(I value) {
    out_.Reserve(kIntegerRoom);
    out_.SetEnd(WriteInteger(out_.end(), value));
  }

  void Bool(bool value) { out_.Append(value ? "true" : "false"); }
  void Null() { out_.Append("null"); }

  void Float(double value) {
    if (!std::isfinite(value)) return SpecialFloat(value);
    out_.Reserve(kDoubleRoom);
    out_.SetEnd(WriteDouble(out_.end(), value));
  }

  /// A data point's value in a Float64 column: integers become doubles, no value is 0.
  void Number(const gf_otlp::Number& value) {
    Float(value.kind() == Value::Kind::kDouble ? value.as_double()
          : value.kind() == Value::Kind::kInt  ? static_cast<double>(value.as_int())
                                               : 0);
  }

  /// A time in OTLP's unsigned nanoseconds, which the exporters read as signed ones.
  void Time(std::uint64_t nanoseconds) {
    const auto time = static_cast<std::int64_t>(nanoseconds);
    out_.Reserve(kTimeRoom + 2);
    char* p = out_.end();
    *p++ = '"';
    if constexpr (kDialect.rfc3339) {
      p = state_.times.WriteRfc3339(p, time);
    } else if (std::is_same_v<T, type::DateTime> && state_.time_digits != 9) {
      p = state_.times.WriteSeconds(p, ClampSeconds(time));
    } else {
      p = state_.times.WriteNanoseconds(p, ClampNanoseconds(time));
    }
    *p++ = '"';
    out_.SetEnd(p);
  }

  /// A trace id (`size` 16) or span id (8): hex, or as the dialect has ids of zeros.
  void Id(std::string_view id, std::size_t size) {
    if constexpr (!kDialect.zero_ids) {
      if (id.find_first_not_of('\0') == std::string_view::npos) return Name("");
    }
    FullId(id, size);
  }

  /// The same, an absent id as zeros.
  void FullId(std::string_view id, std::size_t size) {
    constexpr std::string_view kZeros("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    out_.Reserve(2 * size + 2);
    char* p = out_.end();
    *p++ = '"';
    p = WriteHex(p, id.empty() ? kZeros.substr(0, size) : id);
    *p++ = '"';
    out_.SetEnd(p);
  }

  /// The text of a body or a service name as a JSON string.
  void Text(const Value& value) { out_.SetEnd(WriteText(out_.end(), value, kBodyStyle)); }

  /// Attributes as an object of texts, sorted by key.
  void Map(const Attributes& attributes) {
    const auto order = order_.Sort(attributes);
    char* p = out_.RoomAt(out_.end(), 2);
    *p++ = '{';
    for (std::size_t i = 0; i < order.size(); ++i) {
      const Attribute& attribute = attributes[order[i]];
      if constexpr (kDialect.unique_keys) {
        if (i + 1 < order.size() && attributes[order[i + 1]].key == attribute.key) continue;
      }
      p = out_.RoomAt(p, JsonStringRoom(attribute.key.size()) + 1);
      p = WriteJsonString(p, attribute.key, state_.counts->replaced_bytes);
      *p++ = ':';
      p = WriteText(p, attribute.value, kAttributeStyle);
      *p++ = ',';
    }
    if (p[-1] == ',') --p;
    *p++ = '}';
    out_.SetEnd(p);
  }

  /// Attributes as a typed object, for JSON columns.
  void Json(const Attributes& attributes) {
    state_.counts->replaced_bytes += AppendAttributesJson(attributes, /*html_escapes=*/false, out_);
  }

  /// What `append(buffer)` appends: a value that is JSON already.
  template <class F>
  void Made(F append) {
    append(out_);
  }

  /// The paths of such an object as an array.
  void Paths(const Attributes& attributes) {
    AttributePaths(attributes, state_.paths);
    Array(state_.paths, [](auto& out, const std::string& path) { out.String(path); });
  }

  template <class Items, class F>
  void Array(const Items& items, F write) {
    using Element = typename type::ElementOf<T>::Type;
    JsonValue<Element, kDialect> element(state_, order_);
    out_.Append('[');
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_.Append(',');
      first = false;
      write(element, item);
    }
    out_.Append(']');
  }

  /// An array that a dialect may have as null when it is empty.
  template <class Items, class F>
  void ArrayOrNull(const Items& items, F write) {
    if (kDialect.null_arrays && items.begin() == items.end()) return Null();
    Array(items, write);
  }

  /// Objects: Begin, then Field() before each value, then End.
  void BeginObject() { out_.Append('{'); }
  void Field(std::string_view name) {
    if (out_.end()[-1] != '{') out_.Append(',');
    Name(name);
    out_.Append(':');
  }
  void EndObject() { out_.Append('}'); }

 private:
  static constexpr ValueTextStyle kAttributeStyle{.hex_bytes = kDialect.hex_attributes,
                                                  .plain_doubles = kDialect.plain_doubles,
                                                  .html_escapes = kDialect.html_escapes};
  static constexpr ValueTextStyle kBodyStyle{
      .hex_bytes = kDialect.hex_bodies, .plain_doubles = kDialect.plain_doubles, .html_escapes = kDialect.html_escapes};

  /// Writes at `p`, which lies in `out_`; gives the end, with room for two bytes behind it.
  char* WriteText(char* p, const Value& value, const ValueTextStyle& style) {
    using Kind = Value::Kind;
    constexpr std::size_t kBehind = 2;
    if (value.kind() == Kind::kString) [[likely]] {
      const std::string_view text = value.bytes();
      p = out_.RoomAt(p, JsonStringRoom(text.size()) + kBehind);
      return WriteJsonString(p, text, state_.counts->replaced_bytes);
    }
    if (value.kind() == Kind::kInt) {
      p = out_.RoomAt(p, kIntegerRoom + 2 + kBehind);
      *p++ = '"';
      p = WriteInteger(p, value.as_int());
      *p++ = '"';
      return p;
    }
    state_.text.Clear();
    state_.counts->replaced_bytes += AppendValueText(value, style, state_.text);
    std::uint64_t none = 0;  // what was to be replaced is replaced
    p = out_.RoomAt(p, JsonStringRoom(state_.text.size()) + kBehind);
    return WriteJsonString(p, state_.text.view(), none);
  }

  void SpecialFloat(double value) {
    if constexpr (kDialect.finite_floats) {
      if (std::isnan(value)) return Null();
      Float(std::copysign(std::numeric_limits<double>::max(), value));
    } else {
      Name(std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    }
  }

  /// ClickHouse refuses the text of times before this one (its parser overflows): 1677-09-21 00:12:44.
  static constexpr std::int64_t kEarliestNanoseconds = -9'223'372'036'000'000'000;

  std::int64_t ClampNanoseconds(std::int64_t time) {
    if (time >= kEarliestNanoseconds) [[likely]]
      return time;
    ++state_.counts->clamped_times;
    return kEarliestNanoseconds;
  }

  std::int64_t ClampSeconds(std::int64_t time) {
    constexpr std::int64_t kLatest = std::numeric_limits<std::uint32_t>::max();
    const std::int64_t seconds = time / 1'000'000'000;
    if (time >= 0 && seconds <= kLatest) [[likely]]
      return seconds;
    ++state_.counts->clamped_times;
    return time < 0 ? 0 : kLatest;
  }

  JsonState& state_;
  PaddedBuffer& out_;
  KeyOrder& order_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_ROWS_JSON_VALUE_H_
