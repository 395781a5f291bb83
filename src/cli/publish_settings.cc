#include "cli/publish_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "base/time_text.h"
#include "cli/nearest_word.h"

namespace gf_otlp::cli {
namespace {

using S = PublishSettings;
using Kind = Setting::Kind;
using std::chrono::milliseconds;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

/// The field that the members lead to.
template <auto... kMembers>
SettingField At(S& settings) {
  return &(settings.*....*kMembers);
}

Kind KindOf(const SettingField& field) {
  return std::visit(
      Overloaded{[](int*) { return Kind::kInteger; }, [](milliseconds*) { return Kind::kDuration; },
                 [](std::string*) { return Kind::kText; }, [](std::vector<std::string>*) { return Kind::kTexts; },
                 [](auto*) { return Kind::kBool; }},
      field);
}

/// The list of keys, while it is written down.
class Keys {
 public:
  Setting& Add(std::string key, std::function<SettingField(S&)> field, std::vector<std::string_view> properties = {}) {
    S any;
    const Kind kind = KindOf(field(any));
    keys_.push_back({.key = std::move(key), .kind = kind, .field = std::move(field)});
    keys_.back().properties = std::move(properties);
    return keys_.back();
  }

  /// One that a finite job has no use for.
  Setting& Ignore(std::string key, Kind kind, std::string_view why) {
    keys_.push_back({.key = std::move(key), .kind = kind, .field = nullptr, .note = why});
    keys_.back().max = INT64_MAX;
    return keys_.back();
  }

  std::vector<Setting> Take() { return std::move(keys_); }

