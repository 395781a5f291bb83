#include "cli/publish_config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/ascii.h"
#include "cli/config_file.h"
#include "sink/kafka_partitioner.h"

namespace gf_otlp::cli {
namespace {

using Shape = ConfigEntry::Shape;

// The same properties by their other names.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"metadata.broker.list", "bootstrap.servers"}, {"max.in.flight.requests.per.connection", "max.in.flight"},
    {"queue.buffering.max.ms", "linger.ms"},       {"message.send.max.retries", "retries"},
    {"compression.type", "compression.codec"},     {"request.required.acks", "acks"},
    {"delivery.timeout.ms", "message.timeout.ms"}, {"sasl.mechanisms", "sasl.mechanism"}};

std::string_view KindName(Setting::Kind kind) {
  switch (kind) {
    case Setting::Kind::kBool: return "true or false";
    case Setting::Kind::kInteger: return "a whole number";
    case Setting::Kind::kNumber: return "a number";
    case Setting::Kind::kDuration: return "a duration such as 500ms, 30s or 1m30s";
    case Setting::Kind::kTexts: return "a list of texts";
    case Setting::Kind::kText: break;
  }
  return "a text";
}

/// Keys that once stood in auth.tls stand in tls now. kUsage if both are there.
Status MoveTls(std::vector<ConfigEntry>& entries, const std::string& file) {
  const auto is = [](std::string_view key) {
    return [key](const ConfigEntry& entry) { return entry.key == key && entry.shape == Shape::kMap; };
  };
  const auto moved = std::ranges::find_if(entries, is("auth.tls")), stays = std::ranges::find_if(entries, is("tls"));
  if (moved != entries.end() && stays != entries.end()) {
    return UsageError(fmt::format("{}:{}: auth.tls is the old place of tls, which is in line {}: keep one of them",
                                  file, moved->line, stays->line));
  }
  for (ConfigEntry& entry : entries) {
    if (entry.key == "auth.tls" || entry.key.starts_with("auth.tls.")) entry.key.erase(0, 5);
  }
  return {};
}

/// Of properties in lower case, those that hold what nobody else may see: librdkafka's, and what other clients of Kafka
/// have for the same.
bool IsSecret(std::string_view property) {
  constexpr std::string_view kLists[] = {"sasl.jaas.config", "sasl.oauthbearer.config"};
  return property.contains("password") || property.contains("passphrase") || property.ends_with("secret") ||
         property.ends_with("key.pem") || property.ends_with("keystore.key") ||
         std::ranges::find(kLists, property) != std::end(kLists);
}

/// `name` is as the user wrote it.
Status RefuseSecret(std::string_view name, std::string_view property, std::string_view origin) {
  if (property == "sasl.password" || property == "sasl.oauthbearer.client.secret" || property == "sasl.jaas.config") {
    return UsageError(
        fmt::format("{}: {} is a secret, and others can read a command line: put it into the environment "
                    "(GF_OTLP_PASSWORD), a file "
                    "(--password-file) or the configuration (auth.sasl.password: ${{env:NAME}})",
                    origin, name));
  }
  if (property == "sasl.oauthbearer.config") {
    return UsageError(fmt::format(
        "{}: {} may hold secrets, and others can read a command line: unsecured tokens take their principal from the "
        "configuration (auth.sasl.username)",
        origin, name));
  }
  return UsageError(fmt::format(
      "{}: {} is a secret, and others can read a command line: put a private key without a password into the "
      "configuration (tls.key_file, or tls.key_pem: ${{env:NAME}})",
      origin, name));
}

}  // namespace

PublishConfig::PublishConfig() : PublishConfig(false) {}

PublishConfig::PublishConfig(bool with_file)
    : settings_(DefaultSettings(with_file)),
      with_file_(with_file),
      origins_(PublishKeys().size()),
      ignored_(PublishKeys().size()) {}

Result<PublishConfig> PublishConfig::Load(const std::string& path, std::string_view exporter) {
  Result<std::vector<ConfigEntry>> entries = LoadConfigFile(path, exporter);
  if (!entries) return std::unexpected(std::move(entries.error()));
  return FromEntries(std::move(*entries), path);
}

Result<PublishConfig> PublishConfig::Parse(const std::string& text, const std::string& name,
                                           std::string_view exporter) {
  Result<std::vector<ConfigEntry>> entries = ParseConfig(text, name, exporter);
  if (!entries) return std::unexpected(std::move(entries.error()));
  return FromEntries(std::move(*entries), name);
}

