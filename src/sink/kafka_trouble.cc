#include "sink/kafka_trouble.h"

#include <fmt/format.h>

#include <utility>

namespace gf_otlp {
namespace {

/// "sasl_ssl://kafka:9092/bootstrap": what is between the slashes.
std::string AddressOf(std::string_view broker) {
  if (const std::size_t scheme = broker.find("://"); scheme != std::string_view::npos) broker.remove_prefix(scheme + 3);
  return std::string(broker.substr(0, broker.find('/')));
}

/// librdkafka's report of a broker's error, taken apart.
struct BrokerError {
  std::string broker;  // host:port; empty: of none
  std::string_view what;
};

/// "sasl_ssl://kafka:9092/bootstrap: WHAT (after 3ms in state CONNECT, 1 identical error(s) suppressed)"
BrokerError TakeApart(std::string_view text) {
  if (const std::size_t after = text.rfind(" (after "); after != std::string_view::npos && text.ends_with(')')) {
    text = text.substr(0, after);
  }
  const std::size_t colon = text.find(": ");
  const std::string_view name = text.substr(0, colon);
  if (colon == std::string_view::npos || name.find('/') == std::string_view::npos) return {.broker = {}, .what = text};
  return {.broker = AddressOf(name), .what = text.substr(colon + 2)};
}

bool Contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string_view LastPart(std::string_view text) {
  const std::size_t colon = text.rfind(": ");
  return colon == std::string_view::npos ? text : text.substr(colon + 2);
}

/// The alerts by which brokers refuse ours, or that we have none.
bool IsAboutClientCertificate(std::string_view what) {
  return Contains(what, "alert bad certificate") || Contains(what, "certificate required") ||
         Contains(what, "alert unknown ca") || Contains(what, "alert certificate");
}

std::string TransportText(const BrokerError& error) {
  const std::string_view what = error.what;
  if (what.starts_with("Connect to ")) return fmt::format("cannot reach {}: {}", error.broker, LastPart(what));
  if (what.starts_with("Failed to resolve ")) return fmt::format("cannot resolve {}: {}", error.broker, LastPart(what));
  if (IsAboutClientCertificate(what)) {
    return fmt::format(
        "{} asks for a client certificate, or does not take this one (ssl.certificate.location, ssl.key.location): {}",
        error.broker, what);
  }
  if (Contains(what, "unexpected eof") || Contains(what, "wrong version number")) {
    return fmt::format("{} does not speak TLS (security.protocol): {}", error.broker, what);
  }
  return fmt::format("{}: {}", error.broker, what);
}

/// Before 2.6.1 it sent its nonce twice in SCRAM, which Kafka 4 refuses as wrong credentials.
bool ScramIsBroken() { return rd_kafka_version() < 0x02060100; }

std::string LoginText(const BrokerError& error, const std::string& mechanism) {
  if (mechanism.starts_with("SCRAM") && ScramIsBroken()) {
    return fmt::format(
        "{} refused the login (SASL {}): this librdkafka ({}) cannot log in by SCRAM to Kafka 4, whatever the "
        "password; "
        "2.6.1 or newer can (scripts/servers/librdkafka.sh builds one). To an older Kafka, check user and password: {}",
        error.broker, mechanism, rd_kafka_version_str(), error.what);
  }
  return fmt::format("{} refused the login (SASL {}): {}", error.broker, mechanism, error.what);
}

}  // namespace

void KafkaTrouble::SetMechanism(std::string mechanism) {
  const std::lock_guard lock(mutex_);
  mechanism_ = std::move(mechanism);
}

void KafkaTrouble::AddError(rd_kafka_resp_err_t code, std::string_view text) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) return;  // follows from the brokers' own errors
  const BrokerError error = TakeApart(text);
  const std::lock_guard lock(mutex_);
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
    refusal_ = LoginText(error, mechanism_);
  } else if (const auto bad = bad_certificates_.find(error.broker);
             bad != bad_certificates_.end() && Contains(error.what, "certificate verify failed")) {
    refusal_ = fmt::format("the certificate of {} is not accepted: {}", error.broker, bad->second);
  } else if (IsAboutClientCertificate(error.what)) {
    refusal_ = TransportText(error);
  } else {
    brokers_[error.broker] = error.broker.empty() ? std::string(error.what) : TransportText(error);
  }
}

void KafkaTrouble::AddLog(std::string_view line) {
  // "[thrd:NAME]: TEXT"
  if (const std::size_t end = line.find("]: "); line.starts_with("[thrd:") && end != std::string_view::npos) {
    line.remove_prefix(end + 3);
  }
  const std::lock_guard lock(mutex_);
  last_log_ = line;
}

void KafkaTrouble::AddCertificate(std::string_view broker, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  bad_certificates_[AddressOf(broker)] = reason;
}

bool KafkaTrouble::refused() const {
  const std::lock_guard lock(mutex_);
  return !refusal_.empty();
}

std::string KafkaTrouble::text() const {
  const std::lock_guard lock(mutex_);
  if (!refusal_.empty()) return refusal_;
  std::string text;
  for (const auto& [broker, error] : brokers_) {
    if (!text.empty()) text += "; ";
    text += error;
  }
  return text;
}

std::string KafkaTrouble::last_log() const {
  const std::lock_guard lock(mutex_);
  return last_log_;
}

}  // namespace gf_otlp
