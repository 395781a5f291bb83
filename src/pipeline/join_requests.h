#ifndef GF_OTLP_PIPELINE_JOIN_REQUESTS_H_
#define GF_OTLP_PIPELINE_JOIN_REQUESTS_H_

#include <span>

#include "sink/batch.h"

namespace gf_otlp {

struct MessageRoute;

/// Joins the batch's messages, each a request as its route's form says, that stand one behind the other in its text: as
/// long as route and key are the same and the route's limits allow it. Text of JSON is changed where two of them meet.
/// REQUIRES: requests of one route are of one signal; the batch has no times
void JoinRequests(Batch& batch, std::span<const MessageRoute> routes);

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_JOIN_REQUESTS_H_
