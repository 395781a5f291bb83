#include "cli/publish_config.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "cli/config_file.h"

namespace gf_otlp::cli {
namespace {

constexpr int kOld = 0x020002ff, kNew = 0x020f01ff;
const std::string kConfigs = std::string(GF_OTLP_TESTDATA) + "/config/";

/// Sets a variable of the environment for a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

PublishConfig Parsed(const std::string& text) {
  Result<PublishConfig> config = PublishConfig::Parse(text, "e.yaml", "");
  INFO(text);
  REQUIRE_MESSAGE(config, (config ? "" : config.error().message()));
  return std::move(*config);
}

/// What is wrong with a configuration, when it is read or when it is checked.
std::string ErrorOf(const std::string& text, std::string_view exporter = "") {
  const Result<PublishConfig> config = PublishConfig::Parse(text, "e.yaml", exporter);
  const Status status = config ? config->Check() : config.error();
  INFO(text);
  REQUIRE_FALSE(status.ok());
  CHECK(status.code() == Code::kUsage);
  return status.message();
}

std::string PropertiesErrorOf(const PublishConfig& config) {
  REQUIRE(config.Check().ok());
  const Result<KafkaProperties> properties = config.Properties(kNew);
  REQUIRE_FALSE(properties);
  CHECK(properties.error().code() == Code::kUsage);
  return properties.error().message();
}

std::map<std::string, std::string> PropertiesOf(const PublishConfig& config, int version = kNew) {
  const Status status = config.Check();
  REQUIRE_MESSAGE(status.ok(), (status.ok() ? "" : status.message()));
  const Result<KafkaProperties> properties = config.Properties(version);
  REQUIRE_MESSAGE(properties, (properties ? "" : properties.error().message()));
  std::map<std::string, std::string> last;
  for (const auto& [name, value] : *properties) last[name] = value;
  return last;
}

std::string Lines(const std::string& text, std::string_view word) {
  std::istringstream lines(text);
  std::string line, found;
  while (std::getline(lines, line)) {
    if (line.contains(word)) found += line + "\n";
  }
  return found;
}

/// All values, without the secrets.
std::map<std::string, std::string> ValuesOf(const PublishConfig& config) {
  PublishSettings settings = config.settings();
  std::map<std::string, std::string> values;
  for (const Setting& setting : PublishKeys()) {
    if (setting.field && setting.secret.empty()) values[setting.key] = SettingText(setting.field(settings));
  }
  return values;
}

struct WrongConfig {
  const char* text;
  const char* error;  // its beginning
};

}  // namespace

TEST_CASE("publish config: defaults without a file") {
  const PublishConfig config;
  REQUIRE(config.Check().ok());
  const PublishSettings& s = config.settings();
  CHECK_FALSE(s.dry_run);
  CHECK(s.brokers.empty());
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    CHECK(s.signals[i].enabled);
    CHECK(s.signals[i].topic == kDefaultTopics[i]);
    CHECK(s.signals[i].encoding == "json");
  }
  CHECK(PropertiesOf(config) == std::map<std::string, std::string>{{"acks", "-1"},
                                                                   {"client.id", "gf-otlp"},
                                                                   {"compression.codec", "none"},
                                                                   {"enable.idempotence", "true"},
                                                                   {"linger.ms", "5"},
                                                                   {"message.max.bytes", "1000000"},
                                                                   {"message.timeout.ms", "300000"},
                                                                   {"partitioner", "fnv1a_random"},
                                                                   {"request.timeout.ms", "5000"},
                                                                   {"retries", "2147483647"},
                                                                   {"retry.backoff.max.ms", "30000"},
                                                                   {"retry.backoff.ms", "1000"},
                                                                   {"security.protocol", "plaintext"},
                                                                   {"topic.metadata.refresh.fast.interval.ms", "250"},
                                                                   {"topic.metadata.refresh.interval.ms", "600000"},
                                                                   {"topic.metadata.refresh.sparse", "true"}});
  CHECK(config.Warnings().empty());
}

TEST_CASE("publish config: defaults with a file, however empty") {
  for (const char* text : {"", "# nothing\n", "{}", "auth:\n  # mechanism: PLAIN\nproducer:\ntls:\n",
                           "auth: {sasl: {}, kerberos: {}}\ntimeout: null\n", "exporters:\n  glassflow:\n",
                           "exporters: {debug: {}, glassflow: {traces: {topic: {}}}}"}) {
    CAPTURE(text);
    const PublishConfig config = Parsed(text);
    REQUIRE(config.Check().ok());
    for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
      const bool enabled = i < 2 || kSignalConfigNames[i] == "metrics.sum";
      CHECK(config.settings().signals[i].enabled == enabled);
      CHECK(config.settings().signals[i].topic == (enabled ? kDefaultTopics[i] : ""));
    }
    CHECK(PropertiesOf(config) == PropertiesOf(PublishConfig()));
  }
}

TEST_CASE("publish config: the example of the exporter's documentation") {
  const Result<PublishConfig> config = PublishConfig::Load(kConfigs + "documented.yaml", "");
  REQUIRE_MESSAGE(config, (config ? "" : config.error().message()));
  std::map<std::string, std::string> properties = PropertiesOf(*config);
  CHECK(properties["bootstrap.servers"] == "localhost:9092");
  CHECK(properties["broker.version.fallback"] == "2.8.0");
  CHECK(properties["security.protocol"] == "sasl_plaintext");
  CHECK(properties["sasl.mechanism"] == "PLAIN");
  CHECK(properties["sasl.username"] == "user");
  CHECK(properties["sasl.password"] == "pass");
  CHECK(properties["compression.codec"] == "gzip");
  CHECK(properties["batch.size"] == "1048576");
  CHECK_FALSE(config->settings().dry_run);
  CHECK_FALSE(config->settings().signals[2].enabled);
  const std::string printed = config->Print(kNew);
  CHECK(Lines(printed, "queue_size") ==
        "  queue_size: 5120  # accepted, no effect: publish reads as fast as messages are delivered (" + kConfigs +
            "documented.yaml:7)\n");
}

