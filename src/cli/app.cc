#include "cli/app.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <csignal>
#include <exception>
#include <sstream>
#include <vector>

#include "base/atomic_file.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/nearest_word.h"
#include "cli/version.h"

namespace gf_otlp::cli {

void Env::Say(std::string_view message) const {
  const std::string prefix = command.empty() ? "gf-otlp" : "gf-otlp " + command;
  // There is nobody to tell that telling failed.
  static_cast<void>(WriteAll(err, fmt::format("{}: {}\n", prefix, message), "standard error"));
}

namespace {

constexpr int kUsageExit = 2;

int ExitCode(Code code) {
  switch (code) {
    case Code::kNegative: return 1;
    case Code::kUsage: return kUsageExit;
    case Code::kBadData: return 3;
    case Code::kIo: return 4;
    case Code::kClosed: return 0;
    case Code::kInternal: break;
  }
  return 5;
}

/// CLI11 says of an unknown command only that a command is missing.
std::string UnknownCommand(std::string_view word) {
  const auto nearest = std::ranges::min(Commands(), {}, [&](const Command& c) { return EditDistance(word, c.name); });
  std::string message = fmt::format("unknown command '{}'", word);
  if (EditDistance(word, nearest.name) <= 3) message += fmt::format(": did you mean '{}'?", nearest.name);
  return message + " Run with --help for more information.";
}

/// GF_OTLP_THREADS for --threads, and so on.
void NameEnvironment(CLI::App& sub) {
  for (CLI::Option* option : sub.get_options()) {
    // An option of several words has no form as one.
    if (option->get_positional() || option->get_lnames().empty() || option->get_type_size_max() > 1) continue;
    std::string name = option->get_lnames().front();
    if (name == "help") continue;
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
    option->envname("GF_OTLP_" + name);
  }
}

void Describe(CLI::App& app, std::vector<std::pair<CLI::App*, Action>>& actions) {
  app.name("gf-otlp");
  app.description("gf-otlp: OpenTelemetry captures to ClickHouse rows");
  app.footer("Manual: gf-otlp(1), gf-otlp-convert(1), gf-otlp-formats(5)");
  app.set_version_flag("--version", VersionText(), "Print the version and those of the libraries");
  app.set_help_flag("-h,--help", "Print this help");
  app.require_subcommand(0, 1);
  for (const Command& command : Commands()) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    actions.emplace_back(sub, command.bind(*sub));
    NameEnvironment(*sub);
  }
}

int RunCommand(const Action& action, const Env& env) {
  try {
    const Status status = action(env);
    if (status.ok()) return 0;
    // A negative answer may have been given without words.
    if (status.code() != Code::kClosed && !status.message().empty()) env.Say(status.message());
    return ExitCode(status.code());
  } catch (const std::exception& error) {
    env.Say(fmt::format("bug: {}", error.what()));
    return ExitCode(Code::kInternal);
  }
}

}  // namespace

void DescribeProgram(CLI::App& app) {
  std::vector<std::pair<CLI::App*, Action>> actions;
  Describe(app, actions);
}

int Run(int argc, const char* const* argv, Env env) {
  // Both come as an error of write() then.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  CLI::App app;
  std::vector<std::pair<CLI::App*, Action>> actions;
  Describe(app, actions);
  if (argc > 1 && argv[1][0] != '-' &&
      std::ranges::none_of(Commands(), [&](const Command& c) { return argv[1] == std::string_view(c.name); })) {
    env.Say(UnknownCommand(argv[1]));
    return kUsageExit;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out, err;
    const bool answered = app.exit(error, out, err) == 0;
    static_cast<void>(WriteAll(env.err, err.str(), "standard error"));
    if (const Status written = WriteAll(env.out, out.str(), "standard output"); !written.ok()) {
      return ExitCode(written.code());
    }
    return answered ? 0 : kUsageExit;
  }
  for (const auto& [sub, action] : actions) {
    if (!sub->parsed()) continue;
    env.command = sub->get_name();
    const int code = RunCommand(action, env);
    DieIfInterrupted();
    return code;
  }
  static_cast<void>(WriteAll(env.err, app.help(), "standard error"));
  return kUsageExit;
}

}  // namespace gf_otlp::cli
