#ifndef GF_OTLP_CLI_PUBLISH_CONFIG_H_
#define GF_OTLP_CLI_PUBLISH_CONFIG_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/publish_settings.h"
#include "gf_otlp/status.h"
#include "sink/kafka_properties.h"

namespace gf_otlp::cli {

struct ConfigEntry;

/// The partitioner of Sarama, and so of the exporters that use it.
inline constexpr std::string_view kDefaultPartitioner = "fnv1a_random";

/// A property of librdkafka that a setting becomes.
struct KafkaSetting {
  std::string_view key;  // of the setting; empty: of none
  std::string name, value;
  int since = 0;  // the first version of librdkafka that has it, as rd_kafka_version() says it; 0: all
  bool secret = false;
};

/// What publish is configured to do, each setting with where it comes from: a default, the configuration file, or what
/// Set() and its like say. Later ones win.
class PublishConfig {
 public:
  /// Defaults without a file.
  PublishConfig();
  /// Of a configuration file (see LoadConfigFile). kUsage with the file and the line.
  static Result<PublishConfig> Load(const std::string& path, std::string_view exporter);
  /// The same of a text; `name` is what messages call it.
  static Result<PublishConfig> Parse(const std::string& text, const std::string& name, std::string_view exporter);

  /// `key` as in the file; `text` as a text there; `origin` is the flag, for messages. kUsage names it.
  /// kInternal: there is no such key.
  Status Set(std::string_view key, std::string_view text, std::string_view origin);
  /// What the setting is if nothing else says it; for what depends on the rest. Else as Set().
  Status SetDefault(std::string_view key, std::string_view text);
  /// Any property of librdkafka; wins over all settings. kUsage for secrets and for what publish cannot work with.
  Status AddProperty(std::string_view name, std::string_view value, std::string_view origin);
  /// Wins over the file's password.
  void SetPassword(std::string_view password, std::string_view origin);

  const PublishSettings& settings() const { return settings_; }
  /// The name that the broker's certificate is to have instead of the host's; empty: the host's, or none is checked.
  std::string server_name() const;
  /// The settings fit together. To be asked when all are set. kUsage
  Status Check() const;
  /// What is worth a word on stderr.
  std::vector<std::string> Warnings() const;

  /// What librdkafka of this version (rd_kafka_version()) is to be told, in order. kUsage if a password is missing or a
  /// file is. REQUIRES: Check().ok()
  Result<KafkaProperties> Properties(int library_version) const;
  /// What the settings become, in order; without those of AddProperty().
  std::vector<KafkaSetting> Mapped() const;
  /// The value of a property, as it will be; nothing if it is left to librdkafka.
  std::optional<std::string> Property(std::string_view name) const;

  /// All settings as a configuration file that says the same, with the properties that they become and where they come
  /// from as comments. Secrets are variables of the environment. `flags`: what else is to be shown, name and value.
  std::string Print(int library_version, const std::vector<std::pair<std::string, std::string>>& flags = {}) const;

 private:
  struct ExtraProperty {
    std::string name, value, origin;
  };

  explicit PublishConfig(bool with_file);
  static Result<PublishConfig> FromEntries(std::vector<ConfigEntry> entries, const std::string& file);
  Status Apply(const ConfigEntry& entry, const std::string& file);
  Status Assign(const Setting& setting, const std::vector<std::string>& texts, std::string_view shown,
                std::string origin);

  // publish_check.cc
  Status ErrorAt(std::string_view key, std::string_view message) const;
  Status CheckSignals() const;
  Status CheckClient() const;
  Status CheckProducer() const;
  Status CheckTls() const;
  Status CheckLogin() const;
  Status CheckSasl() const;
  Status CheckOauth() const;
  Status CheckKerberos() const;
  Status CheckFiles() const;
  Status CheckPassword() const;

  // publish_properties.cc
  enum class Login : std::uint8_t { kNone, kSasl, kPlainText, kKerberos };
  std::vector<Login> Logins() const;
  std::string mechanism() const;
  bool needs_password() const;
  bool unsecured_tokens() const;  // of OAUTHBEARER
  bool idempotent() const;
  const std::string& password() const;
  const std::string* Extra(std::string_view name) const;
  void MapDelivery(std::vector<KafkaSetting>& to) const;
  void MapClient(std::vector<KafkaSetting>& to) const;
  void MapTls(std::vector<KafkaSetting>& to) const;
  void MapLogin(std::vector<KafkaSetting>& to) const;
  void MapSasl(std::vector<KafkaSetting>& to) const;
  void MapKerberos(std::vector<KafkaSetting>& to) const;
  void MapProducer(std::vector<KafkaSetting>& to) const;

  // publish_print.cc
  std::string PrintedValue(const Setting& setting) const;
  std::string Remark(const Setting& setting, const std::vector<KafkaSetting>& mapped, int library_version) const;

  PublishSettings settings_;
  bool with_file_;
  std::vector<std::string> origins_;  // of PublishKeys(); empty: its default
  std::vector<std::string> ignored_;  // of keys without effect: the value, as YAML
  std::vector<ExtraProperty> extra_;
  std::optional<std::string> password_;
  std::string password_origin_;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_PUBLISH_CONFIG_H_