TEST_CASE("publish config: the example that runs in Docker") {
  const Result<PublishConfig> config = PublishConfig::Load(kConfigs + "quickstart.yaml", "glassflow");
  REQUIRE(config);
  REQUIRE(config->Check().ok());
  CHECK(config->settings().dry_run == false);
  CHECK(std::ranges::all_of(config->settings().signals, &PublishSettings::Signal::enabled));
  CHECK(config->settings().signals[5].topic == "otel-metrics-exp-histogram");
}

TEST_CASE("publish config: every key is read, and becomes what it says") {
  Result<PublishConfig> config = PublishConfig::Load(kConfigs + "everything.yaml", "");
  REQUIRE_MESSAGE(config, (config ? "" : config.error().message()));
  const std::string printed = config->Print(kNew);
  const std::set<std::string> elsewhere = {"tls.ca_file",
                                           "tls.cert_pem",
                                           "tls.key_file",
                                           "auth.plain_text.username",
                                           "auth.plain_text.password",
                                           "auth.kerberos.service_name",
                                           "auth.kerberos.realm",
                                           "auth.kerberos.username",
                                           "auth.kerberos.password",
                                           "auth.kerberos.use_keytab",
                                           "auth.kerberos.keytab_file",
                                           "auth.kerberos.config_file"};
  const std::map<std::string, std::string> values = ValuesOf(*config), defaults = ValuesOf(Parsed(""));
  for (const auto& [key, value] : values) {
    CAPTURE(key);
    const bool same = key == "tls.insecure" ? value == "true" : value == defaults.at(key);
    const bool enabled = key == "traces.enabled" || key == "logs.enabled" || key == "metrics.sum.enabled";
    const bool expected = elsewhere.contains(key) || enabled;
    CHECK(same == expected);
  }
  std::size_t ignored = 0;
  for (const Setting& setting : PublishKeys()) ignored += !setting.field;
  const std::string lines = Lines(printed, "accepted, no effect: ");
  CHECK(static_cast<std::size_t>(std::ranges::count(lines, '\n')) == ignored);
  CHECK(lines.contains("metadata_keys: [tenant, region]  # accepted"));
  CHECK(lines.contains("    owner_auth: ${env:GF_OTLP_TPM_AUTH}  #"));

  // Its certificate is not there.
  REQUIRE(config->Check().ok());
  CHECK(config->Properties(kNew).error().message().starts_with(kConfigs + "everything.yaml:50: tls.cert_file: "));
  CHECK(config->server_name().empty());
  const std::pair<const char*, const char*> expected[] = {
      {"request.timeout.ms", "70000"},
      {"socket.timeout.ms", "80000"},
      {"retries", "0"},
      {"retry.backoff.ms", "250"},
      {"retry.backoff.max.ms", "90000"},
      {"message.timeout.ms", "3600000"},
      {"bootstrap.servers", "one:9092,[::1]:9093,three"},
      {"client.id", "night job"},
      {"broker.version.fallback", "3.6.0"},
      {"client.dns.lookup", "resolve_canonical_bootstrap_servers_only"},
      {"client.rack", "rack-7"},
      {"connections.max.idle.ms", "540000"},
      {"topic.metadata.refresh.sparse", "false"},
      {"topic.metadata.refresh.interval.ms", "-1"},
      {"topic.metadata.refresh.fast.interval.ms", "300"},
      {"security.protocol", "sasl_ssl"},
      {"enable.ssl.certificate.verification", "false"},
      {"ssl.endpoint.identification.algorithm", "none"},
      {"ssl.certificate.location", "client.pem"},
      {"ssl.key.pem", "not a key"},
      {"sasl.mechanism", "SCRAM-SHA-512"},
      {"sasl.username", "$night: job"},
      {"sasl.password", "secret"},
      {"compression.codec", "zstd"},
      {"compression.level", "7"},
      {"acks", "1"},
      {"enable.idempotence", "false"},
      {"message.max.bytes", "2000000"},
      {"batch.size", "65536"},
      {"batch.num.messages", "500"},
      {"linger.ms", "7"}};
  for (const auto& [name, value] : expected) {
    CAPTURE(name);
    CHECK(config->Property(name) == value);
  }
}

