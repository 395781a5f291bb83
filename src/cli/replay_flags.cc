#include "cli/replay_flags.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gf_otlp::cli {
namespace {

void BindEndpoint(ReplayFlags& f, CLI::App& sub) {
  const auto add = [&](const char* name, auto& value, const char* what, const char* type) {
    return sub.add_option(name, value, what)->type_name(type)->group("Endpoint");
  };
  add("--endpoint", f.endpoint, "Where to send: http://HOST:PORT, https://, grpc://, grpcs://", "URL");
  add("--protocol", f.protocol, "Encoding of HTTP requests (default: http/protobuf)", "http/protobuf|http/json");
  add("--path", f.paths, "Path of one signal's HTTP requests (default: /v1/SIGNAL) (repeatable)", "SIGNAL=PATH")
      ->allow_extra_args(false);
  add("-H,--header", f.headers, "A header of every request, or of one signal's (repeatable)", "[SIGNAL=]NAME:VALUE")
      ->allow_extra_args(false);
  add("--pipeline", f.pipelines, "GlassFlow's pipeline of a signal: x-glassflow-pipeline-id (repeatable)", "SIGNAL=ID")
      ->allow_extra_args(false);
  add("--request-compression", f.compression, "Compression of requests (default: none with --pipeline, else gzip)",
      "none|gzip");
  add("--auth-file", f.auth_file, "File with \"bearer TOKEN\" or \"basic USER:PASSWORD\"", "FILE");
  add("--ca-file", f.ca_file, "Who may have signed the server's certificate (default: the system's)", "FILE");
  add("--cert-file", f.cert_file, "The client's certificate", "FILE");
  add("--key-file", f.key_file, "Its key", "FILE");
  add("--timeout", f.timeout, "How long an answer may take", "DURATION")->capture_default_str();
}

void BindDelivery(ReplayFlags& f, CLI::App& sub) {
  const auto add = [&](const char* name, auto& value, const char* what, const char* type) {
    return sub.add_option(name, value, what)->type_name(type)->group("Delivery");
  };
  sub.add_flag("--dry-run", f.dry_run, "Send nothing, say what would be sent")->group("Delivery");
  f.delivery.Bind(sub, "records", "a file of --dead-letter");
  add("--concurrency", f.concurrency, "Requests under way at a time; more than one give up the order", "N")
      ->capture_default_str();
  add("--max-request-bytes", f.max_request_bytes, "Largest request before compression; larger ones are split", "SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("4MB");
  add("--max-records", f.max_records, "Most records of a request; larger ones are split", "N");
  add("--retry-for", f.retry_for, "How long to try a request that is not taken for now", "DURATION")
      ->capture_default_str();
  sub.add_flag("--no-retry-exhausted", f.no_retry_exhausted,
               "gRPC: ResourceExhausted without a time to come again is for good")
      ->group("Delivery");
}

void BindTime(ReplayFlags& f, CLI::App& sub) {
  const auto add = [&](const char* name, auto& value, const char* what, const char* type) {
    return sub.add_option(name, value, what)->type_name(type)->group("Time");
  };
  add("--shift-to", f.shift_to, "Move all times by one constant, so that the first record is at TIME", "now|TIME");
  add("--shift", f.shift, "Move all times by DURATION, e.g. 2h or -1d", "[+-]DURATION");
  add("--speed", f.speed, "Keep the gaps between records, N times as fast", "N|max")->capture_default_str();
  add("--loop", f.loop, "Do all of it N times", "N")->capture_default_str();
  sub.add_flag("--new-ids", f.new_ids, "Give traces and spans other ids; what belongs together still does")
      ->group("Time");
}

}  // namespace

void ReplayFlags::Bind(CLI::App& sub) {
  input.Bind(sub);
  BindEndpoint(*this, sub);
  BindDelivery(*this, sub);
  BindTime(*this, sub);
  choice.Bind(sub);
  run.Bind(sub);
}

Checkpoint::Options JobOptions(const CLI::App& sub) {
  std::vector<std::string> flags = ChoosingFlags();
  flags.insert(flags.end(), {"--protocol", "--pipeline", "--shift-to", "--shift", "--new-ids"});
  const auto given = Given(sub, flags);
  Checkpoint::Options options(given.begin(), given.end());
  // Each may hold a secret.
  for (const char* flag : {"--endpoint", "--header", "--path"}) {
    const auto results = sub.get_option(flag)->results();
    if (!results.empty()) options[flag] = Fingerprint(fmt::format("{}", fmt::join(results, "\n")));
  }
  return options;
}

}  // namespace gf_otlp::cli
