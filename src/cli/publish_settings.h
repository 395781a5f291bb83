#ifndef GF_OTLP_CLI_PUBLISH_SETTINGS_H_
#define GF_OTLP_CLI_PUBLISH_SETTINGS_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "gf_otlp/rows.h"
#include "gf_otlp/status.h"

namespace gf_otlp::cli {

/// What is configured of each: the signals, and of metrics each type, in the order of RecordKind. Named as their keys
/// are.
inline constexpr int kSignalConfigCount = kDefaultTopics.size();
inline constexpr std::array<std::string_view, kSignalConfigCount> kSignalConfigNames = {
    "traces",         "logs", "metrics.gauge", "metrics.sum", "metrics.histogram", "metrics.exponential_histogram",
    "metrics.summary"};

/// How long messages wait for others of their batch.
inline constexpr std::chrono::milliseconds kDefaultLinger{5};

/// The settings of GlassFlow's Kafka exporter as a finite job uses them. Durations of 0 are without limit; 0 of what
/// else is counted leaves it to librdkafka. Empty texts are not set.
struct PublishSettings {
  using Milliseconds = std::chrono::milliseconds;

  struct Retry {
    bool enabled = true;
    Milliseconds initial_interval{1000}, max_interval{30000}, max_elapsed_time{300000};
  };

  struct Tls {
    /// Without a certificate authority: no TLS at all. False by default in a `tls` section; there is TLS then.
    bool insecure = true;
    bool insecure_skip_verify = false;
    std::string server_name_override;  // the name that the broker's certificate is to have
    std::string ca_file, ca_pem, cert_file, cert_pem, key_file, key_pem;

    bool on() const { return !insecure || !ca_file.empty() || !ca_pem.empty(); }
  };

  struct Login {
    std::string mechanism, username, password;
  };

  struct Kerberos {
    std::string service_name, realm, username, password, config_file, keytab_file;
    bool use_keytab = false;
  };

  struct Metadata {
    bool full = false;
    Milliseconds refresh_interval{600000}, retry_backoff{250};
  };

  struct Producer {
    std::string compression = "none";
    int compression_level = -1;  // -1: the codec's own
    int required_acks = -1;      // -1: of all replicas in sync
    int max_message_bytes = 1000000;
    int flush_bytes = 0, flush_max_messages = 0;
    Milliseconds linger = kDefaultLinger;
  };

  struct Signal {
    bool enabled = true;
    std::string encoding = "json";  // json, otlp_json, otlp_proto
    std::string topic;
    bool create_topic = true;
    int num_partitions = 1, replication_factor = 1;
  };

  std::optional<bool> dry_run;
  Milliseconds timeout{5000};
  Retry retry_on_failure;
  std::vector<std::string> brokers;
  std::string client_id = "gf-otlp", protocol_version, rack_id;
  bool resolve_canonical_bootstrap_servers_only = false;
  Milliseconds conn_idle_timeout{0};
  Tls tls;
  Login sasl, plain_text;  // plain_text has no mechanism
  Kerberos kerberos;
  Metadata metadata;
  Producer producer;
  std::array<Signal, kSignalConfigCount> signals;
};

/// Without a configuration file every signal goes to its default topic; with one, other metrics than sums are disabled
/// and have no topic, as in the exporter.
PublishSettings DefaultSettings(bool with_file);

using SettingValue = std::variant<bool, int, double, std::chrono::milliseconds, std::string, std::vector<std::string>>;
using SettingField = std::variant<bool*, std::optional<bool>*, int*, std::chrono::milliseconds*, std::string*,
                                  std::vector<std::string>*>;

/// A key of the configuration file.
struct Setting {
  enum class Kind : std::uint8_t { kBool, kInteger, kNumber, kDuration, kText, kTexts };

  std::string key;
  Kind kind = Kind::kText;
  /// Where its value is kept. Empty: the key is accepted without effect.
  std::function<SettingField(PublishSettings&)> field;
  // Of a key without effect:
  std::string_view note;         // why it has none
  std::string_view its_default;  // what it is in the exporter, to be printed; empty: it is only printed if it is given

  // What is allowed; milliseconds of durations.
  std::int64_t min = 0, max = INT32_MAX;
  std::vector<std::string_view> choices;                         // of texts; empty: any
  std::vector<std::pair<std::string_view, std::int64_t>> words;  // for whole numbers

  /// The environment variable that is to hold the value where it must not be seen.
  std::string_view secret;
  // For the manual.
  std::string_view flag;
  std::vector<std::string_view> properties;  // of librdkafka
};

/// All keys, those of a map together.
const std::vector<Setting>& PublishKeys();
/// Where a key is in this list.
std::size_t IndexOf(const Setting& setting);
/// Null if there is none of that name.
const Setting* FindPublishKey(std::string_view key);
/// The names of the keys and maps within the map `key`; none if it is no map.
std::vector<std::string> KeysWithin(std::string_view key);
/// The key or map that is most like `key`.
std::string NearestPublishKey(std::string_view key);

/// kUsage says what is expected; `shown` is how the user wrote it.
Result<SettingValue> ParseSetting(const Setting& setting, const std::vector<std::string>& texts,
                                  std::string_view shown);
/// REQUIRES: `value` is of the field's kind
void StoreSetting(SettingField field, SettingValue value);
/// As YAML; nothing of an optional that is not set.
std::string SettingText(SettingField field);
/// `texts` as a YAML list, `text` as a YAML scalar.
std::string YamlList(const std::vector<std::string>& texts);
std::string YamlText(std::string_view text);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_PUBLISH_SETTINGS_H_
