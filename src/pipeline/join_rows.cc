#include "pipeline/join_rows.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gf_otlp {
namespace {

/// Rows that become one message: their messages, as they were.
struct Joined {
  std::vector<std::uint32_t> parts;
  std::size_t bytes = 0;  // value and key
};

std::vector<Joined> ChooseParts(const Batch& batch, std::uint32_t rows,
                                const std::function<std::size_t(std::uint32_t route)>& max_bytes) {
  std::vector<Joined> joined;
  std::unordered_map<std::string, std::size_t> open;  // route and key: the message that is not full yet
  std::string name;
  for (std::uint32_t i = 0; i < batch.messages.size(); ++i) {
    const Message& message = batch.messages[i];
    const std::size_t limit = max_bytes(message.route);
    const std::size_t alone = std::size_t{message.size} + message.key_size;
    if (limit == 0) {
      joined.push_back({.parts = {i}, .bytes = alone});
      continue;
    }
    name.assign(reinterpret_cast<const char*>(&message.route), sizeof message.route);
    name += batch.key(message);
    const auto [found, is_new] = open.try_emplace(name, joined.size());
    if (!is_new) {
      Joined& last = joined[found->second];
      if (last.parts.size() < rows && last.bytes + 1 + message.size <= limit) {
        last.parts.push_back(i);
        last.bytes += 1 + message.size;
        continue;
      }
      found->second = joined.size();
    }
    joined.push_back({.parts = {i}, .bytes = alone});
  }
  return joined;
}

}  // namespace

void JoinRows(Batch& batch, std::uint32_t rows, const std::function<std::size_t(std::uint32_t route)>& max_bytes) {
  PaddedBuffer text;
  text.Reserve(batch.streams.front().size());
  std::vector<Message> messages;
  std::vector<RecordPlace> places;
  places.reserve(batch.places.size());
  for (const Joined& joined : ChooseParts(batch, rows, max_bytes)) {
    Message message = batch.messages[joined.parts.front()];
    message.first_place = static_cast<std::uint32_t>(places.size());
    const std::size_t begin = text.size();
    for (const std::uint32_t part : joined.parts) {
      const Message& row = batch.messages[part];
      if (part != joined.parts.front()) text.Append('\n');
      text.Append(batch.text(row));
      std::ranges::copy(batch.places_of(row), std::back_inserter(places));
    }
    message.offset = begin;
    message.size = static_cast<std::uint32_t>(text.size() - begin);
    message.places = static_cast<std::uint32_t>(places.size()) - message.first_place;
    messages.push_back(message);
  }
  batch.streams.front() = std::move(text);
  batch.messages = std::move(messages);
  batch.places = std::move(places);
}

}  // namespace gf_otlp
