// Whether the settings of publish fit together, and what else is to be said about them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/ascii.h"
#include "base/file.h"
#include "cli/publish_config.h"

namespace gf_otlp::cli {
namespace {

bool IsPort(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, IsDigit) && text != "0" &&
         (text.size() < 5 || text <= "65535");
}

/// HOST or HOST:PORT; an IPv6 address stands in brackets.
bool IsBroker(std::string_view text) {
  if (text.find_first_of(" \t\r\n/,") != text.npos) return false;
  std::string_view host = text, port = "9092";
  const std::size_t colon = text.rfind(':'), bracket = text.rfind(']');
  if (colon != text.npos && (bracket == text.npos || colon > bracket)) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const bool address = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  return !host.empty() && IsPort(port) && (address || !host.contains(':'));
}

/// "2.8.0", "0.10.2.1".
bool IsVersion(std::string_view text) {
  int numbers = 1, digits = 0;
  for (const char c : text) {
    if (c == '.' && digits > 0) {
      ++numbers;
      digits = 0;
    } else if (IsDigit(c)) {
      ++digits;
    } else {
      return false;
    }
  }
  return digits > 0 && numbers >= 2 && numbers <= 4;
}

/// What Kafka takes as the name of a topic.
bool IsTopic(std::string_view name) {
  const auto legal = [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
  };
  return name.size() <= 249 && name != "." && name != ".." && std::ranges::all_of(name, legal);
}

/// librdkafka runs kinit with these texts by the shell.
bool IsSafeInShell(std::string_view text, std::string_view also) {
  return std::ranges::all_of(
      text, [&](char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || also.contains(c); });
}

}  // namespace

Status PublishConfig::ErrorAt(std::string_view key, std::string_view message) const {
  const std::string& origin = origins_[IndexOf(*FindPublishKey(key))];
  return UsageError(origin.empty() ? fmt::format("{}: {}", key, message)
                                   : fmt::format("{}: {}: {}", origin, key, message));
}

Status PublishConfig::Check() const {
  GF_RETURN_IF_ERROR(CheckClient());
  GF_RETURN_IF_ERROR(CheckTls());
  GF_RETURN_IF_ERROR(CheckLogin());
  GF_RETURN_IF_ERROR(CheckProducer());
  return CheckSignals();
}

Status PublishConfig::CheckClient() const {
  for (const std::string& broker : settings_.brokers) {
    if (!IsBroker(broker)) {
      return ErrorAt("brokers",
                     fmt::format("'{}' is no address: write HOST:PORT, an IPv6 address in brackets", broker));
    }
  }
  if (!settings_.protocol_version.empty() && !IsVersion(settings_.protocol_version)) {
    return ErrorAt("protocol_version",
                   fmt::format("'{}' is no version of Kafka, such as 2.8.0", settings_.protocol_version));
  }
  return {};
}

Status PublishConfig::CheckTls() const {
  const PublishSettings::Tls& tls = settings_.tls;
  constexpr std::string_view kBoth = "either the file or the text itself, not both";
  if (!tls.ca_file.empty() && !tls.ca_pem.empty()) return ErrorAt("tls.ca_pem", kBoth);
  if (!tls.cert_file.empty() && !tls.cert_pem.empty()) return ErrorAt("tls.cert_pem", kBoth);
  if (!tls.key_file.empty() && !tls.key_pem.empty()) return ErrorAt("tls.key_pem", kBoth);
  const bool cert = !tls.cert_file.empty() || !tls.cert_pem.empty();
  const bool key = !tls.key_file.empty() || !tls.key_pem.empty();
  if (cert && !key) {
    return ErrorAt(tls.cert_file.empty() ? "tls.cert_pem" : "tls.cert_file",
                   "a certificate needs its private key (tls.key_file or tls.key_pem)");
  }
  if (key && !cert) {
    return ErrorAt(tls.key_file.empty() ? "tls.key_pem" : "tls.key_file",
                   "a private key needs its certificate (tls.cert_file or tls.cert_pem)");
  }
  return {};
}

