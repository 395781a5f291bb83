#ifndef GF_OTLP_BASE_HTTP_CLIENT_H_
#define GF_OTLP_BASE_HTTP_CLIENT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp {

/// The parts of http(s)://[user[:password]@]host[:port][/path][?query].
struct HttpUrl {
  std::string server;  // "https://ch:8443": what is safe to show
  std::string path;    // "/otel", without escapes; "/" if there is none
  std::string query;   // without its question mark
  std::string user, password;
};
/// kUsage for what is none; the message holds no password.
Result<HttpUrl> ParseHttpUrl(const std::string& url);

/// For a query: all but letters, digits and - . _ ~ as % and two hex digits.
std::string UrlEncoded(std::string_view text);

struct HttpOptions {
  std::string ca_file;              // empty: the system's
  std::string cert_file, key_file;  // of the client; empty: none
  std::string user, password;       // basic authentication; empty: none
  int connect_timeout_ms = 10'000, timeout_ms = 60'000;
};

struct HttpRequest {
  std::string method = "POST", url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string_view body;
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  /// Empty if there is no such header; `name` in lower case.
  std::string_view Header(std::string_view name) const;
};

/// Sends requests to one or several servers, one after the other, keeping connections open. By libcurl: proxies from
/// the environment, HTTP/2 where it is offered. Of one thread, but for Cancel().
class HttpClient {
 public:
  /// kUsage for files that are not there.
  static Result<HttpClient> Make(const HttpOptions& options);
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient();

  /// The answer, of whatever status. kIo: there was none (no connection, TLS, timeout), with the reason; kUsage for a
  /// URL that is none, or that has a user or password in it. Redirects are not followed. An answer of more than
  /// `max_body` bytes is kIo.
  Result<HttpResponse> Send(const HttpRequest& request, std::size_t max_body);
  /// Whether the last Send() gave kIo for a reason that time does not heal: a certificate that is not trusted, a server
  /// that does not speak HTTP, too large an answer.
  bool failed_for_good() const;
  /// How often the last Send() sent its request again, as the connection that was used again had died without an
  /// answer: the server may have taken it then.
  unsigned resent() const;
  /// Makes a Send() under way, and all further ones, end soon with kIo. From any thread.
  void Cancel();

  /// What Send() would give kUsage for.
  static Status Check(const HttpRequest& request);

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_BASE_HTTP_CLIENT_H_