TEST_CASE("publish config: what is wrong in a file") {
  const WrongConfig kWrong[] = {
      // Keys.
      {"producer:\n  compresion: lz4\n",
       "e.yaml:2: unknown key 'producer.compresion': did you mean 'producer.compression'?"},
      {"compression: lz4\n", "e.yaml:1: unknown key 'compression': did you mean 'producer.compression'?"},
      {"trace:\n  enabled: true\n", "e.yaml:1: unknown key 'trace': did you mean 'traces'?"},
      {"metrics:\n  enabled: true\n", "e.yaml:2: unknown key 'metrics.enabled': did you mean 'metrics.sum.enabled'?"},
      {"logs: {topic: {nmae: x}}\n", "e.yaml:1: unknown key 'logs.topic.nmae': did you mean 'logs.topic.name'?"},
      {"brokers: [a]\nacks: 1\n", "e.yaml:2: unknown key 'acks': did you mean "},
      {"brokers: [a]\n\nbrokers: [b]\n", "e.yaml:3: 'brokers' stands in line 1 already"},
      {"tls:\n  ca_file: a\n  ca_file: b\n", "e.yaml:3: 'tls.ca_file' stands in line 2 already"},
      {"producer.linger: 1s\n", "e.yaml:1: 'producer.linger': keys are nested, not joined by dots"},
      {"? [a, b]\n: 1\n", "e.yaml:1: a key is a list or a map"},
      {"traces: &t {enabled: true}\nlogs:\n  <<: *t\n", "e.yaml:3: merging maps by '<<' is not supported"},
      {"tls: {}\nauth:\n  tls: {}\n",
       "e.yaml:3: auth.tls is the old place of tls, which is in line 1: keep one of them"},
      {"auth:\n  tls:\n    ca_fil: x\n", "e.yaml:3: unknown key 'tls.ca_fil': did you mean 'tls.ca_file'?"},
      // Types.
      {"timeout: 5\n", "e.yaml:1: timeout: expected a duration such as 500ms, 30s or 1m30s, not '5'"},
      {"timeout: -1s\n", "e.yaml:1: timeout: expected a duration such as"},
      {"timeout: 1h\n", "e.yaml:1: timeout: expected a duration from 0s to 5m, not '1h'"},
      {"\nmetadata: {retry: {backoff: 0}}\n",
       "e.yaml:2: metadata.retry.backoff: expected a duration from 1ms to 1m, not '0'"},
      {"dry_run: yes\n", "e.yaml:1: dry_run: expected true or false, not 'yes'"},
      {"dry_run: [true]\n", "e.yaml:1: dry_run: expected true or false, not a list"},
      {"dry_run: {}\n", "e.yaml:1: dry_run: expected true or false, not a map"},
      {"client_id: [a]\n", "e.yaml:1: client_id: expected a text, not a list"},
      {"brokers: {a: b}\n", "e.yaml:1: brokers: expected a list of texts, not a map"},
      {"brokers: [[a]]\n", "e.yaml:1: brokers: a list of texts is expected, one of it is not"},
      {"traces:\n  topic: spans\n",
       "e.yaml:2: traces.topic: expected a map (name, create, num_partitions, replication_factor), not 'spans'"},
      {"producer: [lz4]\n", "e.yaml:1: producer: expected a map (compression, compression_params, required_acks, "},
      {"producer: {flush_bytes: 1e6}\n",
       "e.yaml:1: producer.flush_bytes: expected a whole number from 0 to 2147483647, not '1e6'"},
      {"producer: {flush_bytes: }\n  x\n", "e.yaml:2: "},
      {"producer: {max_message_bytes: 10}\n",
       "e.yaml:1: producer.max_message_bytes: expected a whole number from 1000 to "},
      {"producer: {max_message_bytes: 99999999999999999999}\n",
       "e.yaml:1: producer.max_message_bytes: expected a whole"},
      {"producer: {compression: lz5}\n",
       "e.yaml:1: producer.compression: expected one of none, gzip, snappy, lz4, zstd, not 'lz5'"},
      {"producer: {required_acks: 2}\n",
       "e.yaml:1: producer.required_acks: expected a whole number from -1 to 1, all, WaitForAll, WaitForLocal, "
       "NoResponse, not '2'"},
      {"producer: {compression: gzip, compression_params: {level: 10}}\n",
       "e.yaml:1: producer.compression_params.level: gzip has"},
      {"producer: {compression: zstd, compression_params: {level: 22}}\n",
       "e.yaml:1: producer.compression_params.level: expected a whole number from -1 to 12, not '22'"},
      {"traces: {encoding: clickhouse_json}\n",
       "e.yaml:1: traces.encoding: expected one of json, otlp_json, otlp_proto"},
      {"traces: {topic: {num_partitions: 0}}\n",
       "e.yaml:1: traces.topic.num_partitions: expected a whole number from 1 to"},
      {"traces: {topic: {replication_factor: 40000}}\n",
       "e.yaml:1: traces.topic.replication_factor: expected a whole number from 1 to 32767"},
      {"retry_on_failure: {multiplier: fast}\n",
       "e.yaml:1: retry_on_failure.multiplier: expected a number of 0 or more, not 'fast'"},
      {"sending_queue: {num_consumers: 0}\n", "e.yaml:1: sending_queue.num_consumers: expected a whole number from 1"},
      {"sending_queue: {enabled: maybe}\n", "e.yaml:1: sending_queue.enabled: expected true or false, not 'maybe'"},
      {"sending_queue: {batch: {flush_timeout: soon}}\n",
       "e.yaml:1: sending_queue.batch.flush_timeout: expected a duration"},
      {"tls: {min_version: 1.4}\n", "e.yaml:1: tls.min_version: expected one of 1.0, 1.1, 1.2, 1.3, not '1.4'"},
      // Texts.
      {"brokers: kafka:port\n", "e.yaml:1: brokers: 'kafka:port' is no address: write HOST:PORT"},
      {"brokers: [a, ' ']\n", "e.yaml:1: brokers: ' ' is no address"},
      {"brokers: \"a,,b\"\n", "e.yaml:1: brokers: '' is no address"},
      {"brokers: ssl://a:9092\n", "e.yaml:1: brokers: 'ssl://a:9092' is no address"},
      {"brokers: ['::1:9092']\n", "e.yaml:1: brokers: '::1:9092' is no address"},
      {"brokers: a:70000\n", "e.yaml:1: brokers: 'a:70000' is no address"},
      {"protocol_version: newest\n", "e.yaml:1: protocol_version: 'newest' is no version of Kafka, such as 2.8.0"},
      {"traces: {topic: {name: a topic}}\n", "e.yaml:1: traces.topic.name: 'a topic' is no name for a topic"},
      {"traces: {topic: {name: ..}}\n", "e.yaml:1: traces.topic.name: '..' is no name for a topic"},
      {"metrics:\n  gauge:\n    enabled: true\n",
       "e.yaml:3: metrics.gauge.enabled: metrics.gauge.topic.name is missing, such as otel-metrics-gauge (or --topic"},
      {"metrics: {exponential_histogram: {enabled: true}}\n",
       "e.yaml:1: metrics.exponential_histogram.enabled: metrics.exponential_histogram.topic.name is missing, such as "
       "otel-metrics-exponential-histogram"},
      {"traces: {topic: {name: ''}}\n", "traces.enabled: traces.topic.name is missing, such as otel-traces"},
      {"retry_on_failure: {max_elapsed_time: 5ms}\n",
       "e.yaml:1: retry_on_failure.max_elapsed_time: 5 ms is not longer than producer.linger (5 ms)"},
      // YAML.
      {"a: [\n", "e.yaml:2: "},
      {"\tbrokers: a\n", "e.yaml:1: "},
      {"brokers: *nobody\n", "e.yaml:1: "},
      {"# a|\n, b: c\n", "e.yaml:2: "},
      {"brokers: a\n]\n", "e.yaml:2: "},
      {"}", "e.yaml:1: "},
      {"- a\n", "e.yaml:1: a map of settings is expected"},
      {"text", "e.yaml:1: a map of settings is expected"},
      {"brokers: a\n---\nbrokers: b\n", "e.yaml:2: the settings end above this line, but more follows"},
      {"auth: &a {sasl: *a}\n", "e.yaml:1: maps within maps without end"},
      // A Collector's file.
      {"exporters:\n  otlp: {}\n", "e.yaml:2: no exporter named glassflow or glassflow/NAME"},
      {"exporters: [glassflow]\n", "e.yaml:1: exporters: a map of exporters is expected"},
      {"exporters:\n", "e.yaml:2: exporters: a map of exporters is expected"},
      {"exporters:\n  glassflow: kafka:9092\n", "e.yaml:2: glassflow: a map of settings is expected"},
      {"exporters:\n  glassflow: {}\n  glassflow: {}\n", "e.yaml:3: 'glassflow' stands in line 2 already"},
      {"exporters: {}\nexporters: {}\n", "e.yaml:2: 'exporters' stands in line 1 already"},
      {"exporters:\n  glassflow:\n    producer:\n      linger: x\n", "e.yaml:4: producer.linger: expected a duration"},
      // Variables.
      {"client_id: ${env:GF_OTLP_NO_SUCH_VARIABLE}\n",
       "e.yaml:1: client_id: the environment has no variable GF_OTLP_NO_SUCH_VARIABLE"},
      {"brokers:\n  - a\n  - ${GF_OTLP_NO_SUCH_VARIABLE}\n", "e.yaml:3: brokers: the environment has no variable"},
      {"client_id: ${env:X\n", "e.yaml:1: client_id: '${' without '}': write $$ for a dollar"},
      {"client_id: ${file:/etc/id}\n", "e.yaml:1: client_id: '${file:/etc/id}' is not understood: write ${env:NAME}"},
      {"client_id: ${env:A B}\n", "e.yaml:1: client_id: '${env:A B}' is not understood"},
      {"client_id: ${env:A:-${B}}\n", "e.yaml:1: client_id: '${env:A:-${B}' is not understood"},
  };
  for (const auto& [text, error] : kWrong) {
    CAPTURE(text);
    const std::string message = ErrorOf(text);
    CHECK_MESSAGE(message.starts_with(error), message);
  }
}

