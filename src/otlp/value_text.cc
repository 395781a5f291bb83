#include "otlp/value_text.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/base64.h"
#include "base/hex.h"
#include "base/json_text.h"
#include "base/number_text.h"
#include "otlp/value_reader.h"

namespace gf_otlp {
namespace {

using Kind = Value::Kind;

template <std::integral T>
void AppendInteger(PaddedBuffer& out, T value) {
  out.Reserve(kIntegerRoom);
  out.SetEnd(WriteInteger(out.end(), value));
}

void AppendBase64(PaddedBuffer& out, std::string_view bytes) {
  out.Reserve(Base64Size(bytes.size()));
  out.SetEnd(WriteBase64(out.end(), bytes));
}

std::string_view SpecialName(double value, bool go_names) {
  if (std::isnan(value)) return "NaN";
  if (go_names) return value > 0 ? "+Inf" : "-Inf";
  return value > 0 ? "Infinity" : "-Infinity";
}

std::uint64_t AppendString(std::string_view text, bool html_escapes, PaddedBuffer& out) {
  return html_escapes ? AppendJsonString<JsonEscapes::kGoHtml>(out, text)
                      : AppendJsonString<JsonEscapes::kGo>(out, text);
}

/// An object's entries, in any order.
std::uint64_t AppendObject(std::span<Attribute> entries, bool html_escapes, PaddedBuffer& out) {
  std::ranges::stable_sort(entries, {}, &Attribute::key);
  std::uint64_t replaced = 0;
  bool first = true;
  out.Append("{");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i + 1 < entries.size() && entries[i + 1].key == entries[i].key) continue;
    if (!first) out.Append(",");
    first = false;
    replaced += AppendString(entries[i].key, html_escapes, out);
    out.Append(":");
    replaced += AppendValueJson(entries[i].value, html_escapes, out);
  }
  out.Append("}");
  return replaced;
}

std::uint64_t AppendArray(std::string_view array, bool html_escapes, PaddedBuffer& out) {
  std::uint64_t replaced = 0;
  bool first = true;
  out.Append("[");
  ForEachElement(array, [&](const Value& element) {
    if (!first) out.Append(",");
    first = false;
    replaced += AppendValueJson(element, html_escapes, out);
  });
  out.Append("]");
  return replaced;
}

void AppendDoubleJson(double value, PaddedBuffer& out) {
  if (!std::isfinite(value)) {
    out.Append("\"");
    out.Append(SpecialName(value, false));
    out.Append("\"");
    return;
  }
  out.Reserve(kDoubleRoom);
  out.SetEnd(WriteDouble(out.end(), value));
}

void AppendDoubleText(double value, bool plain, PaddedBuffer& out) {
  if (!std::isfinite(value)) return out.Append(SpecialName(value, plain));
  out.Reserve(kPlainDoubleRoom);
  out.SetEnd(plain ? WritePlainDouble(out.end(), value) : WriteDouble(out.end(), value));
}

void AppendBytesText(std::string_view bytes, bool hex, PaddedBuffer& out) {
  if (!hex) return AppendBase64(out, bytes);
  out.Reserve(2 * bytes.size());
  out.SetEnd(WriteHex(out.end(), bytes));
}

}  // namespace

std::uint64_t AppendValueJson(const Value& value, bool html_escapes, PaddedBuffer& out) {
  switch (value.kind()) {
    case Kind::kEmpty: out.Append("null"); return 0;
    case Kind::kString: return AppendString(value.bytes(), html_escapes, out);
    case Kind::kBool: out.Append(value.as_bool() ? "true" : "false"); return 0;
    case Kind::kInt: AppendInteger(out, value.as_int()); return 0;
    case Kind::kDouble: AppendDoubleJson(value.as_double(), out); return 0;
    case Kind::kArray: return AppendArray(value.bytes(), html_escapes, out);
    case Kind::kKvlist: {
      // Entries whose lists came in pieces point into `joined`, so it has to live as long as they do.
      JoinedBytes joined;
      std::vector<Attribute> entries;
      ReadEntries(value.bytes(), entries, joined);
      return AppendObject(entries, html_escapes, out);
    }
    case Kind::kBytes:
      if (value.bytes().empty()) {
        out.Append("null");
      } else {
        out.Append("\"");
        AppendBase64(out, value.bytes());
        out.Append("\"");
      }
      return 0;
  }
  return 0;
}

std::uint64_t AppendAttributesJson(const Attributes& attributes, bool html_escapes, PaddedBuffer& out) {
  std::vector<Attribute> entries(attributes.begin(), attributes.end());
  return AppendObject(entries, html_escapes, out);
}

std::uint64_t AppendValueText(const Value& value, const ValueTextStyle& style, PaddedBuffer& out) {
  switch (value.kind()) {
    case Kind::kEmpty: return 0;
    case Kind::kString: out.Append(value.bytes()); return 0;
    case Kind::kBool: out.Append(value.as_bool() ? "true" : "false"); return 0;
    case Kind::kInt: AppendInteger(out, value.as_int()); return 0;
    case Kind::kDouble: AppendDoubleText(value.as_double(), style.plain_doubles, out); return 0;
    case Kind::kBytes: AppendBytesText(value.bytes(), style.hex_bytes, out); return 0;
    case Kind::kArray:
    case Kind::kKvlist: return AppendValueJson(value, style.html_escapes, out);
  }
  return 0;
}

}  // namespace gf_otlp
