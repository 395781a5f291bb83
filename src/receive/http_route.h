#ifndef GF_OTLP_RECEIVE_HTTP_ROUTE_H_
#define GF_OTLP_RECEIVE_HTTP_ROUTE_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "receive/http_message.h"
#include "receive/intake.h"

namespace gf_otlp::receive {

/// The answer that a request's head alone decides; nothing if it is an export request whose body is wanted: then
/// `request` and `ticket` are what Intake::Take() wants, but for the body. Looked at in this order: who sends it, path
/// and method, types, what Intake::Admit() looks at, the length of the body.
std::optional<HttpAnswer> AnswerHead(const HttpHead& head, std::optional<std::uint64_t> content_length, Intake& intake,
                                     Intake::Request& request, Intake::Ticket& ticket, std::function<void()> push_out);

/// What is answered to a body that turns out to be larger than that.
Answer BodyTooLarge(const IntakeOptions& options);

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_HTTP_ROUTE_H_
