#include <string>

#include "corpus/generator.h"

namespace gf_otlp::bench {
namespace {

using otlp::logs::v1::LogRecord;

struct Level {
  otlp::logs::v1::SeverityNumber number;
  const char* text;
};

Level PickLevel(Random& random) {
  using namespace otlp::logs::v1;
  if (random.Percent(75)) return {SEVERITY_NUMBER_INFO, "INFO"};
  if (random.Percent(50)) return {SEVERITY_NUMBER_DEBUG, "DEBUG"};
  return random.Percent(60) ? Level{SEVERITY_NUMBER_WARN, "WARN"} : Level{SEVERITY_NUMBER_ERROR, "ERROR"};
}

std::string Body(Random& random) {
  switch (random.Below(5)) {
    case 0:
      return "Order " + random.Uuid() + " placed for customer " + std::to_string(random.Below(1'000'000)) + ", total " +
             std::to_string(random.Below(100'000)) + " cents";
    case 1:
      return "{\"event\":\"payment.captured\",\"id\":\"" + random.Hex(16) +
             "\",\"amount\":" + std::to_string(random.Below(100'000)) +
             ",\"currency\":\"EUR\",\"note\":\"Lieferung nach Zürich\"}";
    case 2:
      return "10.0." + std::to_string(random.Below(256)) + ".17 - - \"GET /api/v1/orders/" +
             std::to_string(random.Below(10'000'000)) + " HTTP/1.1\" 200 " + std::to_string(random.LongTail(200, 8));
    case 3: return "Slow query (" + std::to_string(random.Between(500, 9000)) + " ms):\n  SELECT *\n  FROM orders";
    default: return "Started CheckoutService in 4.218 seconds (process running for 5.003)";
  }
}

void FillLog(World& world, LogRecord& log) {
  Random& random = world.random;
  const std::uint64_t time = world.Now();
  const Level level = PickLevel(random);
  log.set_time_unix_nano(time);
  log.set_observed_time_unix_nano(time + random.Below(5'000'000));
  log.set_severity_number(level.number);
  log.set_severity_text(level.text);
  log.mutable_body()->set_string_value(Body(random));
  if (random.Percent(70)) {
    log.set_trace_id(random.Bytes(16));
    log.set_span_id(random.Bytes(8));
    log.set_flags(1);
  }
  KeyValues& attributes = *log.mutable_attributes();
  switch (random.Below(4)) {
    case 0: AddServerAttributes(random, attributes); break;
    case 1: AddMessagingAttributes(random, attributes); break;
    default: AddInternalAttributes(random, attributes);
  }
  if (level.number >= otlp::logs::v1::SEVERITY_NUMBER_ERROR) {
    const Exception exception = MakeException(random);
    Add(attributes, "exception.type", exception.type);
    Add(attributes, "exception.message", exception.message);
    Add(attributes, "exception.stacktrace", exception.stacktrace);
  }
  if (random.Percent(5)) log.set_event_name("app.order.placed");
}

}  // namespace

void Fill(World& world, otlp::logs::v1::LogsData& request) {
  Random& random = world.random;
  for (int r = 0; r < kResourcesPerRequest; ++r) {
    auto& resource_logs = *request.add_resource_logs();
    FillResource(random, *resource_logs.mutable_resource());
    for (std::uint64_t scopes = random.Between(1, 2); scopes > 0; --scopes) {
      auto& scope_logs = *resource_logs.add_scope_logs();
      FillScope(random, *scope_logs.mutable_scope());
      for (std::uint64_t logs = random.Between(10, 50); logs > 0; --logs) FillLog(world, *scope_logs.add_log_records());
    }
  }
}

}  // namespace gf_otlp::bench
