#include "unit/otlp/random_wire.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace gf_otlp::test {
namespace {

namespace collector = opentelemetry::proto::collector;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr std::uint32_t kScopes = 2, kDeprecatedScopes = 1000;
constexpr int kMaxDepth = 24;

WireType NativeType(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_DOUBLE:
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64: return kFixed64;
    case FieldDescriptor::TYPE_FLOAT:
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32: return kFixed32;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE: return kBytes;
    default: return kVarint;
  }
}

void AppendShortVarint(std::uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

/// Whether the message is ResourceSpans, ResourceLogs or ResourceMetrics.
bool IsResourceElement(const Descriptor& type) {
  const auto* const scopes = type.FindFieldByNumber(kScopes);
  return type.name().starts_with("Resource") && scopes != nullptr && scopes->message_type() != nullptr;
}

}  // namespace

std::unique_ptr<google::protobuf::Message> NewReferenceRequest(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return std::make_unique<collector::trace::v1::ExportTraceServiceRequest>();
    case Signal::kLogs: return std::make_unique<collector::logs::v1::ExportLogsServiceRequest>();
    case Signal::kMetrics: return std::make_unique<collector::metrics::v1::ExportMetricsServiceRequest>();
  }
  return nullptr;
}

std::string RandomWire::Request(Signal signal) {
  std::string out;
  AppendMessage(*NewReferenceRequest(signal)->GetDescriptor(), 0, out);
  return out;
}

void RandomWire::Mutate(std::string& bytes) {
  for (std::uint64_t n = 1 + Below(3); n > 0; --n) {
    const std::size_t at = Below(bytes.size() + 1);
    const std::size_t size = std::min<std::size_t>(1 + Below(8), bytes.size() - at);
    switch (Below(5)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << Below(8)));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(Below(256));
        break;
      case 2: OneIn(2) ? bytes.resize(at) : void(bytes.erase(at, size)); break;
      case 3: bytes.insert(at, 1, static_cast<char>(Below(256))); break;
      default: bytes.insert(at, bytes.substr(at, size));
    }
  }
}

void RandomWire::AppendMessage(const Descriptor& type, int depth, std::string& out) {
  if (depth > kMaxDepth) return;
  std::uint64_t fields = Below(type.field_count() == 1 ? 4 : 8);
  if (!options_.odd_forms) {
    for (int i = 0; i < type.field_count(); ++i) {
      const FieldDescriptor& field = *type.field(i);
      const auto* const oneof = field.real_containing_oneof();
      if (oneof != nullptr && i != oneof->field(0)->index()) continue;
      const FieldDescriptor& chosen = oneof ? *oneof->field(static_cast<int>(Below(oneof->field_count()))) : field;
      for (std::uint64_t n = Below(field.is_repeated() ? 3 : 2); n > 0; --n) AppendField(chosen, depth, out);
    }
    fields = 0;
  }
  for (; fields > 0; --fields) {
    if (options_.unknown_fields && OneIn(12)) {
      AppendUnknown(type, depth, out);
    } else {
      AppendField(*type.field(static_cast<int>(Below(type.field_count()))), depth, out);
    }
  }
}

void RandomWire::AppendField(const FieldDescriptor& field, int depth, std::string& out) {
  auto number = static_cast<std::uint32_t>(field.number());
  if (options_.deprecated_scopes && number == kScopes && IsResourceElement(*field.containing_type()) && OneIn(6)) {
    number = kDeprecatedScopes;
  }
  const WireType type = NativeType(field);
  if (field.is_packable() && OneIn(options_.odd_forms ? 2 : 1)) {
    AppendTag(number, kBytes, out);
    std::string packed;
    AppendPacked(field, packed);
    AppendBytes(packed, out);
    return;
  }
  AppendTag(number, type, out);
  if (field.message_type() != nullptr) {
    std::string message;
    AppendMessage(*field.message_type(), depth + 1, message);
    AppendBytes(message, out);
  } else if (type == kBytes) {
    AppendBytes(Bytes(&field), out);
  } else {
    AppendScalar(type, out);
  }
}

void RandomWire::AppendPacked(const FieldDescriptor& field, std::string& out) {
  for (std::uint64_t n = Below(5); n > 0; --n) AppendScalar(NativeType(field), out);
}

