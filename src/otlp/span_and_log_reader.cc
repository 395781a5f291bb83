#include "gf_otlp/records.h"
#include "otlp/value_reader.h"
#include "otlp/wire_scalars.h"

/// RequestReader on spans and log records (trace.proto, logs.proto).
namespace gf_otlp {

bool RequestReader::ReadSpan(std::string_view message) {
  Span& s = span_;
  s.trace_id = s.span_id = s.trace_state = s.parent_span_id = s.name = s.status_message = {};
  s.kind = s.status_code = 0;
  s.start_time = s.end_time = 0;
  s.dropped_attributes_count = s.dropped_events_count = s.dropped_links_count = s.flags = 0;
  s.attributes.clear();
  s.events.clear();
  s.links.clear();
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes):
        if (!ReadId(cursor.ReadBytes(), kTraceIdSize, s.trace_id)) return false;
        break;
      case Tag(2, kBytes):
        if (!ReadId(cursor.ReadBytes(), kSpanIdSize, s.span_id)) return false;
        break;
      case Tag(3, kBytes): s.trace_state = cursor.ReadBytes(); break;
      case Tag(4, kBytes):
        if (!ReadId(cursor.ReadBytes(), kSpanIdSize, s.parent_span_id)) return false;
        break;
      case Tag(5, kBytes): s.name = cursor.ReadBytes(); break;
      case Tag(6, kVarint): s.kind = ReadInt32(cursor); break;
      case Tag(7, kFixed64): s.start_time = cursor.ReadFixed64(); break;
      case Tag(8, kFixed64): s.end_time = cursor.ReadFixed64(); break;
      case Tag(9, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), s.attributes)) return false;
        break;
      case Tag(10, kVarint): s.dropped_attributes_count = ReadUint32(cursor); break;
      case Tag(11, kBytes):
        if (!CountPart(message) || !ReadEvent(cursor.ReadBytes(), s.events.Add())) return false;
        break;
      case Tag(12, kVarint): s.dropped_events_count = ReadUint32(cursor); break;
      case Tag(13, kBytes):
        if (!CountPart(message) || !ReadLink(cursor.ReadBytes(), s.links.Add())) return false;
        break;
      case Tag(14, kVarint): s.dropped_links_count = ReadUint32(cursor); break;
      case Tag(15, kBytes):
        if (!ReadStatus(cursor.ReadBytes())) return false;
        break;
      case Tag(16, kFixed32): s.flags = cursor.ReadFixed32(); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadEvent(std::string_view message, SpanEvent& event) {
  event.time = 0;
  event.name = {};
  event.dropped_attributes_count = 0;
  event.attributes.clear();
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kFixed64): event.time = cursor.ReadFixed64(); break;
      case Tag(2, kBytes): event.name = cursor.ReadBytes(); break;
      case Tag(3, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), event.attributes)) return false;
        break;
      case Tag(4, kVarint): event.dropped_attributes_count = ReadUint32(cursor); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadLink(std::string_view message, SpanLink& link) {
  link.trace_id = link.span_id = link.trace_state = {};
  link.dropped_attributes_count = link.flags = 0;
  link.attributes.clear();
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kBytes):
        if (!ReadId(cursor.ReadBytes(), kTraceIdSize, link.trace_id)) return false;
        break;
      case Tag(2, kBytes):
        if (!ReadId(cursor.ReadBytes(), kSpanIdSize, link.span_id)) return false;
        break;
      case Tag(3, kBytes): link.trace_state = cursor.ReadBytes(); break;
      case Tag(4, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), link.attributes)) return false;
        break;
      case Tag(5, kVarint): link.dropped_attributes_count = ReadUint32(cursor); break;
      case Tag(6, kFixed32): link.flags = cursor.ReadFixed32(); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadStatus(std::string_view message) {
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(2, kBytes): span_.status_message = cursor.ReadBytes(); break;
      case Tag(3, kVarint): span_.status_code = ReadInt32(cursor); break;
      default: cursor.Skip(tag);
    }
  }
  return Finish(cursor);
}

bool RequestReader::ReadLog(std::string_view message) {
  LogRecord& l = log_;
  l.time = l.observed_time = 0;
  l.severity_number = 0;
  l.severity_text = l.trace_id = l.span_id = l.event_name = {};
  l.body = Value();
  l.dropped_attributes_count = l.flags = 0;
  l.attributes.clear();
  ValueError error;
  int bodies = 0;
  WireCursor cursor(message);
  while (!cursor.Done()) {
    const std::uint32_t tag = cursor.ReadTag();
    switch (tag) {
      case Tag(1, kFixed64): l.time = cursor.ReadFixed64(); break;
      case Tag(2, kVarint): l.severity_number = ReadInt32(cursor); break;
      case Tag(3, kBytes): l.severity_text = cursor.ReadBytes(); break;
      case Tag(5, kBytes):
        ++bodies;
        if (!ReadAnyValue(cursor.ReadBytes(), 0, l.body, joined_, error)) return Fail(error.why, error.at);
        break;
      case Tag(6, kBytes):
        if (!ReadAttribute(cursor.ReadBytes(), l.attributes)) return false;
        break;
      case Tag(7, kVarint): l.dropped_attributes_count = ReadUint32(cursor); break;
      case Tag(8, kFixed32): l.flags = cursor.ReadFixed32(); break;
      case Tag(9, kBytes):
        if (!ReadId(cursor.ReadBytes(), kTraceIdSize, l.trace_id)) return false;
        break;
      case Tag(10, kBytes):
        if (!ReadId(cursor.ReadBytes(), kSpanIdSize, l.span_id)) return false;
        break;
      case Tag(11, kFixed64): l.observed_time = cursor.ReadFixed64(); break;
      case Tag(12, kBytes): l.event_name = cursor.ReadBytes(); break;
      default: cursor.Skip(tag);
    }
  }
  if (!Finish(cursor)) return false;
  if (bodies > 1) [[unlikely]] {
    const std::string_view body = JoinPieces(message, Tag(5, kBytes), joined_);
    return ReadAnyValue(body, kCheckedBefore, l.body, joined_, error) || Fail(error.why, error.at);
  }
  return true;
}

}  // namespace gf_otlp
