#include "cli/receive_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/publish_settings.h"
#include "receive/intake.h"

namespace gf_otlp::cli {
namespace {

constexpr std::string_view kUrlForms = "write http://HOST:PORT, https://, grpc:// or grpcs://";

bool IsVisible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e; });
}

/// One exporter: its name, and the signals that it sends.
struct Exporter {
  std::string_view name;
  std::string_view pipeline;
  std::vector<std::string_view> signals;
};

/// One for each signal that has a pipeline, or one for all.
std::vector<Exporter> Exporters(const SenderConfig& config) {
  std::vector<Exporter> exporters;
  Exporter all{"all", "", {}};
  for (int i = 0; i < kSignalCount; ++i) {
    const std::string_view signal = SignalName(static_cast<Signal>(i));
    const std::string& pipeline = config.pipelines[static_cast<std::size_t>(i)];
    if (!pipeline.empty()) exporters.push_back({signal, pipeline, {signal}});
    all.signals.push_back(signal);
  }
  if (exporters.empty()) exporters.push_back(std::move(all));
  return exporters;
}

std::string Endpoint(const SenderConfig& config) {
  if (config.grpc) return config.address;
  return fmt::format("{}://{}", config.tls ? "https" : "http", config.address);
}

std::string_view HostOf(std::string_view address) {
  const std::string_view authority = address.substr(0, address.find('/'));
  const std::string_view host = authority.substr(0, authority.rfind(':'));
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

/// Where the agent itself listens: not where what it sends to may listen on the same machine.
struct Listens {
  std::string grpc, http;
};
Listens WhereAgentListens(const SenderConfig& config) {
  const std::string_view before = IsLoopbackHost(HostOf(config.address)) ? "1" : "";
  return {fmt::format("127.0.0.1:{}4317", before), fmt::format("127.0.0.1:{}4318", before)};
}

/// The certificates that are set: the key of the configuration, which is the same for both agents, and the file.
std::vector<std::pair<std::string_view, std::string_view>> TlsFiles(const SenderConfig& config) {
  std::vector<std::pair<std::string_view, std::string_view>> files;
  if (!config.ca_file.empty()) files.emplace_back("ca_file", config.ca_file);
  if (!config.cert_file.empty()) files.emplace_back("cert_file", config.cert_file);
  if (!config.key_file.empty()) files.emplace_back("key_file", config.key_file);
  return files;
}

/// What both configurations explain, a line each.
std::vector<std::string> Explanation(const SenderConfig& config, std::string_view agent) {
  std::vector<std::string> lines = {
      fmt::format("{}: takes OTLP where the receiver listens and sends it to {}.", agent, Endpoint(config)),
      "Change: the receiver's endpoints (0.0.0.0 instead of 127.0.0.1 takes from other machines),",
      "and the exporter's endpoint if that server moves.",
  };
  const bool some = std::ranges::any_of(config.pipelines, [](const std::string& id) { return !id.empty(); });
  if (some) {
    lines.emplace_back("GlassFlow has a pipeline for each signal, told by a header, and takes no compressed requests.");
  } else {
    lines.emplace_back("Towards GlassFlow each signal needs an exporter of its own with its pipeline's id:");
    lines.emplace_back(
        "gf-otlp receive --print-config ... --pipeline traces=ID --pipeline logs=ID --pipeline metrics=ID");
  }
  for (int i = 0; some && i < kSignalCount; ++i) {
    if (!config.pipelines[static_cast<std::size_t>(i)].empty()) continue;
    lines.push_back(
        fmt::format("Not sent, because no pipeline was given for it: {}.", SignalName(static_cast<Signal>(i))));
  }
  return lines;
}

/// A string of Alloy's, which has the escapes of Go, of which JSON's are a part.
std::string Quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string AlloyText(const SenderConfig& config) {
  const std::vector<Exporter> exporters = Exporters(config);
  const Listens listens = WhereAgentListens(config);
  const std::string_view component = config.grpc ? "otelcol.exporter.otlp" : "otelcol.exporter.otlphttp";
  std::string text;
  for (const std::string& line : Explanation(config, "Grafana Alloy")) text += fmt::format("// {}\n", line);
  text += fmt::format(
      "otelcol.receiver.otlp \"default\" {{\n"
      "  grpc {{\n    endpoint = {}\n  }}\n"
      "  http {{\n    endpoint = {}\n  }}\n"
      "  output {{\n",
      Quoted(listens.grpc), Quoted(listens.http));
  for (const Exporter& exporter : exporters) {
    for (const std::string_view signal : exporter.signals) {
      text += fmt::format("    {:<7} = [{}.{}.input]\n", signal, component, exporter.name);
    }
  }
  text += "  }\n}\n";
  for (const Exporter& exporter : exporters) {
    text += fmt::format("\n{} \"{}\" {{\n  client {{\n", component, exporter.name);
    text += fmt::format("    endpoint    = {}\n    compression = \"none\"\n", Quoted(Endpoint(config)));
    if (!exporter.pipeline.empty()) {
      text +=
          fmt::format("    headers     = {{ {} = {} }}\n", Quoted(receive::kPipelineHeader), Quoted(exporter.pipeline));
    }
    const auto files = TlsFiles(config);
    if (!config.tls || !files.empty()) text += "    tls {\n";
    if (!config.tls) text += "      insecure  = true\n";
    for (const auto& [key, file] : files) text += fmt::format("      {:<9} = {}\n", key, Quoted(file));
    if (!config.tls || !files.empty()) text += "    }\n";
    text += "  }\n}\n";
  }
  return text;
}

std::string CollectorText(const SenderConfig& config) {
  const std::vector<Exporter> exporters = Exporters(config);
  const Listens listens = WhereAgentListens(config);
  const std::string_view type = config.grpc ? "otlp_grpc" : "otlp_http";
  std::string text;
  for (const std::string& line : Explanation(config, "OpenTelemetry Collector")) text += fmt::format("# {}\n", line);
  text += fmt::format("# Before release 0.144 the exporter is called {}.\n", config.grpc ? "otlp" : "otlphttp");
  text += fmt::format(
      "receivers:\n  otlp:\n    protocols:\n"
      "      grpc:\n        endpoint: {}\n"
      "      http:\n        endpoint: {}\n"
      "\nexporters:\n",
      YamlText(listens.grpc), YamlText(listens.http));
  for (const Exporter& exporter : exporters) {
    text += fmt::format("  {}/{}:\n    endpoint: {}\n    compression: none\n", type, exporter.name,
                        YamlText(Endpoint(config)));
    if (!exporter.pipeline.empty()) {
      text += fmt::format("    headers:\n      {}: {}\n", receive::kPipelineHeader, YamlText(exporter.pipeline));
    }
    const auto files = TlsFiles(config);
    if (!config.tls || !files.empty()) text += "    tls:\n";
    if (!config.tls) text += "      insecure: true\n";
    for (const auto& [key, file] : files) text += fmt::format("      {}: {}\n", key, YamlText(file));
  }
  text += "\nservice:\n  pipelines:\n";
  for (const Exporter& exporter : exporters) {
    for (const std::string_view signal : exporter.signals) {
      text += fmt::format("    {}:\n      receivers: [otlp]\n      exporters: [{}/{}]\n", signal, type, exporter.name);
    }
  }
  return text;
}

}  // namespace

