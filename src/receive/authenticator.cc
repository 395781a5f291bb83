#include "receive/authenticator.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "base/ascii.h"
#include "base/auth_file.h"

namespace gf_otlp::receive {
namespace {

/// How long it takes depends on the length of `given` only.
bool SameSecret(std::string_view given, std::string_view secret) {
  std::size_t differs = given.size() ^ secret.size();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = secret.empty() ? '\0' : secret[i % secret.size()];
    differs |= static_cast<std::uint8_t>(given[i] ^ other);
  }
  // Keeps the compiler from ending the loop at the first difference.
  volatile std::size_t result = differs;
  return result == 0;
}

bool AnyIs(std::string_view given, const std::vector<std::string>& secrets) {
  bool found = false;
  for (const std::string& secret : secrets) found |= SameSecret(given, secret);
  return found;
}

}  // namespace

Result<Authenticator> Authenticator::Read(const std::string& file) {
  Result<std::vector<Credentials>> all = ReadAuthFile(file);
  if (!all) return std::unexpected(std::move(all.error()));
  Authenticator result;
  for (const Credentials& credentials : *all) {
    const std::string header = credentials.Header();
    const bool bearer = credentials.scheme == Credentials::Scheme::kBearer;
    (bearer ? result.tokens_ : result.basic_).push_back(header.substr(header.find(' ') + 1));
  }
  if (!result.tokens_.empty()) result.challenge_ = "Bearer";
  if (!result.basic_.empty()) {
    result.challenge_ += result.challenge_.empty() ? "" : ", ";
    result.challenge_ += "Basic realm=\"gf-otlp\", charset=\"UTF-8\"";
  }
  return result;
}

bool Authenticator::Allows(std::string_view authorization) const {
  const std::size_t end = std::min(authorization.find(' '), authorization.size());
  const std::string_view scheme = authorization.substr(0, end);
  std::string_view given = authorization.substr(end);
  given.remove_prefix(std::min(given.find_first_not_of(' '), given.size()));
  if (EqualsIgnoringCase(scheme, "bearer")) return AnyIs(given, tokens_);
  if (EqualsIgnoringCase(scheme, "basic")) return AnyIs(given, basic_);
  return false;
}

}  // namespace gf_otlp::receive
