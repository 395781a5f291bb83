#ifndef GF_OTLP_RECEIVE_HTTP_MESSAGE_H_
#define GF_OTLP_RECEIVE_HTTP_MESSAGE_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "receive/intake.h"

namespace gf_otlp::receive {

/// The head of an HTTP request.
struct HttpHead {
  std::string method, target;
  int version = 11;                                          // 10 or 11
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case

  /// The first of that name (in lower case); empty if there is none.
  std::string_view Header(std::string_view name) const;
  /// "/v1/traces" of "/v1/traces?a=b".
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  bool is_head() const { return method == "HEAD"; }
};

struct HttpAnswer {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string type, body;

  /// As it is sent, by the date (RFC 9110) and the length of the body. `head_only`: without the body.
  std::string Text(int version, bool keep_alive, bool head_only) const;
};

/// Nothing if there is no such media type, or none is given.
std::optional<BodyType> BodyTypeOf(std::string_view content_type);
/// Nothing for what is not decompressed here.
std::optional<BodyCoding> BodyCodingOf(std::string_view content_encoding);

/// The answer to an export request, in the type of the request: an Export*ServiceResponse without content or a
/// google.rpc.Status. The HTTP status follows from the code; `status` is for what has none of its own.
HttpAnswer ExportAnswer(const Answer& answer, BodyType type, std::optional<int> status = {});

/// Of an error to a request whose head says what it says: a google.rpc.Status, in JSON where the type is none of ours.
HttpAnswer ErrorAnswer(int status, RpcCode code, std::string message, const HttpHead& head);

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_HTTP_MESSAGE_H_
