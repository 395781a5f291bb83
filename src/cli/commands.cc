#include "cli/commands.h"

namespace gf_otlp::cli {
namespace {

constexpr Command kCommands[] = {
    {"convert", "Turn OTLP captures into ClickHouse rows", BindConvert},
    {"publish", "Send OTLP captures to Kafka", BindPublish},
    {"validate", "Find what is wrong with OTLP captures", BindValidate},
    {"completion", "Print a completion script for a shell", BindCompletion},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace gf_otlp::cli
