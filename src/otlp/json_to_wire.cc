#include "otlp/json_to_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"
#include "base/hex.h"
#include "base/json_reader.h"
#include "gf_otlp/records.h"
#include "gf_otlp/wire.h"
#include "otlp/field_tables.h"
#include "otlp/json_names.h"
#include "otlp/wire_write.h"

namespace gf_otlp {
namespace {

/// Room for a tag and a number, or for a tag, a length and what CopyString() writes too much.
constexpr std::size_t kSlack = 32;
constexpr std::size_t kCopyBlock = 16;

char* WriteTag(char* out, const FieldTable& field) {
  std::memcpy(out, field.tag.data(), field.tag.size());
  return out + field.tag_size;
}

bool IsHex(std::string_view text) { return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos; }

/// May read and write up to a block too much.
char* CopyString(char* out, std::string_view text) {
  constexpr std::size_t kLong = 256;
  if (text.size() > kLong) {
    std::memcpy(out, text.data(), text.size());
  } else {
    for (std::size_t i = 0; i < text.size(); i += kCopyBlock) std::memcpy(out + i, text.data() + i, kCopyBlock);
  }
  return out + text.size();
}

/// Functions that write take where to write and give where the next one does; null after a failure.
class Transcoder {
 public:
  using Result = JsonToWire::Result;
  using Counts = JsonToWire::Counts;
  using Beyond = JsonToWire::Beyond;

  explicit Transcoder(bool base64_ids) : base64_ids_(base64_ids) { width_.fill(1); }

  Status Transcode(std::string_view json, std::vector<Result>& results);
  const Counts& counts() const { return counts_; }
  const JsonToWire::Uses& uses() const { return uses_; }
  std::size_t bad_id_size() const { return bad_id_size_; }

  void Release(std::size_t keep) {
    reader_.Release(keep);
    for (PaddedBuffer& buffer : buffers_) buffer.Shrink(keep);
  }

 private:
  bool Document(std::string_view json, std::vector<Result>& results);
  /// Notes what is beyond the specification in a request's key. `results`: of the keys before it.
  void NoteRequest(Signal signal, std::string_view key, const char* at, const std::vector<Result>& results);
  bool Request(const FieldTable& field, PaddedBuffer& buffer, std::size_t size_hint);

  char* Object(char* out, const MessageTable& message);
  bool Find(const MessageTable& message, std::string_view key, std::uint8_t& guess, const FieldTable*& found);
  char* Field(char* out, const FieldTable& field, bool seen);
  char* Repeated(char* out, const FieldTable& field);
  char* Packed(char* out, const FieldTable& field);
  char* Element(char* out, const FieldTable& field);
  char* Message(char* out, const FieldTable& field);
  char* Scalar(char* out, const FieldTable& field, bool write_zero);
  char* String(char* out, const FieldTable& field, bool write_zero);
  char* Bytes(char* out, const FieldTable& field, bool write_zero);
  char* Id(char* out, const FieldTable& field, std::size_t size, bool write_zero);
  char* Number(char* out, const FieldTable& field, bool tagged, bool write_zero);
  char* Double(char* out, const FieldTable& field, bool tagged, bool write_zero);
  bool Enum(const FieldTable& field, std::int32_t& value);

  /// Puts the length in front of what was written since, `width` bytes behind the offset `at`; as short as it can be.
  char* CloseLength(char* out, std::size_t at, std::size_t width, std::uint8_t& next_width) {
    const std::size_t size = Offset(out) - at - width;
    if (width != 1 || size >= 0x80) return CloseLongLength(out, at, width, next_width);
    begin_[at] = static_cast<char>(size);
    return out;
  }
  char* CloseLongLength(char* out, std::size_t at, std::size_t width, std::uint8_t& next_width);
  std::size_t Offset(const char* out) const { return static_cast<std::size_t>(out - begin_); }
  char* Room(char* out, std::size_t size) {
    return static_cast<std::size_t>(limit_ - out) >= size ? out : Grow(out, size);
  }
  char* Grow(char* out, std::size_t size);
  char* Fail(std::string why, std::size_t at) {
    reader_.Fail(std::move(why), at);
    return nullptr;
  }
  /// Notes that something is read beyond the specification.
  [[gnu::cold]] void Note(Beyond what, const char* at, std::string_view text) {
    constexpr std::size_t kMostText = 100;
    JsonToWire::Use& use = uses_[static_cast<std::size_t>(what)];
    if (use.count++ != 0) return;
    use.at = at;
    use.text = text.substr(0, kMostText);
  }
  void NameFailed(const FieldTable& field) {
    if (failed_field_.empty()) failed_field_ = field.json_name;
  }

