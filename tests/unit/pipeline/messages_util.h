#ifndef GF_OTLP_TESTS_UNIT_PIPELINE_MESSAGES_UTIL_H_
#define GF_OTLP_TESTS_UNIT_PIPELINE_MESSAGES_UTIL_H_

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/conversion.h"
#include "pipeline/refused_messages.h"

/// Runs from captures to messages, for tests.
namespace gf_otlp::test {

struct Sent {
  std::uint32_t route;
  std::string key, value;
  std::size_t records;
  std::uint64_t time;  // 0 unless the run is paced
  bool copied;         // is in the batch's stream
};

/// Keeps messages; stops taking batches behind a number of them.
class MessageSink final : public Sink {
 public:
  Status Write(Batch& batch) override {
    if (batches_left-- == 0) return IoError("the broker is gone");
    CHECK((batch.times.empty() || batch.times.size() == batch.messages.size()));
    for (std::size_t i = 0; i < batch.messages.size(); ++i) {
      const Message& message = batch.messages[i];
      sent.push_back({message.route, std::string(batch.key(message)), std::string(batch.text(message)),
                      batch.places_of(message).size(), batch.times.empty() ? 0 : batch.times[i],
                      message.in_origin == nullptr});
      if (refuse && refuse(batch.text(message))) {
        const Status status = refused->Handle(batch, batch.places_of(message), Code::kBadData, "no");
        if (!status.ok()) return status;
      }
    }
    end = batch.end;
    batch.Clear(0);
    return {};
  }
  Status Close() override { return {}; }

  std::vector<Sent> sent;
  InputPosition end;
  int batches_left = -1;
  std::function<bool(std::string_view)> refuse;
  RefusedMessages* refused = nullptr;
};

inline MessageOptions Options(OutputForm form, KeyStrategy key, std::size_t max_bytes = 1 << 20) {
  MessageOptions options;
  options.routes = {{.form = form, .key = {.strategy = key}, .topic = "t", .max_bytes = max_bytes}};
  return options;
}

struct Outcome {
  MessageSink sink;
  Status status;
  Counts counts;
  std::string dead_letters;
};

/// `prepare` sees the conversion and the sink before it runs.
/// `choice` too, but for metrics without data: they are in requests only.
inline std::unique_ptr<Outcome> Run(const std::vector<std::string>& inputs, const MessageOptions& messages,
                                    bool dead_letters,
                                    const std::function<void(Conversion&, MessageSink&)>& prepare = {},
                                    const ChoiceOptions& choice = {}, Shape shape = Shape::kClickHouse) {
  ConversionOptions options;
  options.inputs = inputs;
  options.threads = 2;
  options.records.rows.shape = shape;
  options.dead_letters = dead_letters;
  options.records.messages = &messages;
  options.records.choice = choice;
  options.records.choice.metrics_without_data = messages.routes.front().form != OutputForm::kRows;
  Result<std::unique_ptr<Conversion>> conversion = Conversion::Make(options);
  REQUIRE_MESSAGE(conversion, conversion.error().message());
  auto outcome = std::make_unique<Outcome>();
  const DeadLetterWriter write = [&](std::string_view lines) {
    outcome->dead_letters += lines;
    return Status();
  };
  RefusedMessages refused({}, dead_letters ? write : DeadLetterWriter());
  outcome->sink.refused = &refused;
  if (prepare) prepare(**conversion, outcome->sink);
  outcome->status = (*conversion)->Run(outcome->sink, write);
  outcome->counts = (*conversion)->counts();
  return outcome;
}

/// The rows that `convert` prints.
inline std::vector<std::string> Rows(const std::vector<std::string>& inputs,
                                     std::optional<InputFormat> format = std::nullopt) {
  class RowSink final : public Sink {
   public:
    Status Write(Batch& batch) override {
      text += batch.streams.front().view();
      batch.Clear(0);
      return {};
    }
    Status Close() override { return {}; }
    std::string text;
  } sink;
  ConversionOptions options;
  options.inputs = inputs;
  options.capture.format = format;
  Result<std::unique_ptr<Conversion>> conversion = Conversion::Make(options);
  REQUIRE(conversion);
  const Status status = (*conversion)->Run(sink, {});
  REQUIRE_MESSAGE(status.ok(), status.message());
  std::vector<std::string> rows;
  for (std::size_t at = 0; at < sink.text.size();) {
    const std::size_t end = sink.text.find('\n', at);
    rows.push_back(sink.text.substr(at, end - at));
    at = end + 1;
  }
  return rows;
}

}  // namespace gf_otlp::test

#endif  // GF_OTLP_TESTS_UNIT_PIPELINE_MESSAGES_UTIL_H_