TEST_CASE("publish config: what is wrong with security") {
  const WrongConfig kWrong[] = {
      {"tls: {ca_file: a, ca_pem: b}", "e.yaml:1: tls.ca_pem: either the file or the text itself, not both"},
      {"tls: {cert_file: a, cert_pem: b, key_file: c}", "e.yaml:1: tls.cert_pem: either the file"},
      {"tls: {cert_file: a, key_pem: b, key_file: c}", "e.yaml:1: tls.key_pem: either the file"},
      {"tls: {cert_file: a}", "e.yaml:1: tls.cert_file: a certificate needs its private key"},
      {"tls: {cert_pem: a}", "e.yaml:1: tls.cert_pem: a certificate needs its private key"},
      {"tls: {key_file: a}", "e.yaml:1: tls.key_file: a private key needs its certificate"},
      {"tls: {key_pem: a}", "e.yaml:1: tls.key_pem: a private key needs its certificate"},
      {"auth: {sasl: {username: u, password: p}}",
       "e.yaml:1: auth.sasl.username: auth.sasl.mechanism is missing: PLAIN, SCRAM-SHA-256"},
      {"auth: {sasl: {password: p}}", "e.yaml:1: auth.sasl.password: auth.sasl.mechanism is missing"},
      {"auth: {sasl: {mechanism: PLAIN, password: p}}", "e.yaml:1: auth.sasl.mechanism: auth.sasl.username is missing"},
      {"auth: {sasl: {mechanism: plain, username: u}}",
       "e.yaml:1: auth.sasl.mechanism: expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER, not 'plain'"},
      {"auth: {sasl: {mechanism: AWS_MSK_IAM_OAUTHBEARER}}",
       "e.yaml:1: auth.sasl.mechanism: librdkafka cannot log in by AWS IAM"},
      {"auth: {sasl: {mechanism: AWS_MSK_IAM}}", "e.yaml:1: auth.sasl.mechanism: librdkafka cannot log in by AWS IAM"},
      {"auth: {sasl: {mechanism: OIDCFILE}}",
       "e.yaml:1: auth.sasl.mechanism: OIDCFILE is not known to librdkafka: use OAUTHBEARER"},
      {"auth: {sasl: {mechanism: GSSAPI}}", "e.yaml:1: auth.sasl.mechanism: Kerberos is configured by auth.kerberos"},
      {"auth: {sasl: {mechanism: OAUTHBEARER}}",
       "e.yaml:1: auth.sasl.mechanism: OAUTHBEARER needs -X sasl.oauthbearer.token.endpoint.url=URL"},
      {"auth: {plain_text: {password: p}}",
       "e.yaml:1: auth.plain_text.password: a password without auth.plain_text.username"},
      {"auth: {plain_text: {username: u}, sasl: {mechanism: PLAIN, username: u}}",
       "e.yaml:1: auth.plain_text.username: one way to log in is expected: auth.sasl or auth.plain_text"},
      {"auth: {kerberos: {username: u}, sasl: {mechanism: PLAIN, username: u}}",
       "e.yaml:1: auth.kerberos.username: one way to log in is expected: auth.sasl or auth.kerberos"},
      {"auth: {kerberos: {username: u}, plain_text: {username: u}}",
       "e.yaml:1: auth.kerberos.username: one way to log in is expected: auth.plain_text or auth.kerberos"},
      {"auth: {kerberos: {username: u, password: p}}",
       "e.yaml:1: auth.kerberos.password: librdkafka cannot log in to Kerberos by a password"},
      {"auth: {kerberos: {use_keytab: true, username: u}}",
       "e.yaml:1: auth.kerberos.use_keytab: auth.kerberos.keytab_file is missing"},
      {"auth: {kerberos: {use_keytab: true, keytab_file: u}}",
       "e.yaml:1: auth.kerberos.use_keytab: auth.kerberos.username is missing"},
      {"auth: {kerberos: {keytab_file: u}}",
       "e.yaml:1: auth.kerberos.keytab_file: a keytab is used with auth.kerberos.use_keytab: true"},
      {"auth: {kerberos: {username: u; reboot}}", "e.yaml:1: auth.kerberos.username: has characters that a shell"},
      {"auth: {kerberos: {username: u, realm: $$(reboot)}}",
       "e.yaml:1: auth.kerberos.realm: has characters that a shell"},
      {"auth: {kerberos: {use_keytab: true, username: u, keytab_file: 'a\"b'}}",
       "e.yaml:1: auth.kerberos.keytab_file: has characters that a shell"},
  };
  for (const auto& [text, error] : kWrong) {
    CAPTURE(text);
    const std::string message = ErrorOf(text);
    CHECK_MESSAGE(message.starts_with(error), message);
  }
}

