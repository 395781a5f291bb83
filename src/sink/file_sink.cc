#include "sink/file_sink.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace gf_otlp {

namespace {

/// Gives each stream that is not empty to `write(stream, text)`, and empties it.
template <class Write>
Status WriteStreams(Batch& batch, Write write) {
  for (std::size_t i = 0; i < batch.streams.size(); ++i) {
    PaddedBuffer& stream = batch.streams[i];
    if (stream.empty()) continue;
    GF_RETURN_IF_ERROR(write(i, stream.view()));
    stream.Clear();
  }
  return {};
}

}  // namespace

Status DescriptorSink::Write(Batch& batch) {
  return WriteStreams(batch, [&](std::size_t, std::string_view text) { return WriteAll(fd_, text, name_); });
}

Result<OutputFile> OutputFile::Create(const std::string& path, bool overwrite) {
  Result<AtomicFile> file = AtomicFile::Create(path, overwrite);
  if (!file) return std::unexpected(std::move(file.error()));
  return OutputFile(std::move(*file));
}

Status OutputFile::Write(std::string_view text) {
  if (compressor_ == nullptr) return file_.Write(text);
  compressed_.clear();
  GF_RETURN_IF_ERROR(compressor_->Add(text, compressed_));
  return file_.Write(compressed_);
}

Status OutputFile::Commit() {
  if (compressor_ != nullptr) {
    compressed_.clear();
    GF_RETURN_IF_ERROR(compressor_->Finish(compressed_));
    GF_RETURN_IF_ERROR(file_.Write(compressed_));
  }
  return file_.Commit();
}

Status FileSink::Write(Batch& batch) {
  return WriteStreams(batch, [&](std::size_t, std::string_view text) { return file_.Write(text); });
}

Result<std::unique_ptr<DirectorySink>> DirectorySink::Create(const std::string& folder, std::vector<std::string> names,
                                                             bool overwrite) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return std::unexpected(IoError(fmt::format("cannot create folder {}: {}", folder, error.message())));
  for (const std::string& name : names) {
    if (!overwrite) GF_UNEXPECTED_IF_ERROR(CheckAbsent(folder + "/" + name));
  }
  return std::unique_ptr<DirectorySink>(new DirectorySink(folder, std::move(names), overwrite));
}

DirectorySink::DirectorySink(std::string folder, std::vector<std::string> names, bool overwrite)
    : folder_(std::move(folder)), names_(std::move(names)), overwrite_(overwrite), files_(names_.size()) {}

Status DirectorySink::Write(Batch& batch) {
  return WriteStreams(batch, [&](std::size_t stream, std::string_view text) { return WriteStream(stream, text); });
}

Status DirectorySink::WriteStream(std::size_t stream, std::string_view text) {
  std::optional<OutputFile>& file = files_[stream];
  if (!file) {
    Result<OutputFile> created = OutputFile::Create(folder_ + "/" + names_[stream], overwrite_);
    if (!created) return std::move(created.error());
    file = std::move(*created);
  }
  return file->Write(text);
}

Status DirectorySink::Close() {
  for (std::optional<OutputFile>& file : files_) {
    if (file) GF_RETURN_IF_ERROR(file->Commit());
  }
  return {};
}

}  // namespace gf_otlp
