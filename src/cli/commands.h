#ifndef GF_OTLP_CLI_COMMANDS_H_
#define GF_OTLP_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <span>

#include "cli/env.h"
#include "gf_otlp/status.h"

namespace gf_otlp::cli {

using Action = std::function<Status(const Env&)>;

struct Command {
  const char* name;
  const char* summary;
  /// Declares the command's options: opens nothing. The action runs when the command line is read. Null for a command
  /// that is a group of others.
  Action (*bind)(CLI::App& sub);
  std::span<const Command> nested = {};
};

/// All commands: the only list.
std::span<const Command> Commands();

Action BindConvert(CLI::App& sub);
Action BindPublish(CLI::App& sub);
Action BindReceive(CLI::App& sub);
Action BindReplay(CLI::App& sub);
Action BindRepeats(CLI::App& sub);
Action BindSchemaApply(CLI::App& sub);
Action BindSchemaCheck(CLI::App& sub);
Action BindSchemaDiff(CLI::App& sub);
Action BindSchemaPrint(CLI::App& sub);
Action BindValidate(CLI::App& sub);
Action BindCompletion(CLI::App& sub);

/// The program's options and commands, without their actions; for completion.
void DescribeProgram(CLI::App& app);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_COMMANDS_H_