void RandomWire::AppendUnknown(const Descriptor& type, int depth, std::string& out) {
  constexpr std::uint32_t kNumbers[] = {40, 999, 1001, 2047, 2048, 70'000, 536'870'911};
  constexpr WireType kTypes[] = {kVarint, kFixed64, kBytes, kStartGroup, kFixed32};
  std::uint32_t number = kNumbers[Below(std::size(kNumbers))];
  WireType wire_type = kTypes[Below(std::size(kTypes))];
  if (OneIn(2)) {  // a known number, of a type that it does not have
    const FieldDescriptor& field = *type.field(static_cast<int>(Below(type.field_count())));
    const bool known = wire_type == NativeType(field) || (wire_type == kBytes && field.is_packable());
    if (!known) number = static_cast<std::uint32_t>(field.number());
  }
  AppendTag(number, wire_type, out);
  if (wire_type == kBytes) {
    AppendBytes(Bytes(nullptr), out);
  } else if (wire_type == kStartGroup) {
    if (depth < kMaxDepth) AppendMessage(type, kMaxDepth - 1, out);
    AppendTag(number, kEndGroup, out);
  } else {
    AppendScalar(wire_type, out);
  }
}

void RandomWire::AppendScalar(WireType type, std::string& out) {
  std::uint64_t number = Number();
  if (type == kVarint) return AppendVarint(number, 10, out);
  for (int size = type == kFixed64 ? 8 : 4; size > 0; --size, number >>= 8) out += static_cast<char>(number);
}

void RandomWire::AppendVarint(std::uint64_t value, int max_bytes, std::string& out) {
  auto size = std::max(1, static_cast<int>(std::bit_width(value) + 6) / 7);
  if (options_.odd_forms && OneIn(16)) size += static_cast<int>(Below(max_bytes - size + 1));
  for (; size > 1; --size, value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value & 0x7f);
}

void RandomWire::AppendTag(std::uint32_t field, WireType type, std::string& out) {
  AppendVarint(Tag(field, type), 5, out);
}

void RandomWire::AppendBytes(std::string_view bytes, std::string& out) {
  AppendVarint(bytes.size(), 5, out);  // libprotobuf takes no more
  out += bytes;
}

std::uint64_t RandomWire::Number() {
  switch (Below(6)) {
    case 0: return 0;
    case 1: return Below(3);
    case 2: return Below(1000);
    case 3: return std::numeric_limits<std::uint64_t>::max() - Below(2);
    case 4: return std::bit_cast<std::uint64_t>(static_cast<double>(Below(1000)) / 8);
    default: return random_();
  }
}

std::string RandomWire::Bytes(const FieldDescriptor* field) {
  std::uint64_t size = OneIn(8) ? Below(200) : Below(12);
  if (field != nullptr && field->name().ends_with("trace_id")) size = OneIn(6) ? 0 : 16;
  if (field != nullptr && field->name().ends_with("span_id")) size = OneIn(6) ? 0 : 8;
  std::string bytes(size, '\0');
  if (OneIn(8)) return bytes;
  const bool printable = OneIn(2);
  for (char& c : bytes) c = static_cast<char>(printable ? 'a' + Below(26) : Below(256));
  return bytes;
}

std::string WithoutDeprecatedScopes(std::string_view request) {
  const auto resource_element = [](std::string_view resource) {
    std::string out;
    WireCursor cursor(resource);
    while (!cursor.Done()) {
      const char* const begin = cursor.position();
      const std::uint32_t tag = cursor.ReadTag();
      const char* const content = cursor.position();
      cursor.Skip(tag);
      if (tag == Tag(kDeprecatedScopes, kBytes)) {
        out += static_cast<char>(Tag(kScopes, kBytes));
        out.append(content, cursor.position());
      } else {
        out.append(begin, cursor.position());
      }
    }
    return out;
  };
  std::string out;
  WireCursor cursor(request);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    if (tag == Tag(1, kBytes)) {
      const std::string resource = resource_element(cursor.ReadBytes());
      AppendShortVarint(tag, out);
      AppendShortVarint(resource.size(), out);
      out += resource;
    } else {
      cursor.Skip(tag);
      out.append(begin, cursor.position());
    }
  }
  return out;
}

std::string WithShortLengths(const Descriptor& type, std::string_view message) {
  std::string out;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const char* const begin = cursor.position();
    const std::uint32_t tag = cursor.ReadTag();
    if ((tag & 7) != kBytes) {
      cursor.Skip(tag);
      out.append(begin, cursor.position());
      continue;
    }
    std::string content(cursor.ReadBytes());
    const FieldDescriptor* const field = type.FindFieldByNumber(static_cast<int>(tag >> 3));
    if (field != nullptr && field->message_type() != nullptr)
      content = WithShortLengths(*field->message_type(), content);
    AppendShortVarint(tag, out);
    AppendShortVarint(content.size(), out);
    out += content;
  }
  return out;
}

}  // namespace gf_otlp::test
