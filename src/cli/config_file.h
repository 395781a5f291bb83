#ifndef GF_OTLP_CLI_CONFIG_FILE_H_
#define GF_OTLP_CLI_CONFIG_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/status.h"

namespace gf_otlp::cli {

/// A key of a configuration file with what stands behind it.
struct ConfigEntry {
  enum class Shape : std::uint8_t { kEmpty, kText, kList, kMap };

  std::string key;  // with those around it: "producer.compression"
  Shape shape = Shape::kEmpty;
  std::vector<std::string> texts;  // kText: one; kList: its items; variables are replaced
  std::string shown;               // as it is written, for messages: values of variables may be secret
  int line = 0;
};

/// Reads the configuration of a GlassFlow exporter: a YAML map of its keys, or a Collector's file, of which it takes
/// `exporters: glassflow:` (or `glassflow/NAME`). `exporter` says which one if there are several; empty: the only one.
/// A map comes before its keys. ${env:NAME}, ${NAME} and ${env:NAME:-TEXT} are replaced by the variable, $$ by a
/// dollar. kUsage names the file and the line; kIo if the file cannot be read.
Result<std::vector<ConfigEntry>> LoadConfigFile(const std::string& path, std::string_view exporter);

/// The same of a text; `name` is what messages call it.
Result<std::vector<ConfigEntry>> ParseConfig(const std::string& text, const std::string& name,
                                             std::string_view exporter);

}  // namespace gf_otlp::cli

#endif  // GF_OTLP_CLI_CONFIG_FILE_H_
