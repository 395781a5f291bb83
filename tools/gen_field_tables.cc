// gen_field_tables PROTO_DIR OUTPUT: writes the tables that src/otlp/field_tables.h declares, from the messages that an
// export request can hold.
#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

/// Requests in the order of gf_otlp::Signal.
constexpr std::pair<const char*, const char*> kRequests[] = {
    {"opentelemetry/proto/collector/trace/v1/trace_service.proto",
     "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest"},
    {"opentelemetry/proto/collector/logs/v1/logs_service.proto",
     "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest"},
    {"opentelemetry/proto/collector/metrics/v1/metrics_service.proto",
     "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest"},
};

// Limits that field_tables.h promises.
constexpr std::size_t kNameRoom = 32;
constexpr int kMaxNumber = 2047;  // a tag of two bytes
constexpr int kMaxFields = 64;
constexpr int kMaxFieldId = 256;

[[noreturn]] void Fail(const std::string& message) {
  std::cerr << "gen_field_tables: " << message << '\n';
  std::exit(1);
}

class ErrorPrinter : public google::protobuf::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column, const std::string& message) override {
    std::cerr << file << ':' << line + 1 << ':' << column + 1 << ": " << message << '\n';
  }
};

std::string Symbol(const std::string& full_name) {
  std::string symbol = "k";
  bool upper = true;
  for (const char c : full_name.substr(std::string_view("opentelemetry.proto.").size())) {
    if (c == '.') {
      upper = true;
    } else {
      symbol += upper ? static_cast<char>(std::toupper(c)) : c;
      upper = false;
    }
  }
  return symbol;
}

/// A string_view of a literal that is filled up with zeros.
std::string PaddedName(const std::string& name) {
  if (name.size() > kNameRoom) Fail("name too long: " + name);
  std::string zeros;
  for (std::size_t i = name.size(); i < kNameRoom; ++i) zeros += "\\0";
  return "{\"" + name + zeros + "\", " + std::to_string(name.size()) + "}";
}

std::string_view Kind(const FieldDescriptor& field) {
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING: return "kString";
    case FieldDescriptor::TYPE_BYTES:
      if (field.name() == "trace_id") return "kTraceId";
      if (field.name() == "span_id" || field.name() == "parent_span_id") return "kSpanId";
      return "kBytes";
    case FieldDescriptor::TYPE_BOOL: return "kBool";
    case FieldDescriptor::TYPE_INT32: return "kInt32";
    case FieldDescriptor::TYPE_INT64: return "kInt64";
    case FieldDescriptor::TYPE_UINT32: return "kUint32";
    case FieldDescriptor::TYPE_UINT64: return "kUint64";
    case FieldDescriptor::TYPE_SINT32: return "kSint32";
    case FieldDescriptor::TYPE_FIXED32: return "kFixed32";
    case FieldDescriptor::TYPE_FIXED64: return "kFixed64";
    case FieldDescriptor::TYPE_SFIXED64: return "kSfixed64";
    case FieldDescriptor::TYPE_DOUBLE: return "kDouble";
    case FieldDescriptor::TYPE_ENUM: return "kEnum";
    case FieldDescriptor::TYPE_MESSAGE: return "kMessage";
    default: Fail("no kind for the type of " + field.full_name());
  }
}

int WireType(const FieldDescriptor& field) {
  if (field.is_packable() && field.is_repeated()) return 2;
  switch (field.type()) {
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE: return 2;
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE: return 1;
    case FieldDescriptor::TYPE_FIXED32: return 5;
    default: return 0;
  }
}

bool Reaches(const Descriptor& from, const Descriptor& to, std::set<const Descriptor*>& seen) {
  if (&from == &to) return true;
  if (!seen.insert(&from).second) return false;
  for (int i = 0; i < from.field_count(); ++i) {
    const Descriptor* next = from.field(i)->message_type();
    if (next != nullptr && Reaches(*next, to, seen)) return true;
  }
  return false;
}

/// One of whose repeated fields leads back to itself.
bool IsList(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    const FieldDescriptor& field = *message.field(i);
    std::set<const Descriptor*> seen;
    if (field.is_repeated() && field.message_type() && Reaches(*field.message_type(), message, seen)) return true;
  }
  return false;
}

class Generator {
 public:
  explicit Generator(std::ostream& out) : out_(out) {}

  void Write(const std::vector<const Descriptor*>& requests) {
    for (const Descriptor* request : requests) Collect(*request);
    out_ << "// Made by tools/gen_field_tables.cc from proto/.\n#include \"otlp/field_tables.h\"\n\n"
            "namespace gf_otlp {\nnamespace field_tables {\n\n";
    for (const EnumDescriptor* e : enums_) WriteEnum(*e);
    for (const Descriptor* m : messages_) out_ << "extern const MessageTable " << Symbol(m->full_name()) << ";\n";
    for (const Descriptor* m : messages_) WriteMessage(*m);
    out_ << "\n}  // namespace field_tables\n\nconst MessageTable& RequestTable(Signal signal) {\n"
            "  static constexpr const MessageTable* kTables[kSignalCount] = {\n";
    for (const Descriptor* request : requests) out_ << "      &field_tables::" << Symbol(request->full_name()) << ",\n";
    out_ << "  };\n  return *kTables[static_cast<int>(signal)];\n}\n\n}  // namespace gf_otlp\n";
  }

