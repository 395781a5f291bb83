#include "base/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>

#include "base/file.h"
#include "base/shown_text.h"

namespace gf_otlp {
namespace {

struct CurlDeleter {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(char* text) const { curl_free(text); }
};
struct MultiDeleter {  // of a type of its own: to libcurl both are void
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
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

/// Called whenever a request is about to be sent: once, and again when the connection turns out to have died.
int OnSending(void* tries, char*, char*, int, int) {
  ++*static_cast<unsigned*>(tries);
  return CURL_PREREQFUNC_OK;
}

Status CheckFile(const std::string& path) {
  if (path.empty()) return {};
  const Result<FileInfo> info = StatFile(path);
  return info ? Status() : UsageError(info.error().message());
}

/// Failures that do not depend on when a request is sent. `reason`: libcurl's words.
bool IsForGood(CURLcode code, std::string_view reason) {
  switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_RECV_ERROR:
      // OpenSSL: a server that speaks no TLS, or whose TLS refuses ours (it wants a certificate).
      return reason.contains("wrong version number") || reason.contains(" alert ");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_UNSUPPORTED_PROTOCOL:  // an answer that is not HTTP, e.g. of gRPC or TLS
    case CURLE_WEIRD_SERVER_REPLY: return true;
    default: return false;
  }
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
  std::unique_ptr<CURLM, MultiDeleter> multi;  // what can be woken; holds the connections; outlives `curl`
  std::unique_ptr<CURL, CurlDeleter> curl;
  std::array<char, CURL_ERROR_SIZE> reason{};
  std::atomic<bool> cancelled = false;
  bool failed_for_good = false;
  unsigned tries = 0;  // of the last request

  /// All but what a request brings.
  void SetOptions();
  void SetRequest(const HttpRequest& request, curl_slist* headers);
  CURLcode Perform();
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
  Set(CURLOPT_ERRORBUFFER, reason.data());
  Set(CURLOPT_NOSIGNAL, 1L);
  Set(CURLOPT_PROTOCOLS_STR, "http,https");
  Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  Set(CURLOPT_WRITEFUNCTION, &OnBody);
  Set(CURLOPT_HEADERFUNCTION, &OnHeader);
  Set(CURLOPT_PREREQFUNCTION, &OnSending);
  Set(CURLOPT_PREREQDATA, &tries);
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
  const bool get = request.method == "GET";
  Set(get ? CURLOPT_HTTPGET : CURLOPT_POST, 1L);
  Set(CURLOPT_CUSTOMREQUEST, get || request.method == "POST" ? nullptr : request.method.c_str());
  if (get) return;
  Set(CURLOPT_POSTFIELDS, request.body.data() == nullptr ? "" : request.body.data());
  Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
}

/// As curl_easy_perform(), which cannot be woken.
CURLcode HttpClient::State::Perform() {
  if (curl_multi_add_handle(multi.get(), curl.get()) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  for (int running = 1; !cancelled;) {
    CURLMcode failure = curl_multi_perform(multi.get(), &running);
    if (failure == CURLM_OK && running == 0) {
      int left = 0;
      const CURLMsg* const message = curl_multi_info_read(multi.get(), &left);
      code = message == nullptr ? CURLE_FAILED_INIT : message->data.result;
      break;
    }
    constexpr int kLongestWaitMs = 60'000;  // libcurl ends it earlier if it has something to do
    if (failure == CURLM_OK) failure = curl_multi_poll(multi.get(), nullptr, 0, kLongestWaitMs, nullptr);
    if (failure != CURLM_OK) {
      code = CURLE_OUT_OF_MEMORY;
      break;
    }
  }
  // A name that is being looked up would be waited for.
  if (cancelled) Set(CURLOPT_QUICK_EXIT, 1L);
  curl_multi_remove_handle(multi.get(), curl.get());
  return code;
}

Result<HttpClient> HttpClient::Make(const HttpOptions& options) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  for (const std::string& file : {options.ca_file, options.cert_file, options.key_file}) {
    GF_UNEXPECTED_IF_ERROR(CheckFile(file));
  }
  auto state = std::make_unique<State>();
  state->options = options;
  if (initialized == CURLE_OK) {
    state->multi.reset(curl_multi_init());
    state->curl.reset(curl_easy_init());
  }
  if (state->curl == nullptr || state->multi == nullptr) return std::unexpected(IoError("libcurl cannot be started"));
  state->SetOptions();
  return HttpClient(std::move(state));
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

Status HttpClient::Check(const HttpRequest& request) {
  const Result<HttpUrl> url = ParseHttpUrl(request.url);
  if (!url) return url.error();
  if (!url->user.empty() || !url->password.empty()) {
    return UsageError(fmt::format("{}: no user and no password belong into the URL", url->server));
  }
  for (const auto& [name, value] : request.headers) {
    if (!IsOneLine(name) || !IsOneLine(value)) {
      return UsageError(fmt::format("header {}: more than one line", ShownText(name)));
    }
  }
  return {};
}

Result<HttpResponse> HttpClient::Send(const HttpRequest& request, std::size_t max_body) {
  GF_UNEXPECTED_IF_ERROR(Check(request));
  // Bodies are sent without asking whether they may be.
  CurlList headers(curl_slist_append(nullptr, "Expect:"));
  for (const auto& [name, value] : request.headers) {
    const std::string header = value.empty() ? name + ";" : fmt::format("{}: {}", name, value);
    curl_slist* const longer = curl_slist_append(headers.get(), header.c_str());
    if (longer == nullptr) return std::unexpected(IoError("out of memory"));
    static_cast<void>(headers.release());
    headers.reset(longer);
  }
  // libcurl counts how often connections died over all requests of a handle, and gives up at the fifth.
  curl_easy_reset(state_->curl.get());
  state_->SetOptions();
  state_->SetRequest(request, headers.get());
  Receiver receiver{.response = {}, .max_body = max_body};
  state_->Set(CURLOPT_WRITEDATA, &receiver);
  state_->Set(CURLOPT_HEADERDATA, &receiver);
  state_->reason[0] = '\0';
  state_->tries = 0;
  const CURLcode code = state_->Perform();
  const std::string_view reason = state_->reason.front() != '\0' ? state_->reason.data() : curl_easy_strerror(code);
  state_->failed_for_good = receiver.too_large || IsForGood(code, reason);
  const auto failure = [&](std::string_view why) {
    return std::unexpected(IoError(fmt::format("{}: {}", ParseHttpUrl(request.url)->server, why)));
  };
  if (receiver.too_large) return failure(fmt::format("an answer of more than {} bytes", max_body));
  if (code != CURLE_OK) return failure(state_->cancelled ? "cancelled" : reason);
  long status = 0;
  curl_easy_getinfo(state_->curl.get(), CURLINFO_RESPONSE_CODE, &status);
  receiver.response.status = static_cast<int>(status);
  return std::move(receiver.response);
}

bool HttpClient::failed_for_good() const { return state_->failed_for_good; }
unsigned HttpClient::resent() const { return std::max(state_->tries, 1U) - 1; }

void HttpClient::Cancel() {
  state_->cancelled = true;
  curl_multi_wakeup(state_->multi.get());
}

}  // namespace gf_otlp
