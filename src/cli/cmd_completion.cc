#include <fmt/format.h>

#include <memory>

#include "base/atomic_file.h"
#include "cli/commands.h"

namespace gf_otlp::cli {
namespace {

/// An option as the shells need it.
struct Flag {
  std::vector<std::string> names;  // with their dashes
  std::string help;
  std::string values;  // "a b c" of a fixed list
  bool takes_value = false, takes_file = false;
};

std::vector<Flag> FlagsOf(const CLI::App& app) {
  std::vector<Flag> flags;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) continue;
    Flag flag;
    for (const std::string& name : option->get_lnames()) flag.names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flag.names.push_back("-" + name);
    flag.help = option->get_description();
    flag.takes_value = option->get_items_expected_max() > 0;
    const std::string type = flag.takes_value ? option->get_type_name() : "";
    flag.takes_file = type == "FILE" || type == "DIR";
    if (type.find('|') != std::string::npos) {
      flag.values = type;
      std::ranges::replace(flag.values, '|', ' ');
    }
    flags.push_back(std::move(flag));
  }
  return flags;
}

std::vector<const CLI::App*> CommandsOf(const CLI::App& app) { return app.get_subcommands({}); }

std::string CommandNames(const CLI::App& app) {
  std::string names;
  for (const CLI::App* sub : CommandsOf(app)) names += (names.empty() ? "" : " ") + sub->get_name();
  return names;
}

std::string BashOptions(const CLI::App& command) {
  std::string all, cases;
  for (const Flag& flag : FlagsOf(command)) {
    all += (all.empty() ? "" : " ") + flag.names.front();
    if (!flag.takes_value) continue;
    const std::string reply =
        flag.takes_file ? "compgen -f -- \"$word\"" : fmt::format("compgen -W '{}' -- \"$word\"", flag.values);
    cases += fmt::format("        {}) COMPREPLY=($({})); return ;;\n", fmt::join(flag.names, "|"), reply);
  }
  const bool shells = command.get_name() == "completion";
  return fmt::format(
      "      case $before in\n{0}      esac\n"
      "      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '{1}' -- \"$word\"))\n"
      "      else COMPREPLY=($({2} -- \"$word\")); fi",
      cases, all, shells ? "compgen -W 'bash zsh fish'" : "compgen -f");
}

/// What completes behind the command `app`, which is word `depth`: the next command, or options and files.
std::string BashWords(const CLI::App& app, int depth) {
  if (CommandsOf(app).empty()) return BashOptions(app);
  std::string options, cases;
  for (const Flag& flag : FlagsOf(app)) options += " " + flag.names.front();
  for (const CLI::App* sub : CommandsOf(app)) {
    cases += fmt::format("    {})\n{} ;;\n", sub->get_name(), BashWords(*sub, depth + 1));
  }
  return fmt::format(
      "  if (( COMP_CWORD == {0} )); then COMPREPLY=($(compgen -W '{1}{2}' -- \"$word\")); return; fi\n"
      "  case ${{COMP_WORDS[{0}]}} in\n{3}  esac",
      depth + 1, CommandNames(app), options, cases);
}

std::string BashScript(const CLI::App& app) {
  return fmt::format(
      "_gf_otlp() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "{}\n}}\n"
      "complete -o filenames -F _gf_otlp gf-otlp\n",
      BashWords(app, 0));
}

/// For single quotes of zsh and fish, and zsh's brackets.
std::string Quoted(std::string_view text, std::string_view special) {
  std::string quoted;
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      if (special.find(c) != std::string_view::npos) quoted += '\\';
      quoted += c;
    }
  }
  return quoted;
}

std::string ZshOptions(const CLI::App& command) {
  std::string arguments;
  for (const Flag& flag : FlagsOf(command)) {
    std::string value;
    if (flag.takes_file)
      value = ":file:_files";
    else if (!flag.values.empty())
      value = fmt::format(":value:({})", flag.values);
    else if (flag.takes_value)
      value = ":value:";
    for (const std::string& name : flag.names) {
      arguments += fmt::format(" \\\n        '*{}[{}]{}'", name, Quoted(flag.help, "[]:"), value);
    }
  }
  const std::string rest = command.get_name() == "completion" ? "'1:shell:(bash zsh fish)'" : "'*:input:_files'";
  return fmt::format("      _arguments{} \\\n        {}", arguments, rest);
}