 private:
  std::vector<Setting> keys_;
};

void Limit(Setting& setting, std::int64_t min, std::int64_t max) {
  setting.min = min;
  setting.max = max;
}

// Limits are librdkafka's (CONFIGURATION.md), where a property is set from the value.
constexpr std::int64_t kMaxRequest = 300000, kMaxBackoff = 300000, kMaxRefresh = 3600000;

void AddHelperKeys(Keys& keys) {
  keys.Add("dry_run", At<&S::dry_run>).flag = "--dry-run";
  Limit(keys.Add("timeout", At<&S::timeout>, {"request.timeout.ms", "socket.timeout.ms"}), 0, kMaxRequest);
  keys.Ignore("debug", Kind::kBool, "-X debug=broker,msg lets librdkafka tell what it does");

  constexpr std::string_view kNoQueue = "publish reads as fast as messages are delivered";
  keys.Ignore("sending_queue.enabled", Kind::kBool, kNoQueue).its_default = "true";
  for (const auto& [key, its_default] : {std::pair("num_consumers", "10"), {"queue_size", "5120"}}) {
    Setting& setting = keys.Ignore(fmt::format("sending_queue.{}", key), Kind::kInteger, kNoQueue);
    Limit(setting, 1, INT64_MAX);
    setting.its_default = its_default;
  }
  keys.Ignore("sending_queue.sizer", Kind::kText, kNoQueue).choices = {"requests", "items", "bytes"};
  keys.Ignore("sending_queue.block_on_overflow", Kind::kBool, kNoQueue);
  keys.Ignore("sending_queue.blocking", Kind::kBool, kNoQueue);
  keys.Ignore("sending_queue.wait_for_result", Kind::kBool, kNoQueue);
  keys.Ignore("sending_queue.storage", Kind::kText, "--checkpoint keeps what is delivered");
  constexpr std::string_view kNoBatch = "producer.* says how messages are batched";
  keys.Ignore("sending_queue.batch.enabled", Kind::kBool, kNoBatch);
  keys.Ignore("sending_queue.batch.flush_timeout", Kind::kDuration, kNoBatch);
  keys.Ignore("sending_queue.batch.sizer", Kind::kText, kNoBatch).choices = {"items", "bytes"};
  keys.Ignore("sending_queue.batch.min_size", Kind::kInteger, kNoBatch);
  keys.Ignore("sending_queue.batch.max_size", Kind::kInteger, kNoBatch);
  keys.Ignore("sending_queue.batch.partition.metadata_keys", Kind::kTexts, kNoBatch);

  using Retry = S::Retry;
  keys.Add("retry_on_failure.enabled", At<&S::retry_on_failure, &Retry::enabled>, {"retries"});
  Limit(keys.Add("retry_on_failure.initial_interval", At<&S::retry_on_failure, &Retry::initial_interval>,
                 {"retry.backoff.ms"}),
        0, kMaxBackoff);
  Limit(keys.Add("retry_on_failure.max_interval", At<&S::retry_on_failure, &Retry::max_interval>,
                 {"retry.backoff.max.ms"}),
        0, kMaxBackoff);
  keys.Add("retry_on_failure.max_elapsed_time", At<&S::retry_on_failure, &Retry::max_elapsed_time>,
           {"message.timeout.ms"});
  constexpr std::string_view kOwnBackoff = "librdkafka doubles its backoff, with 20% jitter";
  keys.Ignore("retry_on_failure.multiplier", Kind::kNumber, kOwnBackoff);
  keys.Ignore("retry_on_failure.randomization_factor", Kind::kNumber, kOwnBackoff);
}

void AddClientKeys(Keys& keys) {
  keys.Add("brokers", At<&S::brokers>, {"bootstrap.servers"}).flag = "--brokers";
  keys.Add("client_id", At<&S::client_id>, {"client.id"});
  keys.Add("protocol_version", At<&S::protocol_version>, {"broker.version.fallback"});
  keys.Add("resolve_canonical_bootstrap_servers_only", At<&S::resolve_canonical_bootstrap_servers_only>,
           {"client.dns.lookup"});
  keys.Add("rack_id", At<&S::rack_id>, {"client.rack"});
  keys.Ignore("use_leader_epoch", Kind::kBool, "it is for consumers");
  keys.Add("conn_idle_timeout", At<&S::conn_idle_timeout>, {"connections.max.idle.ms"});
  using Metadata = S::Metadata;
  keys.Add("metadata.full", At<&S::metadata, &Metadata::full>, {"topic.metadata.refresh.sparse"});
  Limit(keys.Add("metadata.refresh_interval", At<&S::metadata, &Metadata::refresh_interval>,
                 {"topic.metadata.refresh.interval.ms"}),
        0, kMaxRefresh);
  keys.Ignore("metadata.retry.max", Kind::kInteger, "librdkafka asks until it has an answer");
  Limit(keys.Add("metadata.retry.backoff", At<&S::metadata, &Metadata::retry_backoff>,
                 {"topic.metadata.refresh.fast.interval.ms"}),
        1, 60000);
}

void AddTlsKeys(Keys& keys) {
  using Tls = S::Tls;
  keys.Add("tls.insecure", At<&S::tls, &Tls::insecure>, {"security.protocol"});
  keys.Add("tls.insecure_skip_verify", At<&S::tls, &Tls::insecure_skip_verify>,
           {"enable.ssl.certificate.verification"});
  keys.Add("tls.server_name_override", At<&S::tls, &Tls::server_name_override>,
           {"ssl.endpoint.identification.algorithm"});
  keys.Add("tls.ca_file", At<&S::tls, &Tls::ca_file>, {"ssl.ca.location"});
  keys.Add("tls.ca_pem", At<&S::tls, &Tls::ca_pem>, {"ssl.ca.pem"});
  keys.Add("tls.cert_file", At<&S::tls, &Tls::cert_file>, {"ssl.certificate.location"});
  keys.Add("tls.cert_pem", At<&S::tls, &Tls::cert_pem>, {"ssl.certificate.pem"});
  keys.Add("tls.key_file", At<&S::tls, &Tls::key_file>, {"ssl.key.location"});
  keys.Add("tls.key_pem", At<&S::tls, &Tls::key_pem>, {"ssl.key.pem"}).secret = "GF_OTLP_KEY_PEM";
  keys.Ignore("tls.include_system_ca_certs_pool", Kind::kBool,
              "librdkafka trusts the system's certificates or those of ca_file, not both");
  constexpr std::string_view kOpenSsl = "OpenSSL's configuration says which versions are spoken";
  keys.Ignore("tls.min_version", Kind::kText, kOpenSsl).choices = {"1.0", "1.1", "1.2", "1.3"};
  keys.Ignore("tls.max_version", Kind::kText, kOpenSsl).choices = {"1.0", "1.1", "1.2", "1.3"};
  keys.Ignore("tls.cipher_suites", Kind::kTexts, "-X ssl.cipher.suites takes OpenSSL's names");
  keys.Ignore("tls.curve_preferences", Kind::kTexts, "-X ssl.curves.list takes OpenSSL's names");
  keys.Ignore("tls.reload_interval", Kind::kDuration, "certificates are read once a run");
  constexpr std::string_view kNoTpm = "keys are read from files";
  keys.Ignore("tls.tpm.enabled", Kind::kBool, kNoTpm);
  keys.Ignore("tls.tpm.path", Kind::kText, kNoTpm);
  keys.Ignore("tls.tpm.owner_auth", Kind::kText, kNoTpm).secret = "GF_OTLP_TPM_AUTH";
  keys.Ignore("tls.tpm.auth", Kind::kText, kNoTpm).secret = "GF_OTLP_TPM_AUTH";
}

void AddPassword(Keys& keys, std::string key, std::function<SettingField(S&)> field,
                 std::vector<std::string_view> properties) {
  Setting& setting = keys.Add(std::move(key), std::move(field), std::move(properties));
  setting.secret = "GF_OTLP_PASSWORD";
  setting.flag = "--password-file";
}

void AddLoginKeys(Keys& keys) {
  using Login = S::Login;
  keys.Add("auth.sasl.mechanism", At<&S::sasl, &Login::mechanism>, {"sasl.mechanism", "sasl.oauthbearer.method"});
  keys.Add("auth.sasl.username", At<&S::sasl, &Login::username>,
           {"sasl.username", "sasl.oauthbearer.client.id", "sasl.oauthbearer.config"});
  AddPassword(keys, "auth.sasl.password", At<&S::sasl, &Login::password>,
              {"sasl.password", "sasl.oauthbearer.client.secret"});
  Limit(keys.Ignore("auth.sasl.version", Kind::kInteger, "librdkafka asks the broker which version it speaks"), 0, 1);
  constexpr std::string_view kAws = "librdkafka cannot log in by AWS IAM";
  keys.Ignore("auth.sasl.aws_msk.region", Kind::kText, kAws);
  keys.Ignore("auth.sasl.aws_msk.broker_addr", Kind::kText, kAws);
  constexpr std::string_view kOidc = "-X sasl.oauthbearer.* says where tokens come from";
  keys.Ignore("auth.sasl.oauthbearer_token_source", Kind::kText, kOidc);
  keys.Ignore("auth.sasl.oidc_file.client_secret_file_path", Kind::kText, kOidc);
  keys.Ignore("auth.sasl.oidc_file.token_url", Kind::kText, kOidc);
  keys.Ignore("auth.sasl.oidc_file.scopes", Kind::kTexts, kOidc);
  keys.Ignore("auth.sasl.oidc_file.refresh_ahead_secs", Kind::kInteger, kOidc);
  keys.Ignore("auth.sasl.oidc_file.auth_style", Kind::kInteger, kOidc);
  keys.Ignore("auth.sasl.oidc_file.expiry_buffer", Kind::kInteger, kOidc);
  keys.Add("auth.plain_text.username", At<&S::plain_text, &Login::username>, {"sasl.mechanism", "sasl.username"});
  AddPassword(keys, "auth.plain_text.password", At<&S::plain_text, &Login::password>, {"sasl.password"});

  using Kerberos = S::Kerberos;
  keys.Add("auth.kerberos.service_name", At<&S::kerberos, &Kerberos::service_name>,
           {"sasl.mechanism", "sasl.kerberos.service.name"});
  keys.Add("auth.kerberos.realm", At<&S::kerberos, &Kerberos::realm>);
  keys.Add("auth.kerberos.username", At<&S::kerberos, &Kerberos::username>, {"sasl.kerberos.principal"});
  keys.Add("auth.kerberos.password", At<&S::kerberos, &Kerberos::password>).secret = "GF_OTLP_PASSWORD";
  keys.Add("auth.kerberos.use_keytab", At<&S::kerberos, &Kerberos::use_keytab>, {"sasl.kerberos.kinit.cmd"});
  keys.Add("auth.kerberos.keytab_file", At<&S::kerberos, &Kerberos::keytab_file>, {"sasl.kerberos.keytab"});
  keys.Add("auth.kerberos.config_file", At<&S::kerberos, &Kerberos::config_file>);
  keys.Ignore("auth.kerberos.disable_fast_negotiation", Kind::kBool, "krb5.conf says how Kerberos is spoken");
}

void AddProducerKeys(Keys& keys) {
  using Producer = S::Producer;
  Setting& compression =
      keys.Add("producer.compression", At<&S::producer, &Producer::compression>, {"compression.codec"});
  compression.flag = "--producer-compression";
  compression.choices = {"none", "gzip", "snappy", "lz4", "zstd"};
  Limit(keys.Add("producer.compression_params.level", At<&S::producer, &Producer::compression_level>,
                 {"compression.level"}),
        -1, 12);
  Setting& acks =
      keys.Add("producer.required_acks", At<&S::producer, &Producer::required_acks>, {"acks", "enable.idempotence"});
  acks.flag = "--acks";
  acks.words = {{"all", -1}, {"WaitForAll", -1}, {"WaitForLocal", 1}, {"NoResponse", 0}};
  Limit(acks, -1, 1);
  Setting& bytes =
      keys.Add("producer.max_message_bytes", At<&S::producer, &Producer::max_message_bytes>, {"message.max.bytes"});
  bytes.flag = "--max-message-bytes";
  Limit(bytes, 1000, 1000000000);
  keys.Add("producer.flush_bytes", At<&S::producer, &Producer::flush_bytes>, {"batch.size"});
  Limit(
      keys.Add("producer.flush_max_messages", At<&S::producer, &Producer::flush_max_messages>, {"batch.num.messages"}),
      0, 1000000);
  Limit(keys.Add("producer.linger", At<&S::producer, &Producer::linger>, {"linger.ms"}), 0, 900000);
  keys.Ignore("producer.max_broker_write_bytes", Kind::kInteger, "librdkafka sends a batch a request");
  keys.Ignore("producer.allow_auto_topic_creation", Kind::kBool, "topic.create says which topics are created");
}

void AddSignalKeys(Keys& keys, std::size_t i) {
  using Signal = S::Signal;
  const std::string prefix = std::string(kSignalConfigNames[i]) + ".";
  const auto add = [&](std::string_view name, auto member, std::string_view flag) -> Setting& {
    Setting& setting =
        keys.Add(prefix + std::string(name), [i, member](S& s) -> SettingField { return &(s.signals[i].*member); });
    setting.flag = flag;
    return setting;
  };
  add("enabled", &Signal::enabled, "");
  add("encoding", &Signal::encoding, "--encoding").choices = {"json", "otlp_json", "otlp_proto"};
  add("topic.name", &Signal::topic, "--topic");
  add("topic.create", &Signal::create_topic, "--create-topics");
  Limit(add("topic.num_partitions", &Signal::num_partitions, "--partitions"), 1, INT32_MAX);
  Limit(add("topic.replication_factor", &Signal::replication_factor, "--replication-factor"), 1, INT16_MAX);
}

std::string DurationText(milliseconds duration) {
  if (duration.count() == 0) return "0s";
  std::string text;
  std::int64_t rest = duration.count();
  for (const auto& [size, unit] : {std::pair{3600000, "h"}, {60000, "m"}, {1000, "s"}, {1, "ms"}}) {
    if (rest >= size) text += fmt::format("{}{}", rest / size, unit);
    rest %= size;
  }
  return text;
}

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('.') + 1); }

