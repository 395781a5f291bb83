#include "input/fits.h"

#include <array>
#include <iterator>

#include "gf_otlp/records.h"
#include "input/wire_prefix.h"

namespace gf_otlp {
namespace {

/// Deeper than real messages go; what lies deeper is taken to fit.
constexpr int kMaxLook = 64;

/// A bit for each wire type.
using WireTypes = std::uint8_t;
constexpr WireTypes Bit(std::uint32_t wire_type) { return static_cast<WireTypes>(1U << wire_type); }
constexpr WireTypes kAnyWireType = 0xff;

constexpr WireTypes WireTypesOf(const FieldTable& field) {
  WireTypes scalar = 0;
  switch (field.kind) {
    case FieldKind::kString:
    case FieldKind::kBytes:
    case FieldKind::kTraceId:
    case FieldKind::kSpanId:
    case FieldKind::kMessage: return Bit(kBytes);
    case FieldKind::kFixed32: scalar = Bit(kFixed32); break;
    case FieldKind::kFixed64:
    case FieldKind::kSfixed64:
    case FieldKind::kDouble: scalar = Bit(kFixed64); break;
    default: scalar = Bit(kVarint);
  }
  return field.repeated ? scalar | Bit(kBytes) : scalar;  // packed or not
}

/// What opentelemetry.proto.profiles.v1development.Profile has had under each number in the releases so far: the
/// message is still being renumbered, so that each may have several forms.
constexpr WireTypes kProfileFields[] = {
    kAnyWireType,
    Bit(kBytes),                                 // sample_type
    Bit(kBytes),                                 // samples
    Bit(kVarint) | Bit(kBytes) | Bit(kFixed64),  // location_indices, time_unix_nano
    Bit(kVarint),                                // time, duration
    Bit(kVarint) | Bit(kBytes),                  // duration, period_type
    Bit(kVarint) | Bit(kBytes),                  // period, period_type
    Bit(kVarint) | Bit(kBytes),                  // period, profile_id
    Bit(kVarint) | Bit(kBytes),                  // comment_strindices, dropped_attributes_count
    Bit(kVarint) | Bit(kBytes),                  // default_sample_type, profile_id, original_payload_format
    Bit(kVarint) | Bit(kBytes),                  // profile_id, dropped_attributes_count, original_payload
    Bit(kVarint) | Bit(kBytes),                  // original_payload_format, attribute_indices
    Bit(kBytes),                                 // original_payload_format, original_payload
    Bit(kVarint) | Bit(kBytes),                  // original_payload, attribute_indices
    Bit(kVarint) | Bit(kBytes),                  // attribute_indices
};
/// ValueType: indices of strings, a temporality. It never had other fields: if it could, any text might be one.
constexpr WireTypes kValueTypeFields[] = {0, Bit(kVarint), Bit(kVarint), Bit(kVarint)};

bool FitsAt(const MessageTable& table, std::string_view message, bool cut, int depth) {
  if (depth > kMaxLook) return true;
  return ForEachField(message, cut, [&](const FieldHead& head, std::string_view value, bool value_cut) {
    const FieldTable* field = table.ByNumber(head.number);
    if (field == nullptr) return true;
    if ((WireTypesOf(*field) & Bit(head.wire_type)) == 0) return false;
    switch (field->kind) {
      case FieldKind::kMessage: return FitsAt(*field->message, value, value_cut, depth + 1);
      case FieldKind::kTraceId: return head.value_size == 0 || head.value_size == kTraceIdSize;
      case FieldKind::kSpanId: return head.value_size == 0 || head.value_size == kSpanIdSize;
      default: return true;
    }
  });
}

bool ValueTypeFits(std::string_view message, bool cut) {
  return ForEachField(message, cut, [&](const FieldHead& head, std::string_view, bool) {
    return head.number < std::size(kValueTypeFields) && (kValueTypeFields[head.number] & Bit(head.wire_type)) != 0;
  });
}

WireTypes ProfileWireTypes(std::uint32_t number) {
  return number < std::size(kProfileFields) ? kProfileFields[number] : kAnyWireType;
}

bool ProfileFits(std::string_view record, bool cut) {
  constexpr std::uint32_t kSampleType = 1;
  return ForEachField(record, cut, [&](const FieldHead& head, std::string_view value, bool value_cut) {
    if ((ProfileWireTypes(head.number) & Bit(head.wire_type)) == 0) return false;
    return head.number != kSampleType || ValueTypeFits(value, value_cut);
  });
}

const MessageTable& RecordTable(int signal) {
  const MessageTable& resource = *RequestTable(static_cast<Signal>(signal)).ByNumber(1)->message;
  return *resource.ByNumber(2)->message->ByNumber(2)->message;
}

/// For each field number and wire type, the signals whose records may have it.
struct RecordFields {
  static constexpr std::size_t kNumbers = 32, kWireTypes = 8;
  std::array<std::array<SignalSet, kWireTypes>, kNumbers> possible{};
  std::array<SignalSet, kNumbers> trace_id{}, span_id{};

  RecordFields() {
    for (std::uint32_t number = 0; number < kNumbers; ++number) {
      for (std::uint32_t wire_type = 0; wire_type < kWireTypes; ++wire_type) {
        for (int s = 0; s < kAnySignalCount; ++s) {
          if ((AllowedIn(s, number) & Bit(wire_type)) != 0) possible[number][wire_type] |= Bit(s);
        }
      }
      for (int s = 0; s < kSignalCount; ++s) {
        const FieldTable* field = RecordTable(s).ByNumber(number);
        if (field != nullptr && field->kind == FieldKind::kTraceId) trace_id[number] |= Bit(s);
        if (field != nullptr && field->kind == FieldKind::kSpanId) span_id[number] |= Bit(s);
      }
    }
  }

  static WireTypes AllowedIn(int signal, std::uint32_t number) {
    if (signal == kProfiles) return ProfileWireTypes(number);
    const FieldTable* field = RecordTable(signal).ByNumber(number);
    return field != nullptr ? WireTypesOf(*field) : kAnyWireType;
  }
};

}  // namespace

bool Fits(const MessageTable& table, std::string_view message, bool cut) { return FitsAt(table, message, cut, 0); }

bool RecordFits(int signal, std::string_view record, bool cut) {
  return signal == kProfiles ? ProfileFits(record, cut) : FitsAt(RecordTable(signal), record, cut, 0);
}

SignalSet SignalsWithField(std::uint32_t number, std::uint32_t wire_type, std::uint64_t size) {
  static const RecordFields kFields;
  if (number >= RecordFields::kNumbers) return kAllSignals;
  SignalSet set = kFields.possible[number][wire_type];
  if (size != 0 && size != kTraceIdSize) set &= static_cast<SignalSet>(~kFields.trace_id[number]);
  if (size != 0 && size != kSpanIdSize) set &= static_cast<SignalSet>(~kFields.span_id[number]);
  return set;
}

}  // namespace gf_otlp
