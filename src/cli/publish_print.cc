// What --print-config prints.
#include <fmt/format.h>

#include <algorithm>

#include "cli/publish_config.h"

namespace gf_otlp::cli {
namespace {

/// A comment ends with its line.
std::string InComment(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }, ' ');
  return line;
}

/// Maps that `key` is in and the last key was not, each on its line.
std::string Headings(std::string_view key, std::string_view last) {
  std::string lines;
  int depth = 0;
  for (std::size_t dot = key.find('.'), begin = 0; dot != key.npos; begin = dot + 1, dot = key.find('.', begin)) {
    if (!last.starts_with(key.substr(0, dot + 1))) {
      lines += fmt::format("{:{}}{}:\n", "", 2 * depth, key.substr(begin, dot - begin));
    }
    ++depth;
  }
  return lines;
}

}  // namespace

std::string PublishConfig::PrintedValue(const Setting& setting) const {
  if (!setting.field) {
    const std::size_t i = IndexOf(setting);
    return origins_[i].empty() ? std::string(setting.its_default) : ignored_[i];
  }
  PublishSettings settings = settings_;
  const SettingField field = setting.field(settings);
  if (setting.secret.empty()) return SettingText(field);
  const std::vector<Login> logins = Logins();
  const Login login = logins.empty() ? Login::kNone : logins.front();
  const bool from_elsewhere = password_ && ((login == Login::kSasl && setting.key == "auth.sasl.password") ||
                                            (login == Login::kPlainText && setting.key == "auth.plain_text.password"));
  if (!from_elsewhere && std::get<std::string*>(field)->empty()) return "\"\"";
  return fmt::format("${{env:{}}}", setting.secret);
}

std::string PublishConfig::Remark(const Setting& setting, const std::vector<KafkaSetting>& mapped,
                                  int library_version) const {
  std::string remark = "#";
  std::string origin = origins_[IndexOf(setting)];
  if (!setting.field) remark += fmt::format(" accepted, no effect: {}", setting.note);
  for (const KafkaSetting& property : mapped) {
    if (property.key != setting.key) continue;
    if (property.secret) {
      remark += fmt::format(" {}=***", property.name);
      if (password_ && setting.secret == "GF_OTLP_PASSWORD") origin = password_origin_;
    } else if (const std::string* extra = Extra(property.name)) {
      remark += fmt::format(" {}={} by -X", property.name, *extra);
    } else if (property.value.contains('\n')) {
      remark += fmt::format(" {}=(this text)", property.name);
    } else {
      remark += fmt::format(" {}={}", property.name, property.value);
    }
    if (property.since > library_version) {
      remark += fmt::format(" left out: needs librdkafka {}.{}", property.since >> 24, property.since >> 16 & 0xff);
    }
    remark += ',';
  }
  if (remark.ends_with(',')) remark.pop_back();
  return InComment(fmt::format("{} ({})", remark, origin.empty() ? "default" : origin));
}

std::string PublishConfig::Print(int library_version,
                                 const std::vector<std::pair<std::string, std::string>>& flags) const {
  std::string text, last;
  const std::vector<KafkaSetting> mapped = Mapped();
  for (const Setting& setting : PublishKeys()) {
    if (!setting.field && setting.its_default.empty() && origins_[IndexOf(setting)].empty()) continue;
    const std::string value = PrintedValue(setting);
    const std::string remark = Remark(setting, mapped, library_version);
    if (value.empty()) {
      // dry_run: a file that sets it, were it to its default, would win over --brokers.
      text +=
          fmt::format("# {}: {} (default{})\n", setting.key, with_file_, with_file_ ? "; false with --brokers" : "");
      continue;
    }
    text += Headings(setting.key, last);
    const std::size_t dot = setting.key.rfind('.');
    const auto depth = std::ranges::count(setting.key, '.');
    text += fmt::format("{:{}}{}: {}  {}\n", "", 2 * depth, setting.key.substr(dot + 1), value, remark);
    last = setting.key;
  }
  if (Extra("partitioner") == nullptr) text += fmt::format("# partitioner={} (default)\n", kDefaultPartitioner);
  for (const ExtraProperty& extra : extra_) {
    text += InComment(fmt::format("# {}={} ({})", extra.name, extra.value, extra.origin)) + "\n";
  }
  for (const auto& [name, value] : flags) text += InComment(fmt::format("# {} {}", name, value)) + "\n";
  return text;
}

}  // namespace gf_otlp::cli