std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> parts;
  for (bool more = !text.empty(); more;) {
    const std::size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    more = comma != text.npos;
    text.remove_prefix(more ? comma + 1 : text.size());
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    parts.emplace_back(part);
  }
  return parts;
}

Result<SettingValue> Expected(std::string_view what, std::string_view shown) {
  return std::unexpected(UsageError(fmt::format("expected {}, not {}", what, shown)));
}

Result<SettingValue> ParseBool(std::string_view text, std::string_view shown) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return Expected("true or false", shown);
}

template <class T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

Result<SettingValue> ParseInteger(const Setting& setting, std::string_view text, std::string_view shown) {
  std::optional<std::int64_t> value = ParseNumber<std::int64_t>(text);
  std::string also;
  for (const auto& [word, number] : setting.words) {
    if (text == word) value = number;
    also += fmt::format(", {}", word);
  }
  if (value && *value >= setting.min && *value <= setting.max) return static_cast<int>(*value);
  return Expected(fmt::format("a whole number from {} to {}{}", setting.min, setting.max, also), shown);
}

Result<SettingValue> ParseInterval(const Setting& setting, std::string_view text, std::string_view shown) {
  constexpr std::uint64_t kNanos = 1000000;
  const Result<std::uint64_t> nanos = ParseDuration(text);
  if (!nanos) return Expected("a duration such as 500ms, 30s or 1m30s", shown);
  const auto millis = static_cast<std::int64_t>(*nanos / kNanos + (*nanos % kNanos != 0));
  if (millis >= setting.min && millis <= setting.max) return milliseconds(millis);
  return Expected(fmt::format("a duration from {} to {}", DurationText(milliseconds(setting.min)),
                              DurationText(milliseconds(setting.max))),
                  shown);
}

