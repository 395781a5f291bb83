#ifndef GF_OTLP_RECEIVE_AUTHENTICATOR_H_
#define GF_OTLP_RECEIVE_AUTHENTICATOR_H_

#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp::receive {

/// Who may send: the values of the Authorization header that are let in.
class Authenticator {
 public:
  /// Lines of "bearer TOKEN" or "basic USER:PASSWORD"; empty lines and those that begin with # do not count. kUsage,
  /// with the line's number, for others and for a file without any; kIo.
  static Result<Authenticator> Read(const std::string& file);

  /// `authorization`: the header's value (RFC 7235: the scheme in any case). Takes the same time whoever it is nearly.
  bool Allows(std::string_view authorization) const;
  /// For WWW-Authenticate: the schemes of the file.
  const std::string& challenge() const { return challenge_; }

 private:
  std::vector<std::string> tokens_, basic_;  // of basic: as it is sent, base64
  std::string challenge_;
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_AUTHENTICATOR_H_
