#include <fmt/format.h>

#include <cmath>

#include "base/hex.h"
#include "base/shown_text.h"
#include "otlp/id_check.h"
#include "otlp/record_check.h"

/// RecordChecker on spans and log records.
namespace gf_otlp {
namespace {

constexpr std::int32_t kSpanKinds = 6, kStatusCodes = 3, kSeverities = 25;
constexpr std::uint32_t kTraceFlags = 0xff;

bool IsNumberOf(std::int32_t number, std::int32_t count) { return number >= 0 && number < count; }

}  // namespace

void RecordChecker::CheckSpan(const Span& span) {
  constexpr Owner kOwner{"span"};
  const auto named = [&] { return ShownText(span.name); };
  if (IdState(span.trace_id) != Id::kGood) {
    Found(OtlpRule::kSpanTraceIdInvalid, [&] { return span.trace_id.empty() ? "absent" : "zeros"; });
  }
  if (IdState(span.span_id) != Id::kGood) {
    Found(OtlpRule::kSpanIdInvalid, [&] { return span.span_id.empty() ? "absent" : "zeros"; });
  }
  switch (IdState(span.parent_span_id)) {
    case Id::kAbsent: break;
    case Id::kZero: Found(OtlpRule::kSpanParentIdZero, named); break;
    case Id::kGood:
      if (span.parent_span_id == span.span_id) {
        Found(OtlpRule::kSpanParentItself, [&] { return "span " + HexText(span.span_id); });
      }
  }
  if (span.name.empty()) Found(OtlpRule::kSpanNameEmpty, [&] { return "span " + HexText(span.span_id); });
  if (span.kind == 0) {
    Found(OtlpRule::kSpanKindUnspecified, named);
  } else if (!IsNumberOf(span.kind, kSpanKinds)) {
    Found(OtlpRule::kSpanKindUnknown, [&] { return fmt::format("kind {}", span.kind); });
  }
  if (!IsNumberOf(span.status_code, kStatusCodes)) {
    Found(OtlpRule::kSpanStatusUnknown, [&] { return fmt::format("code {}", span.status_code); });
  }
  CheckText(kOwner, "name", span.name);
  CheckText(kOwner, "trace_state", span.trace_state);
  CheckText(kOwner, "status message", span.status_message);
  if (span.start_time == 0 || span.end_time == 0) {
    Found(OtlpRule::kSpanTimeZero,
          [&] { return span.start_time == 0 ? "start_time_unix_nano" : "end_time_unix_nano"; });
  } else if (span.end_time < span.start_time) {
    Found(OtlpRule::kSpanEndBeforeStart,
          [&] { return fmt::format("ends {} ns before it starts", span.start_time - span.end_time); });
  }
  CheckTime(kOwner, "start_time_unix_nano", span.start_time);
  CheckTime(kOwner, "end_time_unix_nano", span.end_time);
  CheckAttributes(kOwner, span.attributes);
  for (std::size_t i = 0; i < span.events.size(); ++i) CheckEvent(i, span);
  for (std::size_t i = 0; i < span.links.size(); ++i) CheckLink(i, span.links[i]);
  CheckDropped(kOwner, "attributes", span.dropped_attributes_count);
  CheckDropped(kOwner, "events", span.dropped_events_count);
  CheckDropped(kOwner, "links", span.dropped_links_count);
}

void RecordChecker::CheckEvent(std::size_t index, const Span& span) {
  const SpanEvent& event = span.events[index];
  const Owner owner{"event", index};
  if (event.name.empty()) Found(OtlpRule::kEventNameEmpty, [&] { return owner.Name(); });
  CheckText(owner, "name", event.name);
  if (event.time == 0) {
    Found(OtlpRule::kEventTimeZero, [&] { return owner.Name(); });
  } else if (event.time < span.start_time || (span.end_time >= span.start_time && event.time > span.end_time)) {
    Found(OtlpRule::kEventOutsideSpan, [&] {
      const bool early = event.time < span.start_time;
      return fmt::format("{}: {} ns {}", owner.Name(),
                         early ? span.start_time - event.time : event.time - span.end_time,
                         early ? "before the start" : "after the end");
    });
  }
  CheckTime(owner, "time_unix_nano", event.time);
  CheckAttributes(owner, event.attributes);
  CheckDropped(owner, "attributes", event.dropped_attributes_count);
}

void RecordChecker::CheckLink(std::size_t index, const SpanLink& link) {
  const Owner owner{"link", index};
  const bool good = IdState(link.trace_id) == Id::kGood && IdState(link.span_id) == Id::kGood;
  if (!good && link.attributes.empty() && link.trace_state.empty()) {
    Found(OtlpRule::kLinkIdInvalid, [&] { return owner.Name(); });
  }
  CheckText(owner, "trace_state", link.trace_state);
  CheckAttributes(owner, link.attributes);
  CheckDropped(owner, "attributes", link.dropped_attributes_count);
}

void RecordChecker::CheckLog(const LogRecord& log) {
  constexpr Owner kOwner{"log record"};
  const Id trace = IdState(log.trace_id), span = IdState(log.span_id);
  if (trace == Id::kZero || span == Id::kZero) {
    Found(OtlpRule::kLogIdInvalid, [&] { return trace == Id::kZero ? "trace id of zeros" : "span id of zeros"; });
  } else if (trace == Id::kAbsent && span == Id::kGood) {
    Found(OtlpRule::kLogIdInvalid, [&] { return "span id without trace id"; });
  }
  if (log.time == 0 && log.observed_time == 0) Found(OtlpRule::kLogWithoutTime);
  CheckTime(kOwner, "time_unix_nano", log.time);
  CheckTime(kOwner, "observed_time_unix_nano", log.observed_time);
  if (!IsNumberOf(log.severity_number, kSeverities)) {
    Found(OtlpRule::kLogSeverityUnknown, [&] { return fmt::format("severity {}", log.severity_number); });
  }
  if (log.flags > kTraceFlags)
    Found(OtlpRule::kLogFlagsReserved, [&] { return fmt::format("flags {:#x}", log.flags); });
  CheckText(kOwner, "severity_text", log.severity_text);
  CheckText(kOwner, "event_name", log.event_name);
  CheckAttributes(kOwner, log.attributes);
  CheckDropped(kOwner, "attributes", log.dropped_attributes_count);
  CheckBody(log.body);
}

void RecordChecker::CheckBody(const Value& body) {
  constexpr Owner kOwner{"log record"};
  json_columns_ = false;  // it is text in every shape
  switch (body.kind()) {
    case Value::Kind::kString: CheckText(kOwner, "body", body.bytes()); break;
    case Value::Kind::kArray:
    case Value::Kind::kKvlist: CheckList(kOwner, "body", body); break;
    case Value::Kind::kBytes: break;
    case Value::Kind::kDouble:
      if (!std::isfinite(body.as_double())) {
        Found(OtlpRule::kLogBodyNotFinite, [&] { return fmt::format("{}", body.as_double()); });
      }
      return;
    default: return;
  }
  if (body.bytes().size() > kUsualBodyBytes) {
    Found(OtlpRule::kLogBodyTooLong, [&] { return fmt::format("{} bytes", body.bytes().size()); });
  }
}

}  // namespace gf_otlp
