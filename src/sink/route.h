#ifndef GF_OTLP_SINK_ROUTE_H_
#define GF_OTLP_SINK_ROUTE_H_

#include <string>
#include <utility>
#include <vector>

#include "gf_otlp/signal.h"

namespace gf_otlp {

/// Where messages of one kind go (Message::route is an index into a list of these).
struct Route {
  std::string topic;
  /// Record headers of every message, in order; names may repeat.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Of OTLP requests: a route for each signal, in their order, called like it.
inline std::vector<Route> SignalRoutes() {
  std::vector<Route> routes;
  for (int i = 0; i < kSignalCount; ++i) routes.push_back({.topic = std::string(SignalName(Signal(i))), .headers = {}});
  return routes;
}

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_ROUTE_H_
