#include "cli/receive_flags.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/time_text.h"
#include "cli/common_flags.h"

namespace gf_otlp::cli {
namespace {

using receive::Durability;
using receive::FileFormat;
using receive::Split;

constexpr std::string_view kFormats = "proto|json";
constexpr std::string_view kSplits = "none|signal|header:NAME";
constexpr std::string_view kDurabilities = "none|data";
constexpr std::string_view kAgents = "alloy|collector";
constexpr std::string_view kStats = "text|json";
constexpr std::string_view kDefaultEndpoint = "http://127.0.0.1:4318";

Result<std::optional<ListenAddress>> ReadAddress(std::string_view flag, std::string_view text) {
  if (text == "off") return std::nullopt;
  const auto wrong = [&] {
    return std::unexpected(UsageError(fmt::format(
        "{} {}: write HOST:PORT ([HOST]:PORT for an IPv6 address; port 0: one that is free), or off", flag, text)));
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.contains(':')) {
    return wrong();
  }
  ListenAddress address{std::string(host), 0};
  const auto [end, error] = std::from_chars(port.begin(), port.end(), address.port);
  if (host.empty() || error != std::errc() || end != port.end()) return wrong();
  return address;
}

/// A header's name in lower case. kUsage for what is none (RFC 9110, token), and for one that holds secrets. `flag`:
/// what stands in front of it.
Result<std::string> ReadHeaderName(std::string_view flag, std::string_view name) {
  if (!IsToken(name)) {
    return std::unexpected(UsageError(fmt::format("{}{}: not the name of a header", flag, name)));
  }
  std::string lower = InLowerCase(name);
  constexpr std::string_view kSecrets[] = {"authorization", "proxy-authorization", "cookie"};
  if (std::ranges::find(kSecrets, lower) != std::end(kSecrets)) {
    return std::unexpected(UsageError(fmt::format("{}{}: would store secrets beside the data", flag, name)));
  }
  return lower;
}

Status ReadSplit(const std::string& text, ReceiveOptions& options) {
  constexpr std::string_view kHeader = "header:";
  if (text.starts_with(kHeader)) {
    Result<std::string> name = ReadHeaderName("--split header:", std::string_view(text).substr(kHeader.size()));
    if (!name) return std::move(name.error());
    options.writer.split = Split::kHeader;
    options.intake.split_header = std::move(*name);
    return {};
  }
  if (text != "none" && text != "signal") {
    return UsageError(fmt::format("--split {}: must be one of {}", text, kSplits));
  }
  if (text == "signal") options.writer.split = Split::kSignal;
  return {};
}

Status ReadFiles(const ReceiveFlags& flags, ReceiveOptions& options) {
  receive::CaptureWriterOptions& writer = options.writer;
  if (flags.dir.empty()) return UsageError("--dir is missing: the directory that captures are written to");
  writer.dir = flags.dir;
  std::size_t format = 0, durability = 0;
  GF_RETURN_IF_ERROR(ParseWordIndex("--format", flags.format, kFormats, format));
  GF_RETURN_IF_ERROR(ParseWordIndex("--durability", flags.durability, kDurabilities, durability));
  writer.format = format == 0 ? FileFormat::kProto : FileFormat::kJson;
  writer.durability = durability == 0 ? Durability::kNone : Durability::kData;
  writer.zstd = flags.zstd;
  options.intake.format = writer.format;
  options.intake.zstd = flags.zstd;
  GF_RETURN_IF_ERROR(ReadSplit(flags.split, options));
  writer.rotate_bytes = flags.rotate_size;
  if (flags.rotate_every.empty()) return {};
  Result<std::uint64_t> every = ParseDuration(flags.rotate_every);
  if (!every) return std::move(every.error()).At("--rotate-every");
  constexpr auto kMost = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
  writer.rotate_after = std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(*every, kMost)));
  return {};
}

Status ReadLimits(const ReceiveFlags& flags, receive::IntakeOptions& intake) {
  constexpr std::string_view kNothing = "{} 0: nothing could be received";
  if (flags.max_body == 0) return UsageError(fmt::format(fmt::runtime(kNothing), "--max-body"));
  if (flags.max_decompressed == 0) return UsageError(fmt::format(fmt::runtime(kNothing), "--max-decompressed"));
  if (flags.max_in_flight == 0) return UsageError(fmt::format(fmt::runtime(kNothing), "--max-in-flight"));
  intake.max_body = flags.max_body;
  intake.max_decompressed = flags.max_decompressed;
  intake.max_in_flight = flags.max_in_flight;
  return {};
}

