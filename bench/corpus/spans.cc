#include <string>

#include "corpus/generator.h"

namespace gf_otlp::bench {
namespace {

using otlp::trace::v1::Span;
using otlp::trace::v1::Status;

void FillWork(Random& random, Span& span) {
  KeyValues& attributes = *span.mutable_attributes();
  switch (random.Below(10)) {
    case 0:
    case 1:
    case 2:
      span.set_kind(Span::SPAN_KIND_SERVER);
      span.set_name("GET /api/v1/orders/{orderId}");
      return AddServerAttributes(random, attributes);
    case 3:
    case 4:
      span.set_kind(Span::SPAN_KIND_CLIENT);
      span.set_name("GET");
      return AddClientAttributes(random, attributes);
    case 5:
    case 6:
      span.set_kind(Span::SPAN_KIND_CLIENT);
      span.set_name("SELECT shop.orders");
      return AddDatabaseAttributes(random, attributes);
    case 7:
      span.set_kind(random.Percent(50) ? Span::SPAN_KIND_PRODUCER : Span::SPAN_KIND_CONSUMER);
      span.set_name("process orders.created");
      AddMessagingAttributes(random, attributes);
      if (span.kind() == Span::SPAN_KIND_CONSUMER) {
        Span::Link& link = *span.add_links();
        link.set_trace_id(random.Bytes(16));
        link.set_span_id(random.Bytes(8));
        Add(*link.mutable_attributes(), "messaging.batch.index", static_cast<std::int64_t>(random.Below(100)));
      }
      return;
    default:
      span.set_kind(Span::SPAN_KIND_INTERNAL);
      span.set_name("CheckoutService.placeOrder");
      return AddInternalAttributes(random, attributes);
  }
}

void FillSpan(World& world, const std::string& trace_id, Span& span) {
  Random& random = world.random;
  span.set_trace_id(trace_id);
  span.set_span_id(random.Bytes(8));
  if (random.Percent(85)) span.set_parent_span_id(random.Bytes(8));
  if (random.Percent(5)) span.set_trace_state("vendor=t61rcWkgMzE,sampled=1");
  span.set_flags(0x101);
  const std::uint64_t start = world.Now();
  const std::uint64_t duration = random.LongTail(50'000, 14);
  span.set_start_time_unix_nano(start);
  span.set_end_time_unix_nano(start + duration);
  FillWork(random, span);
  if (random.Percent(10)) {
    Span::Event& event = *span.add_events();
    event.set_time_unix_nano(start + duration / 2);
    event.set_name("cache.miss");
    Add(*event.mutable_attributes(), "cache.key", "order:" + random.Hex(12));
    Add(*event.mutable_attributes(), "cache.size", static_cast<std::int64_t>(random.Below(100'000)));
  }
  if (random.Percent(3)) {
    const Exception exception = MakeException(random);
    Span::Event& event = *span.add_events();
    event.set_time_unix_nano(start + duration);
    event.set_name("exception");
    Add(*event.mutable_attributes(), "exception.type", exception.type);
    Add(*event.mutable_attributes(), "exception.message", exception.message);
    Add(*event.mutable_attributes(), "exception.stacktrace", exception.stacktrace);
    span.mutable_status()->set_code(Status::STATUS_CODE_ERROR);
    span.mutable_status()->set_message(exception.message);
  } else if (random.Percent(10)) {
    span.mutable_status()->set_code(Status::STATUS_CODE_OK);
  }
}

}  // namespace

void Fill(World& world, otlp::trace::v1::TracesData& request) {
  Random& random = world.random;
  for (int r = 0; r < kResourcesPerRequest; ++r) {
    auto& resource_spans = *request.add_resource_spans();
    FillResource(random, *resource_spans.mutable_resource());
    resource_spans.set_schema_url("https://opentelemetry.io/schemas/1.28.0");
    for (std::uint64_t scopes = random.Between(1, 2); scopes > 0; --scopes) {
      auto& scope_spans = *resource_spans.add_scope_spans();
      FillScope(random, *scope_spans.mutable_scope());
      std::string trace_id = random.Bytes(16);
      for (std::uint64_t spans = random.Between(10, 50); spans > 0; --spans) {
        if (random.Percent(20)) trace_id = random.Bytes(16);
        FillSpan(world, trace_id, *scope_spans.add_spans());
      }
    }
  }
}

}  // namespace gf_otlp::bench
