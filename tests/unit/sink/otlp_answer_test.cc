#include "sink/otlp_answer.h"

#include <doctest/doctest.h>

#include <string>

namespace gf_otlp {
namespace {

using Kind = OtlpAnswer::Kind;
using namespace std::chrono_literals;

constexpr std::int64_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::string_view kProto = "application/x-protobuf", kJson = "application/json; charset=utf-8";
// Export*ServiceResponse{partial_success{rejected: 3, error_message: "no"}}
constexpr std::string_view kPartial = "\x0a\x06\x08\x03\x12\x02no";

OtlpAnswer Http(int status, std::string_view body = "", std::string_view type = "text/plain",
                std::string_view retry_after = "") {
  return AnswerOf({.status = status, .content_type = type, .retry_after = retry_after, .body = body}, kNow);
}

OtlpAnswer Grpc(RpcCode code, std::string_view message = "", bool retry_exhausted = true,
                std::string_view details = "") {
  return AnswerOf({.code = code, .message = message, .details = details}, retry_exhausted);
}

TEST_CASE("HTTP: what is taken, tried again and refused, and whose fault it is") {
  for (const int status : {200, 202, 204}) CHECK(Http(status).kind == Kind::kTaken);
  for (const int status : {429, 502, 503, 504}) CHECK(Http(status).kind == Kind::kRetry);
  for (const int status : {400, 413, 415, 422}) {
    CHECK(Http(status).kind == Kind::kRefused);
    CHECK(Http(status).code == Code::kBadData);
  }
  for (const int status : {301, 304, 308, 401, 403, 404, 405, 408, 409, 500, 501, 505, 507}) {
    CAPTURE(status);
    CHECK(Http(status).kind == Kind::kRefused);
    CHECK(Http(status).code == Code::kIo);
  }
}

TEST_CASE("HTTP: the reason has the server's words") {
  CHECK(Http(404).reason == "HTTP 404");
  CHECK(Http(400, "missing x-glassflow-pipeline-id header\n").reason ==
        "HTTP 400: missing x-glassflow-pipeline-id header");
  CHECK(Http(500, "\r\n  first \nsecond\n").reason == "HTTP 500: first");
  CHECK(Http(500, "a\x1b[31mb\xff").reason == "HTTP 500: a\\x1b[31mb\\xff");
  CHECK(Http(500, std::string(400, 'x')).reason == "HTTP 500: " + std::string(300, 'x') + "...");
  // google.rpc.Status{code: 3, message: "bad"}
  CHECK(Http(400,
             "\x08\x03\x12\x03"
             "bad",
             kProto)
            .reason == "HTTP 400: bad");
  CHECK(Http(400, R"({"code":3,"message":"bad\nvery"})", kJson).reason == "HTTP 400: bad");
  CHECK(Http(400, "{not json", kJson).reason == "HTTP 400: {not json");
}

TEST_CASE("HTTP: Retry-After is seconds or a date") {
  CHECK(Http(429, "", "", "7").retry_after == 7s);
  CHECK(Http(503, "", "", "0").retry_after == 0s);
  CHECK(Http(503, "", "", "Sun, 06 Nov 1994 08:50:37 GMT").retry_after == 60s);
  CHECK(Http(503, "", "", "Sun, 06 Nov 1994 08:48:37 GMT").retry_after == 0s);
  CHECK(Http(503, "", "", "Sunday, 06-Nov-94 08:50:37 GMT").retry_after == 60s);
  CHECK(*Http(503, "", "", "99999999999999999999999").retry_after > 24h);
  for (const char* none : {"", "-1", "1.5", "soon", "1 s"}) CHECK_FALSE(Http(503, "", "", none).retry_after);
  // RetryInfo in the body does as well.
  CHECK(Http(503,
             R"({"message":"busy","details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo",)"
             R"("retryDelay":"1.5s"}]})",
             kJson)
            .retry_after == 1500ms);
}

TEST_CASE("HTTP: where a redirect leads is said, without secrets") {
  const auto reason = [](std::string_view location) {
    return AnswerOf({.status = 302, .location = location}, kNow).reason;
  };
  CHECK(reason("https://bob:s3cret@other:4318/v1/traces?token=s3cret") ==
        "HTTP 302: leads on to https://other:4318: give that URL");
  CHECK(reason("https://other/otlp/v1/metrics") == "HTTP 302: leads on to https://other/otlp: give that URL");
  CHECK(reason("/login?back=s3cret") == "HTTP 302: leads on to /login: give that URL");
  CHECK(reason("") == "HTTP 302: leads on to another place: give that URL");
}

TEST_CASE("HTTP: partial success is read in both forms, and what is no answer of a receiver is told") {
  const OtlpAnswer proto = Http(200, kPartial, kProto);
  CHECK(proto.partial.rejected == 3);
  CHECK(proto.partial.message == "no");
  CHECK(proto.reason.empty());
  CHECK(Http(200, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"x"}})", kJson).partial.rejected == 2);
  CHECK(Http(200, R"({"partialSuccess":{"rejectedSpans":"2"}})", "Application/JSON").partial.rejected == 2);
  CHECK(Http(200, kPartial, "application/X-Protobuf").partial.rejected == 3);
  CHECK(Http(200, "{}", kJson).reason.empty());
  CHECK(Http(200, "", "text/html").reason.empty());
  for (const auto& [body, type] :
       {std::pair("<html>", "text/html"), {"<html>", "application/json"}, {"\xff", "application/x-protobuf"}}) {
    CAPTURE(type);
    const OtlpAnswer odd = Http(200, body, type);
    CHECK(odd.kind == Kind::kTaken);
    CHECK_FALSE(odd.reason.empty());
    CHECK(odd.partial.rejected == 0);
  }
}

TEST_CASE("gRPC: what is taken, tried again and refused, and whose fault it is") {
  CHECK(AnswerOf({.code = RpcCode::kOk, .body = kPartial}, true).partial.rejected == 3);
  CHECK(AnswerOf({.code = RpcCode::kOk, .body = ""}, true).kind == Kind::kTaken);
  using enum RpcCode;
  for (const RpcCode code :
       {kCancelled, kDeadlineExceeded, kAborted, kOutOfRange, kUnavailable, kDataLoss, kResourceExhausted}) {
    CHECK(Grpc(code, "x").kind == Kind::kRetry);
  }
  for (const RpcCode code : {kInvalidArgument, kFailedPrecondition}) {
    CHECK(Grpc(code).kind == Kind::kRefused);
    CHECK(Grpc(code).code == Code::kBadData);
  }
  for (const RpcCode code : {kUnknown, kNotFound, kAlreadyExists, kPermissionDenied, kUnimplemented, kInternal,
                             kUnauthenticated, RpcCode(99)}) {
    CHECK(Grpc(code).kind == Kind::kRefused);
    CHECK(Grpc(code).code == Code::kIo);
  }
  CHECK(Grpc(kInvalidArgument, "no pipeline").reason == "gRPC InvalidArgument: no pipeline");
}

TEST_CASE("gRPC: ResourceExhausted is tried again with RetryInfo, and without if that is asked for") {
  // google.rpc.Status{code: 8, details: [Any{RetryInfo{retry_delay: 2s}}]}
  constexpr std::string_view kType = "type.googleapis.com/google.rpc.RetryInfo";
  const std::string any = "\x0a\x28" + std::string(kType) + "\x12\x04\x0a\x02\x08\x02";
  static_assert(kType.size() == 0x28);
  const std::string details = "\x08\x08\x1a" + std::string(1, static_cast<char>(any.size())) + any;
  const OtlpAnswer answer = Grpc(RpcCode::kResourceExhausted, "", false, details);
  CHECK(answer.kind == Kind::kRetry);
  CHECK(answer.retry_after == 2s);
  CHECK(Grpc(RpcCode::kResourceExhausted, "", false).kind == Kind::kRefused);
  CHECK(Grpc(RpcCode::kResourceExhausted, "", false, "\xff").kind == Kind::kRefused);
  CHECK(Grpc(RpcCode::kUnavailable, "", false, details).retry_after == 2s);
}

TEST_CASE("gRPC: a request that is too large, in the words of any library, is its own fault") {
  for (const auto& [code, message] :
       {std::pair(RpcCode::kResourceExhausted, "Received message larger than max (5000000 vs. 4194304)"),
        std::pair(RpcCode::kResourceExhausted, "grpc: received message larger than max (5000000 vs. 4194304)"),
        std::pair(RpcCode::kResourceExhausted, "gRPC message exceeds maximum size 4194304: 5000000"),
        std::pair(RpcCode::kResourceExhausted, "Received message exceeds the maximum configured message size."),
        std::pair(RpcCode::kOutOfRange, "Error, decoded message length too large: found 5 bytes, the limit is: 4")}) {
    CAPTURE(message);
    CHECK(Grpc(code, message).kind == Kind::kRefused);
    CHECK(Grpc(code, message).code == Code::kBadData);
  }
}

TEST_CASE("gRPC: a certificate that is not trusted is not tried again") {
  const OtlpAnswer answer = Grpc(RpcCode::kUnavailable,
                                 "failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Ssl "
                                 "handshake failed: SSL_ERROR_SSL: error:1000007d:SSL "
                                 "routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED");
  CHECK(answer.kind == Kind::kFailed);
  CHECK(answer.code == Code::kIo);
}

TEST_CASE("gRPC: a server whose TLS refuses ours is not tried again") {
  CHECK(Grpc(RpcCode::kUnavailable,
             "Ssl handshake failed: SSL_ERROR_SSL: error:0A00042E:SSL routines::tlsv1 alert protocol version")
            .kind == Kind::kFailed);
}

TEST_CASE("gRPC: a server of HTTP/1 is named") {
  for (const char* message :
       {"last error: UNAVAILABLE: ipv4:127.0.0.1:4318: Failed parsing HTTP/2", "Trying to connect an http1.x server",
        "last error: UNKNOWN: Cannot check peer: missing selected ALPN property."}) {
    CHECK(Grpc(RpcCode::kUnavailable, message).kind == Kind::kFailed);
    CHECK(Grpc(RpcCode::kUnavailable, message).reason.starts_with("the server does not speak gRPC"));
  }
}

}  // namespace
}  // namespace gf_otlp
