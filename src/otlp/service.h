#ifndef GF_OTLP_OTLP_SERVICE_H_
#define GF_OTLP_OTLP_SERVICE_H_

#include <string_view>

#include "gf_otlp/signal.h"

namespace gf_otlp {

/// The path of a signal's Export call over gRPC (opentelemetry-proto, collector/*/v1/*_service.proto).
constexpr std::string_view ExportMethod(Signal signal) {
  constexpr std::string_view kMethods[] = {"/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                           "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                                           "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"};
  return kMethods[static_cast<int>(signal)];
}

}  // namespace gf_otlp

#endif  // GF_OTLP_OTLP_SERVICE_H_
