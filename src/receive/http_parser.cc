#include "receive/http_parser.h"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <limits>

#include "base/ascii.h"

namespace gf_otlp::receive {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

/// What comes behind "http://host" of a target in absolute form, which proxies send (RFC 9112, 3.2.2).
std::string_view WithoutHost(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == target.npos) return target;
  const std::size_t path = target.find_first_of("/?", scheme + 3);
  return path == target.npos ? "/" : target.substr(path);
}

/// More than any body: whoever announces such a chunk is not waited for.
constexpr std::uint64_t kLargestChunk = std::uint64_t{1} << 40;

}  // namespace

/// Beast's grammar with our storage.
class HttpParser::Parser final : public http::basic_parser<true> {
 public:
  Parser() {
    header_limit(kMaxHttpHead);
    body_limit(std::numeric_limits<std::uint64_t>::max());  // that of none refuses all
  }

  HttpHead head;
  std::string body;
  bool drop = false, head_told = false;
  std::string_view why;  // what we do not take

 private:
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target, int version,
                       beast::error_code&) override {
    head.method = View(method);
    head.target = WithoutHost(View(target));
    head.version = version;
  }
  void on_field_impl(http::field, beast::string_view name, beast::string_view value, beast::error_code&) override {
    if (is_header_done()) return;  // a trailer
    head.headers.emplace_back(InLowerCase(View(name)), View(value));
  }
  void on_header_impl(beast::error_code& error) override {
    // What Beast reads as "no body" must not be read as the next request.
    const std::ptrdiff_t codings = Count("transfer-encoding"), hosts = Count("host");
    if (codings > 0 && head.version == 10) why = "Transfer-Encoding of HTTP/1.0";
    if (codings > 1 || (codings == 1 && !EqualsIgnoringCase(head.Header("transfer-encoding"), "chunked"))) {
      why = "Transfer-Encoding other than chunked";
    }
    if (head.version == 11 && hosts == 0) why = "no Host header";
    if (hosts > 1) why = "several Host headers";
    if (!why.empty()) error = http::error::bad_value;
  }
  std::ptrdiff_t Count(std::string_view name) const {
    return std::ranges::count(head.headers, name, [](const auto& header) { return std::string_view(header.first); });
  }
  std::size_t Take(beast::string_view bytes) {
    if (!drop) body.append(bytes.data(), bytes.size());
    return bytes.size();
  }
  std::size_t on_body_impl(beast::string_view bytes, beast::error_code&) override { return Take(bytes); }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, beast::error_code&) override {
    return Take(bytes);
  }
  void on_response_impl(int, beast::string_view, int, beast::error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, beast::error_code&) override {}
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, beast::error_code& error) override {
    if (size < kLargestChunk) return;
    why = "too large a chunk";
    error = http::error::bad_chunk;
  }
  void on_finish_impl(beast::error_code&) override {}
};

HttpParser::HttpParser() : parser_(std::make_unique<Parser>()) {}
HttpParser::~HttpParser() = default;

void HttpParser::Reset() { parser_ = std::make_unique<Parser>(); }

HttpParser::Event HttpParser::Parse(std::string_view& in) {
  Parser& p = *parser_;
  // RFC 9112, 2.2: empty lines before a request are passed over.
  while (!p.got_some() && in.starts_with("\r\n")) in.remove_prefix(2);
  for (;;) {
    if (p.is_header_done() && !p.head_told) {
      p.head_told = true;
      return Event::kHead;
    }
    if (p.is_done()) return Event::kEnd;
    if (in.empty() || (!p.got_some() && in == "\r")) return Event::kNeedMore;
    beast::error_code error;
    in.remove_prefix(p.put(boost::asio::const_buffer(in.data(), in.size()), error));
    if (!error) continue;
    if (error == http::error::header_limit) return Event::kHeadTooLarge;
    if (error == http::error::need_more && in.size() < kMaxHttpHead) return Event::kNeedMore;
    if (error == http::error::need_more) p.why = "a chunk's head without end";
    error_ = p.why.empty() ? error.message() : p.why;
    return Event::kBroken;
  }
}

const HttpHead& HttpParser::head() const { return parser_->head; }

std::optional<std::uint64_t> HttpParser::content_length() const {
  const auto length = parser_->content_length();
  return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

bool HttpParser::has_body() const { return parser_->chunked() || content_length().value_or(0) > 0; }

bool HttpParser::keep_alive() const { return parser_->is_header_done() && parser_->keep_alive(); }

bool HttpParser::expects_continue() const {
  return parser_->head.version == 11 && EqualsIgnoringCase(parser_->head.Header("expect"), "100-continue");
}

std::string_view HttpParser::error() const { return error_; }

std::string& HttpParser::body() { return parser_->body; }

void HttpParser::DropBody() {
  parser_->drop = true;
  std::string().swap(parser_->body);  // which frees it, an assignment would not
}

}  // namespace gf_otlp::receive
