#include "otlp/wire_to_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <forward_list>
#include <vector>

#include "base/base64.h"
#include "base/hex.h"
#include "base/json_text.h"
#include "base/number_text.h"
#include "gf_otlp/records.h"
#include "gf_otlp/wire.h"
#include "otlp/field_tables.h"

namespace gf_otlp {
namespace {

constexpr std::size_t kMaxFields = 64;
/// Scopes under the name they had before 1.0, in a resource's element; now they are field 2.
constexpr std::uint32_t kDeprecatedScopes = 1000, kScopes = 2;

constexpr WireType WireTypeOf(FieldKind kind) {
  switch (kind) {
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kTraceId:
    case FieldKind::kSpanId:
    case FieldKind::kMessage: return kBytes;
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
    case FieldKind::kDouble: return kFixed64;
    case FieldKind::kFixed32: return kFixed32;
    default: return kVarint;
  }
}

/// A field's value: a number, or bytes of the message (of a packed list too).
struct Entry {
  const char* data;    // null: a number
  std::uint64_t bits;  // the number, or how many bytes
  std::uint32_t next;  // the same field's next value

  std::string_view bytes() const { return {data, bits}; }
};

/// Reads messages field by field.
class FieldReader {
 public:
  FieldReader(const MessageTable& message, std::string_view bytes, bool resource)
      : message_(message), resource_(resource), cursor_(bytes) {}

  /// False at the end and after a failure. A field of another wire type than its own counts as unknown.
  bool Next(const FieldTable*& field, Entry& entry) {
    while (!cursor_.Done()) {
      const std::uint32_t tag = cursor_.ReadTag();
      std::uint32_t number = tag >> 3;
      if (resource_ && number == kDeprecatedScopes) number = kScopes;
      field = message_.ByNumber(number);
      const auto type = static_cast<WireType>(tag & 7);
      if (field != nullptr && (type == WireTypeOf(field->kind) || (field->packable() && type == kBytes))) {
        entry = Read(cursor_, type);
        return cursor_.ok();
      }
      cursor_.Skip(tag);
    }
    return false;
  }
  const WireCursor& cursor() const { return cursor_; }

  static Entry Read(WireCursor& cursor, WireType type) {
    switch (type) {
      case kBytes: {
        const std::string_view bytes = cursor.ReadBytes();
        return {bytes.data(), bytes.size(), 0};
      }
      case kFixed64: return {nullptr, cursor.ReadFixed64(), 0};
      case kFixed32: return {nullptr, cursor.ReadFixed32(), 0};
      default: return {nullptr, cursor.ReadVarint(), 0};
    }
  }

 private:
  const MessageTable& message_;
  const bool resource_;
  WireCursor cursor_;
};

struct Malformed {
  std::string_view message;
  const char* why = nullptr;
  const char* at = nullptr;
};

/// Finds what is malformed. Each occurrence of a sub-message is looked at by itself, before any are merged.
class Checker {
 public:
  explicit Checker(const MessageTable& resource) : resource_(resource) {}

  bool Check(const MessageTable& message, std::string_view bytes, int depth) {
    FieldReader reader(message, bytes, &message == &resource_);
    const FieldTable* field = nullptr;
    Entry entry{};
    while (reader.Next(field, entry)) {
      if (entry.data != nullptr && !CheckBytes(*field, entry.bytes(), depth)) return false;
    }
    return Finish(message, reader.cursor());
  }
  const Malformed& malformed() const { return malformed_; }

 private:
  bool CheckBytes(const FieldTable& field, std::string_view bytes, int depth) {
    switch (field.kind) {
      case FieldKind::kString:
      case FieldKind::kBytes: return true;
      case FieldKind::kTraceId: return CheckId(field, bytes, kTraceIdSize);
      case FieldKind::kSpanId: return CheckId(field, bytes, kSpanIdSize);
      case FieldKind::kMessage:
        depth += field.message->list;
        if (depth > kMaxValueDepth) return Fail(field.json_name, "values are nested too deeply", bytes.data());
        return Check(*field.message, bytes, depth);
      default: {
        WireCursor cursor(bytes);
        while (!cursor.Done()) FieldReader::Read(cursor, WireTypeOf(field.kind));
        return cursor.ok() || Fail(field.json_name, cursor.error(), cursor.position());
      }
    }
  }
  bool CheckId(const FieldTable& field, std::string_view id, std::size_t size) {
    return id.empty() || id.size() == size || Fail(field.json_name, "an id of a wrong size", id.data());
  }
  bool Finish(const MessageTable& message, const WireCursor& cursor) {
    return cursor.ok() || Fail(message.name, cursor.error(), cursor.position());
  }
  bool Fail(std::string_view message, const char* why, const char* at) {
    malformed_ = {message, why, at};
    return false;
  }

