#ifndef GF_OTLP_SINK_FILE_SINK_H_
#define GF_OTLP_SINK_FILE_SINK_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "sink/compressor.h"
#include "sink/sink.h"

namespace gf_otlp {

/// An open file descriptor that is not ours to close, such as standard output; all streams go there.
class DescriptorSink final : public Sink {
 public:
  DescriptorSink(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Status Write(Batch& batch) override;
  Status Close() override { return {}; }

 private:
  int fd_;
  std::string name_;
};

/// A file that appears whole or not at all, compressed if its name ends so.
class OutputFile {
 public:
  static Result<OutputFile> Create(const std::string& path, bool overwrite);
  Status Write(std::string_view text);
  Status Commit();

 private:
  explicit OutputFile(AtomicFile file) : file_(std::move(file)), compressor_(CompressorFor(file_.path())) {}

  AtomicFile file_;
  std::unique_ptr<Compressor> compressor_;  // null: none
  std::string compressed_;
};

/// All streams to one file.
class FileSink final : public Sink {
 public:
  explicit FileSink(OutputFile file) : file_(std::move(file)) {}
  Status Write(Batch& batch) override;
  Status Close() override { return file_.Commit(); }

 private:
  OutputFile file_;
};

/// Each stream to a file of its own in one folder; a stream without output has no file. The files appear together at
/// the end.
class DirectorySink final : public Sink {
 public:
  /// Makes the folder if it does not exist. kUsage if a file of `names` is there and `overwrite` is false.
  static Result<std::unique_ptr<DirectorySink>> Create(const std::string& folder, std::vector<std::string> names,
                                                       bool overwrite);
  Status Write(Batch& batch) override;
  Status Close() override;

 private:
  Status WriteStream(std::size_t stream, std::string_view text);
  DirectorySink(std::string folder, std::vector<std::string> names, bool overwrite);

  std::string folder_;
  std::vector<std::string> names_;
  bool overwrite_;
  std::vector<std::optional<OutputFile>> files_;
};

}  // namespace gf_otlp

#endif  // GF_OTLP_SINK_FILE_SINK_H_