Status PublishConfig::CheckLogin() const {
  const std::vector<Login> logins = Logins();
  if (logins.size() > 1) {
    const auto name = [](Login login) {
      return login == Login::kSasl ? "auth.sasl" : login == Login::kPlainText ? "auth.plain_text" : "auth.kerberos";
    };
    return ErrorAt(fmt::format("{}.username", name(logins[1])),
                   fmt::format("one way to log in is expected: {} or {}", name(logins[0]), name(logins[1])));
  }
  if (logins.empty()) {
    if (Extra("sasl.username") == nullptr || !mechanism().empty()) return {};
    return UsageError("-X sasl.username: -X sasl.mechanism is missing, such as PLAIN or SCRAM-SHA-512");
  }
  switch (logins.front()) {
    case Login::kSasl: return CheckSasl();
    case Login::kKerberos: return CheckKerberos();
    default: break;
  }
  if (settings_.plain_text.username.empty()) {
    return ErrorAt("auth.plain_text.password", "a password without auth.plain_text.username");
  }
  return {};
}

Status PublishConfig::CheckSasl() const {
  const std::string& mechanism = settings_.sasl.mechanism;
  constexpr std::string_view kKey = "auth.sasl.mechanism";
  constexpr std::string_view kMechanisms = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER";
  if (mechanism.empty()) {
    return ErrorAt(settings_.sasl.username.empty() ? "auth.sasl.password" : "auth.sasl.username",
                   fmt::format("auth.sasl.mechanism is missing: {}", kMechanisms));
  }
  if (mechanism == "OAUTHBEARER") return CheckOauth();
  if (mechanism.starts_with("AWS_MSK_IAM")) {
    return ErrorAt(kKey, fmt::format("librdkafka cannot log in by AWS IAM ({}): let the cluster take SCRAM-SHA-512, or "
                                     "certificates of clients (tls.cert_file)",
                                     mechanism));
  }
  if (mechanism.starts_with("OIDC")) {
    return ErrorAt(kKey, fmt::format("{} is not known to librdkafka: use OAUTHBEARER with auth.sasl.username (the "
                                     "client's id), auth.sasl.password (its secret) and "
                                     "-X sasl.oauthbearer.token.endpoint.url=URL",
                                     mechanism));
  }
  if (mechanism == "GSSAPI") return ErrorAt(kKey, "Kerberos is configured by auth.kerberos");
  if (mechanism != "PLAIN" && mechanism != "SCRAM-SHA-256" && mechanism != "SCRAM-SHA-512") {
    return ErrorAt(kKey, fmt::format("expected {}, not '{}'", kMechanisms, mechanism));
  }
  if (settings_.sasl.username.empty() && Extra("sasl.username") == nullptr) {
    return ErrorAt(kKey, "auth.sasl.username is missing");
  }
  return {};
}

Status PublishConfig::CheckOauth() const {
  if (unsecured_tokens()) {
    if (!settings_.sasl.username.empty()) return {};
    return ErrorAt("auth.sasl.mechanism", "unsecured tokens are made for auth.sasl.username, which is missing");
  }
  if (Extra("sasl.oauthbearer.method") != nullptr || Extra("sasl.oauthbearer.token.endpoint.url") != nullptr) return {};
  return ErrorAt(
      "auth.sasl.mechanism",
      "OAUTHBEARER needs -X sasl.oauthbearer.token.endpoint.url=URL, auth.sasl.username (the client's id) and "
      "auth.sasl.password (its secret)");
}

Status PublishConfig::CheckKerberos() const {
  const PublishSettings::Kerberos& kerberos = settings_.kerberos;
  if (!kerberos.password.empty()) {
    return ErrorAt("auth.kerberos.password",
                   "librdkafka cannot log in to Kerberos by a password: use a keytab "
                   "(use_keytab, keytab_file), or the ticket of a kinit");
  }
  if (kerberos.use_keytab && kerberos.keytab_file.empty()) {
    return ErrorAt("auth.kerberos.use_keytab", "auth.kerberos.keytab_file is missing");
  }
  if (kerberos.use_keytab && kerberos.username.empty()) {
    return ErrorAt("auth.kerberos.use_keytab", "auth.kerberos.username is missing");
  }
  if (!kerberos.use_keytab && !kerberos.keytab_file.empty()) {
    return ErrorAt("auth.kerberos.keytab_file", "a keytab is used with auth.kerberos.use_keytab: true");
  }
  constexpr std::string_view kShell = "has characters that a shell takes for its own";
  if (!IsSafeInShell(kerberos.username, "._-/@")) return ErrorAt("auth.kerberos.username", kShell);
  if (!IsSafeInShell(kerberos.realm, "._-")) return ErrorAt("auth.kerberos.realm", kShell);
  if (kerberos.keytab_file.find_first_of("\"$`\\%\n") != std::string::npos) {
    return ErrorAt("auth.kerberos.keytab_file", kShell);
  }
  return {};
}

