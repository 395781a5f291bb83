#ifndef GF_OTLP_RECEIVE_HTTP_PARSER_H_
#define GF_OTLP_RECEIVE_HTTP_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "receive/http_message.h"

namespace gf_otlp::receive {

/// Most bytes of a request's line and of its headers, each.
inline constexpr std::size_t kMaxHttpHead = std::size_t{64} << 10;

/// Takes one HTTP/1 request after the other off the bytes of a connection.
class HttpParser {
 public:
  HttpParser();
  ~HttpParser();

  /// Forgets the request so far.
  void Reset();

  enum class Event : std::uint8_t {
    kNeedMore,     // bytes: `in` is the beginning of what it needs
    kHead,         // head(), content_length() and so on are there
    kEnd,          // the body too
    kBroken,       // error() says why; nothing more can be read from this connection
    kHeadTooLarge  // the same
  };
  /// Takes bytes off the front of `in`, up to the next event.
  Event Parse(std::string_view& in);

  const HttpHead& head() const;
  /// As the head has it.
  std::optional<std::uint64_t> content_length() const;
  bool has_body() const;
  bool keep_alive() const;
  bool expects_continue() const;
  std::string_view error() const;

  /// Without the chunks' frames. May be taken away.
  std::string& body();
  /// What comes of the body from now on is not kept.
  void DropBody();

 private:
  class Parser;
  std::unique_ptr<Parser> parser_;
  std::string error_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_HTTP_PARSER_H_