  const MessageTable& resource_;
  Malformed malformed_;
};

/// Writes checked messages.
class Writer {
 public:
  Writer(const MessageTable& resource, PaddedBuffer& buffer) : resource_(resource), buffer_(buffer) {
    buffer_.Reserve(kFieldRoom);
    SetOut(buffer_.size());
  }

  void Message(const MessageTable& message, std::string_view bytes);
  void Finish() { buffer_.Resize(Offset()); }
  /// How many bytes became U+FFFD.
  std::uint64_t replaced() const { return replaced_; }

 private:
  static constexpr std::uint32_t kNone = 0xffffffff;
  /// Room for a name with what is around it and a number.
  static constexpr std::size_t kFieldRoom = 128;

  struct Chains {
    std::array<std::uint32_t, kMaxFields> first, last;
  };

  void Gather(const MessageTable& message, std::string_view bytes, Chains& chains);
  void Field(const FieldTable& field, std::uint32_t first);
  void List(const FieldTable& field, std::uint32_t first);
  void Value(const FieldTable& field, const Entry& entry);
  void Number(FieldKind kind, std::uint64_t bits);
  void Double(double value);
  void Quoted(std::string_view text);
  std::string_view Merged(std::uint32_t first);

  std::size_t Offset() const { return static_cast<std::size_t>(out_ - buffer_.data()); }
  void Room(std::size_t size) {
    if (static_cast<std::size_t>(limit_ - out_) >= size) return;
    buffer_.Resize(Offset());
    buffer_.Reserve(size);
    SetOut(buffer_.size());
  }
  void SetOut(std::size_t offset) {
    out_ = buffer_.data() + offset;
    limit_ = buffer_.data() + buffer_.capacity();
  }
  void Put(char c) { *out_++ = c; }

