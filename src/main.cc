#include "cli/app.h"

int main(int argc, char** argv) { return gf_otlp::cli::Run(argc, argv, {}); }
