// What the settings of publish are to librdkafka: see CONFIGURATION.md of librdkafka.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

#include "cli/publish_config.h"

namespace gf_otlp::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kMaxRequest{300000}, kSocketTimeout{60000}, kSocketMargin{10000};
constexpr int kVersion2_2 = 0x020200ff, kVersion2_3 = 0x020300ff;

std::string Text(milliseconds duration) { return fmt::to_string(duration.count()); }
std::string Text(bool value) { return value ? "true" : "false"; }

}  // namespace

std::vector<PublishConfig::Login> PublishConfig::Logins() const {
  const auto any = [](const auto&... texts) { return (!texts.empty() || ...); };
  const auto& [mechanism, username, password] = settings_.sasl;
  const PublishSettings::Kerberos& k = settings_.kerberos;
  std::vector<Login> logins;
  if (any(mechanism, username, password)) logins.push_back(Login::kSasl);
  if (any(settings_.plain_text.username, settings_.plain_text.password)) logins.push_back(Login::kPlainText);
  if (k.use_keytab || any(k.service_name, k.realm, k.username, k.password, k.config_file, k.keytab_file)) {
    logins.push_back(Login::kKerberos);
  }
  return logins;
}

const std::string* PublishConfig::Extra(std::string_view name) const {
  for (const ExtraProperty& extra : extra_ | std::views::reverse) {
    if (extra.name == name) return &extra.value;
  }
  return nullptr;
}

std::string PublishConfig::mechanism() const {
  if (const std::string* extra = Extra("sasl.mechanism")) return *extra;
  const std::vector<Login> logins = Logins();
  if (logins.empty()) return "";
  switch (logins.front()) {
    case Login::kSasl: return settings_.sasl.mechanism;
    case Login::kPlainText: return "PLAIN";
    default: return "GSSAPI";
  }
}

bool PublishConfig::needs_password() const {
  const std::string name = mechanism();
  return name == "PLAIN" || name == "SCRAM-SHA-256" || name == "SCRAM-SHA-512";
}

bool PublishConfig::unsecured_tokens() const {
  const std::string* extra = Extra("enable.sasl.oauthbearer.unsecure.jwt");
  return extra != nullptr && *extra == "true";
}

const std::string& PublishConfig::password() const {
  if (password_) return *password_;
  return settings_.plain_text.password.empty() ? settings_.sasl.password : settings_.plain_text.password;
}

bool PublishConfig::idempotent() const {
  if (const std::string* extra = Extra("enable.idempotence")) return *extra == "true";
  const std::string *acks = Extra("acks"), *retries = Extra("retries");
  const bool all = acks != nullptr ? *acks == "-1" || *acks == "all" : settings_.producer.required_acks == -1;
  return all && (retries != nullptr ? *retries != "0" : settings_.retry_on_failure.enabled);
}

void PublishConfig::MapDelivery(std::vector<KafkaSetting>& to) const {
  const PublishSettings::Retry& retry = settings_.retry_on_failure;
  const milliseconds timeout = settings_.timeout.count() == 0 ? kMaxRequest : settings_.timeout;
  to.push_back({"timeout", "request.timeout.ms", Text(timeout)});
  if (timeout + kSocketMargin > kSocketTimeout) {
    to.push_back({"timeout", "socket.timeout.ms", Text(std::min(timeout + kSocketMargin, kMaxRequest))});
  }
  to.push_back({"retry_on_failure.enabled", "retries", retry.enabled ? "2147483647" : "0"});
  const milliseconds first = std::max(retry.initial_interval, milliseconds(1));
  to.push_back({"retry_on_failure.initial_interval", "retry.backoff.ms", Text(first)});
  to.push_back({"retry_on_failure.max_interval", "retry.backoff.max.ms", Text(std::max(first, retry.max_interval)),
                kVersion2_3});
  to.push_back({"retry_on_failure.max_elapsed_time", "message.timeout.ms", Text(retry.max_elapsed_time)});
}