  const MessageTable& resource_;
  PaddedBuffer& buffer_;
  char* out_ = nullptr;
  char* limit_ = nullptr;
  std::uint64_t replaced_ = 0;
  std::vector<Entry> entries_;             // of the messages that are being written, a stack
  std::forward_list<std::string> merged_;  // sub-messages that came in pieces
};

void Writer::Message(const MessageTable& message, std::string_view bytes) {
  const std::size_t base = entries_.size();
  Chains chains;
  std::fill_n(chains.first.begin(), message.fields.size(), kNone);
  Gather(message, bytes, chains);
  Room(kFieldRoom);
  Put('{');
  bool any = false;
  for (const FieldTable& field : message.fields) {
    const std::uint32_t first = chains.first[field.index];
    if (first == kNone) continue;
    const bool zero = entries_[first].bits == 0 && !field.presence && !field.repeated;
    if (zero && field.kind != FieldKind::kMessage) continue;
    Room(kFieldRoom);
    if (any) Put(',');
    any = true;
    Field(field, first);
  }
  Room(kFieldRoom);
  Put('}');
  entries_.resize(base);
}

/// Chains the values of each field; of singular ones only the last, of a oneof only the last member.
void Writer::Gather(const MessageTable& message, std::string_view bytes, Chains& chains) {
  FieldReader reader(message, bytes, &message == &resource_);
  const FieldTable* field = nullptr;
  Entry entry{};
  while (reader.Next(field, entry)) {
    if (field->packable() && entry.data != nullptr && entry.bits == 0) continue;
    if (field->oneof >= 0) {
      for (const FieldTable& other : message.fields) {
        if (other.oneof == field->oneof && &other != field) chains.first[other.index] = kNone;
      }
    }
    switch (field->kind) {  // to what the field holds, so that zero is zero
      case FieldKind::kInt32:
      case FieldKind::kEnum:
      case FieldKind::kUint32:
      case FieldKind::kSint32:
        if (entry.data == nullptr) entry.bits = static_cast<std::uint32_t>(entry.bits);
        break;
      default: break;
    }
    entry.next = kNone;
    std::uint32_t& first = chains.first[field->index];
    std::uint32_t& last = chains.last[field->index];
    if (first != kNone && !field->repeated && field->kind != FieldKind::kMessage) {
      entries_[first] = entry;
      continue;
    }
    const auto added = static_cast<std::uint32_t>(entries_.size());
    if (first == kNone) {
      first = added;
    } else {
      entries_[last].next = added;
    }
    last = added;
    entries_.push_back(entry);
  }
}

void Writer::Field(const FieldTable& field, std::uint32_t first) {
  Put('"');
  std::memcpy(out_, field.json_name.data(), kFieldNameRoom);
  out_ += field.json_name.size();
  Put('"');
  Put(':');
  if (field.repeated) {
    List(field, first);
  } else if (field.kind == FieldKind::kMessage && entries_[first].next != kNone) {
    Message(*field.message, Merged(first));
  } else {
    Value(field, entries_[first]);
  }
}

void Writer::List(const FieldTable& field, std::uint32_t first) {
  Put('[');
  for (std::uint32_t i = first; i != kNone; i = entries_[i].next) {
    const Entry entry = entries_[i];
    if (i != first) Put(',');
    if (entry.data == nullptr || !field.packable()) {
      Value(field, entry);
    } else {
      WireCursor cursor(entry.bytes());
      while (true) {
        Value(field, FieldReader::Read(cursor, WireTypeOf(field.kind)));
        if (cursor.Done()) break;
        Put(',');
      }
    }
  }
  Put(']');
}

/// Leaves room for what surrounds a value.
void Writer::Value(const FieldTable& field, const Entry& entry) {
  switch (field.kind) {
    case FieldKind::kMessage: Message(*field.message, entry.bytes()); break;
    case FieldKind::kString:
      Room(JsonStringRoom(entry.bits));
      out_ = WriteJsonString(out_, entry.bytes(), replaced_);
      break;

    case FieldKind::kBytes:
      Room(Base64Size(entry.bits) + kFieldRoom);
      Put('"');
      out_ = WriteBase64(out_, entry.bytes());
      Put('"');
      break;
    case FieldKind::kTraceId:
    case FieldKind::kSpanId:
      Put('"');
      out_ = WriteHex(out_, entry.bytes());
      Put('"');
      break;
    default: Number(field.kind, entry.bits);
  }
  Room(kFieldRoom);
}

void Writer::Number(FieldKind kind, std::uint64_t bits) {
  const auto low = static_cast<std::uint32_t>(bits);
  switch (kind) {
    case FieldKind::kBool: {
      const std::string_view word = bits != 0 ? "true" : "false";
      std::memcpy(out_, word.data(), word.size());
      out_ += word.size();
      return;
    }
    case FieldKind::kInt32:
    case FieldKind::kEnum: out_ = WriteInteger(out_, static_cast<std::int32_t>(low)); return;
    case FieldKind::kSint32: out_ = WriteInteger(out_, static_cast<std::int32_t>(low >> 1 ^ (0 - (low & 1)))); return;
    case FieldKind::kUint32:
    case FieldKind::kFixed32: out_ = WriteInteger(out_, low); return;
    case FieldKind::kDouble: Double(std::bit_cast<double>(bits)); return;
    default: break;
  }
  Put('"');
  if (kind == FieldKind::kInt64 || kind == FieldKind::kSfixed64) {
    out_ = WriteInteger(out_, static_cast<std::int64_t>(bits));
  } else {
    out_ = WriteInteger(out_, bits);
  }
  Put('"');
}

void Writer::Double(double value) {
  if (std::isnan(value)) return Quoted("NaN");
  if (std::isinf(value)) return Quoted(value > 0 ? "Infinity" : "-Infinity");
  out_ = WriteDouble(out_, value);
}

void Writer::Quoted(std::string_view text) {
  Put('"');
  std::memcpy(out_, text.data(), text.size());
  out_ += text.size();
  Put('"');
}

/// One message from its pieces: its bytes one after the other.
std::string_view Writer::Merged(std::uint32_t first) {
  std::string& all = merged_.emplace_front();
  for (std::uint32_t i = first; i != kNone; i = entries_[i].next) all += entries_[i].bytes();
  return all;
}

}  // namespace

Status WireToJson(Signal signal, std::string_view wire, PaddedBuffer& json, std::uint64_t& replaced) {
  const MessageTable& request = RequestTable(signal);
  const MessageTable& resource = *request.fields[0].message;
  Checker checker(resource);
  if (!checker.Check(request, wire, 0)) {
    const Malformed& malformed = checker.malformed();
    return BadData(fmt::format("{}: {} (at byte {})", malformed.message, malformed.why, malformed.at - wire.data()));
  }
  Writer writer(resource, json);
  writer.Message(request, wire);
  writer.Finish();
  replaced += writer.replaced();
  return {};
}

Status WireToJson(Signal signal, std::string_view wire, std::string& json) {
  PaddedBuffer buffer;
  std::uint64_t replaced = 0;
  GF_RETURN_IF_ERROR(WireToJson(signal, wire, buffer, replaced));
  json += buffer.view();
  return {};
}

}  // namespace gf_otlp
