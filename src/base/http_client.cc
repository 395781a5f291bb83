#include "base/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/file.h"

namespace gf_otlp {
namespace {

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};
using CurlUrl = std::unique_ptr<CURLU, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;
using CurlText = std::unique_ptr<char, CurlDeleter>;

std::string Part(const CurlUrl& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  const CURLUcode code = curl_url_get(url.get(), part, &text, flags);
  const CurlText owner(text);
  return code == CURLUE_OK ? text : "";
}

/// What is received of an answer, as libcurl's callbacks need it.
struct Receiver {
  HttpResponse response;
  std::size_t max_body = 0;
  bool too_large = false;
};

std::size_t OnBody(char* data, std::size_t, std::size_t size, void* to) {
  Receiver& receiver = *static_cast<Receiver*>(to);
  receiver.too_large = size > receiver.max_body - receiver.response.body.size();
  if (receiver.too_large) return 0;
  receiver.response.body.append(data, size);
  return size;
}

std::size_t OnHeader(char* data, std::size_t, std::size_t size, void* to) {
  HttpResponse& response = static_cast<Receiver*>(to)->response;
  std::string_view line(data, size);
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) line.remove_suffix(1);
  // Before the answer there may be others: 100 Continue, that of a proxy.
  if (line.starts_with("HTTP/")) response.headers.clear();
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return size;
  std::string name(line.substr(0, colon));
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  line.remove_prefix(std::min(line.find_first_not_of(" \t", colon + 1), line.size()));
  response.headers.emplace_back(std::move(name), line);
  return size;
}

Status CheckFile(const std::string& path) {
  if (path.empty()) return {};
  const Result<FileInfo> info = StatFile(path);
  return info ? Status() : UsageError(info.error().message());
}

bool IsOneLine(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos; }

}  // namespace

Result<HttpUrl> ParseHttpUrl(const std::string& text) {
  const CurlUrl url(curl_url());
  const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0);
  const std::string scheme = Part(url, CURLUPART_SCHEME);
  if (code != CURLUE_OK || (scheme != "http" && scheme != "https")) {
    return std::unexpected(UsageError("that is no URL of an HTTP server: write http://host:port or https://host:port"));
  }
  const std::string port = Part(url, CURLUPART_PORT);
  return HttpUrl{.server = fmt::format("{}://{}{}{}", scheme, Part(url, CURLUPART_HOST), port.empty() ? "" : ":", port),
                 .path = Part(url, CURLUPART_PATH, CURLU_URLDECODE),
                 .query = Part(url, CURLUPART_QUERY),
                 .user = Part(url, CURLUPART_USER, CURLU_URLDECODE),
                 .password = Part(url, CURLUPART_PASSWORD, CURLU_URLDECODE)};
}

std::string UrlEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = byte < 0x80 && (std::isalnum(byte) != 0 || std::string_view("-._~").contains(c));
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return encoded;
}

std::string_view HttpResponse::Header(std::string_view name) const {
  const auto at = std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
  return at == headers.end() ? std::string_view() : at->second;
}

struct HttpClient::State {
  HttpOptions options;
  std::unique_ptr<CURL, CurlDeleter> curl;
  std::array<char, CURL_ERROR_SIZE> reason{};

  /// All but what a request brings.
  void SetOptions();
  void SetRequest(const HttpRequest& request, curl_slist* headers);
  template <class T>
  void Set(CURLoption option, T value) {
    // Fails for options that this libcurl was built without, and for want of memory.
    curl_easy_setopt(curl.get(), option, value);
  }
  void SetText(CURLoption option, const std::string& text) {
    if (!text.empty()) Set(option, text.c_str());
  }
};

void HttpClient::State::SetOptions() {
  curl_easy_reset(curl.get());  // connections stay
  reason[0] = '\0';
  Set(CURLOPT_ERRORBUFFER, reason.data());
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout_ms));
  Set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout_ms));
  SetText(CURLOPT_CAINFO, options.ca_file);
  SetText(CURLOPT_SSLCERT, options.cert_file);
  SetText(CURLOPT_SSLKEY, options.key_file);
  // Without one a key with a passphrase would have it asked for at the terminal.
  Set(CURLOPT_KEYPASSWD, "");
  if (options.user.empty() && options.password.empty()) return;
  Set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
  Set(CURLOPT_USERNAME, options.user.c_str());
  Set(CURLOPT_PASSWORD, options.password.c_str());
}

void HttpClient::State::SetRequest(const HttpRequest& request, curl_slist* headers) {
  Set(CURLOPT_URL, request.url.c_str());
  Set(CURLOPT_HTTPHEADER, headers);
  if (request.method == "GET") return;
  Set(CURLOPT_POST, 1L);
  if (request.method != "POST") Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  Set(CURLOPT_POSTFIELDS, request.body.data() == nullptr ? "" : request.body.data());
  Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

Result<HttpClient> HttpClient::Make(const HttpOptions& options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  for (const std::string& file : {options.ca_file, options.cert_file, options.key_file}) {
    GF_UNEXPECTED_IF_ERROR(CheckFile(file));
  }
  auto state = std::make_unique<State>();
  state->options = options;
  if (initialized == CURLE_OK) state->curl.reset(curl_easy_init());
  if (state->curl == nullptr) return std::unexpected(IoError("libcurl cannot be started"));
  return HttpClient(std::move(state));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::Send(const HttpRequest& request, std::size_t max_body) {
  const Result<HttpUrl> url = ParseHttpUrl(request.url);
  if (!url) return std::unexpected(url.error());
  if (!url->user.empty() || !url->password.empty()) {
    return std::unexpected(UsageError(fmt::format("{}: no user and no password belong into the URL", url->server)));
  }
  state_->SetOptions();
  // Bodies are sent without asking whether they may be.
  CurlList headers(curl_slist_append(nullptr, "Expect:"));
  for (const auto& [name, value] : request.headers) {
    const std::string header = value.empty() ? name + ";" : fmt::format("{}: {}", name, value);
    if (!IsOneLine(header)) return std::unexpected(UsageError(fmt::format("header {}: more than one line", name)));
    curl_slist* const longer = curl_slist_append(headers.get(), header.c_str());
    if (longer == nullptr) return std::unexpected(IoError("out of memory"));
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
  state_->SetRequest(request, headers.get());
  Receiver receiver{.response = {}, .max_body = max_body};
  state_->Set(CURLOPT_WRITEFUNCTION, &OnBody);
  state_->Set(CURLOPT_WRITEDATA, &receiver);
  state_->Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  state_->Set(CURLOPT_HEADERDATA, &receiver);
  CURL* const curl = state_->curl.get();
  const CURLcode code = curl_easy_perform(curl);
  if (receiver.too_large) {
    return std::unexpected(IoError(fmt::format("{}: an answer of more than {} bytes", url->server, max_body)));
  }
  if (code != CURLE_OK) {
    const char* const reason = state_->reason.front() != '\0' ? state_->reason.data() : curl_easy_strerror(code);
    return std::unexpected(IoError(fmt::format("{}: {}", url->server, reason)));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  receiver.response.status = static_cast<int>(status);
  return std::move(receiver.response);
}

}  // namespace gf_otlp