void PublishConfig::MapClient(std::vector<KafkaSetting>& to) const {
  const PublishSettings& s = settings_;
  const auto text = [&](std::string_view key, const char* name, std::string value) {
    if (!value.empty()) to.push_back({key, name, std::move(value)});
  };
  text("brokers", "bootstrap.servers", fmt::to_string(fmt::join(s.brokers, ",")));
  text("client_id", "client.id", s.client_id);
  text("protocol_version", "broker.version.fallback", s.protocol_version);
  if (s.resolve_canonical_bootstrap_servers_only) {
    to.push_back({"resolve_canonical_bootstrap_servers_only", "client.dns.lookup",
                  "resolve_canonical_bootstrap_servers_only", kVersion2_2});
  }
  text("rack_id", "client.rack", s.rack_id);
  if (s.conn_idle_timeout.count() > 0) {
    to.push_back({"conn_idle_timeout", "connections.max.idle.ms", Text(s.conn_idle_timeout)});
  }
  to.push_back({"metadata.full", "topic.metadata.refresh.sparse", Text(!s.metadata.full)});
  const milliseconds refresh = s.metadata.refresh_interval;
  to.push_back(
      {"metadata.refresh_interval", "topic.metadata.refresh.interval.ms", refresh.count() == 0 ? "-1" : Text(refresh)});
  to.push_back({"metadata.retry.backoff", "topic.metadata.refresh.fast.interval.ms", Text(s.metadata.retry_backoff)});
}

void PublishConfig::MapTls(std::vector<KafkaSetting>& to) const {
  const PublishSettings::Tls& tls = settings_.tls;
  const std::string_view plain = tls.on() ? "ssl" : "plaintext";
  to.push_back(
      {"tls.insecure", "security.protocol", mechanism().empty() ? std::string(plain) : fmt::format("sasl_{}", plain)});
  if (!tls.on()) return;
  to.push_back({"tls.insecure_skip_verify", "enable.ssl.certificate.verification", Text(!tls.insecure_skip_verify)});
  to.push_back({"tls.server_name_override", "ssl.endpoint.identification.algorithm",
                tls.server_name_override.empty() ? "https" : "none"});
  const auto text = [&](std::string_view key, const char* name, const std::string& value, bool secret = false) {
    if (!value.empty()) to.push_back({key, name, value, 0, secret});
  };
  text("tls.ca_file", "ssl.ca.location", tls.ca_file);
  text("tls.ca_pem", "ssl.ca.pem", tls.ca_pem);
  text("tls.cert_file", "ssl.certificate.location", tls.cert_file);
  text("tls.cert_pem", "ssl.certificate.pem", tls.cert_pem);
  text("tls.key_file", "ssl.key.location", tls.key_file);
  text("tls.key_pem", "ssl.key.pem", tls.key_pem, true);
}

void PublishConfig::MapLogin(std::vector<KafkaSetting>& to) const {
  const std::vector<Login> logins = Logins();
  const Login login = logins.empty() ? Login::kNone : logins.front();
  if (login == Login::kSasl) MapSasl(to);
  if (login == Login::kKerberos) MapKerberos(to);
  if (login == Login::kPlainText) {
    to.push_back({"auth.plain_text.username", "sasl.mechanism", "PLAIN"});
    to.push_back({"auth.plain_text.username", "sasl.username", settings_.plain_text.username});
  }
  if (password().empty()) return;
  const std::string_view key = login == Login::kPlainText ? "auth.plain_text.password" : "auth.sasl.password";
  const auto secret = [&](const char* name) {
    to.push_back({login == Login::kNone ? "" : key, name, password(), 0, true});
  };
  if (needs_password()) secret("sasl.password");
  if (mechanism() == "OAUTHBEARER" && !unsecured_tokens()) secret("sasl.oauthbearer.client.secret");
}