TEST_CASE("publish config: security protocols") {
  const std::tuple<const char*, const char*, const char*> kProtocols[] = {
      {"", "plaintext", ""},
      {"tls:\n", "plaintext", ""},
      {"tls: {}", "ssl", "https"},
      {"tls: {insecure: false}", "ssl", "https"},
      {"tls: {insecure: true}", "plaintext", ""},
      {"tls: {insecure: true, insecure_skip_verify: true}", "plaintext", ""},
      {"tls: {insecure: true, ca_pem: x}", "ssl", "https"},
      {"auth: {tls: {}}", "ssl", "https"},
      {"tls: {server_name_override: broker}", "ssl", "none"},
      {"auth: {plain_text: {username: u, password: p}}", "sasl_plaintext", ""},
      {"tls: {}\nauth: {sasl: {mechanism: SCRAM-SHA-256, username: u, password: p}}", "sasl_ssl", "https"},
  };
  for (const auto& [text, protocol, identification] : kProtocols) {
    CAPTURE(text);
    std::map<std::string, std::string> properties = PropertiesOf(Parsed(text));
    CHECK(properties["security.protocol"] == protocol);
    CHECK(properties["ssl.endpoint.identification.algorithm"] == identification);
  }
  CHECK(Parsed("tls: {server_name_override: broker}").server_name() == "broker");
  CHECK(Parsed("tls: {server_name_override: broker, insecure: true}").server_name().empty());
}

TEST_CASE("publish config: files of certificates are looked for") {
  const std::string here = kConfigs + "documented.yaml";
  CHECK(PropertiesErrorOf(Parsed("tls:\n  ca_file: /no/such/file\n"))
            .starts_with("e.yaml:2: tls.ca_file: /no/such/file: "));
  CHECK(PropertiesErrorOf(Parsed("tls: {ca_file: /}")) == "e.yaml:1: tls.ca_file: /: a folder, not a file");
  CHECK(PropertiesErrorOf(Parsed("tls: {cert_file: " + here + ", key_file: /no/such}"))
            .starts_with("e.yaml:1: tls.key_file: /no/such: "));
  std::map<std::string, std::string> properties =
      PropertiesOf(Parsed("tls: {ca_file: " + here + ", cert_file: " + here + ", key_file: " + here + "}"));
  CHECK(properties["ssl.ca.location"] == here);
  CHECK(properties["ssl.certificate.location"] == here);
  CHECK(properties["ssl.key.location"] == here);
  CHECK(PropertiesErrorOf(Parsed("auth: {kerberos: {use_keytab: true, username: u, keytab_file: /no/such}}"))
            .starts_with("e.yaml:1: auth.kerberos.keytab_file: /no/such: "));
}

TEST_CASE("publish config: passwords") {
  PublishConfig config = Parsed("auth:\n  sasl: {mechanism: SCRAM-SHA-512, username: u}\n");
  CHECK(PropertiesErrorOf(config).starts_with("e.yaml:2: auth.sasl.mechanism: the password is missing: put it into"));
  config.SetPassword("from a file", "--password-file");
  CHECK(PropertiesOf(config)["sasl.password"] == "from a file");
  CHECK(config.Print(kNew).contains("    password: ${env:GF_OTLP_PASSWORD}  # sasl.password=*** (--password-file)\n"));

  PublishConfig plain = Parsed("auth:\n  plain_text: {username: u, password: old}\n");
  CHECK(PropertiesOf(plain)["sasl.password"] == "old");
  plain.SetPassword("new", "GF_OTLP_PASSWORD");
  CHECK(PropertiesOf(plain)["sasl.password"] == "new");
  CHECK(PropertiesOf(plain)["sasl.mechanism"] == "PLAIN");

  PublishConfig flags;
  flags.SetPassword("unused", "GF_OTLP_PASSWORD");
  CHECK_FALSE(PropertiesOf(flags).contains("sasl.password"));
  REQUIRE(flags.AddProperty("sasl.mechanisms", "PLAIN", "-X").ok());
  REQUIRE(flags.AddProperty("sasl.username", "u", "-X").ok());
  CHECK(PropertiesOf(flags)["sasl.password"] == "unused");
  CHECK(PropertiesOf(flags)["security.protocol"] == "sasl_plaintext");
  flags.SetPassword("", "GF_OTLP_PASSWORD");
  CHECK(PropertiesErrorOf(flags).starts_with("-X sasl.mechanism: the password is missing"));

  PublishConfig encrypted = Parsed("tls: {}");
  REQUIRE(encrypted.AddProperty("sasl.username", "u", "-X").ok());
  CHECK(encrypted.Check().message().starts_with("-X sasl.username: -X sasl.mechanism is missing"));
  REQUIRE(encrypted.AddProperty("sasl.mechanism", "SCRAM-SHA-512", "-X").ok());
  encrypted.SetPassword("p", "GF_OTLP_PASSWORD");
  CHECK(PropertiesOf(encrypted)["security.protocol"] == "sasl_ssl");
  CHECK(PropertiesOf(encrypted)["sasl.password"] == "p");
  REQUIRE(encrypted.AddProperty("security.protocol", "plaintext", "-X").ok());
  CHECK(PropertiesOf(encrypted)["security.protocol"] == "plaintext");

  PublishConfig tokens;
  REQUIRE(tokens.AddProperty("sasl.mechanism", "OAUTHBEARER", "-X").ok());
  tokens.SetPassword("s", "GF_OTLP_PASSWORD");
  CHECK(PropertiesOf(tokens)["security.protocol"] == "sasl_plaintext");
  CHECK(PropertiesOf(tokens)["sasl.oauthbearer.client.secret"] == "s");
}

