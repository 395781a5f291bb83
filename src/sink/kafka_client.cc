#include "sink/kafka_client.h"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sink/kafka_library.h"

namespace gf_otlp {
namespace {

constexpr int kWarning = 4;  // syslog's level

using ErrorText = std::array<char, 512>;

Status Set(rd_kafka_conf_t* conf, const std::string& name, const std::string& value) {
  ErrorText error{};
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error.data(), error.size())) {
    case RD_KAFKA_CONF_OK: return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return UsageError(fmt::format("librdkafka {} has no property {}", rd_kafka_version_str(), name));
    default: return UsageError(fmt::format("librdkafka does not take the value of {}: {}", name, error.data()));
  }
}

/// Empty if it is not set.
std::string Get(const rd_kafka_conf_t* conf, const char* name) {
  std::array<char, 256> value{};
  std::size_t size = value.size();
  if (rd_kafka_conf_get(conf, name, value.data(), &size) != RD_KAFKA_CONF_OK) return {};
  return value.data();
}

/// librdkafka asks the application for tokens unless it is told where they come from; it would wait for ever.
Status CheckTokens(rd_kafka_conf_t* conf) {
  if (Get(conf, "enable.sasl.oauthbearer.unsecure.jwt") == "true" || Get(conf, "sasl.oauthbearer.method") == "oidc") {
    return {};
  }
  return UsageError(
      "OAUTHBEARER needs tokens: set sasl.oauthbearer.method=oidc, sasl.oauthbearer.token.endpoint.url, "
      "sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret");
}

Result<KafkaHandle<rd_kafka_conf_t>> NewConf(const KafkaProperties& properties) {
  KafkaHandle<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) GF_UNEXPECTED_IF_ERROR(Set(conf.get(), name, value));
  return conf;
}

}  // namespace

Result<std::unique_ptr<KafkaClient>> KafkaClient::Create(rd_kafka_type_t type, const KafkaSettings& settings) {
  std::unique_ptr<KafkaClient> client(new KafkaClient);
  client->server_name_ = settings.server_name;
  Result<KafkaHandle<rd_kafka_conf_t>> created = NewConf(settings.properties);
  if (!created) return std::unexpected(std::move(created.error()));
  KafkaHandle<rd_kafka_conf_t> conf = std::move(*created);
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  // Who asks librdkafka to debug wants its lines, which go to standard error by themselves.
  if (Get(conf.get(), "debug").empty()) rd_kafka_conf_set_log_cb(conf.get(), OnLog);

  const std::string protocol = Get(conf.get(), "security.protocol");
  if (protocol.ends_with("ssl")) {
    rd_kafka_conf_set_ssl_cert_verify_cb(conf.get(), OnCertificate);
    if (!settings.server_name.empty()) {
      GF_UNEXPECTED_IF_ERROR(Set(conf.get(), "ssl.endpoint.identification.algorithm", "none"));
    }
  }
  if (protocol.starts_with("sasl")) {
    std::string mechanism = Get(conf.get(), "sasl.mechanism");
    if (mechanism == "OAUTHBEARER") GF_UNEXPECTED_IF_ERROR(CheckTokens(conf.get()));
    client->trouble_.SetMechanism(std::move(mechanism));
  }

  ErrorText error{};
  client->handle_.reset(rd_kafka_new(type, conf.get(), error.data(), error.size()));
  if (client->handle_ == nullptr) {
    const std::string log = client->trouble_.last_log();
    return std::unexpected(UsageError(
        fmt::format("librdkafka does not take these properties: {}{}{}", error.data(), log.empty() ? "" : ": ", log)));
  }
  [[maybe_unused]] const rd_kafka_conf_t* const owned_by_handle = conf.release();
  client->queue_.reset(rd_kafka_queue_get_main(client->handle_.get()));
  return client;
}

Status CheckKafkaSettings(const KafkaSettings& settings) {
  const Result<KafkaHandle<rd_kafka_conf_t>> conf = NewConf(settings.properties);
  if (!conf) return conf.error();
  KafkaSettings offline = settings;
  std::erase_if(offline.properties, [](const auto& property) {
    return property.first == "bootstrap.servers" || property.first == "metadata.broker.list";
  });
  const std::string protocol = Get(conf->get(), "security.protocol"), mechanism = Get(conf->get(), "sasl.mechanism");
  const bool tokens = mechanism == "OAUTHBEARER";
  if (protocol.starts_with("sasl_") && (tokens || mechanism == "GSSAPI")) {
    if (tokens) GF_RETURN_IF_ERROR(CheckTokens(conf->get()));
    // A client would begin to log in at once.
    offline.properties.emplace_back("security.protocol", protocol.substr(protocol.find('_') + 1));
  }
  Result<std::unique_ptr<KafkaClient>> client = KafkaClient::Create(RD_KAFKA_PRODUCER, offline);
  return client ? Status() : std::move(client.error());
}

void KafkaClient::OnLog(const rd_kafka_t* handle, int level, const char* /*facility*/, const char* text) {
  if (level <= kWarning) static_cast<KafkaClient*>(rd_kafka_opaque(handle))->trouble_.AddLog(text);
}

int KafkaClient::OnCertificate(rd_kafka_t* /*handle*/, const char* broker, std::int32_t /*broker_id*/, int* x509_error,
                               int depth, const char* der, std::size_t size, char* error, std::size_t error_size,
                               void* opaque) {
  auto& client = *static_cast<KafkaClient*>(opaque);
  const auto refuse = [&](std::string_view reason) {
    client.trouble_.AddCertificate(broker, reason);
    *fmt::format_to_n(error, error_size - 1, "{}", reason).out = '\0';
    return 0;
  };
  if (*x509_error != X509_V_OK) return refuse(X509_verify_cert_error_string(*x509_error));
  if (depth != 0 || client.server_name_.empty()) return 1;

  const auto* bytes = reinterpret_cast<const unsigned char*>(der);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(d2i_X509(nullptr, &bytes, static_cast<long>(size)),
                                                                X509_free);
  const std::string& name = client.server_name_;
  if (certificate != nullptr && (X509_check_host(certificate.get(), name.data(), name.size(), 0, nullptr) == 1 ||
                                 X509_check_ip_asc(certificate.get(), name.c_str(), 0) == 1)) {
    return 1;
  }
  *x509_error = X509_V_ERR_HOSTNAME_MISMATCH;
  return refuse(fmt::format("it is not for {}", name));
}

}  // namespace gf_otlp
