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

/// CLI11 says of an unknown command only that a command is missing. Empty if there is none in front of the options.
std::string UnknownCommand(const CLI::App& app, int argc, const char* const* argv) {
  const CLI::App* group = &app;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const std::vector<const CLI::App*> commands = group->get_subcommands([](const CLI::App*) { return true; });
    if (commands.empty()) return {};
    const auto distance = [&](const CLI::App* command) { return EditDistance(argv[i], command->get_name()); };
    const CLI::App* const nearest = std::ranges::min(commands, {}, distance);
    if (distance(nearest) == 0) {
      group = nearest;
      continue;
    }
    std::string message = fmt::format("unknown command '{}'", argv[i]);
    if (distance(nearest) <= 3) message += fmt::format(": did you mean '{}'?", nearest->get_name());
    return message + " Run with --help for more information.";
  }
  return {};
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

/// A command that does something, and what it is called: "schema check".
struct BoundCommand {
  std::string name;
  const CLI::App* app;
  Action action;
};

void Bind(std::span<const Command> commands, const std::string& group, CLI::App& app,
          std::vector<BoundCommand>& bound) {
  app.require_subcommand(0, 1);
  for (const Command& command : commands) {
    CLI::App* sub = app.add_subcommand(command.name, command.summary);
    const std::string name = group + command.name;
    if (command.nested.empty()) {
      bound.emplace_back(name, sub, command.bind(*sub));
      NameEnvironment(*sub);
    } else {
      sub->footer(fmt::format("Manual: gf-otlp-{}(1)", name));
      Bind(command.nested, name + " ", *sub, bound);
    }
  }
}

void Describe(CLI::App& app, std::vector<BoundCommand>& bound) {
  app.name("gf-otlp");
  app.description("gf-otlp: OpenTelemetry captures to ClickHouse rows");
  app.footer("Manual: gf-otlp(1), gf-otlp-convert(1), gf-otlp-formats(5)");
  app.set_version_flag("--version", VersionText(), "Print the version and those of the libraries");
  app.set_help_flag("-h,--help", "Print this help");
  Bind(Commands(), "", app, bound);
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
  std::vector<BoundCommand> bound;
  Describe(app, bound);
}

int Run(int argc, const char* const* argv, Env env) {
  // Both come as an error of write() then.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  CLI::App app;
  std::vector<BoundCommand> bound;
  Describe(app, bound);
  if (const std::string unknown = UnknownCommand(app, argc, argv); !unknown.empty()) {
    env.Say(unknown);
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
  for (const BoundCommand& command : bound) {
    if (!command.app->parsed()) continue;
    env.command = command.name;
    const int code = RunCommand(command.action, env);
    DieIfInterrupted();
    return code;
  }
  static_cast<void>(WriteAll(env.err, app.help(), "standard error"));
  return kUsageExit;
}

}  // namespace gf_otlp::cli