TEST_CASE("publish config: a dry run by the flag is printed as any other setting") {
  PublishConfig config = Parsed("dry_run: true\n");
  CHECK(Lines(config.Print(kNew), "dry_run") == "dry_run: true  # (e.yaml:1)\n");
  REQUIRE(config.Set("dry_run", "false", "--dry-run").ok());
  CHECK(config.settings().dry_run == false);
  CHECK(Lines(config.Print(kNew), "dry_run") == "dry_run: false  # (--dry-run)\n");
  PublishConfig flags;
  REQUIRE(flags.Set("dry_run", "true", "--dry-run").ok());
  CHECK(Lines(flags.Print(kNew), "dry_run") == "dry_run: true  # (--dry-run)\n");
}

TEST_CASE("publish config: the exporter's queue is printed, with why it has no effect") {
  const std::string no_effect = "  # accepted, no effect: publish reads as fast as messages are delivered ";
  const std::string printed = Parsed("sending_queue:\n  queue_size: 7\n").Print(kNew);
  CHECK(printed.contains("\nsending_queue:\n  enabled: true" + no_effect + "(default)\n  num_consumers: 10" +
                         no_effect + "(default)\n  queue_size: 7" + no_effect + "(e.yaml:2)\n"));
  CHECK(Lines(PublishConfig().Print(kNew), "queue_size") == "  queue_size: 5120" + no_effect + "(default)\n");
  CHECK_FALSE(printed.contains("sizer"));
}

TEST_CASE("publish config: Kerberos and tokens") {
  std::map<std::string, std::string> keytab = PropertiesOf(Parsed(
      "auth: {kerberos: {use_keytab: true, username: u, realm: R, keytab_file: " + kConfigs + "documented.yaml}}"));
  CHECK(keytab["sasl.mechanism"] == "GSSAPI");
  CHECK(keytab["sasl.kerberos.service.name"] == "kafka");
  CHECK(keytab["sasl.kerberos.principal"] == "u@R");
  CHECK(keytab["sasl.kerberos.keytab"] == kConfigs + "documented.yaml");
  CHECK_FALSE(keytab.contains("sasl.kerberos.kinit.cmd"));
  const PublishConfig ticket = Parsed("auth: {kerberos: {service_name: k, config_file: /x/krb5.conf}}");
  CHECK(PropertiesOf(ticket)["sasl.kerberos.kinit.cmd"] == "true");
  REQUIRE(ticket.Warnings().size() == 1);
  CHECK(ticket.Warnings()[0].contains("KRB5_CONFIG=/x/krb5.conf"));
  const Variable variable("KRB5_CONFIG", "/x/krb5.conf");
  CHECK(ticket.Warnings().empty());

  PublishConfig tokens = Parsed("auth: {sasl: {mechanism: OAUTHBEARER, username: id, password: s}}");
  REQUIRE(tokens.AddProperty("sasl.oauthbearer.token.endpoint.url", "https://x", "-X").ok());
  std::map<std::string, std::string> properties = PropertiesOf(tokens);
  CHECK(properties["sasl.oauthbearer.method"] == "oidc");
  CHECK(properties["sasl.oauthbearer.client.id"] == "id");
  CHECK(properties["sasl.oauthbearer.client.secret"] == "s");
  CHECK_FALSE(properties.contains("sasl.password"));
  PublishConfig unsecured = Parsed("auth: {sasl: {mechanism: OAUTHBEARER, username: id}}");
  REQUIRE(unsecured.AddProperty("enable.sasl.oauthbearer.unsecure.jwt", "true", "-X").ok());
  CHECK(PropertiesOf(unsecured)["sasl.oauthbearer.config"] == "principal=id");
}

TEST_CASE("publish config: variables of the environment") {
  const Variable name("GF_OTLP_TEST_NAME", "night: [job]"), brokers("GF_OTLP_TEST_BROKERS", "a:1, b:2"),
      empty("GF_OTLP_TEST_EMPTY", "");
  const auto client = [](const std::string& text) { return Parsed("client_id: " + text).settings().client_id; };
  CHECK(client("${env:GF_OTLP_TEST_NAME}") == "night: [job]");
  CHECK(client("\"<${GF_OTLP_TEST_NAME}>\"") == "<night: [job]>");
  CHECK(client("'${env:GF_OTLP_TEST_EMPTY}x${env:GF_OTLP_TEST_EMPTY:-y}'") == "x");
  CHECK(client("${env:GF_OTLP_TEST_NONE:-instead}") == "instead");
  CHECK(client("a$$${env:GF_OTLP_TEST_NONE:-}$b$") == "a$$b$");
  CHECK(client("$${env:HOME}") == "${env:HOME}");
  CHECK(Parsed("brokers: ${env:GF_OTLP_TEST_BROKERS}").settings().brokers == std::vector<std::string>{"a:1", "b:2"});
  // What a variable holds is not shown.
  CHECK(ErrorOf("timeout: ${env:GF_OTLP_TEST_NAME}") ==
        "e.yaml:1: timeout: expected a duration such as 500ms, 30s or 1m30s, not '${env:GF_OTLP_TEST_NAME}'");
}

