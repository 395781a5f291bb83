#ifndef GF_OTLP_CLI_VALIDATE_ROWS_H_
#define GF_OTLP_CLI_VALIDATE_ROWS_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/common_flags.h"
#include "pipeline/conversion.h"
#include "schema/table.h"

namespace gf_otlp::cli {

/// `validate --rows`: which tables rows are judged by.
struct RowCheckFlags {
  bool rows = false;
  std::string table, ddl, server_version = "26.5";

  void Bind(CLI::App& sub);
  /// Makes workers of `conversion` check rows. `tables`: those of a shape, if there is no --ddl. kUsage, kBadData (a
  /// DDL that cannot be read), kIo.
  Status Read(const RowFlags& tables, const InputFlags& input, std::size_t max_examples,
              ConversionOptions& conversion) const;

 private:
  Result<std::vector<schema::Table>> Tables(const RowFlags& tables) const;
};

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_VALIDATE_ROWS_H_
