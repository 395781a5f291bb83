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

std::string CommandNames() {
  std::string names;
  for (const Command& command : Commands()) names += (names.empty() ? "" : " ") + std::string(command.name);
  return names;
}

std::string BashCommand(const CLI::App& sub) {
  std::string all, cases;
  for (const Flag& flag : FlagsOf(sub)) {
    all += (all.empty() ? "" : " ") + flag.names.front();
    if (!flag.takes_value) continue;
    const std::string reply =
        flag.takes_file ? "compgen -f -- \"$word\"" : fmt::format("compgen -W '{}' -- \"$word\"", flag.values);
    cases += fmt::format("        {}) COMPREPLY=($({})); return ;;\n", fmt::join(flag.names, "|"), reply);
  }
  const bool shells = sub.get_name() == "completion";
  return fmt::format(
      "    {0})\n      case $before in\n{1}      esac\n"
      "      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '{2}' -- \"$word\"))\n"
      "      else COMPREPLY=($({3} -- \"$word\")); fi ;;\n",
      sub.get_name(), cases, all, shells ? "compgen -W 'bash zsh fish'" : "compgen -f");
}

std::string BashScript(const CLI::App& app) {
  std::string commands;
  for (const CLI::App* sub : app.get_subcommands({})) commands += BashCommand(*sub);
  return fmt::format(
      "_gf_otlp() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  if (( COMP_CWORD == 1 )); then COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\")); return; fi\n"
      "  case ${{COMP_WORDS[1]}} in\n{}  esac\n}}\n"
      "complete -o filenames -F _gf_otlp gf-otlp\n",
      CommandNames(), commands);
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

std::string ZshScript(const CLI::App& app) {
  std::string cases, names;
  for (const CLI::App* sub : app.get_subcommands({})) {
    names += fmt::format("    '{}:{}'\n", sub->get_name(), Quoted(sub->get_description(), ""));
    std::string arguments;
    for (const Flag& flag : FlagsOf(*sub)) {
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
    const std::string rest = sub->get_name() == "completion" ? "'1:shell:(bash zsh fish)'" : "'*:input:_files'";
    cases += fmt::format("    {})\n      _arguments{} \\\n        {} ;;\n", sub->get_name(), arguments, rest);
  }
  return fmt::format(
      "#compdef gf-otlp\n"
      "local -a commands=(\n{}  )\n"
      "if (( CURRENT == 2 )); then\n  _describe command commands\n  return\nfi\n"
      "local command=$words[2]\n"
      "shift words\n(( CURRENT-- ))\n"
      "case $command in\n{}esac\n",
      names, cases);
}

std::string FishScript(const CLI::App& app) {
  std::string script = "complete -c gf-otlp -f -n __fish_use_subcommand -l version -d 'Print the version'\n";
  for (const CLI::App* sub : app.get_subcommands({})) {
    script += fmt::format("complete -c gf-otlp -f -n __fish_use_subcommand -a {} -d '{}'\n", sub->get_name(),
                          Quoted(sub->get_description(), "\\"));
    const std::string when = fmt::format("complete -c gf-otlp -n '__fish_seen_subcommand_from {}'", sub->get_name());
    if (sub->get_name() == "completion") script += when + " -f -a 'bash zsh fish'\n";
    for (const Flag& flag : FlagsOf(*sub)) {
      script += when;
      for (const std::string& name : flag.names) {
        script += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (flag.takes_file)
        script += " -r -F";
      else if (!flag.values.empty())
        script += fmt::format(" -x -a '{}'", flag.values);
      else if (flag.takes_value)
        script += " -x";
      script += fmt::format(" -d '{}'\n", Quoted(flag.help, "\\"));
    }
  }
  return script;
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