TEST_CASE("publish config: one of several exporters") {
  const std::string path = kConfigs + "two-exporters.yaml";
  const Result<PublishConfig> none = PublishConfig::Load(path, "");
  REQUIRE_FALSE(none);
  CHECK(none.error().message() ==
        path + ":3: several exporters: glassflow, glassflow/two; choose one by --exporter NAME");
  const Result<PublishConfig> wrong = PublishConfig::Load(path, "glassflow/three");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message() ==
        path + ":3: no exporter named glassflow/three (--exporter): there is glassflow, glassflow/two");
  const Result<PublishConfig> one = PublishConfig::Load(path, "glassflow");
  REQUIRE(one);
  CHECK(one->settings().brokers == std::vector<std::string>{"one:9092"});
  const Result<PublishConfig> two = PublishConfig::Load(path, "glassflow/two");
  REQUIRE(two);
  CHECK(two->Property("bootstrap.servers") == "two:9092,three:9092");
  CHECK(two->Property("compression.codec") == "lz4");
  CHECK(ErrorOf("brokers: a", "glassflow").contains("--exporter chooses from a Collector's file"));
  const Result<PublishConfig> missing = PublishConfig::Load(kConfigs + "none.yaml", "");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code() == Code::kIo);
}

TEST_CASE("publish config: flags win over the file, -X over all") {
  PublishConfig config = Parsed("brokers: file:1\nproducer:\n  required_acks: 1\n  compression: lz4\n");
  REQUIRE(config.Warnings().size() == 1);
  CHECK(config.Warnings()[0] == "no idempotent delivery because acks is 1: messages may be lost or written twice");
  REQUIRE(config.Set("producer.required_acks", "all", "--acks").ok());
  REQUIRE(config.Set("brokers", "flag:1,flag:2", "--brokers").ok());
  CHECK(config.Warnings().empty());
  std::string printed = config.Print(kNew);
  CHECK(Lines(printed, "required_acks") == "  required_acks: -1  # acks=-1, enable.idempotence=true (--acks)\n");
  CHECK(Lines(printed, "brokers:") ==
        "brokers: [\"flag:1\", \"flag:2\"]  # bootstrap.servers=flag:1,flag:2 (--brokers)\n");
  CHECK(Lines(printed, "compression:") == "  compression: lz4  # compression.codec=lz4 (e.yaml:4)\n");
  CHECK(Lines(printed, "max_interval") == "  max_interval: 30s  # retry.backoff.max.ms=30000 (default)\n");
  CHECK(Lines(config.Print(kOld), "max_interval") ==
        "  max_interval: 30s  # retry.backoff.max.ms=30000 left out: needs librdkafka 2.3 (default)\n");
  CHECK_FALSE(PropertiesOf(config, kOld).contains("retry.backoff.max.ms"));

  REQUIRE(config.AddProperty("compression.type", "zstd", "-X").ok());
  REQUIRE(config.AddProperty("message.send.max.retries", "0", "-X").ok());
  REQUIRE(config.AddProperty("partitioner", "murmur2_random", "--partitioner").ok());
  CHECK(config.Property("compression.codec") == "zstd");
  CHECK(config.Property("partitioner") == "murmur2_random");
  CHECK_FALSE(config.Property("client.rack"));
  CHECK(PropertiesOf(config)["enable.idempotence"] == "false");
  CHECK(config.Warnings()[0].contains("retries are off"));
  printed = config.Print(kNew, {{"--key", "traces=trace_id (default)"}});
  CHECK(Lines(printed, "compression:") == "  compression: lz4  # compression.codec=zstd by -X (e.yaml:4)\n");
  CHECK(
      printed.ends_with("# compression.codec=zstd (-X)\n# retries=0 (-X)\n# partitioner=murmur2_random "
                        "(--partitioner)\n# --key traces=trace_id (default)\n"));

  CHECK(config.Set("producer.required_acks", "3", "--acks").message() ==
        "--acks: expected a whole number from -1 to 1, all, WaitForAll, WaitForLocal, NoResponse, not '3'");
  CHECK(config.Set("producer.requires_acks", "1", "--acks").code() == Code::kInternal);
  REQUIRE(config.Set("brokers", "a:b", "--brokers").ok());
  CHECK(config.Check().message().starts_with("--brokers: brokers: 'a:b' is no address"));
}

TEST_CASE("publish config: secrets are refused as properties, and what breaks delivery") {
  PublishConfig config;
  for (const char* name :
       {"sasl.password", "ssl.key.password", "ssl.keystore.password", "ssl.key.pem", "sasl.oauthbearer.client.secret",
        "sasl.oauthbearer.config", "sasl.oauthbearer.assertion.private.key.passphrase", "sasl.jaas.config",
        "ssl.truststore.password", "ssl.keystore.key", "SASL.Password", "ssl.Key.PEM"}) {
    CAPTURE(name);
    const Status status = config.AddProperty(name, "hush", "-X");
    REQUIRE_FALSE(status.ok());
    CHECK(status.code() == Code::kUsage);
    CHECK(status.message().starts_with(std::string("-X: ") + name));
    CHECK_FALSE(status.message().contains("hush"));
  }
  CHECK(config.AddProperty("sasl.password", "x", "-X").message().contains("--password-file"));
  CHECK(config.AddProperty("SASL.Jaas.Config", "x", "-X").message().contains("--password-file"));
  for (const char* wrong : {"foo", "", "murmur2|fnv1a", "random|", "Random"}) {
    const Status status = config.AddProperty("partitioner", wrong, "-X");
    REQUIRE_FALSE(status.ok());
    CHECK(status.message() ==
          "-X: partitioner: expected one of "
          "random|consistent|consistent_random|murmur2|murmur2_random|fnv1a|fnv1a_random, not '" +
              std::string(wrong) + "'");
  }
  CHECK_FALSE(config.AddProperty("transactional.id", "x", "-X").ok());
  CHECK_FALSE(config.AddProperty("delivery.report.only.error", "true", "-X").ok());
  CHECK(config.Print(kNew) == PublishConfig().Print(kNew));
  CHECK(
      config.Print(kNew).starts_with("# dry_run: false (default)\ntimeout: 5s  # request.timeout.ms=5000 (default)\n"));
  CHECK(Parsed("").Print(kNew).starts_with("# dry_run: true (default; false with --brokers)\n"));
}

