#include "sink/kafka_trouble.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace gf_otlp {
namespace {

bool Has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_CASE("transport errors are told in plain words, the last one of each broker") {
  KafkaTrouble trouble;
  CHECK(trouble.text().empty());
  trouble.AddError(RD_KAFKA_RESP_ERR__TRANSPORT,
                   "ssl://kafka:9093/bootstrap: Connect to ipv4#10.0.0.1:9093 failed: Connection timed out (after 3ms "
                   "in state CONNECT)");
  trouble.AddError(RD_KAFKA_RESP_ERR__TRANSPORT,
                   "ssl://kafka:9093/1: Connect to ipv4#10.0.0.1:9093 failed: Connection refused (after 0ms in state "
                   "CONNECT, 2 identical error(s) suppressed)");
  trouble.AddError(RD_KAFKA_RESP_ERR__RESOLVE,
                   "nohost:9092/bootstrap: Failed to resolve 'nohost:9092': Name or service not known (after 0ms in "
                   "state CONNECT)");
  trouble.AddError(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "2/2 brokers are down");
  CHECK(trouble.text() ==
        "cannot reach kafka:9093: Connection refused; cannot resolve nohost:9092: Name or service not known");
  CHECK_FALSE(trouble.refused());
}

TEST_CASE("a broker that speaks no TLS is named as such") {
  KafkaTrouble trouble;
  trouble.AddError(
      RD_KAFKA_RESP_ERR__SSL,
      "ssl://kafka:9092/bootstrap: SSL handshake failed: error:0A000126:SSL routines::unexpected eof while "
      "reading (after 2ms in state SSL_HANDSHAKE)");
  CHECK(Has(trouble.text(), "kafka:9092 does not speak TLS"));
  CHECK_FALSE(trouble.refused());
}

TEST_CASE("a refused login names the mechanism, and a librdkafka that cannot log in") {
  constexpr std::string_view kError =
      "sasl_ssl://kafka:9093/bootstrap: SASL authentication error: invalid credentials (after 312ms in state AUTH_REQ)";
  SUBCASE("PLAIN") {
    KafkaTrouble trouble;
    trouble.SetMechanism("PLAIN");
    trouble.AddError(RD_KAFKA_RESP_ERR__AUTHENTICATION, kError);
    CHECK(trouble.refused());
    CHECK(trouble.text() ==
          "kafka:9093 refused the login (SASL PLAIN): SASL authentication error: invalid credentials");
  }
  SUBCASE("SCRAM") {
    KafkaTrouble trouble;
    trouble.SetMechanism("SCRAM-SHA-512");
    trouble.AddError(RD_KAFKA_RESP_ERR__AUTHENTICATION, kError);
    CHECK(trouble.refused());
    CHECK(Has(trouble.text(), "SCRAM-SHA-512"));
    CHECK(Has(trouble.text(), "scripts/servers/librdkafka.sh") == (rd_kafka_version() < 0x02060100));
  }
}

TEST_CASE("refused certificates say whose and why") {
  SUBCASE("the broker's") {
    KafkaTrouble trouble;
    trouble.AddCertificate("ssl://kafka:9093/bootstrap", "hostname mismatch");
    CHECK_FALSE(trouble.refused());
    trouble.AddError(
        RD_KAFKA_RESP_ERR__SSL,
        "ssl://kafka:9093/bootstrap: SSL handshake failed: error:0A000086:SSL routines::certificate verify "
        "failed: broker certificate could not be verified (after 17ms in state SSL_HANDSHAKE)");
    CHECK(trouble.refused());
    CHECK(trouble.text() == "the certificate of kafka:9093 is not accepted: hostname mismatch");
  }
  SUBCASE("ours") {
    KafkaTrouble trouble;
    trouble.AddError(RD_KAFKA_RESP_ERR__TRANSPORT,
                     "ssl://kafka:9093/bootstrap: Receive failed: error:0A000412:SSL routines::sslv3 alert bad "
                     "certificate: SSL alert number 42 (after 1ms in state APIVERSION_QUERY)");
    CHECK(trouble.refused());
    CHECK(Has(trouble.text(), "kafka:9093 asks for a client certificate"));
  }
}

TEST_CASE("lines of the log are kept without the name of their thread") {
  KafkaTrouble trouble;
  trouble.AddLog("[thrd:main]: Failed to acquire an id: retrying");
  CHECK(trouble.last_log() == "Failed to acquire an id: retrying");
}

}  // namespace
}  // namespace gf_otlp
