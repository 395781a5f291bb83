#include "sink/otlp_tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <string_view>

#include "base/file.h"

namespace gf_otlp {

Status CheckTlsFiles(const OtlpEndpoint& endpoint) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (context == nullptr) return IoError("OpenSSL cannot be started");
  // A key with a password is refused instead of asking for it on the terminal.
  SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
  // `use` gives 1 if it can use the file.
  const auto check = [](std::string_view flag, const std::string& path, auto&& use) -> Status {
    if (path.empty()) return {};
    if (const Result<FileInfo> info = StatFile(path); !info) return UsageError(info.error().message()).At(flag);
    ERR_clear_error();
    if (use(path.c_str()) == 1) return {};
    const char* const reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return UsageError(fmt::format("{} {}: cannot be used: {}", flag, path, reason != nullptr ? reason : "no PEM file"));
  };
  SSL_CTX* const to = context.get();
  GF_RETURN_IF_ERROR(
      check("--ca-file", endpoint.ca_file, [to](const char* path) { return SSL_CTX_load_verify_file(to, path); }));
  GF_RETURN_IF_ERROR(check("--cert-file", endpoint.cert_file,
                           [to](const char* path) { return SSL_CTX_use_certificate_chain_file(to, path); }));
  // Also looks whether it is the certificate's.
  return check("--key-file", endpoint.key_file,
               [to](const char* path) { return SSL_CTX_use_PrivateKey_file(to, path, SSL_FILETYPE_PEM); });
}

}  // namespace gf_otlp
