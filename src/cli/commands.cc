#include "cli/commands.h"

namespace gf_otlp::cli {
namespace {

constexpr Command kSchemaCommands[] = {
    {"print", "Print the tables of a shape as SQL, JSON or documentation", BindSchemaPrint},
    {"check", "Say whether rows fit the tables of a DDL file or a server", BindSchemaCheck},
    {"diff", "Say what changes from one schema to another, and how to migrate", BindSchemaDiff},
    {"apply", "Make a server's tables what they should be", BindSchemaApply},
};

constexpr Command kCommands[] = {
    {"convert", "Turn OTLP captures into ClickHouse rows", BindConvert},
    {"publish", "Send OTLP captures to Kafka", BindPublish},
    {"receive", "Take OTLP over HTTP and gRPC, and write captures", BindReceive},
    {"replay", "Send OTLP captures to an OTLP endpoint", BindReplay},
    {"repeats", "Find rows that a server has more than once", BindRepeats},
    {"schema", "Print, check, compare and make the tables that rows fit", nullptr, kSchemaCommands},
    {"validate", "Find what is wrong with OTLP captures, or with rows", BindValidate},
    {"completion", "Print a completion script for a shell", BindCompletion},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

}  // namespace gf_otlp::cli
