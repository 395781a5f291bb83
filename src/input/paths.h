#ifndef GF_OTLP_INPUT_PATHS_H_
#define GF_OTLP_INPUT_PATHS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gf_otlp/status.h"
#include "input/source.h"

namespace gf_otlp {

struct InputPaths {
  std::vector<InputPath> files;
  std::vector<SkippedFile> skipped;
};

/// The files of the inputs in the order they are read: inputs as given, a directory's files (of all depths, symbolic
/// links followed, each file and directory once) by the bytes of their paths, rotated ones by time; X.headers beside X
/// is left out. kIo if one cannot be looked up, kUsage if "-" is given twice.
Result<InputPaths> ListInputs(const std::vector<std::string>& inputs);

/// Where a file stands among its siblings: NAME-2022-09-14T05-02-14.173[-reason].EXT, perhaps compressed later to .gz
/// or .zst, belongs to NAME.EXT, which is the newest.
struct RotationKey {
  std::string base;
  std::string stamp;  // behind all stamps for NAME.EXT itself
  auto operator<=>(const RotationKey&) const = default;
};
RotationKey RotationKeyOf(std::string_view path);

}  // namespace gf_otlp

#endif  // GF_OTLP_INPUT_PATHS_H_