 private:
  void Collect(const Descriptor& message) {
    if (std::find(messages_.begin(), messages_.end(), &message) != messages_.end()) return;
    messages_.push_back(&message);
    for (int i = 0; i < message.field_count(); ++i) {
      const FieldDescriptor& field = *message.field(i);
      if (field.message_type()) Collect(*field.message_type());
      const EnumDescriptor* e = field.enum_type();
      if (e && std::find(enums_.begin(), enums_.end(), e) == enums_.end()) enums_.push_back(e);
    }
  }

  void WriteEnum(const EnumDescriptor& e) {
    out_ << "constexpr EnumValue " << Symbol(e.full_name()) << "[] = {\n";
    for (int i = 0; i < e.value_count(); ++i) {
      out_ << "    {\"" << e.value(i)->name() << "\", " << e.value(i)->number() << "},\n";
    }
    out_ << "};\n\n";
  }

  void WriteMessage(const Descriptor& message) {
    std::vector<const FieldDescriptor*> fields;
    for (int i = 0; i < message.field_count(); ++i) fields.push_back(message.field(i));
    std::sort(fields.begin(), fields.end(), [](auto* a, auto* b) { return a->number() < b->number(); });
    if (fields.empty() || fields.size() > kMaxFields) Fail("no or too many fields: " + message.full_name());
    const std::string symbol = Symbol(message.full_name());
    out_ << "\nconstexpr FieldTable " << symbol << "Fields[] = {\n";
    for (std::size_t i = 0; i < fields.size(); ++i) WriteField(*fields[i], i);
    out_ << "};\nconstexpr std::uint8_t " << symbol << "Numbers[] = {";
    for (int number = 0; number <= fields.back()->number(); ++number) {
      const auto at = std::find_if(fields.begin(), fields.end(), [&](auto* f) { return f->number() == number; });
      out_ << (number ? ", " : "") << (at == fields.end() ? 0 : at - fields.begin() + 1);
    }
    out_ << "};\nconstinit const MessageTable " << symbol << " = {\"" << message.name() << "\", " << symbol
         << "Fields, " << symbol << "Numbers, " << (IsList(message) ? "true" : "false") << "};\n";
  }

  void WriteField(const FieldDescriptor& field, std::size_t index) {
    if (field.number() > kMaxNumber || next_id_ == kMaxFieldId) Fail("too many fields: " + field.full_name());
    const int tag = field.number() << 3 | WireType(field);
    const int size = tag < 0x80 ? 1 : 2;
    const int first = size == 1 ? tag : (tag & 0x7f) | 0x80;
    const auto* oneof = field.real_containing_oneof();
    const auto boolean = [](bool b) { return b ? "true" : "false"; };
    out_ << "    {" << PaddedName(field.json_name()) << ",\n     " << PaddedName(field.name()) << ",\n     "
         << field.number() << ", FieldKind::" << Kind(field) << ", " << boolean(field.is_repeated()) << ", "
         << boolean(field.type() != FieldDescriptor::TYPE_MESSAGE && field.has_presence()) << ", "
         << (oneof ? oneof->index() : -1) << ", " << index << ", " << size << ", " << next_id_++ << ", {" << first
         << ", " << (size == 1 ? 0 : tag >> 7) << "}, "
         << (field.message_type() ? "&" + Symbol(field.message_type()->full_name()) : "nullptr") << ", "
         << (field.enum_type() ? Symbol(field.enum_type()->full_name()) : "{}") << "},\n";
  }

  std::ostream& out_;
  std::vector<const Descriptor*> messages_;
  std::vector<const EnumDescriptor*> enums_;
  int next_id_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) Fail("usage: gen_field_tables PROTO_DIR OUTPUT");
  google::protobuf::compiler::DiskSourceTree tree;
  tree.MapPath("", argv[1]);
  ErrorPrinter errors;
  google::protobuf::compiler::Importer importer(&tree, &errors);
  std::vector<const Descriptor*> requests;
  for (const auto& [file, message] : kRequests) {
    if (importer.Import(file) == nullptr) Fail(std::string("cannot read ") + file);
    requests.push_back(importer.pool()->FindMessageTypeByName(message));
    if (requests.back() == nullptr) Fail(std::string("no message ") + message);
  }
  std::ofstream out(argv[2]);
  Generator(out).Write(requests);
  if (!out.flush()) Fail(std::string("cannot write ") + argv[2]);
}
