#include "input/dead_letter.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/base64.h"

namespace gf_otlp {

Result<DeadLetter> ParseDeadLetter(std::string_view line) {
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::unexpected(BadData("a dead letter must be a JSON object"));
  const auto data = json.find("data");
  if (data == json.end() || !data->is_string()) return std::unexpected(BadData("a dead letter without \"data\""));
  std::optional<std::string> bytes = DecodeBase64(data->get_ref<const std::string&>());
  if (!bytes) return std::unexpected(BadData("\"data\" of a dead letter is not base64"));
  DeadLetter letter{.signal = std::nullopt, .data = std::move(*bytes)};
  const auto signal = json.find("signal");
  if (signal == json.end() || signal->is_null() ||
      (signal->is_string() && signal->get_ref<const std::string&>().empty()))
    return letter;
  if (signal->is_string()) letter.signal = ParseSignal(signal->get_ref<const std::string&>());
  if (!letter.signal) {
    return std::unexpected(BadData(fmt::format("unknown signal {} of a dead letter",
                                               signal->dump(-1, ' ', true, nlohmann::json::error_handler_t::replace))));
  }
  return letter;
}

}  // namespace gf_otlp