bool IsLoopbackHost(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host.ends_with(".localhost");
}

Status SenderConfig::SetEndpoint(std::string_view url) {
  constexpr std::string_view kSeparator = "://";
  const std::size_t separator = url.find(kSeparator);
  const std::string_view scheme = url.substr(0, separator);
  if (separator == std::string_view::npos ||
      (scheme != "http" && scheme != "https" && scheme != "grpc" && scheme != "grpcs")) {
    return UsageError(fmt::format("{}: {}", url, kUrlForms));
  }
  grpc = scheme.starts_with("grpc");
  tls = scheme.ends_with('s');
  std::string_view rest = url.substr(separator + kSeparator.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.empty() || rest.starts_with('/') || (grpc && rest.contains('/'))) {
    return UsageError(fmt::format("{}: {}", url, kUrlForms));
  }
  if (!IsVisible(rest)) return UsageError(fmt::format("a URL is of visible ASCII characters: {}", kUrlForms));
  if (rest.substr(0, rest.find('/')).contains('@')) {
    return UsageError("a user and a password in a URL would be printed: leave them out");
  }
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return UsageError(fmt::format("{}: a path is put behind it, so it ends without ? and #", url));
  }
  const std::size_t colon = rest.rfind(':');
  if (grpc && (colon == std::string_view::npos || colon + 1 == rest.size() ||
               rest.find_first_not_of("0123456789", colon + 1) != std::string_view::npos)) {
    return UsageError(fmt::format("{}: {}", url, kUrlForms));
  }
  address = rest;
  return {};
}

Status SenderConfig::SetPipeline(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::optional<Signal> signal = ParseSignal(text.substr(0, equals));
  const std::string_view id = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  if (!signal || id.empty()) {
    return UsageError(fmt::format("{}: write SIGNAL=ID, where SIGNAL is one of traces, logs, metrics", text));
  }
  // What may stand in a header, and in gRPC's metadata.
  if (!IsVisible(id)) {
    return UsageError(fmt::format("{}: an id is of visible ASCII characters", SignalName(*signal)));
  }
  pipelines[static_cast<std::size_t>(*signal)] = id;
  return {};
}

std::string SenderConfig::Text() const { return agent == Agent::kAlloy ? AlloyText(*this) : CollectorText(*this); }

}  // namespace gf_otlp::cli