  const bool base64_ids_;
  JsonReader reader_;
  std::array<PaddedBuffer, kSignalCount> buffers_;
  PaddedBuffer* buffer_ = nullptr;  // that is written
  char* begin_ = nullptr;
  char* limit_ = nullptr;
  int depth_ = 0;
  std::string_view failed_field_;
  std::string_view document_;
  Counts counts_, document_counts_;
  JsonToWire::Uses uses_;
  std::size_t bad_id_size_ = 0;
  /// The index of the field that followed the one of that id the last time, and of the first in a message (by the id of
  /// its first field in the table): looked at first.
  std::array<std::uint8_t, kMaxFieldId> next_{}, first_{};
  /// How many bytes the length of that field took the last time.
  std::array<std::uint8_t, kMaxFieldId> width_;
};

Status Transcoder::Transcode(std::string_view json, std::vector<Result>& results) {
  results.clear();
  for (PaddedBuffer& buffer : buffers_) buffer.Clear();
  depth_ = 0;
  failed_field_ = {};
  document_counts_ = {};
  document_ = json;
  for (JsonToWire::Use& use : uses_) use.count = 0;
  bad_id_size_ = 0;
  if (!Document(json, results)) {
    results.clear();
    const std::string_view separator = failed_field_.empty() ? "" : ": ";
    return BadData(
        fmt::format("{}{}{} (at byte {})", failed_field_, separator, reader_.error(), reader_.error_offset()));
  }
  for (Result& result : results) result.wire = buffers_[static_cast<int>(result.signal)].view();
  counts_.bad_text += reader_.bad_text();
  counts_.deprecated_names += document_counts_.deprecated_names;
  return {};
}

bool Transcoder::Document(std::string_view json, std::vector<Result>& results) {
  bool null = false, more = false, others = false;
  if (!reader_.Start(json) || !reader_.TryNull(null)) return false;
  if (null) return reader_.Finish();
  if (!reader_.BeginObject(more)) return false;
  while (more) {
    const std::size_t at = reader_.position();
    std::string_view key;
    if (!reader_.Key(key) || !reader_.Resolve(key)) return false;
    if (const std::optional<Signal> signal = SignalOfKey(key)) {
      NoteRequest(*signal, key, json.data() + at, results);
      const auto is_signal = [&](const Result& result) { return result.signal == *signal; };
      if (std::ranges::none_of(results, is_signal)) results.push_back({*signal, {}});
      if (!Request(RequestField(*signal), buffers_[static_cast<int>(*signal)], json.size())) return false;
    } else if (IsProfilesKey(key)) {
      return reader_.Fail(fmt::format("{}: profiles are not supported", key), at);
    } else {
      others = true;
      Note(Beyond::kUnknownField, json.data() + at, key);
      if (!reader_.Skip()) return false;
    }
    if (!reader_.NextMember(more)) return false;
  }
  if (others && results.empty()) {
    return reader_.Fail("holds no resourceSpans, resourceLogs or resourceMetrics", 0);
  }
  return reader_.Finish();
}

void Transcoder::NoteRequest(Signal signal, std::string_view key, const char* at, const std::vector<Result>& results) {
  if (key != RequestField(signal).json_name) Note(Beyond::kSnakeCase, at, key);
  if (results.empty()) return;
  const bool again = std::ranges::find(results, signal, &Result::signal) != results.end();
  Note(again ? Beyond::kRepeatedField : Beyond::kSeveralSignals, at, key);
}

bool Transcoder::Request(const FieldTable& field, PaddedBuffer& buffer, std::size_t size_hint) {
  buffer.Reserve(size_hint / 2 + kSlack);
  buffer_ = &buffer;
  begin_ = buffer.data();
  limit_ = begin_ + buffer.capacity();
  const char* const end = Field(buffer.end(), field, false);
  if (end == nullptr) {
    NameFailed(field);
    return false;
  }
  buffer.Resize(Offset(end));
  return true;
}

char* Transcoder::Grow(char* out, std::size_t size) {
  const std::size_t offset = Offset(out);
  buffer_->Resize(offset);
  buffer_->Reserve(size);
  begin_ = buffer_->data();
  limit_ = begin_ + buffer_->capacity();
  return begin_ + offset;
}

char* Transcoder::CloseLongLength(char* out, std::size_t at, std::size_t width, std::uint8_t& next_width) {
  const std::size_t size = Offset(out) - at - width;
  const std::size_t needed = VarintSize(size);
  if (needed != width) {
    out = Room(out, kMaxVarintSize);
    std::memmove(begin_ + at + needed, begin_ + at + width, size);
    out = begin_ + at + needed + size;
    next_width = static_cast<std::uint8_t>(needed);
  }
  WriteVarint(begin_ + at, size);
  return out;
}

char* Transcoder::Object(char* out, const MessageTable& message) {
  bool more = false;
  if (!reader_.BeginObject(more)) return nullptr;
  std::uint64_t seen = 0;
  std::int8_t oneof = -1;  // the last one of which a field was there, by that field
  std::uint8_t oneof_field = 0;
  std::uint8_t* guess = &first_[message.fields[0].id];
  while (more) {
    std::string_view key;
    if (!reader_.Key(key)) return nullptr;
    const FieldTable* field = &message.fields[*guess];
    if (!IsName(key, field->json_name) && !Find(message, key, *guess, field)) return nullptr;
    if (field != nullptr) [[likely]] {
      guess = &next_[field->id];
      const bool repeated = (seen >> field->index & 1) != 0;
      if (repeated) [[unlikely]]
        Note(Beyond::kRepeatedField, key.data(), field->json_name);
      if (field->oneof >= 0 && reader_.token() != 'n') {
        if (oneof == field->oneof && oneof_field != field->index) [[unlikely]]
          Note(Beyond::kSeveralValues, key.data(), field->json_name);
        oneof = field->oneof;
        oneof_field = field->index;
      }
      out = Field(out, *field, repeated);
      if (out == nullptr) [[unlikely]] {
        NameFailed(*field);
        return nullptr;
      }
      seen |= std::uint64_t{1} << field->index;
    } else if (!reader_.Skip()) {
      return nullptr;
    }
    if (!reader_.NextMember(more)) return nullptr;
  }
  return out;
}

/// `found` is null if there is no such field.
bool Transcoder::Find(const MessageTable& message, std::string_view key, std::uint8_t& guess,
                      const FieldTable*& found) {
  for (const FieldTable& field : message.fields) {
    if (IsName(key, field.json_name)) {
      guess = field.index;
      found = &field;
      return true;
    }
  }
  const char* const at = key.data();
  if (!reader_.Resolve(key)) return false;
  bool deprecated = false;
  found = FindField(message, key, deprecated);
  document_counts_.deprecated_names += deprecated;
  if (found == nullptr) {
    Note(Beyond::kUnknownField, at, key);
  } else if (deprecated) {
    Note(Beyond::kDeprecatedName, at, key);
  } else if (key != found->json_name) {
    Note(Beyond::kSnakeCase, at, key);
  }
  return true;
}

char* Transcoder::Field(char* out, const FieldTable& field, bool seen) {
  out = Room(out, kSlack);
  bool null = false;
  if (!reader_.TryNull(null)) return nullptr;
  if (null) return out;
  if (field.kind == FieldKind::kString && !field.repeated) return String(out, field, field.presence || seen);
  if (field.repeated) return field.packable() ? Packed(out, field) : Repeated(out, field);
  if (field.kind == FieldKind::kMessage) return Message(out, field);
  return Scalar(out, field, field.presence || seen);
}

char* Transcoder::Repeated(char* out, const FieldTable& field) {
  bool more = false;
  if (!reader_.BeginArray(more)) return nullptr;
  while (more) {
    out = Room(out, kSlack);
    out = field.kind == FieldKind::kMessage ? Element(out, field) : Scalar(out, field, true);
    if (out == nullptr || !reader_.NextElement(more)) return nullptr;
  }
  return out;
}

char* Transcoder::Packed(char* out, const FieldTable& field) {
  bool more = false;
  if (!reader_.BeginArray(more)) return nullptr;
  if (!more) return out;
  out = WriteTag(out, field);
  const std::size_t at = Offset(out);
  const std::size_t width = width_[field.id];
  out += width;
  while (more) {
    out = Number(Room(out, kSlack), field, false, true);
    if (out == nullptr || !reader_.NextElement(more)) return nullptr;
  }
  return CloseLength(out, at, width, width_[field.id]);
}

/// A null is a message without any field.
char* Transcoder::Element(char* out, const FieldTable& field) {
  bool null = false;
  const std::size_t at = reader_.position();
  if (!reader_.TryNull(null)) return nullptr;
  if (null) Note(Beyond::kNullElement, document_.data() + at, field.json_name);
  return null ? WriteVarint(WriteTag(out, field), 0) : Message(out, field);
}

char* Transcoder::Message(char* out, const FieldTable& field) {
  out = WriteTag(out, field);
  const std::size_t at = Offset(out);
  const std::size_t width = width_[field.id];
  const bool list = field.message->list;
  if (list && ++depth_ > kMaxValueDepth) return Fail("values are nested too deeply", reader_.position());
  out = Object(out + width, *field.message);
  if (out == nullptr) return nullptr;
  depth_ -= list;
  return CloseLength(out, at, width, width_[field.id]);
}

char* Transcoder::Scalar(char* out, const FieldTable& field, bool write_zero) {
  switch (field.kind) {
    case FieldKind::kString: return String(out, field, write_zero);
    case FieldKind::kBytes: return Bytes(out, field, write_zero);
    case FieldKind::kTraceId: return Id(out, field, kTraceIdSize, write_zero);
    case FieldKind::kSpanId: return Id(out, field, kSpanIdSize, write_zero);
    default: return Number(out, field, true, write_zero);
  }
}

char* Transcoder::String(char* out, const FieldTable& field, bool write_zero) {
  std::string_view raw;
  if (!reader_.RawString(raw)) return nullptr;
  if (raw.empty() && !write_zero) return out;
  out = WriteTag(Room(out, raw.size() + kSlack), field);
  if (!reader_.HasEscapes(raw)) [[likely]]
    return CopyString(WriteVarint(out, raw.size()), raw);
  const std::size_t at = Offset(out);
  const std::size_t width = VarintSize(raw.size());
  out = reader_.Unescape(raw, out + width);
  std::uint8_t ignored = 0;
  return out == nullptr ? nullptr : CloseLength(out, at, width, ignored);
}

char* Transcoder::Bytes(char* out, const FieldTable& field, bool write_zero) {
  const std::size_t at = reader_.position();
  std::string_view text;
  if (!reader_.String(text)) return nullptr;
  const std::optional<std::string> bytes = DecodeBase64(text);
  if (!bytes) return Fail("not base64", at);
  if (bytes->empty() && !write_zero) return out;
  out = WriteVarint(WriteTag(Room(out, bytes->size() + kSlack), field), bytes->size());
  std::memcpy(out, bytes->data(), bytes->size());
  return out + bytes->size();
}

char* Transcoder::Id(char* out, const FieldTable& field, std::size_t size, bool write_zero) {
  const std::size_t at = reader_.position();
  std::string_view text;
  if (!reader_.String(text)) return nullptr;
  if (text.empty()) return write_zero ? WriteVarint(WriteTag(out, field), 0) : out;
  out = WriteVarint(WriteTag(out, field), size);
  if (text.size() == 2 * size) return ReadHex(text, out) ? out + size : Fail("not hexadecimal", at);
  if (!base64_ids_ && !IsHex(text)) return Fail("not hexadecimal", at);
  if (!base64_ids_) {
    bad_id_size_ = size;
    return Fail(fmt::format("{} hex digits, {} needed", text.size(), 2 * size), at);
  }
  Note(Beyond::kBase64Id, document_.data() + at, text);
  const std::optional<std::string> bytes = DecodeBase64(text);
  if (!bytes || bytes->size() != size) return Fail(fmt::format("not {} bytes in base64", size), at);
  std::memcpy(out, bytes->data(), size);
  return out + size;
}

char* Transcoder::Number(char* out, const FieldTable& field, bool tagged, bool write_zero) {
  const auto write = [&](bool read, const auto& value, auto how) -> char* {
    if (!read) return nullptr;
    if (value == 0 && !write_zero) return out;
    return how(tagged ? WriteTag(out, field) : out, value);
  };
  const auto varint = [](char* to, auto value) {
    return WriteVarint(to, static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
  };
  const auto fixed = [](char* to, auto value) { return WriteFixed(to, value); };
  const auto zigzag = [](char* to, std::int32_t value) {
    return WriteVarint(to, static_cast<std::uint32_t>(value) << 1 ^ static_cast<std::uint32_t>(value >> 31));
  };
  bool boolean = false;
  std::int32_t i32 = 0;
  std::uint32_t u32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  switch (field.kind) {
    case FieldKind::kBool: return write(reader_.Bool(boolean), boolean, varint);
    case FieldKind::kInt32: return write(reader_.Integer(i32), i32, varint);
    case FieldKind::kSint32: return write(reader_.Integer(i32), i32, zigzag);
    case FieldKind::kEnum: return write(Enum(field, i32), i32, varint);
    case FieldKind::kUint32: return write(reader_.Integer(u32), u32, varint);
    case FieldKind::kFixed32: return write(reader_.Integer(u32), u32, fixed);
    case FieldKind::kInt64: return write(reader_.Integer(i64), i64, varint);
    case FieldKind::kSfixed64: return write(reader_.Integer(i64), i64, fixed);
    case FieldKind::kUint64: return write(reader_.Integer(u64), u64, varint);
    case FieldKind::kFixed64: return write(reader_.Integer(u64), u64, fixed);
    default: return Double(out, field, tagged, write_zero);
  }
}

char* Transcoder::Double(char* out, const FieldTable& field, bool tagged, bool write_zero) {
  double value = 0;
  if (!reader_.Double(value)) return nullptr;
  const auto bits = std::bit_cast<std::uint64_t>(value);  // -0 is not the default
  if (bits == 0 && !write_zero) return out;
  return WriteFixed(tagged ? WriteTag(out, field) : out, bits);
}

bool Transcoder::Enum(const FieldTable& field, std::int32_t& value) {
  if (reader_.token() != '"') return reader_.Integer(value);
  const std::size_t at = reader_.position();
  std::string_view text;
  if (!reader_.String(text)) return false;
  Note(Beyond::kEnumName, document_.data() + at, text);
  if (text.empty() || text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) return reader_.IntegerOf(text, value, at);
  return FindEnumValue(field.enum_values, text, value) || reader_.Fail("no value of this enum", at);
}

}  // namespace

struct JsonToWire::State {
  explicit State(bool base64_ids) : transcoder(base64_ids) {}
  Transcoder transcoder;
};

JsonToWire::JsonToWire(bool base64_ids) : state_(std::make_unique<State>(base64_ids)) {}
JsonToWire::~JsonToWire() = default;

Status JsonToWire::Transcode(std::string_view json, std::vector<Result>& results) {
  return state_->transcoder.Transcode(json, results);
}

void JsonToWire::Release(std::size_t keep) { state_->transcoder.Release(keep); }

const JsonToWire::Counts& JsonToWire::counts() const { return state_->transcoder.counts(); }
const JsonToWire::Uses& JsonToWire::uses() const { return state_->transcoder.uses(); }
std::size_t JsonToWire::bad_id_size() const { return state_->transcoder.bad_id_size(); }

}  // namespace gf_otlp
