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

bool AreNeighbours(const Joined& joined) {
  return joined.parts.back() - joined.parts.front() + 1 == joined.parts.size();
}

}  // namespace

void JoinRows(Batch& batch, std::uint32_t rows, const std::function<std::size_t(std::uint32_t route)>& max_bytes,
              PaddedBuffer& spare) {
  const std::vector<Joined> all = ChooseParts(batch, rows, max_bytes);
  const bool copy = !std::ranges::all_of(all, AreNeighbours);
  std::vector<Message> messages;
  std::vector<RecordPlace> places;
  messages.reserve(all.size());
  places.reserve(batch.places.size());
  spare.Clear();
  for (const Joined& joined : all) {
    Message message = batch.messages[joined.parts.front()];
    if (copy) message.offset = spare.size();
    message.size = static_cast<std::uint32_t>(joined.bytes - message.key_size);
    message.first_place = static_cast<std::uint32_t>(places.size());
    for (const std::uint32_t part : joined.parts) {
      const Message& row = batch.messages[part];
      std::ranges::copy(batch.places_of(row), std::back_inserter(places));
      if (!copy || row.in_origin != nullptr) continue;
      spare.Append(batch.text(row));
      spare.Append('\n');
    }
    message.places = static_cast<std::uint32_t>(places.size()) - message.first_place;
    messages.push_back(message);
  }
  if (copy) std::swap(batch.streams.front(), spare);
  batch.messages = std::move(messages);
  batch.places = std::move(places);
}

}  // namespace gf_otlp