void PublishConfig::MapSasl(std::vector<KafkaSetting>& to) const {
  const std::string& user = settings_.sasl.username;
  to.push_back({"auth.sasl.mechanism", "sasl.mechanism", settings_.sasl.mechanism});
  if (settings_.sasl.mechanism != "OAUTHBEARER") {
    if (!user.empty()) to.push_back({"auth.sasl.username", "sasl.username", user});
    return;
  }
  if (unsecured_tokens()) {
    to.push_back({"auth.sasl.username", "sasl.oauthbearer.config", fmt::format("principal={}", user)});
    return;
  }
  to.push_back({"auth.sasl.mechanism", "sasl.oauthbearer.method", "oidc"});
  if (!user.empty()) to.push_back({"auth.sasl.username", "sasl.oauthbearer.client.id", user});
}

void PublishConfig::MapKerberos(std::vector<KafkaSetting>& to) const {
  const PublishSettings::Kerberos& k = settings_.kerberos;
  to.push_back({"auth.kerberos.service_name", "sasl.mechanism", "GSSAPI"});
  to.push_back(
      {"auth.kerberos.service_name", "sasl.kerberos.service.name", k.service_name.empty() ? "kafka" : k.service_name});
  if (!k.username.empty()) {
    const bool whole = k.realm.empty() || k.username.contains('@');
    to.push_back({"auth.kerberos.username", "sasl.kerberos.principal",
                  whole ? k.username : fmt::format("{}@{}", k.username, k.realm)});
  }
  if (k.use_keytab) {
    to.push_back({"auth.kerberos.keytab_file", "sasl.kerberos.keytab", k.keytab_file});
  } else {
    // The ticket is there already. An empty command would stand for librdkafka's own, which wants a keytab.
    to.push_back({"auth.kerberos.use_keytab", "sasl.kerberos.kinit.cmd", "true"});
  }
}

void PublishConfig::MapProducer(std::vector<KafkaSetting>& to) const {
  const PublishSettings::Producer& producer = settings_.producer;
  to.push_back({"producer.compression", "compression.codec", producer.compression});
  if (producer.compression != "none" && producer.compression_level >= 0) {
    to.push_back(
        {"producer.compression_params.level", "compression.level", fmt::to_string(producer.compression_level)});
  }
  to.push_back({"producer.required_acks", "acks", fmt::to_string(producer.required_acks)});
  to.push_back({"producer.required_acks", "enable.idempotence", Text(idempotent())});
  to.push_back({"producer.max_message_bytes", "message.max.bytes", fmt::to_string(producer.max_message_bytes)});
  if (producer.flush_bytes > 0) {
    to.push_back({"producer.flush_bytes", "batch.size", fmt::to_string(producer.flush_bytes)});
  }
  if (producer.flush_max_messages > 0) {
    to.push_back({"producer.flush_max_messages", "batch.num.messages", fmt::to_string(producer.flush_max_messages)});
  }
  to.push_back({"producer.linger", "linger.ms", Text(producer.linger)});
}

std::vector<KafkaSetting> PublishConfig::Mapped() const {
  std::vector<KafkaSetting> mapped;
  MapClient(mapped);
  MapTls(mapped);
  MapLogin(mapped);
  MapDelivery(mapped);
  MapProducer(mapped);
  mapped.push_back({"", "partitioner", std::string(kDefaultPartitioner)});
  return mapped;
}

Result<KafkaProperties> PublishConfig::Properties(int library_version) const {
  GF_UNEXPECTED_IF_ERROR(CheckFiles());
  GF_UNEXPECTED_IF_ERROR(CheckPassword());
  KafkaProperties properties;
  for (KafkaSetting& setting : Mapped()) {
    if (setting.since <= library_version) properties.emplace_back(std::move(setting.name), std::move(setting.value));
  }
  for (const ExtraProperty& extra : extra_) properties.emplace_back(extra.name, extra.value);
  return properties;
}

std::optional<std::string> PublishConfig::Property(std::string_view name) const {
  if (const std::string* extra = Extra(name)) return *extra;
  for (KafkaSetting& setting : Mapped()) {
    if (setting.name == name) return std::move(setting.value);
  }
  return {};
}

}  // namespace gf_otlp::cli