Status CheckCertificate(const ReceiveFlags& flags) {
  if (flags.cert_file.empty() != flags.key_file.empty()) {
    return UsageError("--cert-file and --key-file go together: a certificate and its private key");
  }
  return {};
}

/// Of options without a use here, whichever was given: its variable, flag and value.
struct Unused {
  const char* variable;
  std::string_view flag;
  const std::string& value;
};

Status RefuseUnused(std::initializer_list<Unused> options, std::string_view why) {
  for (const Unused& option : options) {
    // That of the environment may be meant for another command.
    const char* environment = std::getenv(option.variable);
    if (option.value.empty() || (environment != nullptr && option.value == environment)) continue;
    return UsageError(fmt::format("{} {}", option.flag, why));
  }
  return {};
}

void BindFiles(ReceiveFlags& f, CLI::App& sub) {
  sub.add_option("--dir", f.dir, "Directory that captures are written to")->type_name("DIR")->group("Files");
  sub.add_option("--format", f.format, "What requests are stored as")
      ->type_name(std::string(kFormats))
      ->capture_default_str()
      ->group("Files");
  sub.add_flag("--zstd", f.zstd, "Compress each request")->group("Files");
  sub.add_option("--split", f.split, "What gets a file of its own")
      ->type_name(std::string(kSplits))
      ->capture_default_str()
      ->group("Files");
  sub.add_option("--rotate-size", f.rotate_size, "Put a file aside before it becomes larger; 0: never")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("100MB")
      ->group("Files");
  sub.add_option("--rotate-every", f.rotate_every, "Put a file aside when it is so old, e.g. 1h")
      ->type_name("DURATION")
      ->group("Files");
  sub.add_option("--durability", f.durability, "Acknowledge requests when they are written (none) or synced (data)")
      ->type_name(std::string(kDurabilities))
      ->capture_default_str()
      ->group("Files");
}

void BindServers(ReceiveFlags& f, CLI::App& sub) {
  sub.add_option("--http", f.http, "Where OTLP/HTTP is served")
      ->type_name("HOST:PORT|off")
      ->capture_default_str()
      ->group("Servers");
  sub.add_option("--grpc", f.grpc, "Where OTLP/gRPC is served")
      ->type_name("HOST:PORT|off")
      ->capture_default_str()
      ->group("Servers");
  sub.add_option("--cert-file", f.cert_file, "Speak TLS with this certificate (PEM)")
      ->type_name("FILE")
      ->group("Servers");
  sub.add_option("--key-file", f.key_file, "The certificate's private key (PEM)")->type_name("FILE")->group("Servers");
  sub.add_option("--client-ca-file", f.client_ca_file, "Only take clients with a certificate that this CA signed (PEM)")
      ->type_name("FILE")
      ->group("Servers");
  sub.add_option("--auth-file", f.auth_file, "Only take clients that a line allows: bearer TOKEN, basic USER:PASSWORD")
      ->type_name("FILE")
      ->group("Servers");
}

void BindRequests(ReceiveFlags& f, CLI::App& sub) {
  sub.add_flag("--require-pipeline-id", f.require_pipeline_id,
               "Refuse requests without x-glassflow-pipeline-id, as GlassFlow's receiver does")
      ->group("Requests");
  sub.add_option("--keep-header", f.keep_headers, "Store this header beside the requests that have it (repeatable)")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->group("Requests");
  sub.add_option("--max-body", f.max_body, "Largest request as it is sent")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("20MB")
      ->group("Requests");
  sub.add_option("--max-decompressed", f.max_decompressed, "Largest request when it is decompressed")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE")
      ->default_str("64MB")
      ->group("Requests");
  sub.add_option("--max-in-flight", f.max_in_flight, "Requests at a time; others are told to come again")
      ->type_name("N")
      ->capture_default_str()
      ->group("Requests");
}

void BindPrinting(ReceiveFlags& f, CLI::App& sub) {
  constexpr const char* kGroup = "Configuration of a sender";
  sub.add_option("--print-config", f.print_config, "Print a configuration for Grafana Alloy or a Collector, and end")
      ->type_name(std::string(kAgents))
      ->group(kGroup);
  sub.add_option("--endpoint", f.endpoint,
                 fmt::format("Where it sends to: http(s)://HOST:PORT, grpc(s)://HOST:PORT [{}]", kDefaultEndpoint))
      ->type_name("URL")
      ->group(kGroup);
  sub.add_option("--pipeline", f.pipelines, "The pipeline id that it sends with a signal (repeatable)")
      ->type_name("SIGNAL=ID")
      ->allow_extra_args(false)
      ->group(kGroup);
  sub.add_option("--ca-file", f.ca_file, "The CA by which it knows the server; --cert-file, --key-file: what it shows")
      ->type_name("FILE")
      ->group(kGroup);
}

}  // namespace