Status PublishConfig::CheckProducer() const {
  const PublishSettings::Producer& producer = settings_.producer;
  if (producer.compression == "gzip" && producer.compression_level > 9) {
    return ErrorAt("producer.compression_params.level", "gzip has levels up to 9");
  }
  const auto limit = settings_.retry_on_failure.max_elapsed_time;
  if (limit.count() > 0 && limit <= producer.linger) {
    return ErrorAt("retry_on_failure.max_elapsed_time", fmt::format("{} ms is not longer than producer.linger ({} ms)",
                                                                    limit.count(), producer.linger.count()));
  }
  return {};
}

Status PublishConfig::CheckSignals() const {
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    const PublishSettings::Signal& signal = settings_.signals[i];
    if (!signal.enabled) continue;
    const std::string key = std::string(kSignalConfigNames[i]);
    if (signal.topic.empty()) {
      return ErrorAt(key + ".enabled", fmt::format("{0}.topic.name is missing, such as {1} (or --topic {0}={1})", key,
                                                   kDefaultTopics[i]));
    }
    if (!IsTopic(signal.topic)) {
      return ErrorAt(key + ".topic.name",
                     fmt::format("'{}' is no name for a topic: up to 249 of a-z A-Z 0-9 . _ -", signal.topic));
    }
  }
  return {};
}

Status PublishConfig::CheckFiles() const {
  const PublishSettings::Tls& tls = settings_.tls;
  const auto readable = [&](std::string_view key, const std::string& path) -> Status {
    if (path.empty()) return {};
    const Result<FileInfo> info = StatFile(path);
    if (!info) return ErrorAt(key, info.error().message());
    if (info->kind == FileInfo::Kind::kDirectory) return ErrorAt(key, fmt::format("{}: a folder, not a file", path));
    const Result<InputFd> file = InputFd::Open(path);
    return file ? Status() : ErrorAt(key, file.error().message());
  };
  if (tls.on()) {
    GF_RETURN_IF_ERROR(readable("tls.ca_file", tls.ca_file));
    GF_RETURN_IF_ERROR(readable("tls.cert_file", tls.cert_file));
    GF_RETURN_IF_ERROR(readable("tls.key_file", tls.key_file));
  }
  return readable("auth.kerberos.keytab_file", settings_.kerberos.keytab_file);
}

Status PublishConfig::CheckPassword() const {
  if (!needs_password() || !password().empty()) return {};
  constexpr std::string_view kMissing =
      "the password is missing: put it into the environment (GF_OTLP_PASSWORD), a file (--password-file) or the "
      "configuration (password: ${env:NAME})";
  const std::vector<Login> logins = Logins();
  if (logins.empty()) return UsageError(fmt::format("-X sasl.mechanism: {}", kMissing));
  return ErrorAt(logins.front() == Login::kSasl ? "auth.sasl.mechanism" : "auth.plain_text.username", kMissing);
}

std::vector<std::string> PublishConfig::Warnings() const {
  std::vector<std::string> warnings;
  if (!idempotent()) {
    const std::string acks = Property("acks").value_or(""), retries = Property("retries").value_or("");
    std::string why = "enable.idempotence is false";
    if (acks != "-1" && acks != "all") why = fmt::format("acks is {}", acks);
    if (retries == "0") why = "retries are off";
    warnings.push_back(fmt::format("no idempotent delivery because {}: messages may be lost or written twice", why));
  }
  const std::string& krb5 = settings_.kerberos.config_file;
  const char* used = std::getenv("KRB5_CONFIG");
  if (!krb5.empty() && krb5 != (used != nullptr ? used : "/etc/krb5.conf")) {
    warnings.push_back(
        fmt::format("auth.kerberos.config_file is not read: set KRB5_CONFIG={} in the environment", krb5));
  }
  return warnings;
}

}  // namespace gf_otlp::cli