Result<PublishConfig> PublishConfig::FromEntries(std::vector<ConfigEntry> entries, const std::string& file) {
  PublishConfig config(true);
  GF_UNEXPECTED_IF_ERROR(MoveTls(entries, file));
  for (const ConfigEntry& entry : entries) GF_UNEXPECTED_IF_ERROR(config.Apply(entry, file));
  return config;
}

Status PublishConfig::Apply(const ConfigEntry& entry, const std::string& file) {
  const std::string origin = fmt::format("{}:{}", file, entry.line);
  const auto error = [&](std::string_view message) {
    return UsageError(fmt::format("{}: {}: {}", origin, entry.key, message));
  };
  const Setting* setting = FindPublishKey(entry.key);
  if (setting == nullptr) {
    const std::vector<std::string> within = KeysWithin(entry.key);
    if (within.empty()) {
      return UsageError(
          fmt::format("{}: unknown key '{}': did you mean '{}'?", origin, entry.key, NearestPublishKey(entry.key)));
    }
    if (entry.shape == Shape::kText || entry.shape == Shape::kList) {
      return error(fmt::format("expected a map ({}), not {}", fmt::join(within, ", "), entry.shown));
    }
    // The exporter speaks TLS as soon as the map is there, even an empty one.
    if (entry.key == "tls" && entry.shape == Shape::kMap) settings_.tls.insecure = false;
    return {};
  }
  if (entry.shape == Shape::kEmpty) return {};
  if (entry.shape == Shape::kMap || (entry.shape == Shape::kList && setting->kind != Setting::Kind::kTexts)) {
    return error(fmt::format("expected {}, not {}", KindName(setting->kind), entry.shown));
  }
  const std::string_view shown = setting->secret.empty() ? std::string_view(entry.shown) : "this text";
  Status assigned = Assign(*setting, entry.texts, shown, origin);
  return std::move(assigned).At(fmt::format("{}: {}", origin, entry.key));
}

Status PublishConfig::Assign(const Setting& setting, const std::vector<std::string>& texts, std::string_view shown,
                             std::string origin) {
  Result<SettingValue> value = ParseSetting(setting, texts, shown);
  if (!value) return std::move(value.error());
  const std::size_t i = IndexOf(setting);
  if (setting.field) {
    StoreSetting(setting.field(settings_), std::move(*value));
  } else if (!setting.secret.empty()) {
    ignored_[i] = fmt::format("${{env:{}}}", setting.secret);
  } else if (setting.kind == Setting::Kind::kTexts) {
    ignored_[i] = YamlList(texts);
  } else {
    ignored_[i] = setting.kind == Setting::Kind::kText ? YamlText(texts.front()) : texts.front();
  }
  origins_[i] = std::move(origin);
  return {};
}

Status PublishConfig::Set(std::string_view key, std::string_view text, std::string_view origin) {
  const Setting* setting = FindPublishKey(key);
  if (setting == nullptr) return InternalError(fmt::format("no setting is named {}", key));
  return Assign(*setting, {std::string(text)}, fmt::format("'{}'", text), std::string(origin)).At(origin);
}

Status PublishConfig::SetDefault(std::string_view key, std::string_view text) {
  const Setting* setting = FindPublishKey(key);
  if (setting != nullptr && !origins_[IndexOf(*setting)].empty()) return {};
  return Set(key, text, "");
}

Status PublishConfig::AddProperty(std::string_view name, std::string_view value, std::string_view origin) {
  const std::string lower = InLowerCase(name);
  if (IsSecret(lower)) return RefuseSecret(name, lower, origin);
  if (name == "transactional.id") {
    return UsageError(fmt::format("{}: {}: publish does not write in transactions", origin, name));
  }
  if (name == "delivery.report.only.error") {
    return UsageError(fmt::format("{}: {}: publish needs the report of every message", origin, name));
  }
  if (name == "partitioner" && !IsKafkaPartitioner(value)) {
    return UsageError(fmt::format("{}: {}: expected one of {}, not '{}'", origin, name, kKafkaPartitioners, value));
  }
  const auto alias = std::ranges::find(kAliases, name, [](const auto& pair) { return pair.first; });
  extra_.push_back(
      {std::string(alias == std::end(kAliases) ? name : alias->second), std::string(value), std::string(origin)});
  return {};
}

void PublishConfig::SetPassword(std::string_view password, std::string_view origin) {
  password_ = password;
  password_origin_ = origin;
}

std::string PublishConfig::server_name() const {
  return settings_.tls.on() && !settings_.tls.insecure_skip_verify ? settings_.tls.server_name_override : "";
}

}  // namespace gf_otlp::cli
