#ifndef GF_OTLP_RECEIVE_SERVER_TLS_H_
#define GF_OTLP_RECEIVE_SERVER_TLS_H_

#include <string>

namespace gf_otlp::receive {

/// PEM files of a server. Without a certificate there is no TLS; with a CA file clients must show one that it signed.
struct ServerTls {
  std::string cert_file, key_file, client_ca_file;
  bool enabled() const { return !cert_file.empty(); }
};

}  // namespace gf_otlp::receive

#endif  // GF_OTLP_RECEIVE_SERVER_TLS_H_
