#include "schema/agent_storage.h"

#include <fmt/format.h>

namespace gf_otlp::schema {

std::string AddAgentStorage(std::string_view table_name, Table& table) {
  const bool spans = table_name == "spans_raw";
  const std::string_view time = spans ? "start_ts" : "event_ts";
  table.partition_by = fmt::format("toMonday({})", time);
  table.order_by = spans ? "(tenant_id, toDate(start_ts), service_name, operation, start_ts)"
                         : "(tenant_id, toDate(event_ts), event_type, event_ts)";
  table.settings = {{"index_granularity", "8192"}, {"ttl_only_drop_parts", "1"}};
  return fmt::format("toDateTime({})", time);
}

}  // namespace gf_otlp::schema