std::string ListenAddress::Text() const {
  return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

bool ListenAddress::IsLoopback() const { return IsLoopbackHost(host); }

void ReceiveFlags::Bind(CLI::App& sub) {
  BindFiles(*this, sub);
  BindServers(*this, sub);
  BindRequests(*this, sub);
  BindPrinting(*this, sub);
  sub.add_option("--stats", stats, "Form of the closing summary")
      ->type_name(std::string(kStats))
      ->capture_default_str()
      ->group("Running");
  sub.add_flag("-q,--quiet", quiet, "No summary, no warnings")->group("Running");
}

Result<ReceiveOptions> ReceiveFlags::Read() const {
  const std::string pipeline = pipelines.empty() ? "" : pipelines.front();
  GF_UNEXPECTED_IF_ERROR(RefuseUnused({{"GF_OTLP_ENDPOINT", "--endpoint", endpoint},
                                       {"GF_OTLP_PIPELINE", "--pipeline", pipeline},
                                       {"GF_OTLP_CA_FILE", "--ca-file", ca_file}},
                                      "goes with --print-config: receive sends nothing"));
  ReceiveOptions options;
  std::size_t index = 0;
  GF_UNEXPECTED_IF_ERROR(ParseWordIndex("--stats", stats, kStats, index));
  GF_UNEXPECTED_IF_ERROR(ReadFiles(*this, options));
  GF_UNEXPECTED_IF_ERROR(ReadLimits(*this, options.intake));
  options.intake.require_pipeline_id = require_pipeline_id;
  for (const std::string& header : keep_headers) {
    Result<std::string> name = ReadHeaderName("--keep-header ", header);
    if (!name) return std::unexpected(std::move(name.error()));
    std::vector<std::string>& kept = options.intake.keep_headers;
    if (std::ranges::find(kept, *name) == kept.end()) kept.push_back(std::move(*name));
  }
  const auto read_address = [](std::string_view flag, const std::string& text, auto& address) -> Status {
    Result<std::optional<ListenAddress>> read = ReadAddress(flag, text);
    if (!read) return std::move(read.error());
    address = std::move(*read);
    return {};
  };
  GF_UNEXPECTED_IF_ERROR(read_address("--http", http, options.http));
  GF_UNEXPECTED_IF_ERROR(read_address("--grpc", grpc, options.grpc));
  if (!options.http && !options.grpc) {
    return std::unexpected(UsageError("--http off and --grpc off leave nothing to receive on"));
  }
  GF_UNEXPECTED_IF_ERROR(CheckCertificate(*this));
  if (!client_ca_file.empty() && cert_file.empty()) {
    return std::unexpected(UsageError("--client-ca-file goes with --cert-file and --key-file"));
  }
  options.tls = {cert_file, key_file, client_ca_file};
  options.auth_file = auth_file;
  return options;
}

Result<SenderConfig> ReceiveFlags::ReadSenderConfig() const {
  const std::string header = keep_headers.empty() ? "" : keep_headers.front();
  GF_UNEXPECTED_IF_ERROR(RefuseUnused({{"GF_OTLP_DIR", "--dir", dir},
                                       {"GF_OTLP_ROTATE_EVERY", "--rotate-every", rotate_every},
                                       {"GF_OTLP_CLIENT_CA_FILE", "--client-ca-file", client_ca_file},
                                       {"GF_OTLP_AUTH_FILE", "--auth-file", auth_file},
                                       {"GF_OTLP_KEEP_HEADER", "--keep-header", header}},
                                      "is for receiving: --print-config only prints"));
  SenderConfig config;
  std::size_t agent = 0;
  GF_UNEXPECTED_IF_ERROR(ParseWordIndex("--print-config", print_config, kAgents, agent));
  config.agent = agent == 0 ? SenderConfig::Agent::kAlloy : SenderConfig::Agent::kCollector;
  GF_UNEXPECTED_IF_ERROR(CheckCertificate(*this));
  config.ca_file = ca_file;
  config.cert_file = cert_file;
  config.key_file = key_file;
  GF_UNEXPECTED_IF_ERROR(config.SetEndpoint(endpoint.empty() ? kDefaultEndpoint : endpoint).At("--endpoint"));
  for (const std::string& pipeline : pipelines) {
    GF_UNEXPECTED_IF_ERROR(config.SetPipeline(pipeline).At("--pipeline"));
  }
  return config;
}

}  // namespace gf_otlp::cli