Result<SettingValue> ParseText(const Setting& setting, std::string_view text, std::string_view shown) {
  if (setting.choices.empty() || std::ranges::find(setting.choices, text) != setting.choices.end()) {
    return std::string(text);
  }
  return Expected(fmt::format("one of {}", fmt::join(setting.choices, ", ")), shown);
}

}  // namespace

PublishSettings DefaultSettings(bool with_file) {
  PublishSettings settings;
  for (std::size_t i = 0; i < kSignalConfigCount; ++i) {
    PublishSettings::Signal& signal = settings.signals[i];
    signal.enabled =
        !with_file || !kSignalConfigNames[i].starts_with("metrics.") || kSignalConfigNames[i] == "metrics.sum";
    if (signal.enabled) signal.topic = kDefaultTopics[i];
  }
  return settings;
}

const std::vector<Setting>& PublishKeys() {
  static const std::vector<Setting> all = [] {
    Keys keys;
    AddHelperKeys(keys);
    AddClientKeys(keys);
    AddTlsKeys(keys);
    AddLoginKeys(keys);
    AddProducerKeys(keys);
    for (std::size_t i = 0; i < kSignalConfigCount; ++i) AddSignalKeys(keys, i);
    return keys.Take();
  }();
  return all;
}

std::size_t IndexOf(const Setting& setting) { return static_cast<std::size_t>(&setting - PublishKeys().data()); }

