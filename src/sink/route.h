#ifndef GF_OTLP_SINK_ROUTE_H_
#define GF_OTLP_SINK_ROUTE_H_

#include <string>
#include <utility>
#include <vector>

namespace gf_otlp {

/// Where messages of one kind go (Message::route is an index into a list of these).
struct Route {
  std::string topic;
  /// Record headers of every message, in order; names may repeat.
  std::vector<std::pair<std::string, std::string>> headers;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_ROUTE_H_