/// What completes behind a command, which is the first of `words`.
std::string ZshWords(const CLI::App& app) {
  if (CommandsOf(app).empty()) return ZshOptions(app);
  std::string cases, names;
  for (const CLI::App* sub : CommandsOf(app)) {
    names += fmt::format("    '{}:{}'\n", sub->get_name(), Quoted(sub->get_description(), ""));
    cases += fmt::format("    {})\n{} ;;\n", sub->get_name(), ZshWords(*sub));
  }
  return fmt::format(
      "commands=(\n{}  )\n"
      "if (( CURRENT == 2 )); then\n  _describe command commands\n  return\nfi\n"
      "command=$words[2]\n"
      "shift words\n(( CURRENT-- ))\n"
      "case $command in\n{}esac",
      names, cases);
}

std::string ZshScript(const CLI::App& app) {
  return fmt::format("#compdef gf-otlp\nlocal -a commands\nlocal command\n{}\n", ZshWords(app));
}

std::string FishOption(const Flag& flag) {
  std::string words;
  for (const std::string& name : flag.names) {
    words += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (flag.takes_file)
    words += " -r -F";
  else if (!flag.values.empty())
    words += fmt::format(" -x -a '{}'", flag.values);
  else if (flag.takes_value)
    words += " -x";
  return words + fmt::format(" -d '{}'\n", Quoted(flag.help, "\\"));
}

/// What completes behind the command `app`, when the words of `seen` stand in front.
std::string FishWords(const CLI::App& app, const std::string& seen) {
  std::string script;
  if (!CommandsOf(app).empty()) {
    const std::string here = seen.empty()
                                 ? "__fish_use_subcommand"
                                 : fmt::format("'{}; and not __fish_seen_subcommand_from {}'", seen, CommandNames(app));
    for (const CLI::App* sub : CommandsOf(app)) {
      script += fmt::format("complete -c gf-otlp -f -n {} -a {} -d '{}'\n", here, sub->get_name(),
                            Quoted(sub->get_description(), "\\"));
      script +=
          FishWords(*sub, (seen.empty() ? "" : seen + "; and ") + "__fish_seen_subcommand_from " + sub->get_name());
    }
    return script;
  }
  const std::string when = fmt::format("complete -c gf-otlp -n '{}'", seen);
  if (app.get_name() == "completion") script += when + " -f -a 'bash zsh fish'\n";
  for (const Flag& flag : FlagsOf(app)) script += when + FishOption(flag);
  return script;
}

std::string FishScript(const CLI::App& app) {
  return "complete -c gf-otlp -f -n __fish_use_subcommand -l version -d 'Print the version'\n" + FishWords(app, "");
}

Status PrintCompletion(const std::string& shell, const Env& env) {
  CLI::App app;
  DescribeProgram(app);
  std::string script;
  if (shell == "bash") {
    script = BashScript(app);
  } else if (shell == "zsh") {
    script = ZshScript(app);
  } else if (shell == "fish") {
    script = FishScript(app);
  } else {
    return UsageError(fmt::format("no completion for '{}'; there is one for bash, zsh and fish", shell));
  }
  return WriteAll(env.out, script, "standard output");
}

}  // namespace

Action BindCompletion(CLI::App& sub) {
  auto shell = std::make_shared<std::string>();
  sub.footer(
      "Examples:\n"
      "  gf-otlp completion bash > /etc/bash_completion.d/gf-otlp\n"
      "  gf-otlp completion fish > ~/.config/fish/completions/gf-otlp.fish\n"
      "Manual: gf-otlp(1)");
  sub.add_option("SHELL", *shell, "bash, zsh or fish")->required()->type_name("bash|zsh|fish");
  return [shell](const Env& env) { return PrintCompletion(*shell, env); };
}

}  // namespace gf_otlp::cli