TEST_CASE("publish config: what is printed reads back the same, without secrets") {
  const Variable password("GF_OTLP_PASSWORD", "else"), key("GF_OTLP_KEY_PEM", "else"), tpm("GF_OTLP_TPM_AUTH", "else");
  std::vector<PublishConfig> configs;
  for (const char* name : {"documented.yaml", "quickstart.yaml", "everything.yaml"}) {
    Result<PublishConfig> config = PublishConfig::Load(kConfigs + name, "");
    REQUIRE(config);
    configs.push_back(std::move(*config));
  }
  configs.push_back(Parsed(""));
  configs.push_back(Parsed("tls: {}"));
  configs.push_back(Parsed("auth: {plain_text: {username: 'null', password: secret}}\nclient_id: \"a\\n#\\\"\\t'\""));
  configs.push_back(Parsed("auth: {kerberos: {username: u, realm: R}}\nrack_id: 'ü: $${env:HOME}'\n"));
  configs.emplace_back();
  REQUIRE(configs.back().AddProperty("client.software.name", "a\nb", "-X").ok());
  for (const PublishConfig& config : configs) {
    const std::string printed = config.Print(kNew);
    CAPTURE(printed);
    for (const char* secret : {"secret", "pass\n", "pass ", "not a key", ": own"}) {
      CHECK_FALSE(Lines(printed, secret).contains(std::string(": ") + secret));
    }
    const Result<PublishConfig> again = PublishConfig::Parse(printed, "printed", "");
    REQUIRE_MESSAGE(again, (again ? "" : again.error().message()));
    CHECK(ValuesOf(*again) == ValuesOf(config));
    CHECK(again->Check().ok());
    CHECK(again->Property("security.protocol") == config.Property("security.protocol"));
    CHECK(again->Property("sasl.password").has_value() == config.Property("sasl.password").has_value());
  }
}

TEST_CASE("publish config: the properties of each key are those that its table names") {
  PublishConfig config = Parsed("");
  const std::vector<Setting>& keys = PublishKeys();
  std::set<std::string> names;
  for (const Setting& setting : keys) {
    CAPTURE(setting.key);
    CHECK(names.insert(setting.key).second);
    CHECK(bool(setting.field) == setting.note.empty());
    CHECK(FindPublishKey(setting.key) == &setting);
    CHECK(NearestPublishKey(setting.key) == setting.key);
  }
  // Properties in the remarks of a print are of keys whose table has them.
  for (const char* name : {"documented.yaml", "quickstart.yaml", "everything.yaml"}) {
    const Result<PublishConfig> loaded = PublishConfig::Load(kConfigs + name, "");
    REQUIRE(loaded);
    for (const KafkaSetting& property : loaded->Mapped()) {
      if (property.key.empty()) continue;
      CAPTURE(property.name);
      const Setting* setting = FindPublishKey(property.key);
      REQUIRE(setting);
      CHECK(std::ranges::find(setting->properties, property.name) != setting->properties.end());
    }
  }
}

TEST_CASE("publish config: the manual has every key, its flag, its properties and its default") {
  std::ifstream file(std::string(GF_OTLP_TESTDATA) + "/../man/gf-otlp-publish.config.1.part");
  if (!file) file.open(std::string(GF_OTLP_TESTDATA) + "/../man/gf-otlp-publish.1");
  REQUIRE(file);
  // What is said of each key.
  std::map<std::string, std::string> entries;
  std::vector<std::string> keys;
  bool configuration = false, text_began = true;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(".Sh ")) configuration = line == ".Sh CONFIGURATION";
    if (!configuration) continue;
    if (line.starts_with(".It Li ")) {
      if (text_began) keys.clear();
      text_began = false;
      std::istringstream names(line.substr(7));
      for (std::string name; names >> name;) {
        if (name != ",") keys.push_back(name);
      }
      for (const std::string& key : keys) entries.try_emplace(key);
    } else {
      text_began = true;
      for (const std::string& key : keys) entries[key] += line + "\n";
    }
  }
  std::set<std::string> known;
  PublishSettings defaults = DefaultSettings(true);
  for (const Setting& setting : PublishKeys()) {
    std::string key = setting.key;
    for (const std::string_view signal : kSignalConfigNames) {
      if (key.starts_with(std::string(signal) + ".")) key.replace(0, signal.size(), "SIGNAL");
    }
    known.insert(key);
    CAPTURE(key);
    REQUIRE(entries.contains(key));
    const std::string entry = entries[key];
    if (!setting.flag.empty()) CHECK(entry.contains("Fl \\" + std::string(setting.flag.substr(1))));
    for (const std::string_view property : setting.properties) CHECK(entry.contains(property));
    if (!setting.field) continue;
    std::string value = SettingText(setting.field(defaults));
    if (value.starts_with('-')) value.insert(0, "\\");
    if (key != "tls.insecure" && value != "\"\"" && value != "[]") CHECK(entry.contains(value));
  }
  for (const auto& [key, entry] : entries) CHECK_MESSAGE(known.contains(key), key);
}

TEST_CASE("publish config: a large or endless tree is refused") {
  std::string bomb = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 12; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    std::string line = "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {";
    for (int j = 0; j < 10; ++j) line += "k" + std::to_string(j) + ": " + last + ", ";
    bomb += line + "}\n";
  }
  CHECK(ErrorOf(bomb).contains("too many keys for a configuration"));
  CHECK_FALSE(PublishConfig::Parse(std::string(100000, '['), "e.yaml", ""));
  CHECK_FALSE(PublishConfig::Parse(std::string(100000, '{'), "e.yaml", ""));
  for (const char control : {'\0', '\x04', '\x1b'}) {
    const Result<PublishConfig> cut = PublishConfig::Parse(std::string("\nbrokers: a") + control + "b", "e.yaml", "");
    REQUIRE_FALSE(cut);
    CHECK(cut.error().message() == "e.yaml:2: a control character");
  }
}

TEST_CASE("publish config: any cut of a file is read or refused") {
  std::ifstream file(kConfigs + "everything.yaml");
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  REQUIRE(whole.size() > 1000);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Result<PublishConfig> config = PublishConfig::Parse(whole.substr(0, size), "e.yaml", "");
    if (!config) CHECK(config.error().message().starts_with("e.yaml"));
  }
}

}  // namespace gf_otlp::cli
