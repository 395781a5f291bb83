#ifndef GF_OTLP_PIPELINE_CHECKPOINT_H_
#define GF_OTLP_PIPELINE_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gf_otlp/status.h"
#include "input/source.h"
#include "sink/batch.h"

namespace gf_otlp {

/// A file that says how far a job has come, so that the same command goes on from there. Holds the job's options and
/// what each input file was like: a job that is not the same is refused, not skipped in silence. One process at a time
/// has it: a file beside it, FILE.lock, is locked as long as it is open.
class Checkpoint {
 public:
  /// Options by name, as text: those that what is written depends on.
  using Options = std::map<std::string, std::string>;

  /// Reads `path`, or writes it if it is not there. kUsage if it is not a checkpoint, is of other options, an input
  /// file changed or is given twice, or standard input is read; kIo if it cannot be read, or another process has it.
  static Result<Checkpoint> Open(std::string path, Options options, const std::vector<InputPath>& files);

  Checkpoint(Checkpoint&& other) noexcept;
  Checkpoint& operator=(Checkpoint&&) = delete;
  ~Checkpoint();

  /// The file was there.
  bool resumed() const { return resumed_; }
  /// Of each input file: what is done (see Source::SkipUnits).
  const std::vector<std::uint64_t>& units_done() const { return units_done_; }
  bool all_done() const;
  /// What Keep() kept, in this run or an earlier one; empty: nothing yet.
  const std::map<std::string, std::string>& kept() const { return kept_; }
  /// How much of that file of dead letters was there when it was written last; nothing if it knows of none of that
  /// name.
  std::optional<std::uint64_t> DeadLetterBytes(const std::string& path) const;

  /// Writes down, durably, what was decided when the job began and holds when it goes on.
  Status Keep(std::map<std::string, std::string> values);
  /// Dead letters go there from now on.
  Status BeginDeadLetters(const std::string& path);
  /// Writes the file anew, durably: everything up to `position` is dealt with, as are the first bytes of the dead
  /// letters (of none: 0). Does nothing if nothing changed.
  Status Save(InputPosition position, std::uint64_t dead_letter_bytes);
  /// The same behind the end of the input.
  Status SaveEnd(std::uint64_t dead_letter_bytes);

 private:
  struct File {
    std::string name;
    std::uint64_t size = 0;
    std::int64_t modified = 0;
    std::uint64_t units = 0;  // done; kAllUnits: the file
  };

  Checkpoint(std::string path, Options options) : path_(std::move(path)), options_(std::move(options)) {}
  Status Lock();
  Status Read(std::string_view text, const std::vector<InputPath>& files);
  Status CheckOptions(const Options& saved) const;
  Status Write();

  std::string path_;
  int lock_ = -1;  // a file descriptor
  Options options_;
  std::map<std::string, std::string> kept_;
  bool resumed_ = false;
  bool changed_ = true;
  std::vector<File> gone_;   // done in an earlier run, no longer there
  std::vector<File> files_;  // the inputs
  std::vector<std::uint64_t> units_done_;
  std::string dead_letters_;  // their file, of this run or, if that has none, an earlier one
  std::uint64_t dead_letter_bytes_ = 0;
  bool writes_dead_letters_ = false;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_PIPELINE_CHECKPOINT_H_
