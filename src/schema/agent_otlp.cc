#include "schema/agent_otlp.h"

namespace gf_otlp::schema {

void AddOtlpJson(const OtlpJsonSource& /*source*/, Schema& /*schema*/) {}

}  // namespace gf_otlp::schema
