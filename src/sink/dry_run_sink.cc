#include "sink/dry_run_sink.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/base64.h"
#include "base/json_text.h"
#include "base/utf8.h"

namespace gf_otlp {
namespace {

constexpr std::size_t kKeptBuffer = std::size_t{8} << 20;

void AppendJson(PaddedBuffer& out, std::string_view text) { AppendJsonString<JsonEscapes::kPlain>(out, text); }

void AppendBase64(PaddedBuffer& out, std::string_view bytes) {
  out.Append('"');
  out.Reserve(Base64Size(bytes.size()));
  out.SetEnd(WriteBase64(out.end(), bytes));
  out.Append('"');
}

/// ,"name":"text", or ,"name_base64":"..." if that is not UTF-8.
void AppendBytes(PaddedBuffer& out, std::string_view name, std::string_view bytes) {
  out.Append(",\"");
  out.Append(name);
  if (IsUtf8(bytes)) {
    out.Append("\":");
    AppendJson(out, bytes);
    return;
  }
  out.Append("_base64\":");
  AppendBase64(out, bytes);
}

std::string TopicText(const Route& route) {
  PaddedBuffer text;
  text.Append("{\"topic\":");
  AppendJson(text, route.topic);
  return std::string(text.view());
}

std::string HeadersText(const Route& route) {
  std::set<std::string_view> names;
  for (const auto& [name, value] : route.headers) names.insert(name);
  const bool object = names.size() == route.headers.size();
  PaddedBuffer text;
  text.Append(object ? ",\"headers\":{" : ",\"headers\":[");
  for (const auto& [name, value] : route.headers) {
    if (&name != &route.headers.front().first) text.Append(',');
    if (!object) text.Append('[');
    AppendJson(text, name);
    text.Append(object ? ':' : ',');
    if (IsUtf8(value)) {
      AppendJson(text, value);
    } else {
      text.Append("{\"base64\":");
      AppendBase64(text, value);
      text.Append('}');
    }
    if (!object) text.Append(']');
  }
  text.Append(object ? '}' : ']');
  return std::string(text.view());
}

}  // namespace

DryRunSink::DryRunSink(const std::vector<Route>& routes, PartitionOf partition_of, Dump dump)
    : partition_of_(std::move(partition_of)), dump_(std::move(dump)), counter_(routes) {
  for (const Route& route : routes) route_texts_.push_back({TopicText(route), HeadersText(route)});
}

Status DryRunSink::Write(Batch& batch) {
  for (const Message& message : batch.messages) {
    const std::optional<int> partition = partition_of_(message.route, batch.key(message));
    counter_.Add(batch, message, partition);
    if (dump_) AppendLine(batch, message, partition);
  }
  batch.Clear(kKeptBuffer);
  if (lines_.empty()) return {};
  Status status = dump_(lines_.view());
  lines_.Shrink(kKeptBuffer);
  return status;
}

void DryRunSink::AppendLine(const Batch& batch, const Message& message, std::optional<int> partition) {
  const RouteText& text = route_texts_[message.route];
  lines_.Append(text.topic);
  if (message.key_size == 0) {
    lines_.Append(R"(,"key":null)");
  } else {
    AppendBytes(lines_, "key", batch.key(message));
  }
  lines_.Append(text.headers);
  if (partition) lines_.Append(fmt::format(R"(,"partition":{})", *partition));
  AppendBytes(lines_, "value", batch.text(message));
  lines_.Append("}\n");
}

}  // namespace gf_otlp