const Setting* FindPublishKey(std::string_view key) {
  const auto found = std::ranges::find(PublishKeys(), key, &Setting::key);
  return found == PublishKeys().end() ? nullptr : &*found;
}

std::vector<std::string> KeysWithin(std::string_view key) {
  const std::string prefix = std::string(key) + ".";
  std::vector<std::string> names;
  for (const Setting& setting : PublishKeys()) {
    if (!setting.key.starts_with(prefix)) continue;
    const std::string rest = setting.key.substr(prefix.size());
    std::string name = rest.substr(0, rest.find('.'));
    if (names.empty() || names.back() != name) names.push_back(std::move(name));
  }
  return names;
}

std::string NearestPublishKey(std::string_view key) {
  std::set<std::string> candidates;
  for (const Setting& setting : PublishKeys()) {
    for (std::size_t dot = setting.key.find('.'); dot != std::string::npos; dot = setting.key.find('.', dot + 1)) {
      candidates.insert(setting.key.substr(0, dot));
    }
    candidates.insert(setting.key);
  }
  // A key in the wrong map is as likely as a slip of the pen.
  return std::ranges::min(candidates, {}, [&](const std::string& candidate) {
    const std::size_t whole = EditDistance(key, candidate);
    return std::tuple(std::min(whole, EditDistance(LastPart(key), LastPart(candidate)) + 1), whole);
  });
}

Result<SettingValue> ParseSetting(const Setting& setting, const std::vector<std::string>& texts,
                                  std::string_view shown) {
  if (setting.kind == Kind::kTexts) return texts.size() == 1 ? SplitAtCommas(texts.front()) : texts;
  const std::string_view text = texts.front();
  switch (setting.kind) {
    case Kind::kBool: return ParseBool(text, shown);
    case Kind::kInteger: return ParseInteger(setting, text, shown);
    case Kind::kDuration: return ParseInterval(setting, text, shown);
    case Kind::kNumber:
      if (const std::optional<double> number = ParseNumber<double>(text); number && *number >= 0) return *number;
      return Expected("a number of 0 or more", shown);
    default: return ParseText(setting, text, shown);
  }
}

void StoreSetting(SettingField field, SettingValue value) {
  std::visit(Overloaded{[&](std::optional<bool>* to) { *to = std::get<bool>(value); },
                        [&]<class T>(T* to) { *to = std::get<T>(std::move(value)); }},
             field);
}

std::string SettingText(SettingField field) {
  return std::visit(Overloaded{[](const bool* value) -> std::string { return *value ? "true" : "false"; },
                               [](const std::optional<bool>* value) -> std::string {
                                 if (!value->has_value()) return "";
                                 return **value ? "true" : "false";
                               },
                               [](const int* value) { return fmt::to_string(*value); },
                               [](const milliseconds* value) { return DurationText(*value); },
                               [](const std::string* value) { return YamlText(*value); },
                               [](const std::vector<std::string>* value) { return YamlList(*value); }},
                    field);
}

std::string YamlList(const std::vector<std::string>& texts) {
  std::vector<std::string> items;
  std::ranges::transform(texts, std::back_inserter(items), YamlText);
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string YamlText(std::string_view text) {
  // Other words of YAML may mean something else to other readers than text does.
  constexpr std::string_view kWords[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto plain = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.'; };
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return static_cast<char>(c | (c >= 'A' && c <= 'Z' ? 0x20 : 0)); });
  if (!text.empty() && letter(text.front()) && std::ranges::all_of(text, plain) &&
      std::ranges::find(kWords, lower) == std::end(kWords)) {
    return std::string(text);
  }
  std::string escaped;
  for (const char c : text) escaped += c == '$' ? "$$" : std::string(1, c);
  return nlohmann::json(escaped).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace gf_otlp::cli
